"""Whose packets are taken: the signalled address, or one that was learnt, once per offer/answer."""

from softswitch.media.source import Source

SIGNALLED, NATTED, INTRUDER = ("192.0.2.1", 4000), ("198.51.100.7", 61000), ("203.0.113.9", 5000)


def signalled() -> Source:
    source = Source()
    source.signal(SIGNALLED)
    return source


def test_before_any_answer_nobody_may_speak() -> None:
    assert not Source().accepts(SIGNALLED)


def test_the_signalled_address_is_taken_and_then_no_other() -> None:
    source = signalled()
    assert [source.accepts(one) for one in (SIGNALLED, INTRUDER, SIGNALLED)] == [True, False, True]
    assert source.send_to == SIGNALLED


def test_the_first_valid_source_is_learnt_and_then_no_other() -> None:
    source = signalled()
    assert [source.accepts(one) for one in (NATTED, INTRUDER, NATTED)] == [True, False, True]
    assert source.send_to == NATTED


def test_the_signalled_address_takes_over_from_a_learnt_one_for_good() -> None:
    source = signalled()
    assert [source.accepts(one) for one in (INTRUDER, SIGNALLED, INTRUDER)] == [True, True, False]
    assert source.send_to == SIGNALLED


def test_a_new_answer_opens_it_again_and_goes_on_sending_where_the_peer_was() -> None:
    source = signalled()
    source.accepts(NATTED)
    source.signal(SIGNALLED)
    assert source.send_to == NATTED
    moved = ("198.51.100.7", 61002)
    assert source.accepts(moved)
    assert not source.accepts(NATTED)
    assert source.send_to == moved


def test_another_signalled_address_is_sent_to_at_once() -> None:
    source = signalled()
    source.accepts(NATTED)
    source.signal(("192.0.2.2", 4000))
    assert source.send_to == ("192.0.2.2", 4000)
    source.signal(None)
    assert source.send_to is None
    assert not source.accepts(NATTED)
