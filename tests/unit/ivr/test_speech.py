"""Numbers and sentences as they are said."""

from __future__ import annotations

import pytest

from softswitch.ivr.speech import count, digits, number, phrase


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "零", "zero"),
        (2, "二", "two"),
        (10, "十", "ten"),
        (12, "十二", "twelve"),
        (20, "二十", "twenty"),
        (22, "二十二", "twenty-two"),
        (100, "一百", "one hundred"),
        (105, "一百零五", "one hundred and five"),
        (110, "一百一十", "one hundred and ten"),
        (200, "两百", "two hundred"),
        (1001, "一千零一", "one thousand and one"),
        (1010, "一千零一十", "one thousand and ten"),
        (2222, "两千二百二十二", "two thousand two hundred and twenty-two"),
        (10000, "一万", "ten thousand"),
        (10010, "一万零一十", "ten thousand and ten"),
        (12000, "一万二千", "twelve thousand"),
        (20000, "两万", "twenty thousand"),
        (22000, "两万二千", "twenty-two thousand"),
        (100_001, "十万零一", "one hundred thousand and one"),
        (120_000, "十二万", "one hundred and twenty thousand"),
        (2_000_000, "两百万", "two million"),
        (20_100_000, "两千零一十万", "twenty million one hundred thousand"),
        (
            99_999_999,
            "九千九百九十九万九千九百九十九",
            "ninety-nine million nine hundred and ninety-nine thousand nine hundred and ninety-nine",
        ),
        (100_000_000, "一亿", "one hundred million"),
        (200_000_001, "两亿零一", "two hundred million and one"),
        (-3, "负三", "minus three"),
    ],
)
def test_numbers(value: int, zh: str, en: str) -> None:
    assert (number(value, "zh"), number(value, "en")) == (zh, en)


def test_a_number_that_nobody_says_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        number(10**12, "zh")


def test_two_of_something_is_another_word_in_mandarin() -> None:
    assert [count(value, "zh") for value in (1, 2, 12)] == ["一", "两", "十二"]


def test_digits_are_read_one_by_one() -> None:
    assert digits("+86 10-7*#", "zh") == "加八六幺零七星井"
    assert digits("+49 7*#", "en-GB") == "plus four nine seven star hash"


@pytest.mark.parametrize(
    ("position", "zh", "en"),
    [
        (1, "您是下一位，请稍候。", "You are next in line."),
        (3, "您前面还有两位，请稍候。", "You are number three in line."),
        (13, "您前面还有十二位，请稍候。", "You are number thirteen in line."),
    ],
)
def test_the_place_in_line(position: int, zh: str, en: str) -> None:
    assert (phrase("position", "zh", position=position), phrase("position", "en", position=position)) == (zh, en)


@pytest.mark.parametrize(
    ("key", "values", "part"),
    [
        ("callback_offer", {"key": "1"}, ("按一", "press one")),
        ("callback_promised", {}, ("回电", "call you back")),
        ("agent_logged_in", {}, ("已登录", "logged in")),
        ("agent_logged_out", {}, ("已退出", "logged out")),
        ("agent_ready", {}, ("已就绪", "ready")),
        ("agent_paused", {}, ("已暂停", "paused")),
        ("agent_unknown", {}, ("坐席", "agent")),
        ("apology", {}, ("对不起", "sorry")),
        ("voicemail_beep_hint", {}, ("留言", "tone")),
        (
            "whisper_queue",
            {"queue": "orders", "waited_s": 59.9},
            ("orders来电，等候不到", "waited less than a minute"),
        ),
        ("whisper_queue", {"queue": "orders", "waited_s": 60.0}, ("已等候一分钟", "from orders, waited one minute.")),
        ("whisper_queue", {"queue": "orders", "waited_s": 150.0}, ("已等候两分钟", "waited two minutes.")),
        ("whisper_callback", {"number": "+8613"}, ("加八六幺三", "plus eight six one three")),
    ],
)
def test_the_standing_sentences_in_both_languages(key: str, values: dict[str, object], part: tuple[str, str]) -> None:
    for language, words in zip(("zh-CN", "en"), part, strict=True):
        assert words in phrase(key, language, **values)


def test_a_language_that_nobody_taught_us_is_english() -> None:
    assert phrase("agent_ready", "fr") == "You are ready."


def test_a_sentence_without_its_value_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        phrase("whisper_callback", "zh")
