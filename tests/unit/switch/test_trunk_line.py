"""One trunk: when its name is looked up, what makes it up or down, what it may carry."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sip.locate import Hop, Located, Server, Wish
from softswitch.sip.probing import ProbeWanted
from softswitch.sip.registration import RegisterWanted
from softswitch.switch.configuration import Trunk
from softswitch.switch.trunk_line import LookUp, TrunkDown, TrunkLine, TrunkUp
from softswitch.switch.trunk_rule import CallLimits, Registering, Watch

A, B = Hop("udp", ("192.0.2.1", 5060), "carrier.example"), Hop("udp", ("192.0.2.2", 5060), "carrier.example")
FOUND = Located((Server((A,), 1), Server((B,), 2)), 60.0)
ASKED = LookUp("carrier", Wish("carrier.example", 0, "udp"))
UP = TrunkUp("carrier")
NOWHERE = TrunkDown("carrier", "not located")


def line(fraction: float = 0.0, **changes: Any) -> TrunkLine:
    spec = Trunk("carrier", **{"address": ("carrier.example", 0), **changes})
    return TrunkLine(spec, Ids(lambda bits: int(fraction * 2**bits)))


def located(**changes: Any) -> TrunkLine:
    one = line(**changes)
    one.start(0.0)
    one.located(FOUND, 0.0)
    return one


def test_a_numeric_trunk_is_up_at_once_and_never_looked_up() -> None:
    one = line(address=("192.0.2.1", 5060))
    assert one.start(0.0) == [UP]
    assert [str(hop) for hop in one.hops(0.0)] == ["udp:192.0.2.1:5060"] and one.deadline is None


@pytest.mark.parametrize(("ttl_s", "again_s"), [(60.0, 60.0), (0.0, 5.0), (86400.0, 3600.0)])
def test_a_name_is_looked_up_again_by_its_ttl_within_limits(ttl_s: float, again_s: float) -> None:
    one = line()
    assert one.start(0.0) == [ASKED]
    assert one.located(Located(FOUND.servers, ttl_s), 0.5) == [UP]
    assert one.deadline == 0.5 + again_s
    assert one.tick(0.5 + again_s) == [ASKED] and one.deadline is None  # until there is an answer


@pytest.mark.parametrize(("fraction", "share"), [(0.0, 0.5), (0.5, 0.75)])
def test_after_a_failure_it_is_asked_at_growing_intervals(fraction: float, share: float) -> None:
    one, now = line(fraction), 0.0
    one.start(now)
    told: list[Effect] = []
    for whole_s in (1, 2, 4, 8, 16, 32, 60, 60):
        told += one.not_located("no name server answers", now)
        now += whole_s * share
        assert one.deadline == now and one.tick(now) == [ASKED]
    assert told == [NOWHERE] and one.view(now, 0.0).error == "no name server answers"
    one.located(FOUND, now)
    one.not_located("no name server answers", now + 60.0)
    assert one.deadline == now + 60.0 + share  # a success begins anew


def test_what_was_found_is_kept_while_nobody_answers_but_not_when_it_is_gone() -> None:
    one = located()
    assert one.not_located("timeout", 60.0) == [] and one.hops(60.0) == [A, B]
    assert one.located(Located((), 60.0), 61.0) == [NOWHERE] and one.hops(61.0) == []


def test_a_server_that_failed_comes_last_for_its_time() -> None:
    one = located(watch=Watch(dead_s=20.0))
    one.bury(A, 100.0)
    assert one.hops(100.0) == [B, A] and one.hops(119.9) == [B, A] and one.hops(120.0) == [A, B]
    one.bury(A, 200.0, for_s=90.0)  # Retry-After
    assert one.hops(289.0) == [B, A] and one.view(289.0, 0.0).dead_s == {str(A): 1.0}


def test_it_registers_where_it_did_the_last_time() -> None:
    one = located()
    assert one.registrar(0.0) == A
    one.home = B
    assert one.registrar(0.0) == B
    one.bury(B, 1.0)
    assert one.registrar(1.0) == A
    assert line().registrar(0.0) is None


def test_it_is_down_when_no_server_answers_probes() -> None:
    one = line(watch=Watch(probe_s=30.0, failures=1))
    one.start(0.0)
    assert one.located(FOUND, 0.0) == [UP]
    assert one.tick(0.0) == [ProbeWanted("carrier", A), ProbeWanted("carrier", B)]
    one.probing.answered(B, 0.1)
    assert one.tick(4.0) == [] and one.hops(4.0) == [B]
    one.tick(27.1)
    assert one.tick(31.1) == [ProbeWanted("carrier", A), TrunkDown("carrier", "no server answers")]
    one.probing.answered(A, 31.2)
    assert one.changes(31.2) == [UP] and one.view(31.2, 0.0).down == [str(B)]


def test_it_is_down_until_it_is_registered_and_when_that_is_over() -> None:
    one = line(credentials=("4001", "pw"), registering=Registering())
    assert one.start(0.0) == [ASKED]
    assert one.located(FOUND, 0.0) == [RegisterWanted("carrier"), TrunkDown("carrier", "not registered")]
    assert one.registration is not None
    one.registration.bound_until = 100.0
    assert one.changes(1.0) == [UP] and one.view(1.0, 1000.0).registered_until == 1100.0
    assert one.deadline == 60.0  # the look-up
    one.located(FOUND, 60.0)
    assert one.deadline == 100.0
    assert one.tick(100.0) == [TrunkDown("carrier", "not registered")]


def test_so_many_calls_at_a_time() -> None:
    one = located(limits=CallLimits(calls=2))
    one.legs |= {"a", "b"}
    assert one.refusal(0.0) == "calls"
    one.legs.discard("a")
    assert one.refusal(0.0) == ""


def test_so_many_calls_a_second() -> None:
    one = located(limits=CallLimits(calls_per_s=2.0))
    assert [one.refusal(0.0) for _ in range(3)] == ["", "", "rate"]
    assert [one.refusal(0.5) for _ in range(2)] == ["", "rate"]
    slow = located(limits=CallLimits(calls_per_s=0.1))
    assert [slow.refusal(at) for at in (0.0, 9.0, 10.1)] == ["", "rate", ""]


def test_without_limits_everything_is_carried() -> None:
    one = located()
    assert {one.refusal(0.0) for _ in range(1000)} == {""}
