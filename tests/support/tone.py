"""Known tones, made and found again: how a test knows who hears whom.

A pure tone survives G.711, jitter buffers and mixing. A recording is cut into windows of 100 ms; the share of a
window's energy that lies in the tone (its projection on sine and cosine of that frequency) tells whether the tone is
in it.
"""

from __future__ import annotations

import wave
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE_HZ = 8000
WINDOW_S = 0.1
QUIET = 0.003  # RMS below which a window is silence whatever it holds (full scale is 1.0), about -50 dBFS
PRESENT = 0.25  # share of the energy: also found under music or a second voice of the same level


def tone(hz: float, seconds: float, rate_hz: int = RATE_HZ, level: float = 0.25) -> Samples:
    """A sine of amplitude ``level`` (full scale is 1.0)."""
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def write_wav(path: Path, samples: Samples, rate_hz: int = RATE_HZ) -> Path:
    """16-bit mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def tone_wav(path: Path, hz: float, seconds: float = 2.0, rate_hz: int = RATE_HZ) -> Path:
    """A wav that can be played in a loop without a click: whole periods only."""
    periods = round(hz * seconds)
    return write_wav(path, tone(hz, periods / hz, rate_hz), rate_hz)


def read_wav(path: Path) -> tuple[NDArray[np.float64], int]:
    """Samples (channels, samples) in [-1, 1] and the rate; the header's lengths are ignored.

    A recording that is still being written, or whose writer was killed, has lengths of 0 in it: what counts is what
    lies in the file. G.711 and 16-bit PCM are not told apart here: only 16-bit PCM is read.
    """
    data = path.read_bytes() if path.exists() else b""
    at = data.find(b"fmt ")
    body = data.find(b"data", at)
    if at < 0 or body < 0:
        return np.zeros((1, 0)), RATE_HZ
    form, channels = (int.from_bytes(data[at + k : at + k + 2], "little") for k in (8, 10))
    rate_hz = int.from_bytes(data[at + 12 : at + 16], "little")
    bits = int.from_bytes(data[at + 22 : at + 24], "little")
    assert (form in (1, 0xFFFE), bits) == (True, 16), f"{path}: format {form}, {bits} bits; 16-bit PCM wanted"
    pcm = data[body + 8 :]
    whole = len(pcm) // (2 * channels) * (2 * channels)
    samples = np.frombuffer(pcm[:whole], "<i2").reshape(-1, channels).T / 32768.0
    return samples, rate_hz


def tone_shares(samples: Samples, hz: float, rate_hz: int = RATE_HZ) -> Samples:
    """Per window of 100 ms the share (0 to 1) of its energy that is the tone; 0 where the window is silent."""
    size = round(WINDOW_S * rate_hz)
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    phase = 2 * np.pi * hz * np.arange(size) / rate_hz
    energy = (windows**2).sum(axis=1)
    in_tone = ((windows @ np.cos(phase)) ** 2 + (windows @ np.sin(phase)) ** 2) * 2 / size
    loud = energy > QUIET**2 * size
    return np.where(loud, in_tone / np.where(loud, energy, 1.0), 0.0)


def tone_seconds(samples: Samples, hz: float, rate_hz: int = RATE_HZ) -> float:
    """For how many seconds the tone is to be heard."""
    return float((tone_shares(samples, hz, rate_hz) > PRESENT).sum()) * WINDOW_S


def sound_seconds(samples: Samples, rate_hz: int = RATE_HZ) -> float:
    """For how many seconds there is anything to be heard."""
    size = round(WINDOW_S * rate_hz)
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    return float(((windows**2).mean(axis=1) > QUIET**2).sum()) * WINDOW_S


def other_seconds(samples: Samples, tones: Collection[float], rate_hz: int = RATE_HZ) -> float:
    """For how many seconds there is something to be heard that is none of these tones: speech."""
    size = round(WINDOW_S * rate_hz)
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    loud = (windows**2).mean(axis=1) > QUIET**2
    known = sum((tone_shares(samples, hz, rate_hz) for hz in tones), np.zeros(len(windows)))
    return float((loud & (known < PRESENT)).sum()) * WINDOW_S


def heard(wav: Path, hz: float, at_least_s: float, channel: int = 0) -> None:
    """Fail unless the tone is in that channel of the file for at least so long."""
    samples, rate_hz = read_wav(wav)
    found_s = tone_seconds(samples[channel], hz, rate_hz)
    whole_s = samples.shape[1] / rate_hz
    assert found_s >= at_least_s, f"{wav.name}[{channel}]: {hz} Hz for {found_s:.1f} s of {whole_s:.1f} s"


def not_heard(wav: Path, hz: float, at_most_s: float = 0.1, channel: int = 0) -> None:
    """Fail if the tone is in that channel of the file for longer than ``at_most_s``."""
    samples, rate_hz = read_wav(wav)
    found_s = tone_seconds(samples[channel], hz, rate_hz)
    assert found_s <= at_most_s, f"{wav.name}[{channel}]: {hz} Hz is there for {found_s:.1f} s"
