"""Whose packets are taken: the signalled address, or one of two hosts that was learnt, once per offer/answer."""

import pytest

from softswitch.media.address import Address
from softswitch.media.source import Source

SIGNALLED, NATTED, INTRUDER = ("192.0.2.1", 4000), ("198.51.100.7", 61000), ("203.0.113.9", 5000)
SIGNALLING_HOST = NATTED[0]


def signalled() -> Source:
    source = Source()
    source.signal(SIGNALLED, SIGNALLING_HOST)
    return source


def test_before_any_answer_nobody_may_speak() -> None:
    assert not Source().accepts(SIGNALLED)


def test_the_signalled_address_is_taken_and_then_no_other() -> None:
    source = signalled()
    assert [source.accepts(one) for one in (SIGNALLED, NATTED, INTRUDER, SIGNALLED)] == [True, False, False, True]
    assert source.send_to == SIGNALLED


@pytest.mark.parametrize("first", [NATTED, (SIGNALLED[0], 61000)])
def test_the_first_source_of_either_host_is_learnt_and_then_no_other(first: Address) -> None:
    source = signalled()
    again = (first[0], first[1] + 2)
    assert [source.accepts(one) for one in (first, again, INTRUDER, first)] == [True, False, False, True]
    assert source.send_to == first


def test_a_stranger_is_refused_however_early_he_is() -> None:
    source = signalled()
    assert [source.accepts(one) for one in (INTRUDER, NATTED, INTRUDER)] == [False, True, False]
    assert source.send_to == NATTED


def test_a_stranger_on_the_signalled_port_is_still_one() -> None:
    source = signalled()
    assert not source.accepts((INTRUDER[0], SIGNALLED[1]))
    assert source.send_to == SIGNALLED


def test_without_a_signalling_host_the_signalled_one_alone_is_taken() -> None:
    source = Source()
    source.signal(SIGNALLED, "")
    assert not source.accepts(NATTED)
    assert source.accepts((SIGNALLED[0], 61000))


def test_the_signalled_address_takes_over_from_a_learnt_one_for_good() -> None:
    source = signalled()
    assert [source.accepts(one) for one in (NATTED, SIGNALLED, NATTED)] == [True, True, False]
    assert source.send_to == SIGNALLED


def test_a_new_answer_opens_it_again_and_goes_on_sending_where_the_peer_was() -> None:
    source = signalled()
    source.accepts(NATTED)
    source.signal(SIGNALLED, SIGNALLING_HOST)
    assert source.send_to == NATTED
    assert not source.accepts(INTRUDER)
    moved = ("198.51.100.7", 61002)
    assert source.accepts(moved)
    assert not source.accepts(NATTED)
    assert source.send_to == moved


def test_another_signalled_address_is_sent_to_at_once() -> None:
    source = signalled()
    source.accepts(NATTED)
    source.signal(("192.0.2.2", 4000), SIGNALLING_HOST)
    assert source.send_to == ("192.0.2.2", 4000)
    source.signal(None, SIGNALLING_HOST)
    assert source.send_to is None
    assert not source.accepts(NATTED)
