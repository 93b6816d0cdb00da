"""Two clocks that drift apart, through the whole engine: where their voices lie in a recording, and what is heard.

Pairs of phones talk, each pair recorded; the left phone's clock is fast, the right one's slow, and both say a chirp at
the same moments. Every pair has a way through the network of its own. Prints one object per pair and ends with 1 where
two channels lie more than 1 ms apart or where a voice's delay has grown. ``python -m tests.bench.drift``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, g711
from softswitch.media import protocol as p
from softswitch.media.schedule import TICK_S
from softswitch.rtp.jitter import Count
from softswitch.rtp.packet import build
from tests.support.virtual_plane import START_S, VirtualPlane

Wave = npt.NDArray[np.float64]

CHIRP_S = 0.1
EVERY_S = 10.0
APART_S = 0.001  # what two channels may lie apart
HEARD_S = 0.150  # a voice is heard within this after it came in; what 200 ms of buffer would be is growth
_LOW_HZ, _HIGH_HZ = 300.0, 3000.0
_PEAK = 12000.0
_LONGEST_S = 0.4  # from a chirp to its place in the recording
_WIDE: dict[str, Any] = {"codec": "L16", "clock_rate": 16000, "send_type": 113, "receive_type": 113}
_MOST_WAITING = 20  # batches that the recordings' thread may be behind: it has no virtual clock


@dataclass(frozen=True, slots=True)
class Way:
    """What a pair's packets go through."""

    name: str
    jitter_s: float = 0.0  # either way round the mean, evenly
    loss: float = 0.0
    held: tuple[float, float] | None = None  # from, to: nothing is sent, and the clocks go on
    renewed: float | None = None  # another SSRC, sequence and timestamp
    wide: bool = False  # the right phone speaks L16 at 16 kHz, and so does the recording


def ways(seconds: float) -> tuple[Way, ...]:
    """Hold and change lie so that what follows has to be learnt anew before the last chirps."""
    held = (0.4 * seconds, 0.6 * seconds)
    return (
        Way("plain"),
        Way("jitter 30 ms, loss 2 %", 0.030, 0.02),
        Way("held", 0.005, 0.0, held),
        Way("another SSRC", 0.005, 0.0, None, 0.5 * seconds),
        Way("all of it", 0.030, 0.02, held, 0.5 * seconds),
        Way("wide", 0.005, 0.0, wide=True),
    )


def chirp(at: Wave) -> Wave:
    """What is said so many seconds after its beginning."""
    inside = (at >= 0) & (at < CHIRP_S)
    turn = 2 * np.pi * (_LOW_HZ * at + (_HIGH_HZ - _LOW_HZ) / (2 * CHIRP_S) * at**2)
    return np.where(inside, _PEAK * np.sin(np.pi * at / CHIRP_S) ** 2 * np.sin(turn), 0.0)


class Speaker:
    """A phone whose crystal is ``ppm`` fast. Its samples and its timestamps go by that."""

    def __init__(self, ppm: float, way: Way, seed: int, wide: bool) -> None:
        self._rate, self._wide = 1 + ppm / 1e6, wide
        self._frame = 2 * FRAME if wide else FRAME
        self._way, self._chance = way, np.random.default_rng(seed)
        self._renew()
        self._sent = 0  # frames, of which some were not sent

    def _renew(self) -> None:
        self._ssrc, self._stamp, self._sequence = (int(self._chance.integers(1 << bits)) for bits in (32, 32, 16))
        self._fresh = True

    def until(self, now: float) -> Iterator[tuple[float, bytes]]:
        """The packets that leave before ``now``, each with the moment at which it comes in."""
        while (left := self._left()) < now:
            packet = self._packet(left)
            if packet is not None and self._chance.random() >= self._way.loss:
                yield left + 0.010 + self._chance.uniform(0, 2 * self._way.jitter_s), packet

    def _left(self) -> float:
        """A frame leaves when its last sample has been said."""
        return START_S + (self._sent + 1) * TICK_S / self._rate

    def _packet(self, left: float) -> bytes | None:
        way, at = self._way, left - START_S
        first, rate = self._sent * self._frame, RATE_HZ * self._frame // FRAME * self._rate
        samples = np.arange(first, first + self._frame) / rate
        self._sent += 1
        if way.renewed is not None and at - TICK_S < way.renewed <= at:
            self._renew()
        self._stamp, self._sequence = (self._stamp + self._frame) & 0xFFFFFFFF, self._sequence + 1
        if way.held is not None and way.held[0] <= at < way.held[1]:
            self._sequence -= 1  # what is not sent has no number, and takes its time
            self._fresh = True
            return None
        fresh, self._fresh = self._fresh, False
        said = np.rint(chirp(samples % EVERY_S)).astype(np.int16)
        payload = said.astype(">i2").tobytes() if self._wide else g711.encode(said, g711.MU).tobytes()
        kind = _WIDE["send_type"] if self._wide else 0
        return build(kind, self._sequence, self._stamp, self._ssrc, payload, fresh)


@dataclass(slots=True)
class Found:
    """Of one pair; seconds. One number per chirp of which both sides can be found."""

    way: Way
    moments: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)  # of the channels of the recording
    placed: list[float] = field(default_factory=list)  # left channel, after the moment at which it was said
    heard: list[float] = field(default_factory=list)  # by the right phone, after the left one said it
    skipped: int = 0  # frames of the left voice, whose clock is fast
    underrun: int = 0  # of the right one, whose clock is slow

    def line(self) -> dict[str, object]:
        return {
            "name": "media.drift", "way": self.way.name, "chirps": len(self.moments),
            "apart_worst_us": round(max(map(abs, self.apart)) * 1e6),
            "apart_last_us": round(self.apart[-1] * 1e6), "last_at_s": self.moments[-1],
            "placed_ms": [round(one * 1000, 2) for one in (self.placed[0], self.placed[-1])],
            "heard_ms": [round(one * 1000, 1) for one in (min(self.heard), max(self.heard), self.heard[-1])],
            "skipped": self.skipped, "underrun": self.underrun,
        }  # fmt: skip

    @property
    def right(self) -> bool:
        return max(map(abs, self.apart)) < APART_S and max(self.heard) < HEARD_S + 2 * self.way.jitter_s


def measure(seconds: float, ppm: float, seed: int, directory: Path, what: Sequence[Way]) -> list[Found]:
    """All pairs in one engine, at the same time."""
    plane = VirtualPlane(2 * len(what))
    sides = [(way, side) for way in what for side in (1, -1)]
    wide = [way.wide and side < 0 for way, side in sides]
    speakers = [Speaker(side * ppm, way, seed + n, wide[n]) for n, (way, side) in enumerate(sides)]
    for number in range(len(speakers)):
        plane.obey(p.Join(f"room{number // 2}", plane.open(number, **_WIDE if wide[number] else {})))
    for pair in range(len(what)):
        plane.obey(p.Record(f"r{pair}", str(directory / f"{pair}.wav"), f"s{2 * pair}", f"s{2 * pair + 1}"))
    heard: list[list[npt.NDArray[np.int16]]] = [[] for _ in what]
    silence = np.zeros(FRAME, np.int16)
    for _ in range(round(seconds / TICK_S)):
        for number, speaker in enumerate(speakers):
            for at, packet in speaker.until(plane.now + TICK_S):
                plane.bring(number, at, packet)
        plane.run(1)
        frames = {sent.port: sent.payload for sent in plane.sockets.sent}
        plane.sockets.sent.clear()
        for pair, sound in enumerate(heard):
            payload = frames.get(2 * pair + 1)
            if what[pair].wide:
                sound.append(np.frombuffer(payload, ">i2")[::2] if payload else silence)
            else:
                sound.append(g711.decode(np.frombuffer(payload, np.uint8), g711.MU) if payload else silence)
        while plane.engine._recorder._writer.behind > _MOST_WAITING:
            time.sleep(0.001)  # the disk has no virtual clock
    counts = plane.engine._receiver.jitter.counts.copy()
    plane.close()
    found = []
    for pair, way in enumerate(what):
        one = Found(
            way, skipped=int(counts[2 * pair, Count.SKIPPED]), underrun=int(counts[2 * pair + 1, Count.UNDERRUN])
        )
        recorded, rate_hz = _channels(directory / f"{pair}.wav")
        _compare(one, recorded, rate_hz, np.concatenate(heard[pair]).astype(float), seconds)
        found.append(one)
    return found


def _channels(path: Path) -> tuple[tuple[Wave, Wave], int]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)
        return (samples[:, 0], samples[:, 1]), file.getframerate()


def _compare(found: Found, channels: tuple[Wave, Wave], rate_hz: int, heard: Wave, seconds: float) -> None:
    """The n-th tick is over at ``START_S + n * TICK_S``, and what it heard is what was said in the ticks before."""
    moments = np.arange(EVERY_S, seconds - 1.0, EVERY_S)
    for moment in moments.tolist():
        left, right = (_after(sound, moment, rate_hz) for sound in channels)
        ear = _after(heard, moment, RATE_HZ)
        if left is not None and right is not None and ear is not None:
            found.moments.append(moment)
            found.apart.append(left - right)
            found.placed.append(left)
            found.heard.append(ear)


def _after(sound: Wave, moment: float, rate_hz: int) -> float | None:
    """How long after ``moment`` the chirp begins in ``sound``; None where it is not there."""
    first = round(moment * rate_hz)
    piece = sound[first : first + round((_LONGEST_S + CHIRP_S) * rate_hz)]
    pattern = chirp(np.arange(round(CHIRP_S * rate_hz)) / rate_hz)
    alike = np.correlate(piece, pattern)
    at = int(alike.argmax())
    if alike[at] < 0.3 * float(pattern @ pattern) or not 0 < at < len(alike) - 1:
        return None
    before, peak, behind = alike[at - 1 : at + 2]
    return float(at + (before - behind) / (2 * (before - 2 * peak + behind))) / rate_hz


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=610.0)
    parser.add_argument("--ppm", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = measure(options.seconds, options.ppm, options.seed, Path(directory), ways(options.seconds))
    for one in found:
        print(json.dumps(one.line()), flush=True)
    return 0 if all(one.right for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
