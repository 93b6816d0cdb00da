"""What comes in on a row with a codec that has a memory: packets in the order in which they were sent.

One that is missing is waited for until its frame is due. Then it is taken from what the next packet repeats of it, or
made up by the codec; where nothing has followed by then, the loop asks for a frame (``make_up``), and where the codec
has no means, it conceals by its own. What comes later than that is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ
from softswitch.audio.codec import CodecError, Coder
from softswitch.rtp.jitter import Jitter

Pcm = npt.NDArray[np.int16]

_NOTHING: Pcm = np.zeros(0, np.int16)
_MISORDER = 100  # packets; older than this is a sender that started over (RFC 3550 appendix A.1)
_MOST_WAITING = 16  # packets behind a gap
_MOST_MENDED = 3  # packets in a row; a longer gap is a silence


class Packet(NamedTuple):
    """What the codec needs of a packet that came in."""

    sequence: int
    timestamp: int  # on the codec's clock
    ssrc: int
    payload: bytes  # b"": it was no sound but a key or comfort noise, and is not missing


class Heard(NamedTuple):
    """One packet decoded, at the codec's rate."""

    sequence: int
    timestamp: int  # on the house's clock
    ssrc: int
    pcm: Pcm
    mended: bool = False  # it was lost, and this is made up for it


class Ear:
    """The incoming side of one row."""

    def __init__(self, coder: Coder) -> None:
        self.coder = coder
        self.waiting: dict[int, Packet] = {}  # by sequence
        self.mended = 0  # packets that were lost and restored
        self.undecodable = 0
        self._ssrc: int | None = None
        self._expected = 0  # sequence
        self._duration = 0  # of the latest packet, on the codec's clock; 0: not known yet
        self._anchor = self._unwrapped = 0  # a timestamp, and the same without its wraps

    def take(self, packet: Packet) -> None:
        step = _signed(packet.sequence - self._expected, 16)
        if packet.ssrc != self._ssrc or abs(step) > _MISORDER:
            self.waiting.clear()
            self._ssrc, self._expected, self._duration = packet.ssrc, packet.sequence, 0
        elif step < 0:
            return  # a duplicate, or its turn is over
        if len(self.waiting) < _MOST_WAITING:
            self.waiting[packet.sequence] = packet

    def drain(self, row: int, jitter: Jitter) -> Iterator[Heard]:
        """All that can be decoded by now; what is no payload of the codec is as good as lost."""
        while self.waiting:
            packet = self.waiting.pop(self._expected, None)
            if packet is None:
                packet = min(self.waiting.values(), key=lambda one: self._ahead(one.sequence))
                if self._may_still_come(packet, row, jitter):
                    return
                del self.waiting[packet.sequence]
                yield from self._mend(packet, row, jitter)
            self._expected = (packet.sequence + 1) & 0xFFFF
            pcm = self._decoded(packet.payload)
            if len(pcm):
                self._duration = len(pcm) * self.coder.rtp_clock // self.coder.rate
                yield Heard(packet.sequence, self.house_time(packet.timestamp), packet.ssrc, pcm)

    def _decoded(self, payload: bytes) -> Pcm:
        try:
            return self.coder.decode(payload) if payload else _NOTHING
        except CodecError:
            self.undecodable += 1
            return _NOTHING

    def _may_still_come(self, following: Packet, row: int, jitter: Jitter) -> bool:
        """The first packet that is missing before ``following``."""
        missing = following.timestamp - self._ahead(following.sequence) * self._duration
        left = jitter.ahead(row, self.house_time(missing))
        return self._duration > 0 and left is not None and left > 0

    def _mend(self, following: Packet, row: int, jitter: Jitter) -> Iterator[Heard]:
        """The lost packets before ``following``, as far as the codec can restore them and it is not too late."""
        samples = self._duration * self.coder.rate // self.coder.rtp_clock
        lost = min(self._ahead(following.sequence), _MOST_MENDED) if samples else 0
        for back in range(lost, 0, -1):
            at = self.house_time(following.timestamp - back * self._duration)
            left = jitter.ahead(row, at)
            if left is None or left < 0:
                continue  # its time is over, and it has been made up
            pcm = self._repeated(following, samples) if back == 1 else self.coder.conceal(samples)
            if pcm is not None:
                self.mended += 1
                yield Heard((following.sequence - back) & 0xFFFF, at, following.ssrc, pcm, True)

    def make_up(self, samples: int) -> Pcm | None:
        """Something for a frame that is due and not there, at the codec's rate; None: the codec has no means."""
        try:
            return self.coder.conceal(samples)
        except CodecError:
            return None

    def _repeated(self, following: Packet, samples: int) -> Pcm | None:
        try:
            return self.coder.decode_fec(following.payload, samples)
        except CodecError:
            return None  # which is counted when it is decoded itself

    def _ahead(self, sequence: int) -> int:
        return _signed(sequence - self._expected, 16)

    def house_time(self, timestamp: int) -> int:
        """On a clock of ``RATE_HZ``, modulo 2^32; a wrap of theirs is none of ours."""
        if self.coder.rtp_clock == RATE_HZ:
            return timestamp & 0xFFFFFFFF
        self._unwrapped += _signed(timestamp - self._anchor, 32)
        self._anchor = timestamp
        return self._unwrapped * RATE_HZ // self.coder.rtp_clock & 0xFFFFFFFF


def _signed(difference: int, bits: int) -> int:
    half = 1 << bits - 1
    return (difference + half & (1 << bits) - 1) - half
