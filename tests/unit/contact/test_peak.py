"""What became of everybody who called, on windows that were counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from softswitch.callback.history import Logged
from softswitch.callback.model import Promise, PromiseState
from softswitch.contact.peak import Account, Came, Fate, Followed, Seen, Turned, account
from softswitch.contact.peak_curve import Busy, Spread, bucket_s, by_stage, counted, peaks, spread

S = PromiseState
AT = 1_800_000_000.0
SPAN = (AT, AT + 600)


def came(contact: str, caller: str, outcome: str = "abandoned", at: float = 10.0, connected: float = 0.0) -> Came:
    return Came(contact, caller, "orders", AT + at, AT + connected if connected else 0.0, outcome)


def lost(contact: str, number: str, state: S = S.RETRY_AT, at: float = 60.0, **more: Any) -> Followed:
    log = more.pop("log", ())
    one = Promise(f"p-{contact}", number, "orders", "abandoned", state, contact, AT + at)
    return Followed(replace(one, **more), log)


def logged(
    at: float, state: str, losses: int = 1, attempt: int = 0, stage: str = "abandoned", contact: str = ""
) -> Logged:
    return Logged(AT + at, state, stage, "", attempt, losses, 0.0, 0.0, contact, "")


def identify(number: str) -> str:
    digits = number.replace(" ", "").replace("-", "")
    return digits if not digits or digits.startswith("+") else f"+86{digits}"


def of(calls: list[Came], promises: list[Followed] = [], turned: list[Turned] = []) -> Account:  # noqa: B006
    return account(SPAN, Seen(calls, promises, turned), identify)


def test_he_has_waited_since_he_was_lost_not_since_an_older_promise_was_made() -> None:
    """His number stands in a list of yesterday, or he was lost yesterday for the first time."""
    kept = logged(300, "kept", attempt=1, contact="c1")
    list_ = lost("c1", "+861001", S.KEPT, at=-86_400.0, log=(logged(60, "due", contact="c1"), kept))
    log = (logged(-86_400.0, "recorded", contact="c0"), logged(60, "due", 2, contact="c1"), replace(kept, losses=2))
    before = lost("c1", "+861001", S.KEPT, at=-86_400.0, log=log)
    for promise in (list_, before):
        found = account(SPAN, Seen([came("c1", "1001", at=50.0)], [promise], [], frozenset({"c0"})), identify)
        assert [wait_s for _, wait_s, _ in found.kept] == [250.0]
        assert found.fates == {Fate.RECOVERED: 1} and found.captured == {"abandoned": 1}


def test_ten_callers_counted_by_hand() -> None:
    """12 calls of 10 numbers: each fate once, and two callers who came twice."""
    calls = [
        came("c1", "1001", "answered", connected=30),
        came("c2", "1002"),
        came("c2b", "+86 1002", "answered", at=300, connected=320),  # the same in another spelling, served then
        came("c3", "1003"),
        came("c4", "1004"),
        came("c5", "1005"),
        came("c6", "1006"),
        came("c7", "1007"),
        came("c7b", "1007", "queue-full", at=200),
        replace(came("c8", "1008", "completed"), queue=""),
        came("c9", "1009"),
        came("c10", "1010", "failed"),
    ]
    promises = [
        lost("c2", "+861002", S.WITHDRAWN, outcome="reached agent"),
        lost("c3", "+861003", S.KEPT, attempts=2, 
             log=(logged(60, "recorded", contact="c3"), logged(960, "kept", attempt=2, contact="c3"))),
        lost("c4", "+861004", S.DUE),
        lost("c5", "+861005", S.FAILED),
        lost("c6", "+861006", S.EXPIRED),
        lost("c7b", "+861007", S.WITHDRAWN, outcome="by mail",
             log=(logged(60, "recorded", contact="c7"), logged(200, "recorded", 2, stage="queue-full", contact="c7b"))),
    ]  # fmt: skip
    found = of(calls, promises, [Turned(AT + 70, "orders", "abandoned", "premium", "c9", "1009")])
    assert found.calls == 12 and found.callers == 10
    assert found.fates == {
        Fate.SERVED: 2, Fate.RECOVERED: 1, Fate.OPEN: 1, Fate.FAILED: 1, Fate.EXPIRED: 1, Fate.WITHDRAWN: 1,
        Fate.DONE: 1, Fate.REFUSED: 1, Fate.NOTHING: 1,
    }  # fmt: skip
    assert found.captured == {"abandoned": 6, "queue-full": 1}
    assert found.refused == {("abandoned", "premium"): 1}
    assert not found.adds_up and found.nothing == {"failed": 1}
    assert found.kept == [(AT + 960, 900.0, 2)]
    assert sum(found.fates.values()) == found.callers


def test_with_everybody_accounted_for_it_adds_up() -> None:
    found = of([came("c1", "1001", "answered", connected=5), came("c2", "1002")], [lost("c2", "+861002")])
    assert found.adds_up and found.fates == {Fate.SERVED: 1, Fate.OPEN: 1}


def test_who_was_shed_before_he_was_a_call_is_a_caller_too() -> None:
    found = of([], [lost("shed-1", "+861001", stage="shed")], [Turned(AT, "orders", "shed", "withheld", "shed-2", "")])
    assert (found.calls, found.callers, found.adds_up) == (2, 2, True)
    assert found.fates == {Fate.OPEN: 1, Fate.REFUSED: 1} and found.refused == {("shed", "withheld"): 1}


def test_who_withholds_his_number_is_a_caller_for_each_call() -> None:
    calls = [came("c1", ""), came("c2", "")]
    found = of(calls, [], [Turned(AT + 20, "orders", "abandoned", "withheld", one.contact, "") for one in calls])
    assert found.callers == 2 and found.fates == {Fate.REFUSED: 2}


def test_who_typed_another_number_is_one_caller_and_not_two() -> None:
    found = of([came("c1", "", "callback")], [lost("c1", "+861999", S.KEPT, stage="keyed", updated_at=AT + 100)])
    assert found.callers == 1 and found.fates == {Fate.RECOVERED: 1}
    assert found.kept == [(AT + 100, 40.0, 0)], "without a history, by its last change"


def test_who_called_in_again_after_the_span_was_served_by_himself() -> None:
    found = of([came("c1", "1001")], [lost("c1", "+861001", S.WITHDRAWN, outcome="reached agent")])
    assert found.fates == {Fate.BY_HIMSELF: 1} and found.adds_up


@pytest.mark.parametrize(
    ("log", "captured"),
    [
        ((logged(-900, "recorded"), logged(-300, "retry_at", attempt=1)), 0),
        ((logged(-900, "recorded"), logged(100, "retry_at", attempt=1)), 0),  # only an attempt falls into it
        ((logged(-900, "recorded"), logged(100, "recorded", 2)), 1),  # lost once more
        ((logged(100, "retry_at", 3, 2), logged(200, "retry_at", 4, 2)), 1),  # the begin of its history is forgotten
        ((logged(0, "recorded"), logged(600, "recorded", 2)), 1),  # the end does not belong to it
    ],
)
def test_only_losses_within_the_span_are_captured(log: tuple[Logged, ...], captured: int) -> None:
    found = of([], [lost("c0", "+861001", at=-900, log=log)])
    assert found.captured.total() == found.callers == captured


@pytest.mark.parametrize(
    ("outcome", "queue", "fate"),
    [
        ("completed", "", Fate.DONE),
        ("conference", "", Fate.DONE),
        ("completed", "orders", Fate.NOTHING),  # was in a queue, talked to nobody, and was hung up by the dialplan
        ("voicemail", "orders", Fate.DONE),
        ("redirected", "", Fate.DONE),
        ("abandoned", "", Fate.NOTHING),
    ],
)
def test_who_needed_no_agent(outcome: str, queue: str, fate: Fate) -> None:
    call = replace(came("c1", "1001", outcome), queue=queue)
    assert of([call]).fates == {fate: 1}
    assert of([call], [lost("c1", "+861001")]).fates == {Fate.OPEN: 1}, "who is to be called back is not done"


def test_who_hung_up_in_the_dialplan_is_lost_only_where_that_is_recorded() -> None:
    call = replace(came("c1", "1001", "completed"), queue="", ended_by="caller")
    assert of([call]).fates == {Fate.LEFT: 1} and of([call]).adds_up
    assert of([call], [lost("c1", "+861001", stage="ivr")]).fates == {Fate.OPEN: 1}


def test_a_store_that_was_away_is_no_rule() -> None:
    found = of([came("c1", "1001")], [], [Turned(AT + 20, "orders", "abandoned", "store", "c1", "1001")])
    assert not found.adds_up and not found.refused and found.nothing == {"the store was away": 1}


def test_a_loss_belongs_to_the_call_whenever_that_was() -> None:
    early, late = lost("c0", "+861000", at=100.0), lost("c1", "+861001", at=700.0)
    found = account(SPAN, Seen([came("c1", "1001", at=590.0)], [early, late], [], frozenset({"c0"})), identify)
    assert found.fates == {Fate.OPEN: 1} and found.captured == {"abandoned": 1}
    unknown = account(SPAN, Seen([], [early], []), identify)
    assert unknown.callers == 1, "a call whose record is missing was one all the same"


def test_nobody_called() -> None:
    found = of([])
    assert (found.calls, found.callers, found.adds_up) == (0, 0, True)


def test_a_spread_is_of_waits_that_somebody_has_waited() -> None:
    assert spread(float(n) for n in range(100, 0, -1)) == Spread(100, 50.0, 90.0, 99.0, 100.0)
    assert spread([7.5]) == Spread(1, 7.5, 7.5, 7.5, 7.5) and spread([]) is None
    assert spread([1.0, 2.0, 10.0]) == Spread(3, 2.0, 10.0, 10.0, 10.0)


def test_moments_are_counted_in_buckets() -> None:
    assert counted([0.0, 59.9, 60.0, 179.9, 180.0, -0.1], 0.0, 60.0, 3) == [2, 1, 1]
    assert [bucket_s(length) for length in (600, 10_800, 10_801, 86_400, 30 * 86_400)] == [60, 60, 300, 900, 3600]
    assert list(by_stage([(1.0, "shed"), (2.0, "ivr"), (3.0, "ivr")]).items()) == [("ivr", [2.0, 3.0]), ("shed", [1.0])]


def test_a_peak_is_twice_what_is_usual_at_that_time_of_day() -> None:
    """Seven days of 40 calls at 10:00 and 100 at 12:00; on the last 150 and 210 at 10:00 and 10:15, 190 at 12:00."""
    day, ten, noon = 86_400, 36_000, 43_200
    calls = {days * day + at: count for days in range(7) for at, count in ((ten, 40), (ten + 900, 50), (noon, 100))}
    assert peaks(calls) == []
    calls |= {6 * day + ten: 150, 6 * day + ten + 900: 210, 6 * day + noon: 190}
    assert peaks(calls) == [Busy(6 * day + ten, 6 * day + ten + 1800, 360, 90)]
    calls[6 * day + noon] = 500
    assert [one.calls for one in peaks(calls)] == [500, 360]


def test_on_the_first_day_usual_is_what_the_other_quarters_had() -> None:
    calls = {n * 900: 20 for n in range(8)} | {8 * 900: 90}
    assert peaks(calls) == [Busy(7200, 8100, 90, 20)]
    assert peaks({0: 9}) == [] and peaks({}) == [], "nine calls are no peak, whatever is usual"
