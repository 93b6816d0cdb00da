"""The engine on real sockets, all of its streams on one port: each hears its own room, relayed or mixed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import FRAME, g711
from softswitch.audio.tone import sine, strength
from softswitch.media import protocol as p
from softswitch.media.engine import Engine, EngineSettings
from softswitch.rtp.packet import HEADER, build
from tests.support.ports import LOOPBACK, free_port

HZ = (400.0, 700.0, 1100.0, 1900.0, 2700.0)
TICKS = 25


class Phone:
    def __init__(self, engine: Engine, number: int, port: int) -> None:
        self.engine, self.name, self.port, self.heard = engine, f"s{number}", port, list[np.ndarray]()
        self.number = number
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind((LOOPBACK, 0))
        self.sound = g711.encode(sine(HZ[number], TICKS * 0.02), g711.MU).reshape(-1, FRAME)
        host, at = self.socket.getsockname()
        engine.obey(p.Open(self.name, LOOPBACK, port))
        engine.obey(p.Connect(self.name, 1, host, at, host, "PCMU", 0, 0, 101, "sendrecv"))

    def speak(self, tick: int) -> None:
        octets = build(0, tick, tick * FRAME, self.number, self.sound[tick].tobytes())
        self.socket.sendto(octets, (LOOPBACK, self.port))

    def listen(self) -> None:
        try:
            while True:
                octets, source = self.socket.recvfrom(2048)
                assert source == (LOOPBACK, self.port)
                if octets[1] & 0x7F == 0:
                    self.heard.append(g711.decode(np.frombuffer(octets[HEADER:], np.uint8), g711.MU))
        except BlockingIOError:
            return

    def hears(self) -> set[float]:
        """The tones of its last frames."""
        sound = np.concatenate(self.heard[-10:])
        return {hz for hz in HZ if strength(sound, hz) > 0.2}


@pytest.fixture
def phones() -> Iterator[list[Phone]]:
    failed: list[p.Event] = []
    engine, port = Engine(EngineSettings(16), {}, failed.append), free_port()
    made = []
    for number in range(len(HZ)):
        made.append(Phone(engine, number, port))
        made[-1].speak(0)  # and is latched before the next one comes
        engine.tick(1)
    yield made
    engine.close()
    for phone in made:
        phone.socket.close()
    assert not [event for event in failed if isinstance(event, p.OpenFailed)]


def talk(phones: list[Phone]) -> list[set[float]]:
    for tick in range(1, TICKS):
        for phone in phones:
            phone.speak(tick)
        phones[0].engine.tick(1)
        for phone in phones:
            phone.listen()
    return [phone.hears() for phone in phones]


def test_two_rooms_one_relayed_and_one_mixed(phones: list[Phone]) -> None:
    engine = phones[0].engine
    for phone, room in zip(phones, "aabbb", strict=True):
        engine.obey(p.Join(room, phone.name))
    heard = talk(phones)
    assert heard[:2] == [{HZ[1]}, {HZ[0]}]
    assert heard[2:] == [{HZ[3], HZ[4]}, {HZ[2], HZ[4]}, {HZ[2], HZ[3]}]
    assert engine.gauges()["ports"] == 1
    assert engine.gauges()["streams_relayed"] == 2
    assert engine.counters()["strangers"] == 0


def test_nobody_is_relayed_once_all_have_left(phones: list[Phone]) -> None:
    engine = phones[0].engine
    for phone in phones[:2]:
        engine.obey(p.Join("call", phone.name))
    engine.tick(1)
    assert engine.gauges()["streams_relayed"] == 2
    for phone in phones:
        engine.obey(p.Close(phone.name))
    engine.tick(1)
    assert engine.gauges()["streams_relayed"] == 0


def test_a_supervisor_is_heard_by_the_agent_alone(phones: list[Phone]) -> None:
    engine = phones[0].engine
    for phone in phones[:2]:
        engine.obey(p.Join("call", phone.name))
    engine.obey(p.Join("call", phones[2].name, (phones[1].name,)))
    assert talk(phones)[:3] == [{HZ[1]}, {HZ[0], HZ[2]}, {HZ[0], HZ[1]}]
    assert engine.gauges()["streams_relayed"] == 0


def test_who_is_closed_in_a_room_leaves_it(phones: list[Phone]) -> None:
    """Its row may be the last one in use: nothing is mixed for it any more."""
    engine = phones[0].engine
    for phone in (phones[0], phones[1], phones[4]):
        engine.obey(p.Join("room", phone.name))
    engine.tick(1)
    for phone in phones[2:]:
        engine.obey(p.Close(phone.name))
    heard = talk(phones[:2])
    assert heard == [{HZ[1]}, {HZ[0]}]


def test_an_engine_is_idle_until_a_stream_is_opened_and_when_the_last_recording_is_handed_over(tmp_path: Path) -> None:
    engine = Engine(EngineSettings(4), {}, [].append)
    assert engine.idle
    engine.obey(p.Open("s", LOOPBACK, free_port()))
    assert not engine.idle
    engine.obey(p.Record("r", str(tmp_path / "r.wav"), "s", None))
    engine.obey(p.Close("s"))
    engine.obey(p.StopRecord("r"))
    assert not engine.idle
    engine.tick(3)
    assert engine.idle
    engine.close()
