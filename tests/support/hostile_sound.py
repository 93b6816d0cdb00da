"""What comes in at RTP ports from broken or hostile peers: RTP, RTCP, keys, noise, SRTP; right, and made wrong.

The same seed makes the same packets. Each peer keeps its sequence numbers and its clock, so that much of what it sends
is taken for sound; from time to time both jump.
"""

from __future__ import annotations

import contextlib
import random
import struct
from collections.abc import Callable

import numpy as np
from pylibsrtp import Error

from softswitch.audio import FRAME
from softswitch.rtp import packet, rtcp
from softswitch.rtp.srtp import ROOM, Srtps
from softswitch.sdp.crypto import Srtp

EVENT, NOISE = 101, 13
LARGEST = 1500
_SIZES = (0, 1, 2, 12, 79, 80, 81, 159, 160, 161, 240, 320, 480, 481, 640, 960, 1280, 1440)
_JUMPS = (-40_000, -1000, -160, -1, 1, 3, 100, 161, 20_000, 32_768, 1 << 31)


class HostilePeer:
    """One peer, whose stream has ``kind`` as payload type; ``keys`` as the peer has them."""

    def __init__(self, seed: int, kind: int, step: int, keys: Srtp | None = None) -> None:
        self._rng = random.Random(seed)
        self._kind, self._step = kind, step
        self._sequence, self._timestamp = self._rng.randrange(1 << 16), self._rng.randrange(1 << 32)
        self._ssrc = self._rng.randrange(1 << 32)
        self._srtp = Srtps(1) if keys else None
        if self._srtp is not None and keys is not None:
            self._srtp.agree(0, keys)

    def packets(self) -> list[bytes]:
        """Of one tick."""
        return [self._packet()[:LARGEST] for _ in range(self._rng.choice((0, 1, 1, 1, 2, 3, 8)))]

    def _packet(self) -> bytes:
        makers: tuple[Callable[[], bytes], ...] = (
            self._sound, self._sound, self._sound, self._event, self._noise, self._report, self._longer, self._random,
        )  # fmt: skip
        made = self._rng.choice(makers)()
        if self._rng.random() < 0.2:
            made = self._spoilt(made)
        if self._srtp is not None and self._rng.random() < 0.8 and len(made) >= packet.HEADER:
            made = self._sealed(made)
            if self._rng.random() < 0.2:
                made = self._spoilt(made)
        return made

    # ---- what is right -------------------------------------------------------------------------------------------

    def _sound(self) -> bytes:
        return self._built(self._rng.choice((self._kind, self._kind, self._kind, 0, 8)), self._payload())

    def _payload(self) -> bytes:
        rng = self._rng
        return rng.randbytes(rng.choice((FRAME, FRAME, FRAME, *_SIZES)))

    def _event(self) -> bytes:
        rng = self._rng
        code, flags, duration = (
            rng.choice((0, 5, 11, 16, 17, 255)),
            rng.choice((0, 10, 0x80, 0x8A, 0xFF)),
            rng.randrange(1 << 16),
        )
        payload = struct.pack(">BBH", code, flags, duration) * rng.choice((0, 1, 1, 1, 2))
        return self._built(EVENT, payload[: rng.choice((2, 4, 4, 8))])

    def _noise(self) -> bytes:
        return self._built(NOISE, self._rng.randbytes(self._rng.choice((0, 1, 1, 11, 12, 300))))

    def _built(self, kind: int, payload: bytes) -> bytes:
        rng = self._rng
        self._sequence, self._timestamp = self._sequence + 1, self._timestamp + self._step
        if rng.random() < 0.03:
            self._sequence += rng.choice(_JUMPS)
        if rng.random() < 0.03:
            self._timestamp += rng.choice(_JUMPS) * rng.choice((1, 160))
        if rng.random() < 0.01:
            self._ssrc = rng.randrange(1 << 32)
        marker = rng.random() < 0.1
        return packet.build(kind, self._sequence % (1 << 16), self._timestamp % (1 << 32), self._ssrc, payload, marker)

    def _longer(self) -> bytes:
        """With contributing sources, an extension, padding, whose lengths may lie."""
        rng, made = self._rng, bytearray(self._sound())
        sources = rng.choice((0, 0, 1, 15))
        made[0] |= sources
        more = rng.randbytes(4 * rng.choice((sources, sources, rng.randrange(16))))
        if rng.random() < 0.5:
            made[0] |= 0x10
            words = rng.choice((0, 1, 2, 40))
            more += struct.pack(
                ">HH", rng.choice((0xBEDE, 0x1000, 7)), rng.choice((words, words, 0xFFFF))
            ) + rng.randbytes(4 * words)
        made[packet.HEADER : packet.HEADER] = more
        if rng.random() < 0.5:
            made[0] |= 0x20
            made += bytes([0] * rng.choice((0, 3))) + bytes([rng.choice((0, 1, 4, 200, 255))])
        return bytes(made)

    def _report(self) -> bytes:
        rng = self._rng
        blocks = tuple(
            rtcp.Block(
                rng.randrange(1 << 32),
                rng.random(),
                rng.randrange(1 << 22),
                *(rng.randrange(1 << 32) for _ in range(4)),
            )
            for _ in range(rng.choice((0, 1, 1, 31)))
        )
        sent = (
            rtcp.Sent(rng.randrange(1 << 64), *(rng.randrange(1 << 32) for _ in range(3)))
            if rng.random() < 0.5
            else None
        )
        made = bytearray(rtcp.build(self._ssrc, sent, blocks, "hostile", leaves=rng.random() < 0.2))
        for _ in range(rng.choice((0, 0, 1, 3))):  # its lengths and counts
            made[rng.randrange(min(4, len(made)))] = rng.randrange(256)
        return bytes(made)

    def _random(self) -> bytes:
        return self._rng.randbytes(self._rng.choice((0, 1, 3, 11, 12, 13, 172, LARGEST)))

    # ---- what is done to it --------------------------------------------------------------------------------------

    def _spoilt(self, octets: bytes) -> bytes:
        rng, spoilt = self._rng, bytearray(octets)
        match rng.randrange(4):
            case 0 if spoilt:
                for _ in range(rng.randint(1, 8)):
                    spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
            case 1:
                del spoilt[rng.randint(0, len(spoilt)) :]
            case 2:
                spoilt += rng.randbytes(rng.choice((1, 4, 16, 600)))
            case _ if spoilt:
                spoilt[0] = rng.randrange(256)
        return bytes(spoilt)

    def _sealed(self, octets: bytes) -> bytes:
        assert self._srtp is not None
        if rtcp.FIRST_TYPE <= octets[1] <= rtcp.LAST_TYPE:
            with contextlib.suppress(Error, ValueError):  # too mutilated even to be sealed
                return self._srtp.protect_rtcp(0, octets)
            return octets
        table, lengths = np.zeros((1, 4096), np.uint8), np.array([len(octets)])
        table[0, : len(octets)] = np.frombuffer(octets, np.uint8)
        self._srtp.protect(table[:, : len(octets) + ROOM], lengths, np.array([0]))
        return table[0, : lengths[0]].tobytes() if lengths[0] > 0 else octets
