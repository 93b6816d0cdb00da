"""How long calls wait for a control, and what the next one has to name."""

from __future__ import annotations

from softswitch.media import protocol as p
from softswitch.media.custody import Custody

RECORD = p.Record("rec", "/r.wav", "leg-1", None)


def test_what_is_named_between_hello_and_settle_is_wanted() -> None:
    custody = Custody(1.0)
    for command in (p.Open("old", "127.0.0.1", 20000), p.Hello(), p.Open("leg-1", "127.0.0.1", 20002), RECORD):
        custody.hear(command)
    assert (custody.streams, custody.recordings) == ({"leg-1"}, {"rec"})
    custody.hear(p.Settle())
    custody.hear(p.Open("leg-2", "127.0.0.1", 20004))  # of a later call: nobody asks for it
    assert (custody.streams, custody.recordings) == (set(), set())


def test_it_is_over_once_after_so_many_ticks_without_a_word() -> None:
    custody = Custody(0.2)  # 10 ticks
    assert [custody.over(1) for _ in range(9)] == [False] * 9
    custody.hear(p.AskStats())
    assert not custody.over(9)
    assert custody.over(5)
    assert not custody.over(20)
    custody.hear(p.Hello())
    assert custody.over(10)
