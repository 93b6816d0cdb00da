"""Gaps are filled without steps, with what speech would have gone on with, and die away."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from softswitch.audio import FRAME, RATE_HZ, tone
from softswitch.audio.conceal import FADE_FRAMES, Concealer
from tests.support.repair import Repair

SPEECH = Path(__file__).parents[4] / "shared" / "vectors" / "plc" / "f2.le"


def through(source: npt.NDArray[np.int16], missing: set[int]) -> tuple[npt.NDArray[np.int16], Repair]:
    """``(frames, FRAME)`` with some of them missing, and what comes out, flat."""
    repair, out = Repair(2), []
    for number, frame in enumerate(source):
        batch = np.zeros((2, FRAME), np.int16)
        batch[1] = 0 if number in missing else frame
        repair.conceal(batch, np.array([False, number not in missing]))
        out.append(batch[1])
    return np.concatenate(out), repair


def sine(frames: int = 20, hz: float = 440) -> npt.NDArray[np.int16]:
    return tone.sine(hz, frames * 0.02).reshape(frames, FRAME)


def level(sound: npt.NDArray[np.int16]) -> float:
    return float(np.sqrt((sound.astype(float) ** 2).mean()))


def test_without_loss_nothing_but_the_very_first_rise_is_touched() -> None:
    source = sine()
    out, repair = through(source, set())
    assert np.array_equal(source.reshape(-1)[FRAME:], out[FRAME:])
    assert repair.concealed == 0


@pytest.mark.parametrize("hz", [90, 220, 300, 440, 1000, 2300])
@pytest.mark.parametrize("lost", [{10}, {10, 11}, {8, 10, 12}])
def test_a_tone_goes_on_without_a_step(hz: float, lost: set[int]) -> None:
    source = sine(hz=hz)
    out, repair = through(source, lost)
    for number in lost:
        assert level(out[number * FRAME : (number + 1) * FRAME]) > 0.5 * level(source[number])
    steps = np.abs(np.diff(out[2 * FRAME :].astype(int))).max()
    assert steps < 1.8 * np.abs(np.diff(source.reshape(-1).astype(int))).max()
    assert repair.concealed == len(lost)


def test_a_long_gap_fades_to_silence_and_only_the_fade_counts() -> None:
    out, repair = through(sine(), {5, 6, 7, 8, 9, 10})
    levels = [level(out[n * FRAME : (n + 1) * FRAME]) for n in range(5, 11)]
    assert levels == sorted(levels, reverse=True)
    assert levels[FADE_FRAMES:] == [0, 0, 0]
    assert repair.concealed == FADE_FRAMES


def test_a_row_that_is_taken_over_remembers_nothing() -> None:
    _, repair = through(sine(), set())
    repair.forget(1)
    batch = np.zeros((2, FRAME), np.int16)
    repair.conceal(batch, np.array([False, False]))
    assert not batch.any()


def distance_db(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16], lost: list[int]) -> float:
    """Mean log-spectral distance of the 20 ms windows that lie in or half in lost frames."""
    window, distances = np.hanning(FRAME), []
    for frame in lost:
        for start in (frame * FRAME - FRAME // 2, frame * FRAME):
            spectra = [np.abs(np.fft.rfft(sound[start : start + FRAME] * window)) ** 2 for sound in (one, other)]
            ratio = 10 * np.log10((spectra[0] + 1e4) / (spectra[1] + 1e4))
            distances.append(np.sqrt((ratio**2).mean()))
    return float(np.mean(distances))


@pytest.mark.skipif(not SPEECH.exists(), reason="the speech sample in ../shared/vectors/plc is not there")
@pytest.mark.parametrize("loss", [0.05, 0.10])
def test_lost_speech_is_nearer_to_what_was_said_than_silence_is(loss: float) -> None:
    """By log-spectral distance over the lost frames; it is 12 dB for silence, and less than 8 dB here."""
    speech = np.fromfile(SPEECH, "<i2")
    source = speech[: len(speech) // FRAME * FRAME].reshape(-1, FRAME)
    concealed, zeros = [], []
    for seed in range(8):
        drawn = np.flatnonzero(np.random.default_rng(seed).random(len(source)) < loss)
        lost = [number for number in drawn.tolist() if number >= 3]
        silent = source.copy()
        silent[lost] = 0
        out, _ = through(source, set(lost))
        concealed.append(distance_db(source.reshape(-1), out, lost))
        zeros.append(distance_db(source.reshape(-1), silent.reshape(-1), lost))
    assert np.mean(concealed) < 8.5
    assert np.mean(zeros) - np.mean(concealed) > 3


@pytest.mark.parametrize("hz", [150, 440, 3000, 5000])
def test_a_concealer_of_another_rate_has_the_same_times_and_more_samples(hz: float) -> None:
    """Two frames are lost at 16 kHz: the tone goes on, falls as at 8 kHz, and comes back without a step."""
    source = tone.sine(hz, 0.4, rate_hz=2 * RATE_HZ).reshape(20, 2 * FRAME)
    wide, narrow = Concealer(2, 2 * RATE_HZ), Concealer(2)
    assert np.array_equal(wide.fade[:, ::2], narrow.fade)
    row = np.array([1])
    wide.missing[1] = 0
    wide.begin(row, source[7:10].reshape(1, -1))
    made = [wide.next(row)[0] for _ in range(2)]
    head = wide.rejoin(row, source[12:13, : wide.ramp])[0]
    out = np.concatenate([source[9], *made, head, source[12, wide.ramp :]])
    assert wide.concealed == 2 and wide.missing.tolist()[1] == 0
    assert level(made[0]) > 0.7 * level(source[0])
    assert np.abs(np.diff(out.astype(int))).max() < 1.8 * np.abs(np.diff(source.reshape(-1).astype(int))).max()
