"""Streams of the engine whose codec is not G.711, over real sockets: what is heard, what is sent, what lies between."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest

from softswitch.audio import FRAME, codec, g711
from softswitch.audio.tone import sine, strength
from softswitch.media import protocol as p
from softswitch.media.ear import Pcm
from softswitch.media.engine import Engine, EngineSettings
from softswitch.rtp.packet import build
from softswitch.rtp.srtp import Srtps
from softswitch.sdp.crypto import Srtp
from tests.support import ports

HZ = 600
SUITE, OUR_KEY, THEIR_KEY = "AES_CM_128_HMAC_SHA1_80", bytes(range(30)), bytes(range(30, 60))
NAMES = {"PCMU": (8000, 0), "G722": (8000, 9), "opus": (48000, 111), "L16": (16000, 96)}


@dataclass
class Peer:
    """The other end of one stream, ticking with the engine."""

    engine: Engine
    name: str
    codec: str
    ptime_ms: int = 20
    room: str = "r"
    noise_type: int | None = None
    secured: bool = False
    socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sequence: int = 65530
    timestamp: int = (1 << 32) - 2000
    packets: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        _OPEN.append(self)
        self.socket.bind((ports.LOOPBACK, 0))
        self.socket.setblocking(False)
        self.clock, self.type = NAMES[self.codec]
        self.port = ports.free_port()
        self.srtp = Srtps(1)
        if self.secured:
            self.srtp.agree(0, Srtp(SUITE, THEIR_KEY, OUR_KEY))
        self.coder = None if self.codec == "PCMU" else codec.make(self.codec, self.clock)
        self.engine.obey(p.Open(self.name, ports.LOOPBACK, self.port))
        self.connect(1, "sendrecv")
        self.engine.obey(p.Join(self.room, self.name))

    def connect(self, serial: int, direction: str) -> None:
        at = self.socket.getsockname()
        self.engine.obey(
            p.Connect(
                self.name, serial, at[0], at[1], at[0], self.codec, self.type, self.type, 101, direction,
                clock_rate=self.clock, fmtp="useinbandfec=1", ptime_ms=self.ptime_ms, noise_type=self.noise_type,
                keys=p.Keys(SUITE, OUR_KEY, THEIR_KEY) if self.secured else None,
            )
        )  # fmt: skip

    def send(self, payload: bytes, payload_type: int | None = None, samples_ms: int = 20) -> None:
        kind = self.type if payload_type is None else payload_type
        packet = build(kind, self.sequence & 0xFFFF, self.timestamp, 1, payload)
        table, lengths = np.zeros((1, 2000), np.uint8), np.array([len(packet)])
        table[0, : len(packet)] = np.frombuffer(packet, np.uint8)
        self.srtp.protect(table, lengths, np.array([0]))
        self.socket.sendto(table[0, : lengths[0]].tobytes(), (ports.LOOPBACK, self.port))
        self.sequence += 1
        self.timestamp += self.clock * samples_ms // 1000

    def says(self, frame: Pcm) -> None:
        """A frame of the house, in this codec."""
        if self.coder is None:
            self.send(g711.encode(frame, g711.MU).tobytes())
        else:
            wide = np.interp(
                np.arange(self.coder.rate // 50) / (self.coder.rate // 50), np.arange(FRAME) / FRAME, frame
            )
            self.send(self.coder.encode(wide.astype(np.int16)))

    def collect(self) -> None:
        while True:
            try:
                packet = self.socket.recv(2000)
            except BlockingIOError:
                return
            table, lengths = np.frombuffer(packet, np.uint8)[None].copy(), np.array([len(packet)])
            assert not self.srtp.unprotect(table, lengths, np.array([0])).any()
            packet = table[0, : lengths[0]].tobytes()
            if packet[1] & 0x7F == self.type:
                self.packets.append(packet)

    def hears(self) -> Pcm:
        """Everything that came, at 8 kHz."""
        payloads = [packet[12:] for packet in self.packets]
        if self.coder is None:
            return g711.decode(np.frombuffer(b"".join(payloads), np.uint8), g711.MU)
        return np.concatenate([self.coder.decode(payload) for payload in payloads])[:: self.coder.rate // 8000]


_OPEN: list[Peer] = []


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(EngineSettings(streams=8), {}, lambda event: None)
    yield made
    made.close()
    while _OPEN:
        _OPEN.pop().socket.close()


def talk(engine: Engine, speaker: Peer, *listeners: Peer, ticks: int = 50) -> None:
    tone = sine(HZ, ticks * 0.02).reshape(-1, FRAME)
    for frame in tone:
        speaker.says(frame)
        engine.tick(1)
        for peer in (speaker, *listeners):
            peer.collect()


@pytest.mark.parametrize("said", list(NAMES))
@pytest.mark.parametrize("heard", list(NAMES))
def test_whatever_is_spoken_is_heard_in_the_listener_s_codec(engine: Engine, said: str, heard: str) -> None:
    speaker, listener = Peer(engine, "a", said), Peer(engine, "b", heard)
    talk(engine, speaker, listener)
    settled = listener.hears()[4000:]
    assert len(settled) == 4000 and strength(settled, HZ) == pytest.approx(0.3, rel=0.15)
    assert engine.gauges()["streams_coded"] == (said != "PCMU") + (heard != "PCMU")
    assert engine.counters()["codec_undecodable"] == 0


@pytest.mark.parametrize("name", ["G722", "opus", "L16"])
def test_every_codec_goes_with_keys(engine: Engine, name: str) -> None:
    speaker, listener = Peer(engine, "a", name, secured=True), Peer(engine, "b", name, 10, secured=True)
    talk(engine, speaker, listener)
    assert strength(listener.hears()[4000:], HZ) == pytest.approx(0.3, rel=0.15)
    assert engine.gauges()["streams_secured"] == 2 and engine.counters()["srtp_refused"] == 0


@pytest.mark.parametrize("name", ["PCMU", "G722", "opus", "L16"])
@pytest.mark.parametrize(("ptime_ms", "packets"), [(10, 100), (20, 50), (40, 25), (60, 16)])
def test_packets_are_as_long_as_agreed_and_on_the_codec_s_clock(
    engine: Engine, name: str, ptime_ms: int, packets: int
) -> None:
    listener = Peer(engine, "b", name, ptime_ms)
    talk(engine, Peer(engine, "a", "PCMU"), listener)
    if name == "L16" and ptime_ms == 60:
        ptime_ms, packets = 40, 25  # longer ones would be cut on the way
    assert len(listener.packets) == packets
    sequences, times = zip(
        *((int.from_bytes(one[2:4], "big"), int.from_bytes(one[4:8], "big")) for one in listener.packets), strict=True
    )
    assert {(b - a) & 0xFFFF for a, b in pairwise(sequences)} == {1}
    assert {(b - a) & 0xFFFFFFFF for a, b in pairwise(times)} == {listener.clock * ptime_ms // 1000}
    assert strength(listener.hears()[4000:], HZ) == pytest.approx(0.3, rel=0.15)


def test_packets_of_30_ms_are_heard_and_sent(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "PCMU"), Peer(engine, "b", "PCMU", 30)
    talk(engine, speaker, listener, ticks=30)
    assert {len(packet) for packet in listener.packets} == {12 + 240} and len(listener.packets) == 20
    tone = sine(HZ, 1.2).reshape(-1, 240)
    for number in range(60):
        if number % 3 != 1:
            listener.send(g711.encode(tone[number - (number + 1) // 3], g711.MU).tobytes(), samples_ms=30)
        engine.tick(1)
        speaker.collect()
    assert strength(speaker.hears()[-4000:], HZ) == pytest.approx(0.3, rel=0.1)


def test_a_lost_packet_of_opus_is_not_heard(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "opus"), Peer(engine, "b", "PCMU")
    speaker.coder = codec.make("opus", 48000, fmtp="useinbandfec=1")
    tone = sine(HZ, 1.0).reshape(-1, FRAME)
    for number, frame in enumerate(tone):
        if number % 10 == 9:
            assert speaker.coder is not None
            speaker.coder.encode(frame)
            speaker.sequence, speaker.timestamp = speaker.sequence + 1, speaker.timestamp + 960
        else:
            speaker.says(frame)
        engine.tick(1)
        listener.collect()
    assert engine.counters()["codec_mended"] == 4 and engine.counters()["concealed"] <= 1


def test_keys_between_the_packets_of_a_coder_are_not_missing_sound(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "opus"), Peer(engine, "b", "PCMU")
    talk(engine, speaker, listener, ticks=10)
    for _ in range(5):
        speaker.send(b"\x01\x0a\x00\xa0", 101, samples_ms=0)
        engine.tick(1)
    speaker.timestamp += 5 * 960
    talk(engine, speaker, listener, ticks=10)
    assert engine.counters()["codec_mended"] == 0


@pytest.mark.parametrize("name", ["PCMU", "G722"])
def test_a_peer_that_falls_silent_is_heard_as_the_noise_that_it_sends(engine: Engine, name: str) -> None:
    speaker, listener = Peer(engine, "a", name, noise_type=13), Peer(engine, "b", "PCMU")
    talk(engine, speaker, listener, ticks=20)
    speaker.send(bytes([40]), 13)  # -40 dBov
    for _ in range(70):
        engine.tick(1)
        listener.collect()
    noise = listener.hears()[-8000:].astype(float)
    assert 20 * np.log10(np.sqrt(np.mean(noise**2)) / 32768) == pytest.approx(-40, abs=1)
    assert engine.counters()["noise_packets"] == engine.gauges()["streams_hushed"] == 1
    speaker.timestamp += 69 * 160
    listener.packets.clear()
    talk(engine, speaker, listener, ticks=20)
    assert strength(listener.hears()[1600:], HZ) == pytest.approx(0.3, rel=0.15)
    assert engine.gauges()["streams_hushed"] == 0


def test_noise_that_nobody_agreed_on_is_none(engine: Engine) -> None:
    speaker = Peer(engine, "a", "PCMU")
    speaker.send(bytes([40]), 13)
    engine.tick(1)
    assert engine.counters()["noise_packets"] == 0 and engine.counters()["strangers"] == 1


def test_a_codec_may_change_in_mid_call(engine: Engine) -> None:
    speaker, listener = Peer(engine, "a", "PCMU"), Peer(engine, "b", "G722")
    talk(engine, speaker, listener, ticks=10)
    listener.codec, listener.coder = "opus", codec.make("opus", 48000)
    listener.clock, listener.type = NAMES["opus"]
    listener.packets.clear()
    listener.connect(2, "sendrecv")
    talk(engine, speaker, listener)
    assert strength(listener.hears()[4000:], HZ) == pytest.approx(0.3, rel=0.15)
    engine.obey(p.Close("b"))
    assert engine.gauges()["streams_coded"] == 0


def test_a_codec_that_we_do_not_have_is_silence_and_no_crash(engine: Engine) -> None:
    peer = Peer(engine, "a", "PCMU")
    peer.codec = "G729"
    peer.connect(2, "sendrecv")
    peer.send(bytes(20), 18)
    engine.tick(1)
    peer.collect()
    assert peer.packets == [] and engine.gauges()["streams_coded"] == 0
