"""Words survive the wire, however it cuts them; nonsense is refused."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media import protocol as p
from softswitch.rtp.quality import Quality
from tests.support.virtual_plane import VirtualPlane

KEYS = p.Keys("AEAD_AES_128_GCM", b"what we send with".ljust(28), b"\x00what we get".ljust(28))
COMMANDS: list[p.Command] = [
    p.Hello(),
    p.Settle(),
    p.Open("leg-1", "127.0.0.1", 20000),
    p.Connect("leg-1", 3, "192.0.2.1", 4000, "198.51.100.7", "PCMA", 8, 8, None, "sendrecv"),
    p.Connect("leg-1", 4, "192.0.2.1", 4000, "198.51.100.7", "PCMU", 0, 0, 101, "inactive"),
    p.Connect("leg-1", 5, "192.0.2.1", 4000, "", "PCMU", 0, 0, 101, "sendrecv", KEYS, 4003, True),
    p.Close("leg-1"),
    p.Play("leg-1", "play-1", ("/a.wav", "/你好.wav")),
    p.HoldMusic("leg-1"),
    p.Stop("leg-1"),
    p.Press("leg-1", "12#", "event"),
    p.Join("room", "leg-1"),
    p.Join("room", "leg-2", ("leg-1",), 0.5),
    p.Latch("leg-1", 3, "198.51.100.7", 61000),
    p.Leave("leg-1"),
    p.Record("rec", "/r.wav", "leg-1", None),
    p.Record("rec", "/r.wav", "leg-1", "leg-2"),
    p.StopRecord("rec"),
    p.AskStats(),
    p.Drain(True),
]
EVENTS: list[p.Event] = [
    p.Welcome(p.VERSION, "abc"),
    p.Latched("leg-1", 3, "2001:db8::1", 61000),
    p.PlayEnded("leg-1", "play-1", False),
    p.DigitHeard("leg-1", "#"),
    p.DigitHeard("leg-1", "5", "tone"),
    p.RecordError("rec", "disk full"),
    p.OpenFailed("leg-1", "in use"),
    p.Stats({"ticks": 5.0}, {"streams": 1.0}),
    p.StreamEvent("leg-1", "one_way"),
    p.StreamEnded("leg-1", Quality(100, 1, 2, 3.5, 4.3, 99, 0, 1.0, 4.4, 12.5, 7)),
]


@given(cuts=st.lists(st.integers(1, 40), min_size=1))
def test_any_cutting_gives_the_same_words(cuts: list[int]) -> None:
    wire, frames, heard = b"".join(map(p.pack, COMMANDS)), p.Frames(), []
    at, turn = 0, 0
    while at < len(wire):
        size = cuts[turn % len(cuts)]
        heard += list(frames.commands(wire[at : at + size]))
        at, turn = at + size, turn + 1
    assert heard == COMMANDS


def test_events_too() -> None:
    assert list(p.Frames().events(b"".join(map(p.pack, EVENTS)))) == EVENTS


def test_the_layout_is_a_length_and_an_array_with_its_word_first() -> None:
    assert p.pack(p.Leave("s")) == b"\x00\x00\x00\x09\x92\xa5leave\xa1s"


@pytest.mark.parametrize("octets", [b"\x00\x20\x00\x01", b"\x00\x00\x00\x01\xc0", b"\x00\x00\x00\x06\x91\xa4what"])
def test_what_is_no_word_is_refused(octets: bytes) -> None:
    with pytest.raises(p.ProtocolError):
        list(p.Frames().commands(octets))
    with pytest.raises(p.ProtocolError):
        list(p.Frames().events(octets))


def test_what_is_logged_of_a_command_shows_no_key() -> None:
    connect = next(one for one in COMMANDS if isinstance(one, p.Connect) and one.keys)
    assert "AEAD_AES_128_GCM" in repr(connect) and "what we" not in f"{connect} {connect!r} {KEYS} {[KEYS]}"


def test_the_engine_obeys_every_word_about_a_stream() -> None:
    assert VirtualPlane(1).engine._on_stream.keys() == set(get_args(p.OnStream))


def test_what_was_not_taken_is_not_lost_with_what_was() -> None:
    """Nor what followed it in the same piece."""
    frames = p.Frames()
    first = frames.commands(p.pack(p.Leave("a")) + p.pack(p.Leave("b")) + p.pack(p.Leave("c"))[:3])
    assert next(first) == p.Leave("a")
    first.close()
    assert list(frames.commands(p.pack(p.Leave("c"))[3:])) == [p.Leave("b"), p.Leave("c")]
