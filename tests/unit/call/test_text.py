"""Texts in the dialog of a leg."""

from __future__ import annotations

from softswitch.call.signal import Accept, Offered, SendText, Texted
from softswitch.call.table import S
from softswitch.sip.message import Message, Request
from softswitch.sip.page import MOST_BYTES
from tests.support.sip_pair import Pair


def up() -> Pair:
    pair = Pair()
    pair.hear = lambda _side, signal: [(0, "b", Accept())] if isinstance(signal, Offered) else []
    pair.dial()
    pair.run(5.0)
    assert pair.a.every[0].state is pair.b.every[0].state is S.UP
    return pair


def texts(pair: Pair, side: str) -> list[bytes]:
    return [signal.body for _, signal in pair.sides[side].signals if isinstance(signal, Texted)]


def test_a_text_goes_through_the_dialog_both_ways_and_is_accepted() -> None:
    pair = up()
    pair.tell("a", SendText("text/plain", b"hello"))
    pair.run(6.0)
    pair.tell("b", SendText("text/plain", b"and hello"))
    pair.run(7.0)
    assert texts(pair, "b") == [b"hello"] and texts(pair, "a") == [b"and hello"]
    assert pair.ladder()[-4:] == ["a MESSAGE", "b 202 MESSAGE", "b MESSAGE", "a 202 MESSAGE"]


def test_a_text_that_is_none_is_refused_and_the_call_goes_on() -> None:
    pair = up()
    pair.tell("a", SendText("text/plain", b"x" * (MOST_BYTES + 1)))
    pair.run(6.0)
    assert "b 413 MESSAGE" in pair.ladder() and texts(pair, "b") == []
    assert pair.a.every[0].state is pair.b.every[0].state is S.UP


def test_a_phone_that_does_not_answer_it_loses_nothing_else() -> None:
    pair = up()

    def unheard(side: str, message: Message) -> bool:
        return isinstance(message, Request) and message.method == "MESSAGE"

    pair.drop = unheard
    pair.tell("a", SendText("text/plain", b"hello"))
    pair.run(60.0)
    assert pair.a.every[0].state is S.UP


def test_who_does_not_answer_texts_is_not_sent_them_without_end() -> None:
    pair = up()
    pair.drop = lambda _side, message: isinstance(message, Request) and message.method == "MESSAGE"
    for _ in range(200):
        pair.tell("a", SendText("text/plain", b"hello"))
    assert len(pair.a.every[0].leg.asked) == 32


def test_before_and_after_the_call_there_is_nobody_to_write_to() -> None:
    pair = Pair()
    pair.dial()
    pair.tell("a", SendText("text/plain", b"hello"))
    pair.run(1.0)
    assert "a MESSAGE" not in pair.ladder()
