"""Where streams are placed, and what processes are told of rooms that reach across; the clients here only note it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from softswitch.core.errors import PortsExhausted
from softswitch.media import memory as m
from softswitch.media import protocol as p
from softswitch.media.client import MediaListener
from softswitch.media.pool import MediaPool, Share, shares, without_ties
from softswitch.media.wanted import Wanted
from softswitch.rtp.quality import Quality
from softswitch.sdp.media import G722, PCMA, PCMU, Codec, Media


class FakeClient:
    """A process with so many ports."""

    def __init__(self, number: int, ports: int = 100) -> None:
        self.number, self.ports = number, ports
        self.streams: dict[str, int] = {}
        self.codecs: dict[str, str] = {}
        self.rooms: dict[str, str] = {}
        self.recordings: dict[str, tuple[str, str | None]] = {}
        self.adopted: list[bytes] = []
        self.draining, self.is_up = False, True

    @property
    def load(self) -> int:
        return len(self.streams)

    def open(self, stream: str) -> tuple[str, int]:
        if stream not in self.streams:
            if len(self.streams) == self.ports:
                raise PortsExhausted("none")
            self.streams[stream] = 1000 * self.number + 2 * len(self.streams)
        return "127.0.0.1", self.streams[stream]

    def connect(self, stream: str, media: Media, signalling_host: str, tones: bool = False) -> None:
        self.codecs[stream] = f"{media.codec.name} to {media.remote[1]}"

    def close(self, stream: str) -> None:
        self.streams.pop(stream, None)
        self.codecs.pop(stream, None)
        self.rooms.pop(stream, None)

    def join(self, room: str, stream: str, heard_by: tuple[str, ...] | None, gain: float) -> None:
        self.rooms[stream] = room

    def leave(self, stream: str) -> None:
        self.rooms.pop(stream, None)

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        self.recordings[recording] = left, right

    def stop_record(self, recording: str) -> None:
        del self.recordings[recording]

    def memory(self, streams: list[str], recordings: list[str]) -> bytes:
        return m.pack(Wanted(), "life", streams, recordings)

    def adopt(self, memory: bytes) -> None:
        self.adopted.append(memory)

    def ties(self) -> dict[str, str]:
        return {name: codec for name, codec in self.codecs.items() if name.startswith("tie ")}


def plane(*ports: int) -> tuple[MediaPool, list[FakeClient]]:
    clients = [FakeClient(number, most) for number, most in enumerate(ports, 1)]
    made: Any = {client.number: client for client in clients}
    return MediaPool(made), clients


def speak(pool: MediaPool, stream: str, codec: Codec = PCMU) -> None:
    pool.connect(stream, Media(("192.0.2.1", 4000), codec, codec.payload_type), "192.0.2.1")


def two_in_a_room(*codecs: Codec) -> tuple[MediaPool, FakeClient, FakeClient]:
    pool, (one, two) = plane(100, 100)
    for stream, codec in zip(("a", "b"), codecs, strict=True):
        pool.open(stream)
        speak(pool, stream, codec)
        pool.join("r", stream)
    return pool, one, two


def test_the_ports_are_shared_out() -> None:
    assert shares(Share(20000, 29999), 1) == [Share(20000, 29999)]
    assert shares(Share(20001, 20020), 3) == [Share(20002, 20007), Share(20008, 20013), Share(20014, 20019)]
    with pytest.raises(ValueError, match="too few ports for 3 media processes"):
        shares(Share(20000, 20003), 3)


def test_legs_of_a_contact_are_together_and_contacts_are_spread() -> None:
    pool, (one, two) = plane(100, 100)
    for number in range(4):
        pool.open(f"leg-{number}")
        pool.group(f"leg-{number}", f"c-{number}")
    for number in range(4):
        pool.open(f"c-{number}.agent1.0")
    assert set(one.streams) == {"leg-0", "leg-2", "c-0.agent1.0", "c-2.agent1.0"}
    assert set(two.streams) == {"leg-1", "leg-3", "c-1.agent1.0", "c-3.agent1.0"}
    pool.close("leg-0")
    pool.close("c-0.agent1.0")
    pool.open("c-0.agent2.0")  # nobody of it is left: it may be anywhere
    assert "c-0.agent2.0" in one.streams


def test_a_process_that_is_full_or_away_is_passed_over() -> None:
    pool, (one, two, three) = plane(1, 2, 100)
    three.is_up = False
    for number in range(4):
        pool.open(f"leg-{number}")
    assert [client.load for client in (one, two, three)] == [1, 2, 1]
    assert pool.open("leg-0") == ("127.0.0.1", 1000)


def test_unknown_streams_are_nobodys() -> None:
    pool, (one, _) = plane(100, 100)
    pool.join("r", "x")
    pool.leave("x")
    pool.close("x")
    speak(pool, "x")
    assert (one.streams, one.rooms, one.codecs) == ({}, {}, {})


@pytest.mark.parametrize(("codecs", "line"), [((PCMU, PCMU), "PCMU"), ((PCMA, PCMA), "PCMA"), ((PCMA, PCMU), "PCMU")])
def test_a_line_has_the_law_of_its_members(codecs: tuple[Codec, Codec], line: str) -> None:
    _, one, two = two_in_a_room(*codecs)
    assert list(one.ties().values()) == [f"{line} to {next(two.streams[name] for name in two.ties())}"]
    assert list(two.ties().values()) == [f"{line} to {next(one.streams[name] for name in one.ties())}"]


def test_a_line_becomes_wide_with_its_room_and_narrow_again() -> None:
    pool, one, two = two_in_a_room(PCMU, PCMU)
    port = next(two.streams[name] for name in two.ties())
    speak(pool, "b", G722)
    assert list(one.ties().values()) == [f"L16 to {port}"]
    speak(pool, "b", PCMA)
    assert list(one.ties().values()) == [f"PCMU to {port}"]


def test_a_line_goes_with_the_last_member_of_one_side_unless_it_is_recorded(tmp_path: Path) -> None:
    pool, one, two = two_in_a_room(PCMU, PCMU)
    pool.record("rec", tmp_path / "r.wav", "a", "b")
    assert one.recordings == {"rec": ("a", next(iter(one.ties())))}
    pool.leave("b")
    assert len(one.ties()) == len(two.ties()) == 1
    pool.stop_record("rec")
    assert (one.ties(), two.ties()) == ({}, {})
    assert (one.load, two.load) == (1, 1)


def test_where_no_port_is_left_for_a_line_nothing_is_left_behind() -> None:
    pool, (one, two) = plane(2, 1)
    for stream in "ab":
        pool.open(stream)
        pool.join("r", stream)
    assert (one.load, two.load) == (1, 1)
    two.ports = 2
    speak(pool, "a")  # the next change of the room finds one
    assert (one.load, two.load) == (2, 2)


def test_a_memory_of_more_processes_than_there_are_is_refused_as_a_whole() -> None:
    pool, _, _ = two_in_a_room(PCMU, PCMU)
    memory = pool.memory(["a", "b"], [])
    fewer, (only,) = plane(100)
    for wrong, said in ((memory, "of media process 2; there are 1 now"), (memory[:-2], "a memory of media")):
        with pytest.raises(p.ProtocolError, match=said):
            fewer.adopt(wrong)
    assert only.adopted == []


def test_nobody_above_hears_of_lines() -> None:
    told: list[str] = []
    listener = without_ties(
        MediaListener(
            lambda *_: None,
            lambda *_: None,
            on_lost=told.append,
            on_noted=lambda stream, kind: told.append(stream),
            on_measured=lambda stream, quality: told.append(stream),
        )
    )
    for stream in ("leg-1", "tie r 1-2"):
        listener.on_lost(stream)
        listener.on_noted(stream, "silence")
        listener.on_measured(stream, Quality())
    assert told == ["leg-1"] * 3


async def test_one_engine_speaks_for_all_processes(tmp_path: Path) -> None:
    """The library of speech is one for all of control, and is used from one thread."""
    listener = MediaListener(lambda *_: None, lambda *_: None)
    sockets = [tmp_path / "1", tmp_path / "2"]
    pool = await MediaPool.start(sockets, "127.0.0.1", Share(20000, 20099), tmp_path, tmp_path, listener)
    assert len({client._prompts for client in pool._clients.values()}) == 1
    await pool.shutdown()
