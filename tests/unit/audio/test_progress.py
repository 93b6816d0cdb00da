"""Call progress tones: the cadences of the table can be heard in what is made of it."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.audio import RATE_HZ, level, progress
from softswitch.audio.tone import strength


def spells(pcm: np.ndarray) -> list[tuple[bool, float]]:
    """(sound or silence, seconds), in turn."""
    loud = np.abs(pcm.astype(float)).reshape(-1, 40).max(axis=1) > 100
    edges = np.flatnonzero(np.diff(loud)) + 1
    parts = np.split(loud, edges)
    return [(bool(part[0]), round(len(part) * 0.005, 2)) for part in parts]


@pytest.mark.parametrize(
    ("country", "name", "hz", "heard"),
    [
        ("US", "ringback", (440, 480), [(True, 2.0), (False, 4.0)]),
        ("GB", "ringback", (400, 450), [(True, 0.4), (False, 0.2), (True, 0.4), (False, 2.0)]),
        ("DE", "busy", (425,), [(True, 0.48), (False, 0.48)]),
        ("FR", "ringback", (440,), [(True, 1.5), (False, 3.5)]),
        ("CN", "busy", (450,), [(True, 0.35), (False, 0.35)]),
        ("CN", "congestion", (450,), [(True, 0.7), (False, 0.7)]),
        ("US", "congestion", (480, 620), [(True, 0.25), (False, 0.25)]),
        ("DE", "waiting", (425,), [(True, 0.2), (False, 0.2), (True, 0.2), (False, 5.0)]),
        ("XX", "busy", (480, 620), [(True, 0.5), (False, 0.5)]),
    ],
)
def test_cadence_and_frequencies(country: str, name: str, hz: tuple[int, ...], heard: list[tuple[bool, float]]) -> None:
    made = progress.period(country, name)
    assert [sound for sound, _ in spells(made)] == [sound for sound, _ in heard]
    assert [s for _, s in spells(made)] == pytest.approx([s for _, s in heard], abs=0.011)
    first = made[: round(heard[0][1] * RATE_HZ)]
    for one in hz:
        assert strength(first, one) > 0.05
    assert strength(first, 1000) < 0.005


def test_special_information_rises_in_three_steps() -> None:
    made = progress.period("GB", "special")
    third = round(0.33 * RATE_HZ)
    for step, hz in enumerate((950, 1400, 1800)):
        assert strength(made[step * third : (step + 1) * third], hz) > 0.1


def test_a_japanese_ringing_swells_16_times_a_second() -> None:
    loud = progress.period("JP", "ringback")[:RATE_HZ].astype(float)
    envelope = np.abs(np.fft.rfft(loud**2))
    assert envelope[16] == max(envelope[2:40])


def test_every_country_has_every_tone_at_the_same_level() -> None:
    assert {"US", "GB", "DE", "FR", "CN", "JP"} <= set(progress.COUNTRIES) and len(progress.COUNTRIES) > 30
    for country in progress.COUNTRIES:
        for name in progress.NAMES:
            made = progress.period(country, name)
            sound = made[(np.abs(made.astype(int)) > 0)]
            assert level.dbov(level.mean_square(sound[None]))[0] == pytest.approx(progress.LEVEL_DBOV, abs=1.5)
            assert abs(int(made[0])) < 200 and abs(int(made[-1])) < 200  # no click where it begins again


def test_it_goes_on_as_long_as_is_wanted() -> None:
    made = progress.render("DE", "busy", 10.0)
    assert len(made) == 10 * RATE_HZ
    assert (made[: len(progress.period("DE", "busy"))] == progress.period("DE", "busy")).all()


def test_there_is_no_other_tone() -> None:
    with pytest.raises(KeyError):
        progress.period("DE", "howler")
