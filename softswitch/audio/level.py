"""How loud frames are, all rows at once, in dBov (RFC 6464 section 3, RFC 6465).

0 dBov is the root mean square of the loudest wave that the samples hold, a square wave of full scale; a sine of full
scale has -3 dBov, digital silence counts as -127 dBov.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SILENCE_DBOV = -127.0
_FULL_SCALE_SQUARED = 32768.0**2
_LEAST = 10 ** (SILENCE_DBOV / 10)


def mean_square(frames: npt.NDArray[Any]) -> Floats:
    """Of each row of ``(n, samples)``, as a share of full scale squared, ``(n,)``."""
    wide = frames.astype(np.float32)
    made: Floats = np.einsum("rs,rs->r", wide, wide) / np.float32(frames.shape[1] * _FULL_SCALE_SQUARED)
    return made


def dbov(mean_squares: npt.NDArray[Any]) -> Floats:
    """The level of each row, -127 to 0."""
    made: Floats = (10 * np.log10(np.maximum(mean_squares, _LEAST))).astype(np.float32)
    return made
