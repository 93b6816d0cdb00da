"""Hosts that do not answer are left alone."""

from __future__ import annotations

from softswitch.net.breaker import MOST_HOSTS, Breaker


def test_it_rests_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(failures=3, rest_s=10.0)
    assert [breaker.failed("a", 1.0), breaker.failed("a", 2.0)] == [False, False]
    assert not breaker.rests("a", 2.0)
    assert breaker.failed("a", 3.0), "this one begins the rest"
    assert breaker.rests("a", 3.0) and breaker.rests("a", 12.9) and not breaker.rests("b", 3.0)


def test_one_finds_out_whether_it_is_back_and_the_others_are_spared() -> None:
    breaker = Breaker(failures=1, rest_s=10.0)
    breaker.failed("a", 0.0)
    assert [breaker.rests("a", 10.0), breaker.rests("a", 10.0), breaker.rests("a", 15.0)] == [False, True, True]
    assert not breaker.failed("a", 16.0), "no new rest: it goes on"
    assert breaker.rests("a", 25.9) and not breaker.rests("a", 26.0)
    breaker.worked("a")
    assert not breaker.rests("a", 26.0) and not breaker.rests("a", 26.0)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    breaker = Breaker(failures=2)
    for _ in range(5):
        assert not breaker.failed("a", 0.0)
        breaker.worked("a")
    assert not breaker.rests("a", 0.0)


def test_zero_failures_means_never() -> None:
    breaker = Breaker(failures=0)
    assert not any(breaker.failed("a", 0.0) for _ in range(9)) and not breaker.rests("a", 0.0)


def test_it_remembers_so_many_hosts_and_no_more() -> None:
    breaker = Breaker(failures=1)
    for number in range(MOST_HOSTS + 1):
        breaker.failed(str(number), 0.0)
    assert not breaker.rests("0", 1.0) and breaker.rests("1", 1.0) and breaker.rests(str(MOST_HOSTS), 1.0)
