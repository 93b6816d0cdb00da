"""In-band keys against the limits of ITU-T Q.23 and Q.24, on sound that has been G.711."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from softswitch.audio import FRAME, dtmf, g711
from softswitch.audio.resample import resample

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"
Wave = npt.NDArray[np.float64]


def heard(wave: Wave, law: int = g711.MU) -> str:
    """The keys in a wave that begins off the frames' grid and has been companded."""
    padded = np.concatenate([np.zeros(FRAME + 53), wave, np.zeros(5 * FRAME)])
    coded = g711.encode(np.clip(np.rint(padded), -32768, 32767).astype(np.int16), law)
    frames = g711.decode(coded[: len(coded) // FRAME * FRAME], law).reshape(-1, 1, FRAME)
    detector = dtmf.Detector(1)
    detector.listen(0)
    return "".join(key.digit for frame in frames for key in detector.hear(frame))


def pair(digit: str, ms: float, level: float = -13.0, twist: float = 0.0, factor: float = 1.0, add: float = 0) -> Wave:
    """Two sines that begin anywhere; ``level`` of the low one in dBov, ``twist`` of the high one against it in dB."""
    low, high = divmod(dtmf.KEYS.index(digit), 4)
    at = np.arange(round(ms * 8)) / 8000
    wave = np.zeros(len(at))
    for hz, dbov, phase in ((dtmf.LOW_HZ[low], level, 1.0), (dtmf.HIGH_HZ[high], level + twist, 4.0)):
        peak = np.sqrt(2) * 10 ** (dbov / 20) * 32768
        wave += peak * np.sin(2 * np.pi * (hz * factor + add) * at + phase)
    return wave


def row(ms: float = 40, pause_ms: float = 40, **how: float) -> Wave:
    """All sixteen keys."""
    gap = np.zeros(round(pause_ms * 8))
    return np.concatenate([part for digit in dtmf.KEYS for part in (pair(digit, ms, **how), gap)])


@pytest.mark.parametrize("law", [g711.MU, g711.A])
def test_every_key_of_40_ms_with_40_ms_between(law: int) -> None:
    assert heard(row(), law) == dtmf.KEYS


@pytest.mark.parametrize("how", [{"factor": 1.015, "add": 2.0}, {"factor": 0.985, "add": -2.0}])
def test_frequencies_off_by_as_much_as_must_be_accepted(how: dict[str, float]) -> None:
    assert heard(row(**how)) == dtmf.KEYS


@pytest.mark.parametrize("factor", [1.035, 0.965, 1.05, 0.95])
def test_frequencies_off_by_as_much_as_must_be_refused(factor: float) -> None:
    assert heard(row(ms=100, factor=factor)) == ""


@pytest.mark.parametrize("twist", [-8.0, 4.0])
def test_twist_that_must_be_accepted(twist: float) -> None:
    assert heard(row(twist=twist)) == dtmf.KEYS


@pytest.mark.parametrize("twist", [-11.0, 8.0])
def test_twist_that_is_refused(twist: float) -> None:
    assert heard(row(twist=twist)) == ""


@pytest.mark.parametrize("level", [-35.0, -27.0, -7.0])
def test_levels_from_faint_to_full(level: float) -> None:
    assert heard(row(level=level)) == dtmf.KEYS


def test_what_is_too_faint() -> None:
    assert heard(row(ms=100, level=-41.0)) == ""


@pytest.mark.parametrize("ms", [10, 20, 22])
def test_what_is_too_short_is_no_key(ms: float) -> None:
    assert heard(row(ms=ms, pause_ms=60)) == ""


def test_a_gap_of_15_ms_does_not_make_two_presses_and_a_pause_of_40_ms_does() -> None:
    for offset_ms in range(0, 20, 3):
        lead = np.zeros(offset_ms * 8)
        short, long = (np.concatenate([lead, pair("5", 60), np.zeros(gap * 8), pair("5", 60)]) for gap in (15, 40))
        assert (heard(short), heard(long)) == ("5", "55"), offset_ms


def test_one_key_after_the_other_without_a_pause() -> None:
    assert heard(np.concatenate([pair("1", 60), pair("2", 60), pair("1", 60)])) == "121"


@pytest.mark.parametrize(("snr_db", "expected"), [(15, dtmf.KEYS), (10, dtmf.KEYS), (0, "")])
def test_noise_under_the_keys(snr_db: float, expected: str) -> None:
    wave = row(ms=50, pause_ms=50)
    sigma = np.sqrt(2) * 10 ** ((-13 - snr_db) / 20) * 32768
    assert heard(wave + np.random.default_rng(5).normal(0, sigma, len(wave))) == expected


def test_single_tones_noise_and_dial_tone_are_no_keys() -> None:
    at = np.arange(8000) / 8000
    for hz in (*dtmf.LOW_HZ, *dtmf.HIGH_HZ):
        assert heard(8000 * np.sin(2 * np.pi * hz * at)) == ""
    assert heard(6000 * (np.sin(2 * np.pi * 350 * at) + np.sin(2 * np.pi * 440 * at))) == ""
    assert heard(np.random.default_rng(3).normal(0, 5000, 80_000)) == ""


def test_keys_under_a_tone_of_the_same_strength_are_refused() -> None:
    at = np.arange(800) / 8000
    assert heard(pair("5", 100) + 4000 * np.sin(2 * np.pi * 440 * at) * 3) == ""


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the speech of ../shared/vectors is not here")
def test_speech_is_no_key_at_any_pitch() -> None:
    """Talk-off: the same speech, faster and slower, so that other harmonics fall onto the tones."""
    speech = np.fromfile(VECTORS / "plc" / "f2.le", "<i2")
    wide = resample(np.fromfile(VECTORS / "g722" / "inpsp.bin", "<i2"), 16000, 8000)
    for piece in (speech, wide):
        for other_hz in range(6000, 11000, 250):
            assert heard(resample(piece, 8000, other_hz).astype(float)) == "", other_hz


def test_a_voice_of_pure_harmonics_is_no_key() -> None:
    """A glide over all pitches of a voice, with its harmonics."""
    at = np.arange(10 * 8000) / 8000
    phase = 2 * np.pi * (80 * at + 16 * at**2)
    voice = sum((np.sin(n * phase) / n for n in range(1, 12)), np.zeros(len(at)))
    assert heard(6000 * voice) == ""


def test_frames_that_were_lost_neither_end_nor_make_a_press() -> None:
    frames = np.rint(pair("5", 300)).astype(np.int16).reshape(-1, 1, FRAME)
    detector = dtmf.Detector(1)
    detector.listen(0)
    made = []
    for number, frame in enumerate(frames):
        lost = 4 <= number < 8
        made += detector.hear(np.zeros_like(frame) if lost else frame, np.array([not lost]))
    assert made == [dtmf.Heard(0, "5")]


def two_presses_with_a_loss(pause_ms: int) -> list[int]:
    """How many presses are heard, for each place of the pause against the frames and each of its frames that is lost.

    What is in place of the lost frame goes on with the tone, as concealment does.
    """
    made, key = [], pair("5", 80)
    for offset in range(0, FRAME, 10):
        wave = np.concatenate([np.zeros(offset), key, np.zeros(8 * pause_ms), key, np.zeros(4 * FRAME)])
        frames = np.rint(wave[: len(wave) // FRAME * FRAME]).astype(np.int16).reshape(-1, 1, FRAME)
        for lost in range(-(-(offset + len(key)) // FRAME), (offset + len(key) + 8 * pause_ms) // FRAME):
            detector = dtmf.Detector(1)
            detector.listen(0)
            heard = [
                detector.hear(frames[2] if number == lost else frame, np.array([number != lost]))
                for number, frame in enumerate(frames)
            ]
            made.append(sum(map(len, heard)))
    return made


def test_pauses_of_which_a_frame_is_lost() -> None:
    """From 56 ms on always; of 44 ms there is too little left only where the loss is at the pause's edge."""
    for pause_ms in (56, 64, 80):
        assert set(two_presses_with_a_loss(pause_ms)) == {2}
    short = two_presses_with_a_loss(44)
    assert short.count(2) >= 0.8 * len(short)


def test_after_a_long_loss_the_next_press_counts() -> None:
    detector = dtmf.Detector(1)
    detector.listen(0)
    frames = np.rint(pair("5", 280)).astype(np.int16).reshape(-1, 1, FRAME)
    presence = [True] * 4 + [False] * 6 + [True] * 4
    made = [
        key for frame, there in zip(frames, presence, strict=True) for key in detector.hear(frame, np.array([there]))
    ]
    assert len(made) == 2


def test_rows_are_apart_and_only_those_that_are_listened_to_are_heard() -> None:
    detector = dtmf.Detector(4)
    for row in (1, 3):
        detector.listen(row)
    waves = np.stack([np.rint(pair(digit, 80)).astype(np.int16) for digit in "159#"])
    made = [key for frame in waves.reshape(4, -1, FRAME).swapaxes(0, 1) for key in detector.hear(frame)]
    assert made == [dtmf.Heard(1, "5"), dtmf.Heard(3, "#")]
    detector.listen(3, False)
    assert len(detector) == 1
    assert detector.hear(waves[:1, :FRAME]) == []


def test_at_16_khz() -> None:
    detector = dtmf.Detector(1, 16000)
    detector.listen(0)
    pause = np.zeros(960, np.int16)
    wave = np.concatenate([part for key in "19D" for part in (dtmf.tones(key, 0.06, rate_hz=16000), pause)])
    frames = wave[: len(wave) // 320 * 320].reshape(-1, 1, 320)
    assert "".join(key.digit for frame in frames for key in detector.hear(frame)) == "19D"


@pytest.mark.parametrize("digit", dtmf.KEYS)
def test_what_we_make_is_what_we_hear(digit: str) -> None:
    assert heard(dtmf.tones(digit, 0.06).astype(float)) == digit


def test_there_is_no_key_e() -> None:
    with pytest.raises(ValueError, match="substring"):
        dtmf.tones("E", 0.1)
