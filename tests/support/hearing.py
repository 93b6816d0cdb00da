"""What a book of RTP packets sounds like, and how often it breaks: for streams of G.711 with a tone in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from softswitch.audio import RATE_HZ, g711
from softswitch.rtp.packet import HEADER
from tests.support.middlebox import Passed
from tests.support.tone import Samples

LAWS = {0: g711.MU, 8: g711.A}  # by payload type
WINDOW = 40  # samples: 5 ms
LOUD = 1e-4  # power: -40 dB
PAUSE_S = 0.05  # what is shorter is none
QUIET_DB = -12.0  # a window that much softer than the tone is a hole


def sound(book: Sequence[Passed]) -> Samples:
    """All of one source, put where its timestamps say, in [-1, 1]; what is not there is silent."""
    packets = [one.octets for one in book if one.octets[1] & 0x7F in LAWS]
    if not packets:
        return np.zeros(0)
    first = _stamp(packets[0])
    places = [_signed(_stamp(packet) - first) for packet in packets]
    low = min(places)
    heard = np.zeros(max(places) - low + max(map(len, packets)))
    for place, packet in zip(places, packets, strict=True):
        pcm = _decoded(packet)
        heard[place - low : place - low + len(pcm)] = pcm
    return heard


def holes_ms(samples: Samples, rate_hz: int = RATE_HZ) -> list[int]:
    """How long the sound was away, each time, between its first and its last moment."""
    size = WINDOW * rate_hz // RATE_HZ
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    power = (windows**2).mean(axis=1)
    if not len(power) or not power.any():
        return []
    there = np.flatnonzero(power > np.median(power[power > 0]) * 10 ** (QUIET_DB / 10))
    steps = np.diff(there)
    return [int(step - 1) * 1000 * WINDOW // RATE_HZ for step in steps if step > 1]


def rises_s(samples: Samples, rate_hz: int = RATE_HZ) -> Samples:
    """When sound begins after a pause, in seconds from the first sample."""
    size = WINDOW * rate_hz // RATE_HZ
    there = np.flatnonzero((samples[: len(samples) // size * size].reshape(-1, size) ** 2).mean(axis=1) > LOUD)
    after_pause = np.diff(there, prepend=there[:1]) * WINDOW > PAUSE_S * RATE_HZ
    return np.asarray(there[after_pause] * WINDOW / RATE_HZ)


def said_rises_s(book: Sequence[Passed]) -> Samples:
    """The same of what was said, by our clock: a packet was begun its own length before it came."""
    loud = []
    for at, octets in book:
        if octets[1] & 0x7F in LAWS:
            pcm = _decoded(octets)
            power = (pcm[: len(pcm) // WINDOW * WINDOW].reshape(-1, WINDOW) ** 2).mean(axis=1)
            loud += [at + (WINDOW * place - len(pcm)) / RATE_HZ for place in np.flatnonzero(power > LOUD)]
    times = np.array(loud)
    return times[np.diff(times, prepend=times[:1]) > PAUSE_S]


def level_db(samples: Samples) -> float:
    """Against full scale."""
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


def packet_times_ms(book: Sequence[Passed], clock_hz: int = RATE_HZ) -> Counter[int]:
    """How many packets were followed by the next one after so long, by the sender's own clock."""
    stamps = [_stamp(one.octets) for one in book]
    return Counter(_signed(after - before) * 1000 // clock_hz for before, after in pairwise(stamps))


def _decoded(packet: bytes) -> Samples:
    law = LAWS[packet[1] & 0x7F]
    return np.asarray(g711.decode(np.frombuffer(packet[HEADER:], np.uint8), law) / 32768.0)


def _stamp(packet: bytes) -> int:
    return int.from_bytes(packet[4:8], "big")


def _signed(difference: int) -> int:
    return (difference + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
