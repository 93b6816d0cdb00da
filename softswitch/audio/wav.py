"""RIFF/WAVE with 16-bit PCM: reading whole files, and the header that makes a growing file playable at any moment.

A recording is written as octets at the end, then the header again with the new length. Whoever is killed between the
two leaves a header that is right for everything but the last batch, so that no repair is ever needed. Opening and
writing files is the caller's part.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]

HEADER_OCTETS = 44
_PCM, _EXTENSIBLE = 1, 0xFFFE
_MAX_OCTETS = 0xFFFFFFFF - HEADER_OCTETS


class NotWave(ValueError):
    """The octets are not a WAVE file that we can play; the text says what is wrong."""


def header(channels: int, rate_hz: int, data_octets: int) -> bytes:
    """The first 44 octets of a file that holds ``data_octets`` of interleaved 16-bit samples so far."""
    data = min(data_octets, _MAX_OCTETS)
    align = 2 * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", data + 36, b"WAVE", b"fmt ", 16, _PCM, channels, rate_hz, rate_hz * align, align, 16),
        *(b"data", data),
    )


def encode(pcm: Pcm, rate_hz: int) -> bytes:
    """A whole file from ``(samples,)`` or ``(samples, channels)``."""
    channels = 1 if pcm.ndim == 1 else pcm.shape[1]
    data = np.ascontiguousarray(pcm, dtype="<i2").tobytes()
    return header(channels, rate_hz, len(data)) + data


def decode(octets: bytes) -> tuple[Pcm, int]:
    """Samples ``(samples, channels)`` and rate in Hz. A data chunk that ends early is taken as far as it goes.

    Raises ``NotWave``.
    """
    if octets[:4] != b"RIFF" or octets[8:12] != b"WAVE":
        raise NotWave("no RIFF/WAVE header")
    channels = rate_hz = 0
    for name, body in _chunks(octets):
        if name == b"fmt ":
            channels, rate_hz = _format(body)
        elif name == b"data" and channels:
            whole = len(body) // (2 * channels) * 2 * channels
            return np.frombuffer(body[:whole], "<i2").astype(np.int16).reshape(-1, channels), rate_hz
    raise NotWave("no data chunk after a fmt chunk")


def _chunks(octets: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 12
    while at + 8 <= len(octets):
        name, size = struct.unpack_from("<4sI", octets, at)
        chunks.append((name, octets[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)  # chunks are padded to even lengths
    return chunks


def _format(body: bytes) -> tuple[int, int]:
    if len(body) < 16:
        raise NotWave("fmt chunk too short")
    coding, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if coding not in (_PCM, _EXTENSIBLE) or bits != 16:
        raise NotWave(f"coding {coding} with {bits} bits; 16-bit PCM is wanted")
    if channels < 1 or rate_hz < 1:
        raise NotWave(f"{channels} channels at {rate_hz} Hz")
    return channels, rate_hz
