"""How a wait is put into words that hold, which recording is heard, and which message comes next."""

from __future__ import annotations

import itertools
import math

import pytest

from softswitch.acd.estimate import Interval
from softswitch.contact.treatment import Sound, Treatment, message, told_wait

LONGEST_S = 600.0


@pytest.mark.parametrize(
    ("low_s", "high_s", "en", "zh"),
    [
        (0.0, 0.0, "less than a minute", "不到一分钟"),
        (10.0, 60.0, "less than a minute", "不到一分钟"),
        (10.0, 61.0, "less than two minutes", "不到两分钟"),
        (59.9, 170.0, "less than three minutes", "不到三分钟"),
        (60.0, 120.0, "between one and two minutes", "为一到两分钟"),
        (130.0, 200.0, "between two and four minutes", "为两到四分钟"),  # outward, so that it holds
        (120.0, 120.0, "about two minutes", "约两分钟"),
        (500.0, 600.0, "between eight and ten minutes", "为八到十分钟"),
        (500.0, 601.0, "more than eight minutes", "超过八分钟"),  # which is certain; ten is not
        (700.0, 900.0, "more than ten minutes", "超过十分钟"),
        (700.0, math.inf, "more than ten minutes", "超过十分钟"),
        (1300.0, 1310.0, "more than ten minutes", "超过十分钟"),
    ],
)
def test_a_wait_is_told_as_an_interval_that_holds(low_s: float, high_s: float, en: str, zh: str) -> None:
    wait = Interval(low_s, (low_s + high_s) / 2, high_s)
    for language, words in ("en", f"The expected wait is {en}."), ("zh", f"预计等候时间{zh}。"):
        told = told_wait(wait, LONGEST_S, language)
        assert told is not None and told.prompt.text == words


@pytest.mark.parametrize("wait", [None, Interval(0.0, 400.0, 700.0), Interval(59.0, 400.0, 1e9)])
def test_what_is_not_known_is_not_told(wait: Interval | None) -> None:
    assert told_wait(wait, LONGEST_S, "en") is None


@pytest.mark.parametrize(
    ("language", "pieces"),
    [
        ("en", "phrase/wait_between.1 word/two phrase/wait_between.2 word/four word/minutes"),
        ("zh", "phrase/wait_between.1 word/两 phrase/wait_between.2 word/四 word/分钟"),
    ],
)
def test_a_wait_is_heard_from_recordings_where_all_are_there(language: str, pieces: str) -> None:
    told = told_wait(Interval(130.0, 160.0, 200.0), LONGEST_S, language)
    assert told is not None and told.prompt.pieces == tuple(pieces.split())


def test_waits_are_compared_by_what_is_told() -> None:
    told = [told_wait(Interval(low, low, high), LONGEST_S, "en") for low, high in ((5, 50), (65, 170), (400, 900))]
    assert [one.minutes for one in told if one] == [(1, 0), (3, 1), (math.inf, 6)]


def test_a_sound_is_its_recording_unless_a_text_speaks_the_callers_language_better() -> None:
    both = Sound("thanks.wav", {"en": "Thank you.", "zh": "谢谢。"}, frozenset({"zh"}))
    assert (both.prompt("zh-HK").file, both.prompt("en").file, both.prompt("en").text) == (
        "thanks.wav",
        "",
        "Thank you.",
    )
    assert Sound("thanks.wav").prompt("en").file == "thanks.wav"  # in another language perhaps: all there is
    foreign = Sound(texts={"zh": "谢谢。"}).prompt("en")
    assert (foreign.text, foreign.text_language) == ("谢谢。", "zh")
    assert Sound(texts={"": "OK {agent}"}).prompt("en", "Alice").text == "OK Alice"


def test_messages_come_in_turn() -> None:
    it = Treatment(messages=tuple(Sound(f"{name}.wav") for name in "abc"))
    assert [one.file[0] for number in range(7) if (one := message(it, number, "c1"))] == list("abcabca")
    assert message(Treatment(), 0, "c1") is None


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_messages_at_random_are_each_heard_before_any_is_heard_again_and_none_twice_running(count: int) -> None:
    it = Treatment(messages=tuple(Sound(f"{number}.wav") for number in range(count)), random=True)
    orders = set()
    for contact in range(200):
        heard = [one.file for number in range(6 * count) if (one := message(it, number, f"c{contact}"))]
        rounds = [heard[start : start + count] for start in range(0, len(heard), count)]
        assert all(len(set(one)) == count for one in rounds)
        assert count == 1 or all(first != second for first, second in itertools.pairwise(heard))
        orders.add(tuple(rounds[0]))
    assert len(orders) >= min(math.factorial(count), 6)
    again = [message(it, number, "c7") for number in range(10)]
    assert again == [message(it, number, "c7") for number in range(10)]  # after a restart, say
