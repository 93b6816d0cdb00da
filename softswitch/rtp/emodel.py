"""The E-model (ITU-T G.107): from loss, delay and codec to how people would rate the sound.

R is 93.2 for the defaults of the recommendation, less what delay (Id) and what codec and loss (Ie,eff) take away; MOS
is what listeners say on average, 1 to 4.5. Echo is taken to be cancelled, so that of Id only the delay's own part, Idd,
is left. Everything here works on whole arrays.

The values of codecs are G.113 appendix I's, which has none for wide bands on this scale: G.722, Opus and L16 are rated
as G.711 is. What loss and delay take away is seen, what the wider band gives is not, so that their score is too low
and never too high. The wide-band E-model (G.107.1) is another one, with a scale of its own and other values for each
codec, of which there are none for Opus; and scores on two scales would say nothing side by side in one histogram.
Loss is taken as concealed, which is what we do and phones do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]

DEFAULT_R = 93.2  # G.107 table 3: all parameters at their defaults
_IMPAIRMENT = 0.0  # Ie of G.711
_ROBUSTNESS = 25.1  # Bpl of G.711 with concealment
_SAME_DELAY_MS = 100.0  # up to here delay takes nothing away


def rating(loss: Floats, delay_ms: Floats, burst: Floats) -> Floats:
    """R, 0 to 93.2. ``loss`` is a share, 0 to 1, ``delay_ms`` from mouth to ear.

    ``burst`` (BurstR) is the mean length of the gaps as against that of random loss; 1 is random.
    """
    percent = 100.0 * np.clip(loss, 0.0, 1.0)
    spread = np.maximum(burst, 1.0)
    taken = _IMPAIRMENT + (95.0 - _IMPAIRMENT) * percent / (percent / spread + _ROBUSTNESS)  # formula 7-29
    return np.clip(DEFAULT_R - _delay(delay_ms) - taken, 0.0, 100.0)


def _delay(delay_ms: Floats) -> Floats:
    """Idd (formulas 7-27 and 7-28)."""
    x = np.log2(np.maximum(delay_ms, _SAME_DELAY_MS) / _SAME_DELAY_MS)
    return np.asarray(25.0 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2))


def mos(r: Floats) -> Floats:
    """Annex B, formula B-4: the mean opinion score, 1 to 4.5."""
    curve = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6
    return np.asarray(np.clip(curve, 1.0, 4.5))
