"""When a server is asked whether it is alive, and from when on it is down."""

from __future__ import annotations

from softswitch.core.ids import Ids
from softswitch.sip.locate import Hop
from softswitch.sip.probing import ProbeWanted, Probing, options

A, B = Hop("udp", ("192.0.2.1", 5060)), Hop("udp", ("192.0.2.2", 5060))
HALF = Ids(lambda bits: 2 ** (bits - 1))


def probing(interval_s: float = 30.0, failures: int = 2) -> Probing:
    one = Probing("carrier", interval_s, failures, 4.0, HALF)
    one.watch((A, B), 0.0)
    return one


def test_each_server_is_asked_at_once_and_then_at_intervals() -> None:
    one = probing()
    assert one.deadline == 0.0
    assert one.tick(0.0) == [ProbeWanted("carrier", A), ProbeWanted("carrier", B)]
    assert one.deadline == 4.0 and one.tick(3.0) == []  # both are out
    one.answered(A, 1.0)
    one.answered(B, 2.0)
    assert one.deadline == 31.0
    assert one.tick(31.0) == [ProbeWanted("carrier", A)]


def test_it_is_down_after_so_many_failures_and_up_with_one_answer() -> None:
    one = probing()
    one.tick(0.0)
    one.answered(B, 0.1)
    assert one.tick(4.0) == [] and one.up(A)
    one.tick(34.0)
    one.tick(38.0)
    assert not one.up(A) and one.up(B)
    one.answered(A, 38.5)  # late, and alive all the same
    assert one.up(A)


def test_without_an_interval_nobody_is_asked_and_all_are_up() -> None:
    one = probing(interval_s=0.0)
    assert one.deadline is None and one.tick(9.0) == [] and one.up(A)


def test_a_change_of_servers_keeps_what_is_known_of_the_old_ones() -> None:
    one = probing(failures=1)
    one.tick(0.0)
    one.lost(A, 5.0)
    third = Hop("udp", ("192.0.2.3", 5060))
    one.watch((A, third), 6.0)
    assert not one.up(A) and one.up(third)
    assert one.tick(6.0) == [ProbeWanted("carrier", third)]
    one.lost(B, 7.0)  # nobody watches it any more
    assert one.up(B)


def test_what_is_lost_twice_counts_once() -> None:
    one = probing(failures=2)
    one.tick(0.0)
    one.lost(A, 1.0)
    one.lost(A, 1.0)
    assert one.up(A)


def test_section_11_1_the_question() -> None:
    request = options("sip:carrier.example", "sip:carrier.example", "sip:softswitch@192.0.2.9:5060", HALF)
    assert request.method == "OPTIONS" and request.uri == "sip:carrier.example"
    assert str(request.to.uri) == "sip:carrier.example" and request.headers.get("Accept") == "application/sdp"
