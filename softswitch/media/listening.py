"""What the switch itself hears in the streams: keys as tones, who talks, how loud; and noise where nothing comes.

Everything here is an array operation over all rows, once per tick. A stream whose packets fail to come is heard as
noise at the level of its own background for a while, once its concealment has faded: silence would sound as if the
call had ended.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio import dtmf
from softswitch.audio.comfort import Comfort
from softswitch.audio.conceal import FADE_FRAMES
from softswitch.audio.level import dbov, mean_square
from softswitch.audio.vad import TICK_S, Talk, TalkSettings

Pcm = npt.NDArray[np.int16]

COMFORT_S = 5.0  # a stream that is away for longer is silent
_FAINTEST_DBOV, _LOUDEST_DBOV = -75.0, -45.0  # of comfort noise; nobody hears less, and more is no comfort


class Listening:
    def __init__(self, streams: int, settings: TalkSettings | None = None) -> None:
        self.talk = Talk(streams, settings)
        self.talk_ticks = 0  # frames of talk, all rows
        self.comforted = 0  # frames of noise
        self._tones = dtmf.Detector(streams)
        self._comfort = Comfort(streams)

    def connect(self, row: int, tones: bool) -> None:
        """``tones``: keys may come in the sound."""
        self._tones.listen(row, tones)

    def forget(self, row: int) -> None:
        self._tones.listen(row, False)
        self.talk.forget(row)

    def hear(self, said: Pcm, present: npt.NDArray[np.bool_], missing: npt.NDArray[np.int32]) -> list[dtmf.Heard]:
        """The keys in a tick's frames ``(n, FRAME)``; noise is put into rows that say nothing.

        ``present`` ``(n,)``: their frame has arrived; ``missing`` ``(n,)``: for how many frames none has.
        """
        if not len(said):
            return []
        keys = self._tones.hear(said, present)
        self.talk.hear(dbov(mean_square(said)), present)
        self.talk_ticks += int(np.count_nonzero(self.talk.talking[: len(said)]))
        background = self.talk.background[: len(said)]
        away = ~present & (missing >= FADE_FRAMES) & (missing * TICK_S < COMFORT_S)
        rows = np.flatnonzero(away & (background >= _FAINTEST_DBOV))
        if len(rows):
            self._comfort.fill(said, rows, np.minimum(background[rows], _LOUDEST_DBOV))
            self.comforted += len(rows)
        return keys

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
