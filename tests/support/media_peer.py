"""The other end of one stream of an engine in this process: it speaks and hears a codec, ticking with the engine."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

import numpy as np

from softswitch.audio import RATE_HZ, WIDE_HZ, codec, g711
from softswitch.audio.resample import resample
from softswitch.media import protocol as p
from softswitch.media.ear import Pcm
from softswitch.media.engine import Engine
from softswitch.rtp.packet import build
from softswitch.rtp.srtp import Srtps
from softswitch.sdp.crypto import Srtp
from tests.support import ports

SUITE, OUR_KEY, THEIR_KEY = "AES_CM_128_HMAC_SHA1_80", bytes(range(30)), bytes(range(30, 60))
NAMES = {"PCMU": (8000, 0), "G722": (8000, 9), "opus": (48000, 111), "L16": (16000, 96)}


@dataclass(eq=False)
class Peer:
    """The other end of one stream, ticking with the engine."""

    engine: Engine
    name: str
    codec: str
    ptime_ms: int = 20
    room: str = "r"
    heard_by: tuple[str, ...] | None = None
    noise_type: int | None = None
    secured: bool = False
    socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sequence: int = 65530
    timestamp: int = (1 << 32) - 2000
    packets: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket.bind((ports.LOOPBACK, 0))
        self.socket.setblocking(False)
        self.port = ports.free_port()
        self.srtp = Srtps(1)
        if self.secured:
            self.srtp.agree(0, Srtp(SUITE, THEIR_KEY, OUR_KEY))
        self.choose(self.codec)
        self.engine.obey(p.Open(self.name, ports.LOOPBACK, self.port))
        self.connect(1, "sendrecv")
        if self.room:
            self.engine.obey(p.Join(self.room, self.name, self.heard_by))

    def choose(self, codec_name: str) -> None:
        self.codec, (self.clock, self.type) = codec_name, NAMES.get(codec_name, (8000, 18))
        wide = {"rate": WIDE_HZ} if codec_name in ("G722", "opus", "L16") else None
        self.coder = codec.make(codec_name, self.clock, **wide) if wide else None
        self.rate = self.coder.rate if self.coder else RATE_HZ  # Hz of what it says and hears

    def close(self) -> None:
        self.socket.close()

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

    def says(self, sound: Pcm, rate_hz: int = RATE_HZ) -> None:
        """20 ms, in this codec."""
        if rate_hz != self.rate:
            at = np.arange(self.rate // 50) / (self.rate // 50)
            sound = np.interp(at, np.arange(len(sound)) / len(sound), sound).astype(np.int16)
        self.send(g711.encode(sound, g711.MU).tobytes() if self.coder is None else self.coder.encode(sound))

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

    def hears(self, rate_hz: int = RATE_HZ) -> Pcm:
        """Everything that came."""
        payloads = [packet[12:] for packet in self.packets]
        if self.coder is None:
            sound = g711.decode(np.frombuffer(b"".join(payloads), np.uint8), g711.MU)
        else:
            sound = np.concatenate([self.coder.decode(payload) for payload in payloads])
        return resample(sound, self.rate, rate_hz)
