"""G.711 companding by table: one gather per batch of frames, whatever the law.

The tables are computed once from the ITU-T G.711 segments (bit exact with the G.191 software tools, which truncate to
14 bits for mu-law and 13 bits for A-law before companding). A law is a number, so that a batch of streams with
different laws is one gather too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]

MU, A = 0, 1  # the laws, as an index into the tables
LAWS = {"PCMU": MU, "PCMA": A}  # by encoding name (RFC 3551)

_BIAS = 33  # of mu-law, in units of 1/8192


def _expand_mu() -> Pcm:
    code = ~np.arange(256, dtype=np.int32) & 0xFF  # mu-law is sent with all bits inverted
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((2 * mantissa + _BIAS) << exponent) - _BIAS
    return np.where(code & 0x80, -4 * magnitude, 4 * magnitude).astype(np.int16)


def _expand_a() -> Pcm:
    code = np.arange(256, dtype=np.int32) ^ 0x55  # A-law is sent with the even bits inverted
    exponent, mantissa = (code >> 4) & 7, code & 15
    step = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, 8 * step, -8 * step).astype(np.int16)


def _exponents(value: npt.NDArray[np.int32], first: int) -> npt.NDArray[np.int32]:
    """The segment of each magnitude: 0 below ``first``, one more with each doubling, at most 7."""
    edges = first * 2 ** np.arange(7, dtype=np.int32)
    return np.searchsorted(edges, value, side="right").astype(np.int32)


def _all_samples() -> npt.NDArray[np.int32]:
    """Every 16-bit sample, in the order of its bit pattern taken as an unsigned index."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _compress_mu() -> Octets:
    sample = _all_samples()
    magnitude = np.where(sample < 0, ~sample, sample) >> 2
    biased = np.minimum(magnitude + _BIAS, 0x1FFF)
    exponent = _exponents(biased, 0x40)
    code = (exponent << 4) | ((biased >> (exponent + 1)) & 15)
    return np.asarray(~np.where(sample < 0, code | 0x80, code) & 0xFF, dtype=np.uint8)


def _compress_a() -> Octets:
    sample = _all_samples()
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    exponent = _exponents(magnitude, 0x10)
    code = (exponent << 4) | ((magnitude >> np.maximum(exponent - 1, 0)) & 15)
    return np.asarray(np.where(sample < 0, code, code | 0x80) ^ 0x55, dtype=np.uint8)


_EXPAND: Pcm = np.concatenate([_expand_mu(), _expand_a()])  # (2 * 256,)
_COMPRESS: Octets = np.concatenate([_compress_mu(), _compress_a()])  # (2 * 65536,)

_SIDE = 65536  # entries of one law in the tables below
_ROWS = 256  # streams that are looked up at a time


# Two octets at once, in the 14-bit domain, where mu-law and A-law are exact: (2 * 65536,) of two samples each.
_PAIRS: npt.NDArray[np.uint32] = np.concatenate(
    [
        np.stack([np.tile(law >> 2, 256), np.repeat(law >> 2, 256)], axis=1).view(np.uint32)[:, 0]
        for law in (_EXPAND[:256], _EXPAND[256:])
    ]
)
# By the bit pattern of a 14-bit sum of voices plus ``law * 65536``; what is beyond 14 bits is clipped.
_COMPRESS14: Octets = np.concatenate(
    [_COMPRESS[law * _SIDE + (np.clip(np.r_[:32768, -32768:0], -8192, 8191) * 4 & 0xFFFF)] for law in (MU, A)]
)


def decode14(octets: Octets, law: npt.NDArray[Any], into: Pcm) -> None:
    """Octets ``(streams, samples)``, contiguous and even in number, to 14-bit samples; ``law`` is one per stream."""
    _look_up(_PAIRS, octets.view(np.uint16), law, into.view(np.uint32))


def encode14(pcm: Pcm, law: npt.NDArray[Any], into: Octets) -> None:
    """Sums of 14-bit samples ``(streams, samples)`` to octets; ``law`` is one per stream. Clips."""
    _look_up(_COMPRESS14, pcm.view(np.uint16), law, into)


def _look_up(table: npt.NDArray[Any], values: npt.NDArray[np.uint16], law: npt.NDArray[Any], into: Any) -> None:
    """``table[law * 65536 + values]``, in pieces whose indices stay in the cache.

    ``take`` is fast with indices of its own width that are never negative: a sign is a branch that nobody can guess.
    """
    index = np.empty((min(len(values), _ROWS), values.shape[1]), np.intp)
    sides = law.astype(np.intp)[:, None] * _SIDE if law.any() else None
    for start in range(0, len(values), _ROWS):
        rows = slice(start, start + _ROWS)
        piece = index[: len(values) - start]
        np.copyto(piece, values[rows])
        if sides is not None:
            piece += sides[rows]
        table.take(piece, out=into[rows], mode="clip")


SILENCE: Octets = np.array([0xFF, 0xD5], np.uint8)  # by law: the octet of no sound


def decode(octets: Octets, law: int | npt.NDArray[Any]) -> Pcm:
    """Linear samples of the same shape. ``law`` is one law, or one per row of ``(streams, samples)``."""
    if isinstance(law, int):
        return _EXPAND[law * 256 : law * 256 + 256][octets]
    return np.take(_EXPAND, octets + (law.astype(np.uint16) * np.uint16(256))[:, None])


def encode(pcm: Pcm, law: int | npt.NDArray[Any]) -> Octets:
    """Octets of the same shape. ``law`` is one law, or one per row of ``(streams, samples)``."""
    index = np.ascontiguousarray(pcm).view(np.uint16)
    if isinstance(law, int):
        return _COMPRESS[law * 65536 : law * 65536 + 65536][index]
    return np.take(_COMPRESS, index + (law.astype(np.uint32) * np.uint32(65536))[:, None])
