"""``softswitch drain`` against a fake switch: what it orders, how it is followed, and how it ends."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from softswitch.cli import drain as command
from softswitch.cli.client import Base
from softswitch.cli.table import moment
from softswitch.store.node import Seen
from softswitch.store.trouble import DatabaseAway
from tests.unit.cli.test_commands import Reader, Running, _server, running

__all__ = ["_server", "running"]  # fixtures

GOING = {
    "draining": True, "by": "api ops", "since": 1.0, "until": 0.0, "calls": 2, "waiting": 1, "unwritten": 0,
    "refused": 0,
}  # fmt: skip


def test_it_is_ordered_with_a_limit_and_shown(running: Running) -> None:
    done = running("drain", "--within", "30m", "--no-wait")
    assert done.exit_code == 0 and "at most: 3 call(s) left, 2 of them waiting in queues, 7 new one(s)" in done.output
    view = running.control.draining()
    assert view.until - view.since == 1800
    shown = running("drain", "--show", "--json")
    told = json.loads(shown.output)
    assert told["draining"] is True and [node["node"] for node in told["nodes"]] == ["east", "west"]
    back = running("drain", "--cancel")
    assert back.exit_code == 0 and back.output == "takes new calls: 3 call(s), 2 of them waiting in queues\n"
    again = running("drain", "--cancel")
    assert again.exit_code == 1 and "there is nothing to take back" in again.output


def test_it_shows_which_switches_share_the_database(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, *table = running("drain", "--show").output.splitlines()
    assert first == "takes new calls: 0 call(s), 0 of them waiting in queues"
    east, west = (line.split("  ") for line in table if "east" in line or "west" in line)
    assert ([one.strip() for one in east if one.strip()], [one.strip() for one in west if one.strip()]) == (
        ["east", "this one", "alive", moment(1_800_000_000.0)], ["west", "gone", moment(1_700_000_000.0)],
    )  # fmt: skip

    async def away(self: Reader) -> list[Seen]:
        raise DatabaseAway("it does not answer")

    monkeypatch.setattr(Reader, "nodes", away)
    assert running("drain", "--show").output.splitlines() == [
        first, "", "the database is away: which switches share it is kept there",
    ]  # fmt: skip
    assert json.loads(running("drain", "--show", "--json").output)["nodes"] is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--within", "soon"), "for example --within 30m"),
        (("--cancel", "--within", "5m"), "stand alone"),
        (("--cancel", "--show"), "stand alone"),
    ],
)
def test_what_makes_no_sense_is_misuse(running: Running, options: tuple[str, ...], said: str) -> None:
    done = running("drain", *options)
    assert done.exit_code == 2 and said in done.output.replace("\n", " ")
    assert not running.control.draining().draining


def follow(monkeypatch: pytest.MonkeyPatch, looks: list[dict[str, Any] | None], told: dict[str, Any] = GOING) -> None:
    """None: no switch answers; the last look is what it is from then on."""
    clock = [1000.0]
    left = list(looks)
    monkeypatch.setattr(time, "sleep", lambda s: clock.__setitem__(0, clock[0] + s))
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "time", lambda: clock[0])
    monkeypatch.setattr(command, "known", lambda *_, **__: left.pop(0) if len(left) > 1 else left[0])
    command._follow(Base("http://nowhere"), told, as_json=False)


def test_a_line_is_told_for_each_change_and_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, none = {**GOING, "calls": 1, "waiting": 0}, {**GOING, "calls": 0, "waiting": 0, "refused": 4}
    follow(monkeypatch, [GOING, one, one, none, None])
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "draining: 1 call(s) left, 0 of them waiting in queues, 0 new one(s) refused"
    assert "0 call(s) left" in second and "4 new one(s) refused" in second
    assert last == "the switch has ended"


def test_a_control_process_that_died_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(monkeypatch, [None, None, None, {**GOING, "calls": 0}, None])
    assert capsys.readouterr().out.splitlines()[-1] == "the switch has ended"


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([{**GOING, "draining": False}], "somebody has taken it back"),
        ([None], "the switch is gone, and 2 call(s) were left"),
    ],
)
def test_an_end_that_is_none_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], looks: list[Any], said: str
) -> None:
    with pytest.raises(command.Failed):
        follow(monkeypatch, looks)
    assert said in capsys.readouterr().err


def test_at_the_limit_those_who_were_left_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limited = {**GOING, "until": 1001.0}
    follow(monkeypatch, [limited, None], limited)
    assert capsys.readouterr().out.splitlines()[-1] == "the switch has ended; 2 call(s) lasted too long, and were ended"
