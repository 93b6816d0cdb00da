"""The process's end of the connection: what was missed is told first, and the newest control is the one."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.media import protocol as p
from softswitch.media.channel import Channel

GREETING = p.Welcome(p.VERSION, "life")


@pytest.fixture
def obeyed() -> list[p.Command]:
    return []


@pytest.fixture
def channel(tmp_path: Path, obeyed: list[p.Command]) -> Iterator[Channel]:
    made = Channel(tmp_path / "s", GREETING, obeyed.append)
    yield made
    made.close()


def control(channel: Channel, tmp_path: Path) -> socket.socket:
    """A control that has said hello."""
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(5)
    made.connect(str(tmp_path / "s"))
    made.sendall(p.pack(p.Hello()))
    for _ in range(2):  # it is let in, and heard
        channel.serve(1.0)
    return made


def test_what_happened_without_a_control_is_told_to_the_next_before_its_greeting(
    channel: Channel, tmp_path: Path
) -> None:
    key, ended = p.DigitHeard("L", "5"), p.PlayEnded("L", "p", True)
    channel.tell(key)
    channel.tell(ended)
    with control(channel, tmp_path) as first:
        assert list(p.Frames().events(first.recv(65536))) == [key, ended, GREETING]
    with control(channel, tmp_path) as second:
        assert list(p.Frames().events(second.recv(65536))) == [GREETING]


def test_the_newest_control_is_heard(channel: Channel, tmp_path: Path) -> None:
    with control(channel, tmp_path) as first, control(channel, tmp_path) as second:
        assert list(p.Frames().events(first.recv(65536))) == [GREETING]
        assert first.recv(1) == b""
        channel.tell(p.DigitHeard("L", "1"))
        channel.serve(0)
        assert list(p.Frames().events(second.recv(65536))) == [GREETING, p.DigitHeard("L", "1")]


def test_the_last_words_of_a_control_are_heard_before_the_next_one_is(
    channel: Channel, tmp_path: Path, obeyed: list[p.Command]
) -> None:
    with control(channel, tmp_path) as first, socket.socket(socket.AF_UNIX) as second:
        obeyed.clear()
        words = [p.Drain(True), *(p.Close(f"L{number}") for number in range(2000))]  # more than is read at a time
        first.sendall(b"".join(map(p.pack, words)))
        first.close()
        channel.tell(p.DigitHeard("L", "1"))  # which nobody reads
        second.connect(str(tmp_path / "s"))
        second.sendall(p.pack(p.Hello()))
        while p.Hello() not in obeyed:
            channel.serve(1.0)
        assert obeyed == [*words, p.Hello()]


def test_a_control_that_does_not_stop_talking_keeps_no_other_out(
    channel: Channel, tmp_path: Path, obeyed: list[p.Command]
) -> None:
    with control(channel, tmp_path) as first, socket.socket(socket.AF_UNIX) as second:
        first.setblocking(False)
        words = b"".join(p.pack(p.Close(f"L{number}")) for number in range(4096))
        second.connect(str(tmp_path / "s"))
        second.sendall(p.pack(p.Hello()))
        obeyed.clear()
        rest, rounds = words, 0
        while p.Hello() not in obeyed and rounds < 5000:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                rest = rest[first.send(rest) :] or words
            channel.serve(0)
            rounds += 1
        assert 200 < rounds < 500


def test_what_happens_while_last_words_are_read_is_told_to_the_next_control(channel: Channel, tmp_path: Path) -> None:
    with control(channel, tmp_path) as first, socket.socket(socket.AF_UNIX) as second:
        first.sendall(b"".join(p.pack(p.Close(f"L{number}")) for number in range(2000)) + p.pack(p.Hello()))
        first.close()
        channel.tell(p.DigitHeard("L", "1"))  # which nobody reads, and so it is known that there is nobody
        channel.serve(0)
        channel.tell(p.DigitHeard("L", "2"))
        for _ in range(100):
            channel.serve(0)
        second.settimeout(5)
        second.connect(str(tmp_path / "s"))
        second.sendall(p.pack(p.Hello()))
        for _ in range(2):
            channel.serve(1.0)
        assert list(p.Frames().events(second.recv(65536))) == [p.DigitHeard("L", "2"), GREETING]


def test_who_is_dropped_is_told_no_more(channel: Channel, tmp_path: Path) -> None:
    with control(channel, tmp_path) as one:
        channel.drop("it is silent")
        assert list(p.Frames().events(one.recv(65536))) == [GREETING]
        assert one.recv(1) == b""
