"""The client against a socket that plays the process: what is said, in which order, and again after a crash."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from softswitch.audio import wav
from softswitch.call.press import Form
from softswitch.core.errors import PortsExhausted
from softswitch.ivr.model import Prompt
from softswitch.media import protocol as p
from softswitch.media.allot import Ports
from softswitch.media.client import MediaClient, MediaListener
from softswitch.media.prompts import PromptStore
from softswitch.media.speech import find_engine
from softswitch.rtp.quality import Quality
from softswitch.sdp.crypto import Srtp
from softswitch.sdp.media import PCMU, Media
from tests.support.ports import claim
from tests.support.process import eventually

LAST = p.StopRecord("the last word of a test")


class FakeProcess:
    """Answers ``Hello`` and ``AskStats``; everything else it only notes."""

    client: MediaClient

    def __init__(self, path: Path) -> None:
        self.path, self.life = path, "first"
        self.heard: list[p.Command] = []
        self.writer: asyncio.StreamWriter | None = None
        self._told = 0

    async def start(self) -> None:
        self.server = await asyncio.start_unix_server(self._serve, str(self.path))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer, frames = writer, p.Frames()
        while octets := await reader.read(65536):
            for command in frames.commands(octets):
                if self.writer is not writer:
                    return  # it has crashed
                if isinstance(command, p.Hello):
                    writer.write(p.pack(p.Welcome(p.VERSION, self.life)))
                elif not isinstance(command, p.AskStats):
                    self.heard.append(command)
                else:
                    writer.write(p.pack(p.Stats({}, {})))
        writer.close()

    def tell(self, event: p.Event) -> None:
        assert self.writer is not None
        self.writer.write(p.pack(event))

    async def crash(self, life: str) -> None:
        """Lose the connection, and come back with this life."""
        assert self.writer is not None
        self.life = life
        self.heard.clear()
        crashed, self.writer = self.writer, None
        crashed.close()
        await eventually(lambda: self.writer, 5, "a new connection")

    async def hears(self, count: int) -> list[p.Command]:
        """All that the client has said so far, which is that much or more."""
        await eventually(lambda: len(self.heard) >= count, 5, f"{count} commands")
        self.client._link.send(LAST)
        await eventually(lambda: LAST in self.heard, 5, "the last word")
        self.heard.remove(LAST)
        return self.heard

    async def is_heard(self) -> None:
        """Wait until the client has taken all that it was told."""
        self._told += 1
        self.tell(p.Stats({}, {"told": self._told}))
        await eventually(lambda: self.client.gauges().get("told") == self._told, 5, "what was told")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SimpleNamespace]:
    (tmp_path / "prompts" / "en").mkdir(parents=True)
    hello = tmp_path / "prompts" / "en" / "hello.wav"
    hello.write_bytes(wav.encode(np.zeros(8, np.int16), 8000))
    world = SimpleNamespace(hello=hello, played=[], digits=[], states=[], unrecorded=[], first=claim(8).start)
    world.first += world.first % 2
    world.process = FakeProcess(tmp_path / "s")
    await world.process.start()
    world.client = MediaClient(
        tmp_path / "s",
        Ports("127.0.0.1", world.first, world.first + 4),
        PromptStore(tmp_path / "prompts", tmp_path / "cache", find_engine()),
        MediaListener(
            lambda *told: world.played.append(told),
            lambda *told: world.digits.append(told),
            world.states.append,
            on_unrecorded=lambda *told: world.unrecorded.append(told),
        ),
    )
    world.process.client = world.client
    world.client.begin()
    await world.client.connected(5)
    yield world
    await world.client.shutdown()
    world.process.server.close()


HELLO = [Prompt("en", "hello.wav")]
MEDIA = Media(("192.0.2.1", 4000), PCMU, 0, 101)


async def test_a_fresh_control_resets_and_then_says_what_it_wants(world: SimpleNamespace) -> None:
    client, first = world.client, world.first
    assert client.open("L") == client.open("L") == ("127.0.0.1", first)
    client.connect("L", MEDIA, "198.51.100.7")
    client.join("room", "L")
    client.play("L", "p1", HELLO)
    client.close("L")
    client.close("L")
    assert await world.process.hears(6) == [
        p.Settle(),
        p.Open("L", "127.0.0.1", first),
        p.Connect("L", client._serial, "192.0.2.1", 4000, "198.51.100.7", "PCMU", 0, 0, 101, "sendrecv"),
        p.Join("room", "L"),
        p.Play("L", "p1", (str(world.hello),)),
        p.Close("L"),
    ]
    assert world.states == [True]


async def test_ports_run_out_and_come_back(world: SimpleNamespace) -> None:
    for name in "abc":
        world.client.open(name)
    with pytest.raises(PortsExhausted):
        world.client.open("d")
    world.client.close("b")
    assert world.client.open("d")[1] == world.first + 2


async def test_unknown_names_do_nothing(world: SimpleNamespace, tmp_path: Path) -> None:
    client = world.client
    client.connect("x", MEDIA, "198.51.100.7")
    client.play("x", "p", HELLO)
    client.hold_music("x")
    client.join("r", "x")
    client.leave("x")
    client.stop("x")
    client.stop_record("x")
    client.pause_record("x", "card number")
    assert await world.process.hears(1) == [p.Settle()]


async def test_a_new_process_is_told_everything_but_the_prompt_that_was_lost(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    client = world.client
    for name in ("L", "R"):
        client.open(name)
    client.connect("L", MEDIA, "198.51.100.7")
    client.join("room", "L")
    client.play("L", "lost", HELLO)
    client.hold_music("R")
    client.record("rec", tmp_path / "rec.wav", "L", "R")
    await world.process.crash("second")
    assert await world.process.hears(7) == [
        p.Open("L", "127.0.0.1", world.first),
        p.Connect("L", client._serial, "192.0.2.1", 4000, "198.51.100.7", "PCMU", 0, 0, 101, "sendrecv"),
        p.Join("room", "L"),
        p.Open("R", "127.0.0.1", world.first + 2),
        p.HoldMusic("R"),
        p.Record("rec", str(tmp_path / "rec.2.wav"), "L", "R"),
        p.Settle(),
    ]
    assert world.played == [("L", "lost", False)]
    assert world.states == [True, False, True]
    assert client.stats()["process_changes"] == 1


async def test_the_same_process_is_told_the_same_again(world: SimpleNamespace, tmp_path: Path) -> None:
    client = world.client
    client.open("L")
    client.play("L", "p", HELLO)
    client.record("rec", tmp_path / "rec.wav", "L", None)
    await world.process.crash("first")
    heard = await world.process.hears(3)
    assert p.Play("L", "p", (str(world.hello),)) in heard
    assert p.Record("rec", str(tmp_path / "rec.wav"), "L", None) in heard
    assert world.played == []


async def test_only_the_end_of_what_is_wanted_is_told(world: SimpleNamespace) -> None:
    client = world.client
    client.open("L")
    client.play("L", "old", HELLO)
    client.play("L", "new", HELLO)
    await world.process.hears(4)
    world.process.tell(p.PlayEnded("L", "old", True))
    world.process.tell(p.PlayEnded("L", "new", True))
    world.process.tell(p.PlayEnded("L", "new", True))
    world.process.tell(p.DigitHeard("L", "5"))
    world.process.tell(p.DigitHeard("gone", "6"))
    await world.process.is_heard()
    assert world.played == [("L", "new", True)]
    assert world.digits == [("L", "5", Form.EVENT)]


async def test_a_prompt_that_cannot_be_had_is_told_later_not_from_within_the_call(world: SimpleNamespace) -> None:
    world.client.open("L")
    world.client.play("L", "p", [Prompt("en", "none.wav")])
    assert world.played == []
    await eventually(lambda: world.played, 5, "its end")
    assert world.played == [("L", "p", False)]


class SlowEngine:
    """Says nothing until it is let."""

    name = "slow"

    def __init__(self) -> None:
        self.let = threading.Event()

    def speak(self, text: str, language: str) -> tuple[np.ndarray, int]:
        assert self.let.wait(5)
        return np.zeros(80, np.int16), 8000


@pytest.mark.parametrize("then", ["stop", "close", "replace"])
async def test_speech_that_comes_too_late_is_not_played(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    client, engine = world.client, SlowEngine()
    monkeypatch.setattr(client._prompts, "_engine", engine)
    client.open("L")
    before = set(client._tasks)
    client.play("L", "late", [Prompt("en", "", "one moment")])
    making = client._tasks - before
    match then:
        case "stop":
            client.stop("L")
        case "close":
            client.close("L")
        case _:
            client.play("L", "next", HELLO)
    engine.let.set()
    await asyncio.gather(*making)
    plays = [command.play for command in await world.process.hears(0) if isinstance(command, p.Play) and command.files]
    assert plays == (["next"] if then == "replace" else [])
    assert world.played == []


async def test_speech_is_played_when_it_is_made(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowEngine()
    monkeypatch.setattr(world.client._prompts, "_engine", engine)
    world.client.open("L")
    world.client.play("L", "p", [*HELLO, Prompt("en", "", "one moment")])
    engine.let.set()
    last = (await world.process.hears(4))[-1]
    assert isinstance(last, p.Play)
    assert (last.play, last.files[0], len(last.files)) == ("p", str(world.hello), 2)


async def test_failures_of_the_process_are_counted(world: SimpleNamespace, tmp_path: Path) -> None:
    client = world.client
    client.record("rec", tmp_path / "r.wav", "L", None)
    world.process.tell(p.RecordError("rec", "too little is free", "disk_full"))
    world.process.tell(p.OpenFailed("L", "in use"))
    world.process.tell(p.Stats({"ticks": 7}, {"streams": 2}))
    await world.process.is_heard()
    assert world.unrecorded == [("rec", "disk_full", "too little is free")]
    assert client.stats() == {"process_changes": 0, "record_errors": 1, "open_failures": 1, "ticks": 7}
    assert client.gauges() == {"streams": 2, "connected": 1, "ports_free": 3, "told": 1}


async def test_counters_go_on_where_another_process_counts_from_0(world: SimpleNamespace) -> None:
    world.process.tell(p.Stats({"ticks": 7}, {}))
    await world.process.is_heard()
    await world.process.crash("second")
    await world.process.is_heard()
    assert world.client.stats()["ticks"] == 7
    world.process.tell(p.Stats({"ticks": 2}, {}))
    await world.process.is_heard()
    assert (world.client.stats()["ticks"], world.client.stats()["process_changes"]) == (9, 1)
    await world.process.crash("second")  # the connection alone was lost
    world.process.tell(p.Stats({"ticks": 3}, {}))
    await world.process.is_heard()
    assert (world.client.stats()["ticks"], world.client.stats()["process_changes"]) == (10, 1)


async def test_keys_go_to_the_process_and_what_was_heard_comes_back(world: SimpleNamespace) -> None:
    client, told = world.client, []
    client._listener = replace(
        client._listener, on_noted=lambda *what: told.append(what), on_measured=lambda *what: told.append(what)
    )
    client.open("L")
    keys = Srtp("AEAD_AES_128_GCM", b"ours".ljust(28), b"theirs".ljust(28))
    client.connect("L", Media(("192.0.2.1", 4000), PCMU, 0, srtp=keys, rtcp_port=4009, rtcp_mux=True), "192.0.2.1")
    said = next(one for one in await world.process.hears(2) if isinstance(one, p.Connect))
    assert said.keys == p.Keys(keys.suite, keys.send_key, keys.receive_key)
    assert (said.rtcp_port, said.rtcp_mux) == (4009, True)
    world.process.tell(p.StreamEvent("L", "silence"))
    world.process.tell(p.StreamEvent("gone", "silence"))
    await world.process.is_heard()
    client.close("L")
    world.process.tell(p.StreamEnded("L", Quality(packets_in=5)))
    await world.process.is_heard()
    assert told == [("L", "silence"), ("L", Quality(packets_in=5))]


async def test_music_and_a_pause_are_said_again_to_a_new_process(world: SimpleNamespace, tmp_path: Path) -> None:
    client, path = world.client, str(tmp_path / "rec.wav")
    client.open("L")
    client.hold_music("L", "jazz")
    client.record("rec", tmp_path / "rec.wav", "L", None)
    client.pause_record("rec", "card number")
    client.pause_record("rec", "card number")
    said = await world.process.hears(5)
    assert said[2:] == [p.HoldMusic("L", "jazz"), p.Record("rec", path, "L", None), p.PauseRecord("rec", "card number")]
    await world.process.crash("second")
    again = [p.Record("rec", str(tmp_path / "rec.2.wav"), "L", None), p.PauseRecord("rec", "card number")]
    assert (await world.process.hears(5))[1:] == [p.HoldMusic("L", "jazz"), *again, p.Settle()]
    client.pause_record("rec", None)
    assert (await world.process.hears(6))[-1] == p.PauseRecord("rec", None)


async def test_silence_between_prompts_needs_no_file(world: SimpleNamespace) -> None:
    world.client.open("L")
    world.client.play("L", "p", [*HELLO, Prompt("en", silence_s=0.5), *HELLO])
    hello = str(world.hello)
    assert (await world.process.hears(3))[-1] == p.Play("L", "p", (hello, 0.5, hello))
