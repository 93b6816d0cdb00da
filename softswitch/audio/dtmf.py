"""Keys as pairs of tones (ITU-T Q.23), made and recognised (Q.24), for all streams at once.

Recognition looks at windows of 20 ms, one each 10 ms. Two stages:

1. For every stream, the strength of the eight tones in each 10 ms of sound: one matrix product per tick. A window in
   which one low and one high tone hold about half of the power is a candidate; of speech, few are.
2. For the candidates only, a model with two tones of free amplitude, phase and frequency is fitted. Its slope gives the
   frequencies to about 1 Hz, finer than 20 ms of sound would show as a spectrum; what it does not explain is noise.

A key is heard in two windows in a row that agree, so 40 ms of tone are always enough and 22 ms never; it is over after
four windows without it, so that gaps of up to 15 ms do not make it two and pauses of 40 ms do. Frames that were lost
decide nothing by themselves: they were made up. But where the key is gone after one, it is taken to have been gone in
it; else a pause of 80 ms of which a frame is lost would make two presses of one key one.

| | accepted for certain | refused for certain |
|---|---|---|
| frequency | within 1.5 % + 2 Hz | beyond 3.5 % |
| duration | from 40 ms | up to 22 ms |
| pause | from 40 ms | up to 15 ms (one press) |
| high tone against low | -8 to +4 dB | beyond -11 or +8 dB |
| level of each tone | from -35 dBov | below -40 dBov |
| noise | 10 dB below | 5 dB below |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"  # by 4 * low + high
_LOW, _HIGH = np.array(LOW_HZ, float), np.array(HIGH_HZ, float)

FULL_SCALE = 32768.0
_LEAST_DBOV = -38.0  # of each tone; 0 dBov is a square wave of full scale, a sine of full scale has -3 dBov
_TWIST_DB = (-9.5, 6.0)  # high tone against low
_TOLERANCE = 0.025  # of the frequency
# The first stage sees a tone that is off by 1.5 % with 80 % of its strength, and some of the other tones in each.
_CANDIDATE = 0.6  # share of the power in the two strongest tones
_WEAKER = 0.05  # share that the weaker of them has at least
_APART = 0.6  # share of a tone that its neighbours may seem to have
_ROUGHLY = 0.7  # share of the power that the second stage's first fit explains
_PURE = 0.83  # share of the power that the fitted tones explain; so much of the window must they fill, too
_HITS = 2  # windows that make a press
_MISSES = 4  # windows that end it
_LOST = 5  # frames in a row; after them nothing is known any more


def _steep(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Slope against mean of a tone that is off by ``x`` radians at the window's end; grows with ``x`` up to pi."""
    return np.asarray(3 * (np.sin(x) - x * np.cos(x)) / (x * np.sin(x)))


_X = np.concatenate([-np.arange(3.0, 0.0, -0.02), [0.0], np.arange(0.02, 3.01, 0.02)])
_STEEPNESS = np.array([0.0 if x == 0 else float(_steep(np.array(x))) for x in _X])


class Heard(NamedTuple):
    row: int
    digit: str


@dataclass(slots=True)
class _Run:
    """A key of one stream, from its first window to its end."""

    key: int
    hits: int = 0
    misses: int = 0
    told: bool = False
    lost: int = 0  # frames in a row
    unseen: int = 0  # windows of a lost frame, which count as misses if a miss follows
    rival: int = -1  # another key, heard in the last window

    def hear(self, key: int) -> bool:
        """Take in a window's key, -1 for none; whether that makes it a press."""
        if key >= 0 and key not in (self.key, self.rival):
            self.rival, self.misses = key, self.misses + 1
            return False
        if key == self.rival and key >= 0:
            self.key, self.rival, self.hits, self.misses, self.told = key, -1, 1, 0, False
        if key < 0:
            self.rival, self.misses, self.hits = -1, self.misses + 1 + self.unseen, 0
            self.unseen = 0
            return False
        self.rival, self.misses, self.hits, self.unseen = -1, 0, self.hits + 1, 0
        made = self.hits >= _HITS and not self.told
        self.told = self.told or made
        return made

    @property
    def over(self) -> bool:
        return self.lost > _LOST or self.misses >= (_MISSES if self.told else 1)


class Detector:
    """Listens for keys in the rows that were given to ``listen``; frames of 20 ms at ``rate_hz``."""

    def __init__(self, streams: int, rate_hz: int = RATE_HZ) -> None:
        self._half = rate_hz // 100  # samples of 10 ms
        self._rate = rate_hz
        turn = 2 * np.pi / rate_hz * np.outer(np.arange(self._half), np.concatenate([_LOW, _HIGH]))
        self._basis: Floats = np.ascontiguousarray(np.concatenate([np.cos(turn), np.sin(turn)], axis=1).T, np.float32)
        self._columns, self._fits = self._models()
        self._on = np.zeros(streams, np.bool_)
        self._rows: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._last: Floats = np.zeros((streams, self._half), np.float32)  # the second half of the frame before
        self._last_power: Floats = np.zeros(streams, np.float32)
        self._last_tones: Floats = np.zeros((8, streams), np.float32)
        self._runs: dict[int, _Run] = {}
        self._floor = self._half * 2 * 10 ** (_LEAST_DBOV / 10) * FULL_SCALE**2  # energy of a window

    def __len__(self) -> int:
        return len(self._rows)

    def _models(self) -> tuple[Floats, Floats]:
        """For each pair of tones its model, and what gives its eight parameters: both ``(16, 8, window)``."""
        at = (np.arange(2 * self._half) - self._half + 0.5) / self._rate
        slope = at * 100  # -1 to 1 over the window
        models, fits = [], []
        for low in _LOW:
            for high in _HIGH:
                columns = []
                for hz in (low, high):
                    cos, sin = np.cos(2 * np.pi * hz * at), np.sin(2 * np.pi * hz * at)
                    columns += [cos, sin, slope * cos, slope * sin]
                models.append(np.stack(columns))
                fits.append(np.linalg.pinv(models[-1].T))
        return np.stack(models).astype(np.float32), np.stack(fits).astype(np.float32)

    def listen(self, row: int, on: bool = True) -> None:
        """Begin or end listening; what was heard of a key so far is kept where nothing changes."""
        if bool(self._on[row]) == on:
            return
        self._on[row] = on
        self._rows = np.flatnonzero(self._on)
        self._last[row], self._last_power[row], self._last_tones[:, row] = 0, 0, 0
        self._runs.pop(row, None)

    def rows(self, count: int) -> npt.NDArray[np.int64]:
        """Those of the first ``count`` that are listened to."""
        return self._rows[: np.searchsorted(self._rows, count)]

    def hear(self, said: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None = None) -> list[Heard]:
        """The keys whose press became certain in this frame ``(n, 20 ms)``.

        ``present`` ``(n,)``: the rows whose frame has arrived; the others were made up.
        """
        rows = self.rows(len(said))
        return self.hear_rows(rows, said[rows], present) if len(rows) else []

    def hear_rows(
        self, rows: npt.NDArray[np.int64], said: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None
    ) -> list[Heard]:
        """The same of ``rows`` alone, all that are listened to, ``said`` ``(rows, 20 ms)``."""
        halves = said.astype(np.float32).reshape(-1, 2, self._half)
        power = np.einsum("rhs,rhs->hr", halves, halves)
        parts = (self._basis @ halves.reshape(-1, self._half).T).reshape(2, 8, -1, 2)
        tones = np.einsum("cfrh,cfrh->hfr", parts, parts) * np.float32(2 / self._half)
        last = self._last_power[rows], self._last_tones[:, rows]
        energy = np.stack([last[0] + power[0], power[0] + power[1]])
        strength = np.stack([last[1] + tones[0], tones[0] + tones[1]])
        heard = self._follow(rows, self._keys(rows, halves, energy, strength), present)
        self._last[rows], self._last_power[rows], self._last_tones[:, rows] = halves[:, 1], power[1], tones[1]
        return heard

    def _keys(
        self, rows: npt.NDArray[np.int64], halves: Floats, energy: Floats, strength: Floats
    ) -> dict[int, list[int]]:
        """By place in ``rows``: the key in each of the two windows, -1 for none; without the rows that have none.

        ``energy`` is ``(2, rows)``, ``strength`` that of the tones ``(2, 8, rows)``.
        """
        low, high = strength[:, :4].max(axis=1), strength[:, 4:].max(axis=1)
        likely = (low + high > _CANDIDATE * energy) & (np.minimum(low, high) > _WEAKER * energy)
        which, places = np.nonzero(likely & (energy > self._floor))
        chosen = np.partition(strength[which, :, places].reshape(-1, 2, 4), 2, axis=2)
        alone = (chosen[:, :, 2] < _APART * chosen[:, :, 3]).all(axis=1)
        places, which = places[alone], which[alone]
        if not len(places):
            return {}
        samples = np.concatenate([self._last[rows[places]], halves[places, 0], halves[places, 1]], axis=1)
        start = which * self._half
        windows = np.take_along_axis(samples, start[:, None] + np.arange(2 * self._half), axis=1)
        pair = 4 * strength[which, :4, places].argmax(axis=1) + strength[which, 4:, places].argmax(axis=1)
        keys: dict[int, list[int]] = {}
        for place, index, key in zip(places.tolist(), which.tolist(), self._certain(windows, pair), strict=True):
            keys.setdefault(place, [-1, -1])[index] = key
        return keys

    def _certain(self, windows: Floats, pair: npt.NDArray[np.int64]) -> list[int]:
        """The key of each candidate, ``(k, window)``, or -1 where the second stage finds none."""
        energy = np.einsum("ks,ks->k", windows, windows)
        found = np.einsum("kps,ks->kp", self._fits[pair], windows)
        off_hz = self._deviation(found.reshape(-1, 2, 4))
        nominal = np.stack([_LOW[pair // 4], _HIGH[pair % 4]], axis=1)
        rough = np.einsum("kps,kp->ks", self._columns[pair], found)
        right = (np.abs(off_hz) <= _TOLERANCE * nominal).all(axis=1)
        right &= np.einsum("ks,ks->k", rough, rough) >= _ROUGHLY * energy
        certain = np.full(len(pair), -1)
        some = np.flatnonzero(right)
        if len(some):
            keys = self._exact(windows[some], nominal[some] + off_hz[some], energy[some])
            certain[some] = np.where(keys, pair[some], -1)
        found_keys: list[int] = certain.tolist()
        return found_keys

    def _exact(self, windows: Floats, hz: npt.NDArray[Any], energy: Floats) -> npt.NDArray[np.bool_]:
        """Whether two tones of these frequencies ``(k, 2)`` are all that is heard, loud enough and in balance."""
        level, explained = self._refit(windows, hz)
        level_db = 10 * np.log10(np.maximum(level, 1e-9) / FULL_SCALE**2)
        twist = level_db[:, 1] - level_db[:, 0]
        loud = level_db.min(axis=1) >= _LEAST_DBOV
        balanced = (twist >= _TWIST_DB[0]) & (twist <= _TWIST_DB[1])
        return np.asarray(loud & balanced & (explained >= _PURE * energy))

    def _deviation(self, found: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """How far each tone is from where it should be, in Hz, from cos, sin and their slopes ``(k, 2, 4)``."""
        cos, sin, cos_slope, sin_slope = (found[..., index].astype(float) for index in range(4))
        size = np.maximum(cos * cos + sin * sin, 1e-9)
        # Amplitude a = cos - j sin, slope b: for a tone that is off, b / a is imaginary.
        steepness = (sin * cos_slope - cos * sin_slope) / size
        return np.asarray(np.interp(steepness, _STEEPNESS, _X) * 100 / (2 * np.pi))

    def _refit(self, windows: Floats, hz: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Mean square of each of the two tones ``(k, 2)``, and the energy that they explain together ``(k,)``."""
        at = (np.arange(windows.shape[1]) - self._half + 0.5) / self._rate
        turn = 2 * np.pi * hz[:, :, None] * at
        columns = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)  # low cos, high cos, low sin, high sin
        seen = np.einsum("kcs,ks->kc", columns, windows)
        gram = np.einsum("kcs,kds->kcd", columns, columns)
        parts = np.linalg.solve(gram, seen[..., None])[..., 0]
        return (parts[:, :2] ** 2 + parts[:, 2:] ** 2) / 2, np.einsum("kc,kc->k", parts, seen)

    def _follow(
        self, rows: npt.NDArray[np.int64], keys: dict[int, list[int]], present: npt.NDArray[np.bool_] | None
    ) -> list[Heard]:
        named = {int(rows[place]): windows for place, windows in keys.items()}
        heard = []
        for row in sorted(self._runs.keys() | named.keys()):
            if present is not None and not present[row]:
                self._lose(row)
                continue
            heard += [Heard(row, KEYS[key]) for key in self._take(row, *named.get(row, (-1, -1)))]
        return heard

    def _lose(self, row: int) -> None:
        run = self._runs.get(row)
        if run is not None:
            run.lost += 1
            run.unseen = 2 if run.told else 0
            if run.over:
                del self._runs[row]

    def _take(self, row: int, *windows: int) -> list[int]:
        """Take in the keys of a frame's windows; those that became a press."""
        made = []
        run = self._runs.get(row)
        back, told = run is not None and run.lost > 0, run is not None and run.told
        for place, key in enumerate(windows):
            if run is None:
                if key < 0:
                    continue
                run = self._runs[row] = _Run(key)
            run.lost = 0
            if back and key != run.key and not (place and told):
                continue  # half of the first window was made up, and the beginning of the second is blended with that
            if run.hear(key):
                made.append(key)
            if run.over:
                del self._runs[row]
                run = None
        return made


# ---- making ----------------------------------------------------------------------------------------------------

_RISE_S = 0.003  # at both ends: without, a key would begin and end with a click


def tones(digit: str, seconds: float, level_dbov: float = -13.0, rate_hz: int = RATE_HZ) -> Pcm:
    """``(samples,)`` of one key; ``level_dbov`` is that of the low tone, the high one is 2 dB stronger (Q.24 annex A).

    Raises ``ValueError`` where there is no such key.
    """
    low, high = divmod(KEYS.index(digit), 4)
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    peak = np.sqrt(2) * 10 ** (level_dbov / 20) * FULL_SCALE
    wave = np.sin(2 * np.pi * LOW_HZ[low] * at) + 10 ** (2 / 20) * np.sin(2 * np.pi * HIGH_HZ[high] * at)
    shape = np.clip(np.minimum(at, at[::-1]) / _RISE_S, 0, 1) if len(at) else at
    made: Pcm = np.rint(np.clip(wave * peak * shape, -32768, 32767)).astype(np.int16)
    return made
