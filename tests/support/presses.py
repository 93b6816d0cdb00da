"""Presses of keys as phones say them: telephone events, tones, INFO. Everything is drawn from one seed.

What is drawn keeps to the standards at their edges (40 ms of key and of pause, Q.24's levels, frequencies, twist) and
to what phones in the field do with events: other update intervals, ends sent at once, markers that lie, sound beside
the event, timestamps that move, durations that stick, another SSRC in mid-press.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, codec, dtmf, g711
from softswitch.audio.resample import resample
from softswitch.rtp.packet import build
from softswitch.rtp.telephone_event import DIGITS, LONGEST

EVENT_TYPE = 101
_FRAME_S = 0.02
CODED = {"G722": (8000, 9), "opus": (48000, 111)}  # clock of RTP, payload type
_STATIC = {g711.MU: 0, g711.A: 8}  # payload types
_AGAIN = 0.3  # share of presses that are the key before once more
_PAYLOAD = struct.Struct(">BBH")

Wave = npt.NDArray[np.float64]
Random = np.random.Generator


class Press(NamedTuple):
    digit: str
    at: float  # s from the beginning
    hold: float  # s


def drawn(random: Random, count: int, hold_ms: tuple[int, int], pause_ms: tuple[int, int]) -> list[Press]:
    """Presses one after the other, all durations within these, the limits included."""
    presses, at, digit = [], 0.1, "5"
    for _ in range(count):
        digit = digit if random.random() < _AGAIN else DIGITS[random.integers(16)]
        hold = int(random.integers(hold_ms[0], hold_ms[1] + 1)) / 1000
        presses.append(Press(digit, at, hold))
        at += hold + int(random.integers(pause_ms[0], pause_ms[1] + 1)) / 1000
    return presses


def typed(presses: list[Press]) -> str:
    return "".join(press.digit for press in presses)


@dataclass(frozen=True, slots=True)
class Network:
    """What happens to each packet on its way."""

    loss: float = 0.02
    twice: float = 0.02
    late: float = 0.03  # share that comes later by up to ``most_s``
    most_s: float = 0.06

    def arrivals(self, random: Random, left: float) -> list[float]:
        """When the copies of a packet come in."""
        if random.random() < self.loss:
            return []
        copies = 2 if random.random() < self.twice else 1
        late = self.most_s if random.random() < self.late else 0.001
        return [left + 0.01 + random.uniform(0, late) for _ in range(copies)]


# ---- telephone events --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sound:
    """A codec as it is agreed on, and a packet of silence."""

    name: str
    kind: int  # payload type
    clock_hz: int
    silence: bytes


def sounds() -> list[Sound]:
    quiet = np.zeros(960, np.int16)
    opus = codec.make("opus", 48000, rate=48000)
    return [
        Sound("PCMU", 0, 8000, b"\xff" * FRAME),
        Sound("PCMA", 8, 8000, b"\xd5" * FRAME),
        Sound("L16", 113, 16000, bytes(4 * FRAME)),
        Sound("opus", 111, 48000, opus.encode(quiet)),
    ]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a phone says events."""

    sound: Sound
    step_s: float  # between packets of a press
    ends: str  # "spaced", "at once"
    marker: str  # "first", "all", "none"
    beside: bool  # sound goes on beside the event
    begins: bool  # says the beginning with a duration of 0
    beyond: str  # of the duration's 16 bits: "segments" (RFC 4733 section 2.5.1.3), "sticks"
    moves: bool  # the timestamp, with each packet of a press


def habit(random: Random, known: list[Sound]) -> Habit:
    moves = bool(random.random() < 0.1)
    return Habit(
        known[int(random.choice(len(known), p=[0.4, 0.3, 0.2, 0.1]))],
        float(random.choice([0.01, 0.02, 0.02, 0.03, 0.05])),
        str(random.choice(["spaced", "at once"])),
        str(random.choice(["first", "all", "none"])),
        bool(random.random() < 0.3),
        bool(random.random() < 0.2),
        "sticks" if moves else str(random.choice(["segments", "sticks"])),
        moves,
    )


class _Event(NamedTuple):
    left: float
    began: float  # what its timestamp says
    payload: bytes
    first: bool


def _said(press: Press, one: Habit) -> list[_Event]:
    """The packets of one press."""
    code, hz = DIGITS.index(press.digit), one.sound.clock_hz
    events, began, steps = [], press.at, max(1, round(press.hold / one.step_s + 0.499))
    if one.begins:
        events.append(_Event(press.at, press.at, _PAYLOAD.pack(code, 10, 0), True))
    for step in range(1, steps + 3):
        over = step >= steps
        elapsed = min(step * one.step_s, press.hold)
        while one.beyond == "segments" and round((press.at + elapsed - began) * hz) > LONGEST:
            began += LONGEST / hz
        duration = min(LONGEST, round((press.at + elapsed - began) * hz))
        repeated = 0 if one.ends == "at once" else max(0, step - steps) * one.step_s
        shift = elapsed - one.step_s if one.moves else 0.0
        payload = _PAYLOAD.pack(code, 0x8A if over else 0x0A, duration)
        events.append(_Event(press.at + elapsed + repeated, began + max(0.0, shift), payload, not events))
    return events


def events(
    presses: list[Press], one: Habit, random: Random, network: Network, beside: Wave | None = None
) -> list[tuple[float, bytes]]:
    """All packets of a phone that presses these keys, each with the moment at which it comes in.

    ``beside`` is what its microphone hears, in place of silence; its codec is PCMU then.
    """
    said = [event for press in presses for event in _said(press, one)]
    until = presses[-1].at + presses[-1].hold + 0.3
    busy = [(press.at, press.at + press.hold) for press in presses] if not one.beside else []
    rows = [(event.left, EVENT_TYPE, event.began, event.payload, _marks(one, event)) for event in said]
    rows += [
        (number * _FRAME_S, one.sound.kind, (number - 1) * _FRAME_S, frame, False)
        for number, frame in enumerate(_frames(one, beside, round(until / _FRAME_S)), 1)
        if not any(begins < number * _FRAME_S <= ends for begins, ends in busy)
    ]
    arrived = []
    ssrc, base, sequence = (int(random.integers(1 << bits)) for bits in (32, 32, 16))
    changes = {press.at + press.hold / 2 for press in presses if random.random() < 0.005}
    for left, kind, began, payload, marker in sorted(rows):
        if any(change <= left for change in changes):
            changes = {change for change in changes if change > left}
            ssrc, base, sequence = (int(random.integers(1 << bits)) for bits in (32, 32, 16))
        packet = build(kind, sequence, base + round(began * one.sound.clock_hz), ssrc, payload, marker)
        sequence += 1
        arrived += [(at, packet) for at in network.arrivals(random, left)]
    return arrived


def _frames(one: Habit, beside: Wave | None, count: int) -> list[bytes]:
    if beside is None:
        return [one.sound.silence] * count
    octets = g711.encode(np.clip(np.rint(beside), -32768, 32767).astype(np.int16), g711.MU)
    return [frame.tobytes() for frame in octets.reshape(-1, FRAME)]


def _marks(one: Habit, event: _Event) -> bool:
    return one.marker == "all" or (one.marker == "first" and event.first)


# ---- tones -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voice:
    """How a phone's tones sound, within Q.24; decibels."""

    level_dbov: float  # of the low tone
    twist_db: float  # of the high one against it
    factor: float  # of all frequencies
    noise_db: float  # below the weaker tone; of speech its loudest 20 ms


def voice(random: Random) -> Voice:
    return Voice(
        float(random.uniform(-25, -10)), float(random.uniform(-7.5, 3.5)), float(random.uniform(0.986, 1.014)), 15.0
    )


def tones(presses: list[Press], one: Voice, random: Random, speech: npt.NDArray[np.int16] | None = None) -> Wave:
    """The sound of these presses on noise, or on ``speech`` that is so far below; a whole number of frames."""
    frames = round((presses[-1].at + presses[-1].hold + 0.3) / _FRAME_S)
    sound = np.zeros(frames * FRAME)
    for press in presses:
        at, size = round(press.at * RATE_HZ), round(press.hold * RATE_HZ)
        sound[at : at + size] = _pair(press.digit, size, one, random)
    weaker = one.level_dbov + min(0.0, one.twist_db)
    loud = 32768 * 10 ** ((weaker - one.noise_db) / 20)
    if speech is None:
        return sound + random.normal(0, loud, len(sound))
    beneath = np.resize(speech.astype(float), len(sound))
    loudest = np.sqrt(np.mean(beneath.reshape(-1, FRAME) ** 2, axis=1).max())
    return sound + beneath * loud / loudest


def _pair(digit: str, size: int, one: Voice, random: Random) -> Wave:
    low, high = divmod(dtmf.KEYS.index(digit), 4)
    at = np.arange(size) / RATE_HZ
    made = np.zeros(size)
    for hz, dbov in ((dtmf.LOW_HZ[low], one.level_dbov), (dtmf.HIGH_HZ[high], one.level_dbov + one.twist_db)):
        peak = np.sqrt(2) * 32768 * 10 ** (dbov / 20)
        made += peak * np.sin(2 * np.pi * hz * one.factor * at + random.uniform(0, 2 * np.pi))
    return made


def spoken(sound: Wave, random: Random, network: Network, law: int = g711.MU) -> list[tuple[float, bytes]]:
    """The packets of 20 ms of this sound, each with the moment at which it comes in."""
    octets = g711.encode(np.clip(np.rint(sound), -32768, 32767).astype(np.int16), law).reshape(-1, FRAME)
    ssrc, base, sequence = (int(random.integers(1 << bits)) for bits in (32, 32, 16))
    arrived = []
    for number, payload in enumerate(octets):
        packet = build(_STATIC[law], sequence + number, base + number * FRAME, ssrc, payload.tobytes())
        arrived += [(at, packet) for at in network.arrivals(random, (number + 1) * _FRAME_S)]
    return arrived


def coded(sound: Wave, name: str, random: Random, network: Network) -> list[tuple[float, bytes]]:
    """The same of a codec with a memory: ``name`` is a key of ``CODED``."""
    clock_hz, kind = CODED[name]
    coder = codec.make(name, clock_hz, rate=RATE_HZ)
    pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    pcm = pcm if coder.rate == RATE_HZ else resample(pcm, RATE_HZ, coder.rate)
    frames = pcm[: len(pcm) // (coder.rate // 50) * (coder.rate // 50)].reshape(-1, coder.rate // 50)
    arrived = []
    for number, frame in enumerate(frames):
        packet = build(kind, number, number * clock_hz // 50, 7, coder.encode(frame))
        arrived += [(at, packet) for at in network.arrivals(random, (number + 1) * _FRAME_S)]
    return arrived
