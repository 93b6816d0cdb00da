"""One end of an RTP stream as a telephone has it: a packet every 20 ms, with speech, silence or a key in it.

The socket is bound at once, because its port belongs into the offer; packets flow once the peer is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, g711
from softswitch.rtp import packet
from softswitch.rtp.telephone_event import press
from softswitch.sdp.media import Address, Media

Pcm = npt.NDArray[np.int16]

_TICK_S = FRAME / RATE_HZ
_LATEST_S = 0.2  # a sender that is later than this goes on from now, instead of sending a burst
_MAX_OCTETS = 2048


class Voice:
    """``clip`` is what its owner says, over and over, while ``speaking``."""

    def __init__(self, clip: Pcm, ssrc: int) -> None:
        self.speaking = False
        self.heard = 0  # packets
        self._clip = clip
        self._ssrc = ssrc
        self._media: Media | None = None
        self._keys: deque[bytes] = deque()  # payloads of key presses, one per tick
        self._key_at = 0  # RTP timestamp at which the press began
        self._tick = self._said = 0
        self._sender: asyncio.Task[None] | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def start(self, media: Media | None) -> None:
        """Send to the peer of ``media``; again after each offer and answer."""
        self._media = media or self._media
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())

    def press(self, digit: str) -> None:
        self._keys.extend(press(digit))

    def close(self) -> None:
        if self._socket.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        if self._sender is not None:
            self._sender.cancel()

    def _receive(self) -> None:
        with contextlib.suppress(OSError):  # an ICMP answer to something sent earlier
            self._socket.recv(_MAX_OCTETS)
            self.heard += 1

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._send_one()
            due = max(due + _TICK_S, loop.time() - _LATEST_S)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _send_one(self) -> None:
        media = self._media
        if media is None:
            return
        self._tick += 1
        data = self._key_packet(media.telephone_event) or self._speech_packet(media)
        with contextlib.suppress(OSError):
            self._socket.sendto(data, media.remote)

    def _speech_packet(self, media: Media) -> bytes:
        octets = g711.encode(self._frame(), g711.LAWS[media.codec.name])
        kind = media.codec.payload_type
        return packet.build(kind, self._tick, self._tick * FRAME, self._ssrc, octets.tobytes(), self._tick == 1)

    def _key_packet(self, kind: int | None) -> bytes | None:
        """All packets of one press carry the moment of its beginning (RFC 4733 section 2.5.1)."""
        if not self._keys or kind is None:
            return None
        payload = self._keys.popleft()
        first = self._key_at == 0
        self._key_at = self._key_at or self._tick * FRAME
        data = packet.build(kind, self._tick, self._key_at, self._ssrc, payload, first)
        if not self._keys:
            self._key_at = 0
        return data

    def _frame(self) -> Pcm:
        if not self.speaking:
            return np.zeros(FRAME, np.int16)
        at = np.arange(self._said, self._said + FRAME) % len(self._clip)
        self._said += FRAME
        return self._clip[at]
