"""What the switch itself hears in the streams: keys as tones, who talks, how loud; and noise where nothing comes.

Everything here is an array operation over many rows. Only what has to be listened to is decoded: rows in which keys may
come as tones in every tick, all others in every second one for their level, one half of them at a time. A stream whose
packets fail to come is heard as noise at the level of its own background for a while, once its concealment has faded:
silence would sound as if the call had ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, dtmf
from softswitch.audio.comfort import Comfort
from softswitch.audio.conceal import FADE_FRAMES
from softswitch.audio.level import dbov, mean_square
from softswitch.audio.vad import TICK_S, Talk, TalkSettings
from softswitch.media.watch import QUIET, Happened

Pcm = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]
Samples = Callable[[Any], Pcm]  # what the rows of an index said in this tick, ``(n, FRAME)``

COMFORT_S = 5.0  # a stream that is away for longer is silent
_EVERY = 2  # ticks between two looks at the level of a row
_FAINTEST_DBOV, _LOUDEST_DBOV = -75.0, -45.0  # of comfort noise; nobody hears less, and more is no comfort


class Listening:
    def __init__(self, streams: int, settings: TalkSettings | None = None) -> None:
        self.talk = Talk(streams, settings)
        self.talk_ticks = 0  # frames of talk, all rows
        self.comforted = 0  # frames of noise
        self._tones = dtmf.Detector(streams)
        self._comfort = Comfort(streams)
        self._tick = 0
        self._awaited: dict[int, tuple[int, int]] = {}  # row -> ticks of silence, and the tick from which they count

    def connect(self, row: int, tones: bool) -> None:
        """``tones``: keys may come in the sound."""
        self._tones.listen(row, tones)

    def forget(self, row: int) -> None:
        self._tones.listen(row, False)
        self.talk.forget(row)
        self._awaited.pop(row, None)

    def await_silence(self, row: int | None, after_s: float) -> None:
        """``silences`` tells, once, when the row has said nothing for so long, counted from now; 0: no more."""
        if row is None:
            return
        if after_s:
            self._awaited[row] = round(after_s / TICK_S), self._tick
        else:
            self._awaited.pop(row, None)

    def silences(self) -> list[Happened]:
        """Rows whose silence somebody waits for, and has come. Only who is being recorded is waited for: a few."""
        found = [
            row for row, (ticks, since) in self._awaited.items()
            if min(self._tick - since, int(self.talk.silent_ticks[row])) >= ticks
        ]  # fmt: skip
        for row in found:
            del self._awaited[row]
        return [Happened(row, QUIET) for row in found]

    def hear(self, samples: Samples, present: Flags) -> list[dtmf.Heard]:
        """The keys in this tick of the first rows; ``present`` ``(n,)``: whose frame has arrived."""
        count, first = len(present), self._tick % _EVERY
        self._tick += 1
        toned = self._tones.rows(count)
        keys = self._tones.hear_rows(toned, samples(toned), present) if len(toned) else []
        some = slice(first, count, _EVERY)
        self.talk.hear(dbov(mean_square(samples(some))), present[some], first, _EVERY)
        self.talk_ticks += int(np.count_nonzero(self.talk.talking[:count]))
        return keys

    def comfort(self, present: Flags, missing: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], Pcm]:
        """Rows that say nothing where noise should be heard, and that noise ``(rows, FRAME)``.

        ``missing`` ``(n,)``: for how many frames none has come.
        """
        rows = (~present & (missing >= FADE_FRAMES) & (missing * TICK_S < COMFORT_S)).nonzero()[0]
        rows = rows[self.talk.background[rows] >= _FAINTEST_DBOV]
        if not len(rows):
            return rows, np.zeros((0, FRAME), np.int16)
        made = np.zeros((int(rows.max()) + 1, FRAME), np.int16)
        self._comfort.fill(made, rows, np.minimum(self.talk.background[rows], _LOUDEST_DBOV))
        self.comforted += len(rows)
        return rows, made[rows]

    def counters(self) -> dict[str, float]:
        return {
            "talk_spurts": self.talk.spurts,
            "talk_seconds": round(self.talk_ticks * TICK_S, 2),
            "comfort_frames": self.comforted,
        }

    def gauges(self, count: int) -> dict[str, float]:
        """Of the first ``count`` rows, which are those in use."""
        return {
            "tone_detectors": len(self._tones),
            "streams_talking": int(np.count_nonzero(self.talk.talking[:count])),
            "streams_silent": int(np.count_nonzero(self.talk.silent()[:count])),
        }
