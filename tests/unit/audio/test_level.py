"""Levels, talk and silence, comfort noise: all rows at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import FRAME, level, tone
from softswitch.audio.comfort import Comfort
from softswitch.audio.vad import Talk, TalkSettings

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"


def of(*frames: np.ndarray) -> np.ndarray:
    return level.dbov(level.mean_square(np.stack(frames)))


def test_levels_that_are_known() -> None:
    square = np.where(np.arange(FRAME) % 2, 32767, -32768).astype(np.int16)
    sine = tone.sine(1000, 0.02, level=1.0)
    faint = np.full(FRAME, 1, np.int16)
    found = of(square, sine, sine // 10, faint, np.zeros(FRAME, np.int16))
    assert found == pytest.approx([0.0, -3.01, -23.0, -90.3, -127.0], abs=0.05)


def talk(levels: list[list[float]], **settings: float) -> tuple[Talk, np.ndarray]:
    """Of rows by ticks; what each row was in each tick."""
    state = Talk(len(levels), TalkSettings(**settings))
    states = []
    for tick in np.array(levels, np.float32).T:
        state.hear(tick)
        states.append(state.talking.copy())
    return state, np.stack(states, axis=1)


def test_a_voice_talks_and_stops_a_little_after_its_end() -> None:
    _, talking = talk([[-60.0] * 50 + [-25.0] * 20 + [-60.0] * 30], hangover_s=0.3)
    assert np.flatnonzero(talking[0]).tolist() == list(range(50, 50 + 20 + 14))


def test_a_noisy_line_is_no_talker_and_who_talks_over_it_is() -> None:
    noisy = [-35.0] * 200
    _, talking = talk([noisy, noisy[:150] + [-20.0] * 50])
    assert not talking[0].any() and talking[1, 150:].all() and not talking[1, :150].any()


def test_what_is_faint_is_no_talk_however_silent_the_line() -> None:
    _, talking = talk([[-127.0] * 10 + [-50.0] * 50])
    assert not talking.any()


def test_a_short_pause_is_part_of_the_talk_and_counts_as_one_spurt() -> None:
    state, talking = talk([[-127.0] + [-20.0] * 20 + [-60.0] * 10 + [-20.0] * 20])
    assert talking[0, 1:].all() and state.spurts == 1


def test_silence_is_noticed_after_its_time_and_ends_with_a_word() -> None:
    state, _ = talk([[-60.0] * 100, [-60.0] * 99 + [-20.0]], silent_after_s=1.0)
    assert state.silent().tolist() == [True, False]
    state.forget(0)
    assert not state.silent()[0]


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the speech of ../shared/vectors is not here")
def test_speech_talks_most_of_the_time_and_so_it_does_at_a_tenth() -> None:
    speech = np.fromfile(VECTORS / "plc" / "f2.le", "<i2")
    frames = speech[: len(speech) // FRAME * FRAME].reshape(-1, FRAME)
    frames = np.concatenate([np.zeros((25, FRAME), np.int16), frames])
    loud, soft = (level.dbov(level.mean_square(part)) for part in (frames, frames // 6))
    _, talking = talk([loud.tolist(), soft.tolist()])
    active = loud > -45
    assert talking[0][active].mean() > 0.95
    assert talking[1].mean() > 0.6 * talking[0].mean()


def test_comfort_noise_has_the_level_that_is_wanted_and_no_seam() -> None:
    comfort = Comfort(3)
    frames = np.zeros((200, 3, FRAME), np.int16)
    for frame in frames:
        comfort.fill(frame, np.array([0, 2]), np.array([-50.0, -60.0]))
    heard = frames.swapaxes(0, 1).reshape(3, -1)
    found = of(*heard)
    assert found[[0, 2]] == pytest.approx([-50.0, -60.0], abs=0.5)
    assert not heard[1].any()
    assert np.abs(np.diff(heard[0].astype(int))).max() < 500
    assert abs(np.corrcoef(heard[0], heard[2])[0, 1]) < 0.05  # two in a room do not hear the same noise
