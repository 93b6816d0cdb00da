"""The first words to who has been called, with numbers for time; and what the media plane's ear makes of a machine."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.audio import FRAME
from softswitch.audio.vad import TICK_S
from softswitch.contact.answering import Answering
from softswitch.contact.opening import (
    LONGEST_APOLOGY_S,
    LONGEST_GREETING_S,
    MACHINE_S,
    PAUSE_S,
    End,
    Opening,
    Stage,
)
from softswitch.contact.order import Key, PlayTo, PromptEnded, SilenceTo, Silent, WatchSilence
from softswitch.contact.treatment import Sound
from softswitch.media.listening import Listening

HELLO = Sound("hello.wav")
ASKS = Answering(greeting=HELLO, press_1=True, press_s=5.0)


def begun(answering: Answering) -> Opening:
    opening = Opening("leg", "en", answering)
    opening.begin(0.0)
    return opening


def test_without_anything_to_say_he_is_put_through_at_once() -> None:
    opening = Opening("leg", "en", Answering())
    assert opening.begin(0.0) == [] and opening.end is End.THROUGH and opening.until is None


def test_a_greeting_whose_end_is_never_told_ends_all_the_same() -> None:
    opening = begun(Answering(greeting=HELLO))
    assert opening.tick(LONGEST_GREETING_S - 0.1) == []
    assert opening.tick(LONGEST_GREETING_S) == [SilenceTo("leg")] and opening.end is End.THROUGH


def test_the_key_is_waited_for_from_the_end_of_what_is_said() -> None:
    opening = begun(ASKS)
    opening.hear(PromptEnded("leg", "leg.greeting1"), 8.0)
    opening.tick(12.9)
    assert (opening.stage, opening.end) == (Stage.PRESS, None)
    opening.tick(13.0)
    assert opening.end is End.MACHINE


@pytest.mark.parametrize(
    "event", [PromptEnded("leg", "leg.sorry1"), PromptEnded("other", "leg.greeting1"), Key("other", "1"), Silent("leg")]
)
def test_what_is_not_about_it_changes_nothing(event: PromptEnded | Key | Silent) -> None:
    opening = begun(ASKS)
    assert opening.hear(event, 1.0) == [] and (opening.stage, opening.end) == (Stage.GREETING, None)


def test_an_apology_whose_end_is_never_told_ends_all_the_same() -> None:
    opening = begun(Answering())
    (play,) = opening.apologise(3.0)
    assert isinstance(play, PlayTo) and opening.end is None
    opening.tick(3.0 + LONGEST_APOLOGY_S)
    assert opening.end is End.APOLOGISED


def test_no_key_is_asked_for_in_an_apology() -> None:
    opening = begun(ASKS)
    opening.apologise(3.0)
    assert opening.hear(Key("leg", "1"), 3.1) == [] and opening.end is None


def test_who_presses_a_key_is_no_machine() -> None:
    opening = begun(Answering(greeting=HELLO, machines=True))
    opening.hear(Key("leg", "1"), 1.0)
    assert opening.stage is Stage.GREETING


def test_a_new_process_says_it_once_more_and_listens_to_no_machine() -> None:
    (first,) = (asking := Opening("leg", "en", ASKS)).begin(0.0)
    (again,) = asking.resume(9.0)
    assert isinstance(first, PlayTo) and isinstance(again, PlayTo) and asking.stage is Stage.GREETING
    assert again.prompts == first.prompts and again.play != first.play  # a media process plays nothing twice
    listening = begun(Answering(greeting=HELLO, machines=True))
    listening.resume(9.0)
    assert listening.stage is Stage.GREETING


# ---- machines, as the ear of the media process hears them ------------------------------------------------------

RATE_HZ = 8000
LINE_DBOV = -65.0  # noise of the line


def line(seconds: float, spoken: list[tuple[float, float]], seed: int = 1) -> np.ndarray:
    """``spoken``: from and to, s. Syllables of some 150 ms with faint ends, over the noise of a line."""
    random = np.random.default_rng(seed)
    samples = random.normal(0, 32768 * 10 ** (LINE_DBOV / 20), round(seconds * RATE_HZ))
    at = np.arange(len(samples)) / RATE_HZ
    voice = random.normal(0, 3000, len(samples)) * np.abs(np.sin(2 * np.pi * at / 0.3))
    for begin, end in spoken:
        chosen = (at >= begin) & (at < end)
        samples[chosen] += voice[chosen]
    return np.clip(samples, -32768, 32767).astype(np.int16)


def verdict(samples: np.ndarray) -> tuple[End | None, float]:
    """What the opening makes of who says this, and when (s)."""
    ear, opening = Listening(1), Opening("leg", "en", Answering(machines=True))
    (watch,) = opening.begin(0.0)
    assert isinstance(watch, WatchSilence)
    ear.await_silence(0, watch.after_s)
    for tick in range(len(samples) // FRAME):
        frame = samples[tick * FRAME : (tick + 1) * FRAME].reshape(1, FRAME)
        ear.hear(lambda rows, frame=frame: frame[rows], np.array([True]))
        now = (tick + 1) * TICK_S
        for _ in ear.silences():
            opening.hear(Silent("leg"), now)
        opening.tick(now)
        if opening.end is not None:
            return opening.end, now
    return None, len(samples) / RATE_HZ


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("spoken", "end"),
    [
        ([], End.THROUGH),  # waits for us to speak
        ([(0.2, 0.7)], End.THROUGH),  # "hello?"
        ([(0.0, 0.5)], End.THROUGH),  # and was speaking when the line was through
        ([(0.3, 0.8), (1.1, 2.4)], End.THROUGH),  # "hello, this is the Smiths"
        ([(0.4, 8.0)], End.MACHINE),
        ([(0.3, 2.0), (2.4, 8.0)], End.MACHINE),  # takes breath
    ],
)
def test_persons_and_machines(spoken: list[tuple[float, float]], end: End, seed: int) -> None:
    found, at = verdict(line(8.0, spoken, seed))
    assert found is end
    if end is End.MACHINE:
        assert at == pytest.approx(MACHINE_S, abs=0.05)
    else:
        said_until = max((until for _, until in spoken), default=0.0)
        assert said_until + PAUSE_S - 0.1 <= at <= said_until + PAUSE_S + 0.3


def test_a_machine_that_begins_with_a_silence_is_taken_for_a_person() -> None:
    """The limit of the method, as the docs have it."""
    assert verdict(line(8.0, [(1.5, 8.0)]))[0] is End.THROUGH


def test_a_person_who_talks_on_is_taken_for_a_machine() -> None:
    assert verdict(line(8.0, [(0.2, 5.0)]))[0] is End.MACHINE
