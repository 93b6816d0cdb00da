"""Hunting: who rings, who wins, and what is said when nobody did."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Dial, Release
from softswitch.contact.hunt import Hunt, outcome
from softswitch.contact.order import MakeLeg, Target, TellLeg
from softswitch.core.effect import Effect
from softswitch.sip.flow import Flow


def target(port: int, caller_id: str = "") -> Target:
    uri = f"sip:1001@127.0.0.1:{port}"
    return Target(uri, uri, Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", port)), caller_id=caller_id)


def hunt(count: int, parallel: bool = True) -> Hunt:
    return Hunt("dial", "c.dial1.", tuple(target(7000 + n) for n in range(count)), "1004", "", 20.0, parallel)


def made(orders: list[Effect]) -> list[str]:
    return [order.leg for order in orders if isinstance(order, MakeLeg)]


def released(orders: list[Effect]) -> list[str]:
    return [order.leg for order in orders if isinstance(order, TellLeg) and isinstance(order.command, Release)]


def test_in_parallel_all_ring_and_the_first_wins() -> None:
    one = hunt(3)
    assert made(one.start()) == ["c.dial1.1", "c.dial1.2", "c.dial1.3"]
    assert released(one.answered("c.dial1.2")) == ["c.dial1.1", "c.dial1.3"]
    assert not one.ringing


def test_in_series_the_next_rings_when_one_has_failed() -> None:
    one = hunt(2, parallel=False)
    first = one.start()
    assert made(first) == ["c.dial1.1"] and TellLeg("c.dial1.1", Dial()) in first
    assert made(one.failed("c.dial1.1", 408)) == ["c.dial1.2"]
    assert not one.exhausted
    assert one.failed("c.dial1.2", 480) == []
    assert one.exhausted


def test_who_declines_for_good_stops_the_other_phones() -> None:
    one = hunt(3)
    one.start()
    assert released(one.failed("c.dial1.1", 603)) == ["c.dial1.2", "c.dial1.3"]
    assert one.exhausted and one.status == 603


def test_a_busy_phone_leaves_the_others_ringing() -> None:
    one = hunt(2)
    one.start()
    assert one.failed("c.dial1.1", 486) == []
    assert not one.exhausted


@pytest.mark.parametrize(
    ("statuses", "said"),
    [((404, 486), 486), ((500, 408), 408), ((503,), 503), ((), 480), ((480, 603), 603), ((404, 487), 487)],
)
def test_the_most_telling_status_is_reported(statuses: tuple[int, ...], said: int) -> None:
    assert Hunt("dial", "x.", (), "", "", 1.0, statuses=list(statuses)).status == said


@pytest.mark.parametrize(
    ("status", "word"),
    [(486, "busy"), (600, "busy"), (408, "no answer"), (480, "no answer"), (487, "no answer"), (603, "rejected"),
     (403, "rejected"), (404, "failed"), (503, "failed")],
)  # fmt: skip
def test_a_status_is_one_of_four_words(status: int, word: str) -> None:
    assert outcome(status) == word


def test_a_trunk_sees_its_own_caller_id() -> None:
    one = Hunt("dial", "x.", (target(1, "02188880000"),), "1004", "", 1.0)
    orders = one.start()
    assert isinstance(orders[0], MakeLeg) and orders[0].caller == "02188880000"
