"""Keys, talk and comfort noise of a tick, in rows that come and go."""

from __future__ import annotations

import numpy as np

from softswitch.audio import FRAME, dtmf
from softswitch.audio.conceal import FADE_FRAMES
from softswitch.audio.level import dbov, mean_square
from softswitch.media.listening import COMFORT_S, Listening


def noise(dbov: float, frames: int, rows: int = 1) -> np.ndarray:
    """``(frames, rows, FRAME)``"""
    made = np.random.default_rng(2).normal(0, 32768 * 10 ** (dbov / 20), (frames, rows, FRAME))
    return np.rint(made).astype(np.int16)


def test_a_line_that_breaks_off_is_heard_as_its_own_background_for_a_while() -> None:
    listening = Listening(1)
    here, away = np.array([True]), np.array([False])
    for frame in noise(-60, 50):
        listening.hear(frame.__getitem__, here)
    heard = []
    for number in range(400):
        listening.hear(np.zeros((1, FRAME), np.int16).__getitem__, away)
        rows, made = listening.comfort(away, np.array([number + 1], np.int32))
        heard.append(made[0] if rows.tolist() == [0] else np.zeros(FRAME, np.int16))
    levels = dbov(mean_square(np.stack(heard)))
    last = round(COMFORT_S * 50)
    assert (levels[: FADE_FRAMES - 1] == -127).all()  # that is concealed, and still fading
    assert np.abs(levels[FADE_FRAMES : last - 2].mean() + 60) < 4
    assert (levels[last:] == -127).all()
    assert listening.counters()["comfort_frames"] == last - FADE_FRAMES


def test_a_line_of_which_nothing_ever_came_is_silent() -> None:
    listening = Listening(2)
    away, silence = np.zeros(2, np.bool_), np.zeros((2, FRAME), np.int16)
    for number in range(20):
        listening.hear(silence.__getitem__, away)
        rows, made = listening.comfort(away, np.full(2, FADE_FRAMES + number, np.int32))
        assert not len(rows) and made.shape == (0, FRAME)


def test_without_streams_there_is_nothing_to_hear() -> None:
    listening = Listening(2)
    assert listening.hear(np.zeros((0, FRAME), np.int16).__getitem__, np.zeros(0, np.bool_)) == []
    assert listening.counters() == {"talk_spurts": 0, "talk_seconds": 0.0, "comfort_frames": 0}


def test_who_talks_and_who_presses_keys() -> None:
    listening = Listening(3)
    listening.connect(1, True)
    quiet = noise(-70, 60, 3)
    key = dtmf.tones("7", 0.2).reshape(-1, FRAME)
    quiet[30 : 30 + len(key), 1] = key
    quiet[30 : 30 + len(key), 2] = key  # nobody listens for tones there
    here = np.ones(3, np.bool_)
    told = [heard for frame in quiet[:41] for heard in listening.hear(frame.__getitem__, here)]
    assert told == [dtmf.Heard(1, "7")]
    assert listening.gauges(3) == {"tone_detectors": 1, "streams_talking": 2, "streams_silent": 0}
    assert listening.gauges(2)["streams_talking"] == 1
    assert listening.counters()["talk_spurts"] == 2
    listening.forget(1)
    assert listening.gauges(3)["tone_detectors"] == 0 and listening.gauges(3)["streams_talking"] == 1


def test_silence_is_told_once_to_who_waits_for_it_and_is_as_long_as_was_asked() -> None:
    """Row 0 talks for a second in the middle, row 1 not at all; row 2 is waited for by nobody."""
    listening = Listening(3)
    frames = noise(-70, 300, 3)
    frames[100:150, 0] = noise(-20, 50)[:, 0]
    here, told = np.ones(3, np.bool_), []
    for number, frame in enumerate(frames):
        if number == 50:  # what was silent before does not count
            listening.await_silence(0, 1.5)
            listening.await_silence(1, 1.5)
        listening.hear(frame.__getitem__, here)
        told += [(number, *happened) for happened in listening.silences()]
    assert [(row, kind) for _, row, kind in told] == [(1, "quiet"), (0, "quiet")]
    assert abs(told[0][0] - 125) <= 2 and abs(told[1][0] - 225) <= 3


def test_nobody_waits_for_silence_any_more() -> None:
    listening = Listening(2)
    listening.await_silence(0, 0.1)
    listening.await_silence(0, 0.0)
    listening.await_silence(1, 0.1)
    listening.forget(1)
    listening.await_silence(None, 0.1)  # a stream that is gone
    for frame in noise(-70, 20, 2):
        listening.hear(frame.__getitem__, np.ones(2, np.bool_))
        assert not listening.silences()
