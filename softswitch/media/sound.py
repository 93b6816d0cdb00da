"""A sound file as one channel of 16-bit PCM: WAVE, FLAC, Ogg (Opus, Vorbis, FLAC) and MP3, of any rate and channels.

The files are those of whoever runs the switch, and may have come from anywhere. So the format is told by the first
octets and not by libav's guessing (which knows play lists that open other files), only codecs of sound are opened, and
what comes out is bounded in time as well as the work for it: a few octets can be hours of silence. What is damaged in a
few places is heard without them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.audio.frame import AudioFrame

from softswitch.audio import RATE_HZ

Pcm = npt.NDArray[np.int16]
Wave = npt.NDArray[np.float32]  # (samples,) of -1..1

_SNIFFED = 12
_CODECS = (
    "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_u8", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw",
    "adpcm_ms", "adpcm_ima_wav", "gsm_ms", "flac", "opus", "libopus", "vorbis", "mp3", "mp3float",
)  # fmt: skip
_FULL_SCALE = {"u1": (128.0, 128.0), "i2": (0.0, 32768.0), "i4": (0.0, 2.0**31), "f4": (0.0, 1.0), "f8": (0.0, 1.0)}
_RATES_HZ = range(1000, 768_001)
_MOST_DAMAGE = 20  # packets that cannot be decoded


class SoundError(ValueError):
    """The file is no sound that we can play; the text says why, without its directory."""


@dataclass(frozen=True, slots=True)
class Limits:
    octets: int = 64 << 20  # of the file
    seconds: float = 3600.0  # of the sound
    work_s: float = 60.0  # CPU time


def read(path: Path, rate_hz: int = RATE_HZ, limits: Limits | None = None) -> Pcm:
    """``(samples,)`` at ``rate_hz``, the mean of the channels. Slow. Raises ``OSError``, ``SoundError``."""
    limits = limits or Limits()
    if path.exists() and not path.is_file():  # a pipe would be waited for, a device never ends
        raise SoundError(f"{path.name} is not a file")
    if path.stat().st_size > limits.octets:
        raise SoundError(f"{path.name} is larger than {limits.octets >> 20} MB")
    with path.open("rb") as file:
        try:
            return _decoded(file, rate_hz, limits)
        except SoundError as error:
            raise SoundError(f"{path.name} {error}") from None
        except (av.FFmpegError, ValueError, ArithmeticError) as error:
            raise SoundError(f"{path.name} cannot be decoded: {error}") from error


def _decoded(file: BinaryIO, rate_hz: int, limits: Limits) -> Pcm:
    form = _format(file.read(_SNIFFED))
    file.seek(0)
    until = time.thread_time() + limits.work_s
    pieces, samples = [], 0
    with av.open(file, "r", format=form, options={"codec_whitelist": ",".join(_CODECS)}) as container:
        for piece in _resampled(_waves(container), rate_hz):
            pieces.append(np.clip(np.rint(piece * 32768), -32768, 32767).astype(np.int16))
            samples += len(piece)
            if samples > limits.seconds * rate_hz:
                raise SoundError(f"is longer than {limits.seconds:g} s")
            if time.thread_time() > until:
                raise SoundError("takes too long to decode")
    if not samples:
        raise SoundError("has no sound in it")
    return np.concatenate(pieces)


def _format(first: bytes) -> str:
    """libav's name of the container."""
    if first[:4] in (b"RIFF", b"RF64") and first[8:12] == b"WAVE":
        return "wav"
    if first[:4] == b"fLaC":
        return "flac"
    if first[:4] == b"OggS":
        return "ogg"
    if first[:3] == b"ID3" or (len(first) > 1 and first[0] == 0xFF and first[1] & 0xE0 == 0xE0):
        return "mp3"
    raise SoundError("is not WAVE, FLAC, Ogg or MP3")


def _waves(container: Any) -> Iterator[tuple[Wave, int]]:
    """The mean of the channels, piece by piece, and the rate of each."""
    stream = next(iter(container.streams.audio), None)
    if stream is None:
        raise SoundError("has no sound in it")
    damage = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            damage += 1
            if damage > _MOST_DAMAGE:
                raise
            continue
        for frame in frames:
            if frame.sample_rate not in _RATES_HZ:
                raise SoundError(f"has {frame.sample_rate} samples a second")
            yield _mean(frame), frame.sample_rate


def _mean(frame: AudioFrame) -> Wave:
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    zero, full = _FULL_SCALE[values.dtype.str[1:]]
    mean = (values.mean(axis=0, dtype=np.float64) - zero) / full
    return np.asarray(np.nan_to_num(np.clip(mean, -1.0, 1.0)), np.float32)


def _resampled(waves: Iterator[tuple[Wave, int]], rate_hz: int) -> Iterator[Wave]:
    """At one rate; a file may change its own on the way (chained Ogg)."""
    converter, of_hz = None, 0
    for wave, from_hz in waves:
        if from_hz != of_hz:
            if converter is not None:
                yield converter.resample_chunk(np.zeros(0, np.float32), last=True)
            converter = None if from_hz == rate_hz else soxr.ResampleStream(from_hz, rate_hz, 1, "float32")
            of_hz = from_hz
        yield wave if converter is None else converter.resample_chunk(wave)
    if converter is not None:
        yield converter.resample_chunk(np.zeros(0, np.float32), last=True)
