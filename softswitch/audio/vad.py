"""Who talks and who is silent, all rows at once, from their levels.

A row talks where its level is above ``talk_dbov`` and at least ``margin_db`` above its own background. The background
follows falling levels at once and rising ones slowly (3 dB/s), so that neither is a noisy line a talker nor talk a
background.
What was talk remains so for ``hangover_s``: the end of a word is faint, and between two words nobody has stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.audio.level import SILENCE_DBOV, Floats

TICK_S = 0.02
_RISE_DB = 3.0 * TICK_S  # per tick
_HIGHEST_DBOV = -20.0  # a background is never louder: who talks without a pause remains a talker


@dataclass(frozen=True, slots=True)
class TalkSettings:
    talk_dbov: float = -45.0
    margin_db: float = 9.0
    hangover_s: float = 0.3
    silent_after_s: float = 10.0


class Talk:
    """The state of all rows, as arrays by row."""

    def __init__(self, streams: int, settings: TalkSettings | None = None) -> None:
        self.settings = settings or TalkSettings()
        self.level: Floats = np.full(streams, SILENCE_DBOV, np.float32)  # dBov of the last frame
        self.background: Floats = np.full(streams, SILENCE_DBOV, np.float32)  # dBov
        self.talking = np.zeros(streams, np.bool_)
        self.silent_ticks = np.zeros(streams, np.int32)  # since the row talked last
        self.spurts = 0  # beginnings of talk, all rows
        self._new = np.ones(streams, np.bool_)

    def forget(self, row: int) -> None:
        self.level[row] = self.background[row] = SILENCE_DBOV
        self.talking[row], self._new[row] = False, True
        self.silent_ticks[row] = 0

    def hear(
        self, levels: Floats, present: npt.NDArray[np.bool_] | None = None, first: int = 0, every: int = 1
    ) -> None:
        """Take in levels in dBov of the rows from ``first`` on, of each or of one in ``every``, ``(n,)``.

        Who is heard once in so many ticks is taken to have been like that in all of them. ``present`` ``(n,)``: the
        rows of which something has arrived; of the others nothing is learnt.
        """
        settings, rows = self.settings, slice(first, first + len(levels) * every, every)
        background, talking = self.background[rows], self.talking[rows]
        new, silent = self._new[rows], self.silent_ticks[rows]
        known = np.ones(len(levels), np.bool_) if present is None else present
        self.level[rows] = levels = np.where(known, levels, self.level[rows])
        if new.any():
            background[new] = levels[new]
            new &= ~known
        risen = np.minimum(background + np.float32(_RISE_DB * every), np.float32(_HIGHEST_DBOV))
        np.copyto(background, np.minimum(levels, risen), where=known)
        loud = known & (levels >= np.maximum(background + np.float32(settings.margin_db), settings.talk_dbov))
        silent += every
        silent[loud] = 0
        now = loud | (talking & (silent * TICK_S < settings.hangover_s))
        self.spurts += int(np.count_nonzero(now & ~talking))
        talking[:] = now

    def silent(self) -> npt.NDArray[np.bool_]:
        """Rows that have said nothing for so long that somebody should look."""
        return ~self._new & (self.silent_ticks * TICK_S >= self.settings.silent_after_s)
