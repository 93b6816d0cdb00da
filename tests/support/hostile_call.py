"""Good calls beside hostile peers on one engine, without a network: are they heard as if nobody else were there?"""

from __future__ import annotations

import numpy as np

from softswitch.audio import FRAME, RATE_HZ, g711
from softswitch.audio.tone import sine, strength
from softswitch.media import protocol as p
from softswitch.media.schedule import TICK_S
from softswitch.rtp.packet import build
from softswitch.sdp.crypto import SUITES, Srtp
from tests.support.hostile_sound import EVENT, NOISE, HostilePeer
from tests.support.virtual_plane import PEER, START_S, VirtualPlane

TONES_HZ = (400, 700, 1100)  # of the good ones, who hear each other
LOUD, FAINT = 0.2, 0.03
SECOND = 50  # ticks
KINDS = (  # codec, its RTP clock, payload type, ms of our packets, suite
    ("PCMU", 8000, 0, 20, ""), ("PCMA", 8000, 8, 30, ""), ("G722", 8000, 9, 20, ""), ("opus", 48000, 111, 20, ""),
    ("L16", 16000, 96, 20, ""), ("PCMU", 8000, 0, 10, "AES_CM_128_HMAC_SHA1_80"),
    ("PCMA", 8000, 8, 20, "AEAD_AES_128_GCM"), ("opus", 48000, 111, 60, "AES_CM_128_HMAC_SHA1_32"),
)  # fmt: skip


class HostileCall:
    """All hostile peers are in one room, so that what they say is mixed; ``run`` raises what the engine raises."""

    def __init__(self, seed: int) -> None:
        self.plane = VirtualPlane(len(TONES_HZ) + len(KINDS))
        self._peers: list[tuple[int, HostilePeer]] = []
        self._tick = 0
        for number in range(len(TONES_HZ)):
            self.plane.obey(p.Join("good", self.plane.open(number)))
        for number, (codec, clock, kind, ptime_ms, suite) in enumerate(KINDS, len(TONES_HZ)):
            ours, theirs = (bytes([one + number] * SUITES[suite]) for one in (1, 101)) if suite else (b"", b"")
            name = self.plane.open(
                number, codec=codec, clock_rate=clock, send_type=kind, receive_type=kind, event_type=EVENT,
                noise_type=NOISE, ptime_ms=ptime_ms, tones=True, rtcp_mux=True, fmtp="useinbandfec=1",
                keys=p.Keys(suite, ours, theirs) if suite else None,
            )  # fmt: skip
            self.plane.obey(p.Join("bad", name))
            keys = Srtp(suite, theirs, ours) if suite else None
            self._peers.append((number, HostilePeer(seed * 1000 + number, kind, clock // SECOND, keys)))

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            at = START_S + (self._tick + 0.5) * TICK_S
            for number, hz in enumerate(TONES_HZ):
                sound = g711.encode(sine(hz, TICK_S, start=self._tick * FRAME), g711.MU)
                self.plane.bring(number, at, build(0, self._tick, self._tick * FRAME, number, sound.tobytes()))
            for number, peer in self._peers:
                for octets in peer.packets():
                    self.plane.bring(number, at, octets)
                    if octets[:1] == b"\x80":  # the same from a stranger
                        self.plane.sockets.bring(at, number, (PEER, 7), octets)
            self._tick += 1
            self.plane.run(1)
            if self._tick % SECOND == 0:
                self.plane.told.clear()
                self._assert_heard()

    def _assert_heard(self) -> None:
        """In the last second, each good one heard the others, and nobody else."""
        sent, self.plane.sockets.sent = self.plane.sockets.sent, []
        if self._tick <= SECOND:
            return
        for number in range(len(TONES_HZ)):
            octets = b"".join(one.payload for one in sent if one.port == number and one.kind == 0)
            heard = g711.decode(np.frombuffer(octets, np.uint8), g711.MU)
            assert len(heard) == RATE_HZ, f"tick {self._tick}: {len(heard)} samples for {number}"
            for other, hz in enumerate(TONES_HZ):
                loud = strength(heard, hz)
                assert loud > LOUD if other != number else loud < FAINT, (
                    f"tick {self._tick}: {hz} Hz at {number}: {loud}"
                )

    def counters(self) -> dict[str, float]:
        return self.plane.engine.counters()
