"""Two legs over a bad link: whatever is lost, doubled or overtaken, both finish, and what they said fits together."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.call import leg as leg_module
from softswitch.call.signal import (
    Accept,
    Answered,
    Command,
    Failed,
    Finished,
    NotUpdated,
    Offered,
    Progress,
    Reject,
    Release,
    Released,
    Renegotiate,
    Ring,
    Updated,
)
from softswitch.call.state import SessionPolicy
from softswitch.call.table import INBOUND, OUTBOUND, I, S
from tests.support.sip_pair import Pair, Side, Signal, lossy

END = (Failed, Released)


def scene(seed: int) -> Pair:
    """A call with everything drawn from ``seed``: the link, who does what and when."""
    rng = random.Random(seed)
    link = lossy(rng.choice([0.0, 0.1, 0.3, 0.6]), rng.choice([0.0, 0.3]), rng.choice([0.0, 0.05, 1.0]))
    pair = Pair(link, seed)
    ring, accept, hang_up_b = sorted(rng.choice([0.0, 0.02, 1.0, 3.0, 20.0]) + rng.random() for _ in range(3))
    decision: Command = rng.choice([Accept(), Accept(), Accept(), Reject(486), Release(480)])
    plan: list[tuple[float, str, Command]] = [(ring, "b", Ring(rng.choice([180, 183])))]
    if rng.random() < 0.8:
        plan.append((accept, "b", decision))
    if rng.random() < 0.5:
        plan.append((hang_up_b, "b", Release()))
    pair.hear = hearing(plan)
    if rng.random() < 0.7:
        pair.at(rng.choice([0.0, 1.0, 3.0, 20.0, 60.0]) + rng.random(), lambda: pair.tell("a", Release()))
    if rng.random() < 0.2:  # the network goes away for good
        pair.at(rng.choice([0.0, 3.0, 20.0]) + rng.random(), lambda: setattr(pair, "link", lambda _rng: []))
    pair.dial(ring_timeout_s=rng.choice([None, 2.0, 30.0]), offers=rng.random() < 0.8)
    if rng.random() < 0.4:
        pair.policy["ab"[rng.randrange(2)]] = SessionPolicy(rng.choice([0, 90, 200]), rng.choice([90, 150]))
    for _ in range(rng.choice([0, 0, 1, 4])):
        change = Renegotiate(rng.choice(["sendrecv", "sendonly", "inactive"]))
        at = rng.choice([0.0, 3.0, 20.0, 60.0]) + rng.choice([0.0, rng.random()])
        for side in rng.choice(["a", "b", "ab"]):
            pair.at(at, lambda side=side, change=change: pair.tell(side, change))  # type: ignore[misc]
    for side in "ab":  # in the end everybody hangs up
        pair.at(700.0, lambda side=side: pair.tell(side, Release()))  # type: ignore[misc]
    return pair


def hearing(plan: list[tuple[float, str, Command]]) -> Callable[[str, Signal], list[tuple[float, str, Command]]]:
    return lambda _side, signal: plan if isinstance(signal, Offered) else []


def check(side: Side) -> None:
    """The three promises of ``softswitch.call``, and no transaction left."""
    assert side.legs == {}
    assert len(side.endpoint) == 0
    assert side.endpoint.deadline is None
    for leg in side.every:
        said = [signal for signal in side.said() if signal.leg == leg.id]
        kinds = [type(signal) for signal in said if not isinstance(signal, (Offered, Progress))]
        kinds = [kind for kind in kinds if kind is not NotUpdated]
        plain = [kind for kind in kinds if kind is not Updated]
        assert plain in ([Answered, Released, Finished], [Failed, Finished])
        assert plain == kinds or (kinds[0], kinds[-2:]) == (Answered, [Released, Finished])
        assert leg.deadline is None


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32))
def test_both_legs_finish_and_agree(seed: int) -> None:
    pair = scene(seed)
    pair.run(1000.0)
    check(pair.a)
    check(pair.b)
    assert len(pair.b.every) <= 1
    if pair.a.said(Answered):
        assert pair.b.said(Answered)
        released = {signal.by for side in (pair.a, pair.b) for signal in side.said(Released)}  # type: ignore[union-attr]
        assert released != {"peer"}  # somebody has begun it


def test_a_scene_is_the_same_each_time() -> None:
    def run() -> list[tuple[float, str, str]]:
        pair = scene(4711)
        pair.run(1000.0)
        return pair.wire

    assert run() == run()


def test_the_scenes_go_through_nearly_every_cell_that_two_good_peers_can_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that the property above says something about the races, and not only about the plain call."""
    seen: set[tuple[bool, S, I]] = set()
    plain = leg_module.transition

    def spy(table, state, event, machine):  # type: ignore[no-untyped-def]
        seen.add((table is INBOUND, state, event))
        return plain(table, state, event, machine)

    monkeypatch.setattr(leg_module, "transition", spy)
    for seed in range(400):
        scene(seed).run(1000.0)
    for inbound, states in ((True, INBOUND), (False, OUTBOUND)):
        assert {state for of, state, _ in seen if of is inbound} >= set(states) - {S.FINISHED}
    races = {
        (True, S.OFFERED, I.CANCEL),
        (True, S.ANSWERED, I.BYE),
        (True, S.ANSWERED, I.ACK_TIMEOUT),
        (True, S.OFFERED, I.PRACKED),
        (True, S.OFFERED, I.ACCEPT_EARLY),
        (True, S.OFFERED, I.PRACK_TIMEOUT),
        (True, S.OFFERED, I.RENEGOTIATE),
        (True, S.ACCEPT_DUE, I.PRACKED),
        (True, S.ACCEPT_DUE, I.PRACK_TIMEOUT),
        (True, S.ACCEPT_DUE, I.CANCEL),
        (True, S.UP, I.RENEGOTIATE),
        (False, S.UP, I.RENEGOTIATE),
        (False, S.UP, I.PEER_LOST),
        (True, S.BYE_DUE, I.ACK),
        (True, S.BYE_DUE, I.BYE),
        (True, S.LEAVING, I.BYE),
        (False, S.CALLING, I.LIMIT),
        (False, S.ABANDONED, I.PROVISIONAL),
        (False, S.ABANDONED, I.SUCCESS),
        (False, S.ABANDONED, I.INVITE_LOST),
        (False, S.CANCELLING, I.SUCCESS),
        (False, S.CANCELLING, I.PROVISIONAL),
        (False, S.LEAVING, I.BYE),
    }
    assert races - seen == set()


@pytest.mark.parametrize(("table", "first"), [(INBOUND, I.INVITE), (OUTBOUND, I.DIAL)])
def test_from_every_state_there_is_a_way_to_finished(table: dict, first: I) -> None:  # type: ignore[type-arg]
    """And none of the ends says more than one Failed or Released on the way."""
    ways: dict[S, set[S]] = {
        state: {following for following, _ in row.values() if following is not None} for state, row in table.items()
    }
    assert first in table[S.NEW]
    for state in table:
        reached, todo = {state}, [state]
        while todo:
            todo += [new for new in ways[todo.pop()] if new not in reached and not reached.add(new)]  # type: ignore[func-returns-value]
        assert S.FINISHED in reached
