"""A host may have another connection while it has fewer than are free: nobody is shut out by those who came before."""

from __future__ import annotations

from softswitch.net.admission import Admission


def take(admission: Admission, host: str, wanted: int = 10_000) -> int:
    """As many as it gets."""
    got = 0
    while got < wanted and admission.admits(host):
        admission.enter(host)
        got += 1
    return got


def test_one_host_gets_half() -> None:
    assert take(Admission(100), "192.0.2.1") == 50


def test_two_greedy_hosts_leave_room_for_everybody_else() -> None:
    admission = Admission(1000)
    first = take(admission, "192.0.2.1")
    second = take(admission, "192.0.2.2")
    assert (first, second) == (500, 250)
    assert take(admission, "192.0.2.3", 20) == 20


def test_however_many_are_greedy_the_next_gets_in() -> None:
    admission = Admission(1000)
    for number in range(8):
        assert take(admission, f"192.0.2.{number}") > 0
    assert admission.admits("198.51.100.1")


def test_who_leaves_makes_room() -> None:
    admission = Admission(4)
    assert take(admission, "192.0.2.1") == 2
    assert not admission.admits("192.0.2.1")
    admission.leave("192.0.2.1")
    assert admission.admits("192.0.2.1")
    admission.leave("192.0.2.1")
    assert len(admission) == 0


def test_an_ipv6_host_is_its_64() -> None:
    admission = Admission(4)
    assert take(admission, "2001:db8:0:1::5") == 2
    assert not admission.admits("2001:db8:0:1:ffff::7%eth0")
    assert admission.admits("2001:db8:0:2::5")
