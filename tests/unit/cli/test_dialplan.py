"""What people are told of a reload."""

from __future__ import annotations

import json

from softswitch.cli.dialplan import told
from softswitch.core.errors import Problem
from softswitch.core.legible import to_json
from softswitch.switch.dialplans import Changes, Outcome, PlanChange
from softswitch.switch.staff import StaffChange, StaffChanges


def lines(outcome: Outcome) -> list[str]:
    return list(told(json.loads(to_json(outcome))))


def test_nothing_has_changed() -> None:
    assert lines(Outcome(Changes(), (), 0, (), ())) == ["nothing has changed"]


def test_all_that_can_be_told() -> None:
    shop = PlanChange("shop", "changed", "1" * 12, "2" * 12, ("late",), ("early",), ("menu",), ("numbers",), 7)
    night = PlanChange("night", "added", "", "3" * 12)
    prompts = tuple(f"en/{number}.wav" for number in range(20))
    outcome = Outcome(
        Changes((shop, night), ("office",), prompts),
        ("log.level",),
        9,
        ("sip.realm",),
        (Problem("a.yml", 0, 1, "", "odd", "warning"),),
        StaffChanges(
            (StaffChange("ann", "added"), StaffChange("bob", "removed", works=True)),
            (StaffChange("orders", "changed", ("max_wait", "needs")), StaffChange("old", "removed", waiting=3)),
        ),
        "4" * 12,
    )
    assert lines(outcome) == [
        "shop changed (111111111111 -> 222222222222); 7 call(s) go on by what it was",
        "  above the steps: numbers",
        "  new: late",
        "  gone: early",
        "  changed: menu",
        "night added (333333333333)",
        "calendars: office",
        "prompts: " + ", ".join(prompts[:12]) + " and 8 more",
        "agent ann added",
        "agent bob removed; finishes the contact in hand",
        "queue orders changed: max_wait, needs",
        "queue old removed; 3 contact(s) in it are served by what it was",
        "of control's log: log.level",
        "9 call(s) go on by former versions",
        "has changed too, and needs a restart: sip.realm",
        "a.yml:0:1: warning: odd",
        "configuration 444444444444",
    ]
