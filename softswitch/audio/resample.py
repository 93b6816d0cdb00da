"""Changing the sample rate of a whole file: exact band limiting by Fourier transform.

For prompts and speech, which are converted once and kept; live streams will need a filter that runs in pieces.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]

_PAD_S = 0.02  # silence at the end, so that the transform's circle does not ring from the end into the start


def resample(pcm: Pcm, from_hz: int, to_hz: int) -> Pcm:
    """``(samples,)`` at another rate; what lies above half the lower rate is removed and not folded down."""
    if from_hz == to_hz or not len(pcm):
        return pcm
    wanted = round(len(pcm) * to_hz / from_hz)
    padded = _even_size(len(pcm) + int(_PAD_S * from_hz), from_hz, to_hz)
    spectrum = np.fft.rfft(pcm.astype(np.float64), padded)
    made = padded * to_hz // from_hz
    bins = np.zeros(made // 2 + 1, complex)
    kept = min(len(bins), len(spectrum))
    bins[:kept] = spectrum[:kept]
    wave = np.fft.irfft(bins, made) * (made / padded)
    return np.clip(np.rint(wave[:wanted]), -32768, 32767).astype(np.int16)


def _even_size(samples: int, from_hz: int, to_hz: int) -> int:
    """The next length that is a whole, even number of samples at both rates."""
    block = 2 * (from_hz // int(np.gcd(from_hz, to_hz)))
    return -(-samples // block) * block
