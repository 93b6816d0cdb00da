"""Call progress tones per country: what a caller hears while it rings, is busy, or cannot be.

The table follows ITU-T E.180 supplement 2 and what national networks do. A cadence is written as it is heard: parts of
``tones/seconds``, and ``-`` for silence; ``a+b`` are two tones at once, ``a*b`` one that swells ``b`` times a second.
Tones repeat until they are stopped; ``beep`` and ``special`` of most countries are a signal, with a pause behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ

Pcm = npt.NDArray[np.int16]

NAMES = ("ringback", "busy", "congestion", "special", "waiting", "beep")
LEVEL_DBOV = -19.0  # of all tones of a signal together; some -16 dBm0, as E.180 recommends
_RISE_S = 0.004
_DEFAULT = "US"

# Special information (E.180 section 7): three tones that rise, and a pause.
_SIT = "950/0.33 1400/0.33 1800/0.33 -/1"
_BEEP = "1000/0.25 -/0.05"

# country: ringback; busy; congestion; call waiting
_TABLE = """
AR: 425/1 -/4; 425/0.3 -/0.2; 425/0.3 -/0.4; 425/0.4 -/0.2 425/0.4 -/4
AT: 420/1 -/5; 420/0.4 -/0.4; 420/0.2 -/0.2; 420/0.04 -/1.95
AU: 413+438/0.4 -/0.2 413+438/0.4 -/2; 425/0.375 -/0.375; 425/0.375 -/0.375; 425/0.2 -/0.2 425/0.2 -/4.4
BE: 425/1 -/3; 425/0.5 -/0.5; 425/0.167 -/0.167; 1400/0.175 -/0.175 1400/0.175 -/3.5
BR: 425/1 -/4; 425/0.25 -/0.25; 425/0.25 -/0.25 425/0.75 -/0.25; 425/0.05 -/1
CA: 440+480/2 -/4; 480+620/0.5 -/0.5; 480+620/0.25 -/0.25; 440/0.3 -/10
CH: 425/1 -/4; 425/0.5 -/0.5; 425/0.2 -/0.2; 425/0.2 -/0.2 425/0.2 -/4
CN: 450/1 -/4; 450/0.35 -/0.35; 450/0.7 -/0.7; 450/0.4 -/4
CZ: 425/1 -/4; 425/0.33 -/0.33; 425/0.165 -/0.165; 425/0.33 -/9
DE: 425/1 -/4; 425/0.48 -/0.48; 425/0.24 -/0.24; 425/0.2 -/0.2 425/0.2 -/5
DK: 425/1 -/4; 425/0.5 -/0.5; 425/0.2 -/0.2; 425/0.2 -/0.6 425/0.2 -/3
ES: 425/1.5 -/3; 425/0.2 -/0.2; 425/0.2 -/0.2 425/0.2 -/0.2 425/0.2 -/0.6; 425/0.175 -/0.175 425/0.175 -/3.5
FI: 425/1 -/4; 425/0.3 -/0.3; 425/0.2 -/0.2; 425/0.15 -/0.15 425/0.15 -/8
FR: 440/1.5 -/3.5; 440/0.5 -/0.5; 440/0.25 -/0.25; 440/0.3 -/10
GB: 400+450/0.4 -/0.2 400+450/0.4 -/2; 400/0.375 -/0.375; 400/0.4 -/0.35 400/0.225 -/0.525; 400/0.1 -/3
HK: 440+480/0.4 -/0.2 440+480/0.4 -/3; 480+620/0.5 -/0.5; 480+620/0.25 -/0.25; 440/0.3 -/10
IE: 400+450/0.4 -/0.2 400+450/0.4 -/2; 425/0.5 -/0.5; 425/0.25 -/0.25; 425/0.18 -/0.2 425/0.2 -/4.5
IN: 400*25/0.4 -/0.2 400*25/0.4 -/2; 400/0.75 -/0.75; 400/0.25 -/0.25; 400/0.2 -/0.1 400/0.2 -/7.5
IT: 425/1 -/4; 425/0.5 -/0.5; 425/0.2 -/0.2; 425/0.2 -/0.2 425/0.2 -/5
JP: 400*16/1 -/2; 400/0.5 -/0.5; 400/0.5 -/0.5; 400/0.1 -/0.1 400/0.1 -/3
KR: 440+480/1 -/2; 480+620/0.5 -/0.5; 480+620/0.3 -/0.2; 350+440/0.25 -/0.25 350+440/0.25 -/3.25
MX: 425/1 -/4; 425/0.25 -/0.25; 425/0.25 -/0.25; 425/0.2 -/0.6 425/0.2 -/10
MY: 425/0.4 -/0.2 425/0.4 -/2; 425/0.5 -/0.5; 425/0.5 -/0.25; 425/0.5 -/0.25 425/0.5 -/5
NL: 425/1 -/4; 425/0.5 -/0.5; 425/0.25 -/0.25; 425/0.5 -/9.5
NO: 425/1 -/4; 425/0.5 -/0.5; 425/0.2 -/0.2; 425/0.2 -/0.6 425/0.2 -/10
NZ: 400+450/0.4 -/0.2 400+450/0.4 -/2; 400/0.5 -/0.5; 400/0.25 -/0.25; 400/0.2 -/3
PL: 425/1 -/4; 425/0.5 -/0.5; 425/0.25 -/0.25; 425/0.15 -/0.15 425/0.15 -/4
PT: 425/1 -/5; 425/0.5 -/0.5; 425/0.2 -/0.2; 425/0.2 -/0.2 425/0.2 -/5
RU: 425/1 -/4; 425/0.4 -/0.4; 425/0.2 -/0.2; 425/0.2 -/5
SE: 425/1 -/5; 425/0.25 -/0.25; 425/0.25 -/0.75; 425/0.2 -/0.5 425/0.2 -/5
SG: 425*24/0.4 -/0.2 425*24/0.4 -/2; 425/0.75 -/0.75; 425/0.25 -/0.25; 425*24/0.3 -/0.2 425*24/0.3 -/3.2
TW: 440+480/1 -/2; 480+620/0.5 -/0.5; 480+620/0.25 -/0.25; 350+440/0.25 -/0.25 350+440/0.25 -/3.25
US: 440+480/2 -/4; 480+620/0.5 -/0.5; 480+620/0.25 -/0.25; 440/0.3 -/10
ZA: 400*33/0.4 -/0.2 400*33/0.4 -/2; 400/0.5 -/0.5; 400/0.25 -/0.25; 400*33/0.4 -/4
"""
# In China a number that does not exist has a tone of its own.
_SPECIAL = {"CN": "450/0.1 -/0.1 450/0.1 -/0.1 450/0.1 -/0.1 450/0.4 -/0.4"}


def _read() -> dict[str, dict[str, str]]:
    found = {}
    for line in _TABLE.strip().splitlines():
        country, _, rest = line.partition(": ")
        ringback, busy, congestion, waiting = (part.strip() for part in rest.split(";"))
        special = _SPECIAL.get(country, _SIT)
        found[country] = dict(zip(NAMES, (ringback, busy, congestion, special, waiting, _BEEP), strict=True))
    return found


_CADENCES = _read()
COUNTRIES = tuple(_CADENCES)


def cadence(country: str, name: str) -> str:
    """As in the table; a country that is not there has the tones of the United States. Raises ``KeyError`` (name)."""
    return _CADENCES.get(country, _CADENCES[_DEFAULT])[name]


@lru_cache(64)
def period(country: str, name: str, rate_hz: int = RATE_HZ) -> Pcm:
    """One turn of a tone, ``(samples,)``, which may be repeated without a seam. Raises ``KeyError`` (name)."""
    parts = [_part(tones, seconds, rate_hz) for tones, _, seconds in _parts(cadence(country, name))]
    made: Pcm = np.concatenate(parts)
    made.flags.writeable = False  # it is shared
    return made


def render(country: str, name: str, seconds: float, rate_hz: int = RATE_HZ) -> Pcm:
    """So many seconds of a tone, ``(samples,)``. Raises ``KeyError`` (name)."""
    return np.resize(period(country, name, rate_hz), round(seconds * rate_hz))


PREFIX = "tone:"  # of a name
_LONGEST_S = 3600.0


def name_of(country: str, name: str, seconds: float) -> str:
    """How this tone is called where a file could be named."""
    return f"{PREFIX}{country}.{name}.{seconds:g}"


def named(text: str, rate_hz: int = RATE_HZ) -> Pcm:
    """What ``name_of`` has named. Raises ``ValueError``, ``KeyError``."""
    country, name, seconds = text.removeprefix(PREFIX).split(".", 2)
    return render(country, name, min(float(seconds), _LONGEST_S), rate_hz)


def _parts(written: str) -> Iterator[tuple[str, str, str]]:
    return (part.partition("/") for part in written.split())


def _part(tones: str, seconds: str, rate_hz: int) -> Pcm:
    at = np.arange(round(float(seconds) * rate_hz)) / rate_hz
    if tones == "-":
        return np.zeros(len(at), np.int16)
    hz, _, swell = tones.partition("*")
    several = hz.split("+")
    wave = sum((np.sin(2 * np.pi * float(one) * at) for one in several), np.zeros(len(at)))
    wave *= np.sqrt(2 / len(several)) * 32768 * 10 ** (LEVEL_DBOV / 20)
    if swell:
        wave *= (1 + 0.85 * np.sin(2 * np.pi * float(swell) * at)) / np.sqrt(1 + 0.85**2 / 2)
    wave *= np.clip(np.minimum(at, at[::-1]) / _RISE_S, 0, 1)
    made: Pcm = np.rint(wave).astype(np.int16)
    return made
