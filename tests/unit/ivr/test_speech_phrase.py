"""Standing sentences, which languages say them, and the recordings that can stand in for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.ivr.speech import LANGUAGES, choose, is_spoken, kin, phrase, sentence, spoken_language
from softswitch.ivr.speech.catalogue import PHRASES
from softswitch.ivr.speech.language import chain

REFERENCE = Path(__file__).parents[3] / "docs" / "dialplan.md"


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


def test_the_words_of_a_sentence_are_those_of_the_fallback_and_its_recordings_the_caller_s() -> None:
    french = sentence("agent_ready", "fr")
    assert (french.language, french.text_language, french.text) == ("fr", "en", "You are ready.")
    assert french.pieces == ("phrase/agent_ready",)


@pytest.mark.parametrize(
    ("key", "language", "values", "pieces"),
    [
        ("position", "en", {"position": 1}, "phrase/next_in_line"),
        ("position", "en", {"position": 21}, "phrase/position.1 word/twenty word/one phrase/position.2"),
        ("position", "zh", {"position": 3}, "phrase/position.1 word/两 phrase/position.2"),
        ("callback_offer", "zh", {"key": "1"}, "phrase/callback_offer.1 word/一 phrase/callback_offer.2"),
        ("callback_offer", "en", {"key": "#"}, "phrase/callback_offer.1 digits/hash phrase/callback_offer.2"),
        ("whisper_callback", "en", {"number": "+86"}, "phrase/whisper_callback.1 digits/plus digits/8 digits/6"),
        ("parked_at", "zh", {"slot": "71"}, "phrase/parked_at.1 digits/7 digits/1"),
        ("whisper_queue", "en", {"queue": "orders", "waited_s": 60}, ""),  # the name has none
    ],
)
def test_which_recordings_say_a_sentence(key: str, language: str, values: dict[str, object], pieces: str) -> None:
    assert " ".join(sentence(key, language, **values).pieces) == pieces


def test_every_sentence_has_its_words_in_every_language_with_the_same_values() -> None:
    for key, said in PHRASES.items():
        assert set(said) == set(LANGUAGES), key
        assert len({text.count("{") for text in said.values()}) == 1, key


@pytest.mark.parametrize(
    ("language", "own", "then"),
    [
        ("zh", ("zh",), ("zh", "en")),
        ("zh-CN", ("zh-CN", "zh"), ("zh-CN", "zh", "en")),
        ("zh-Hant-HK", ("zh-Hant-HK", "zh-Hant", "zh"), ("zh-Hant-HK", "zh-Hant", "zh", "en")),
        ("yue", ("yue", "zh"), ("yue", "zh", "en")),
        ("yue-HK", ("yue-HK", "yue", "zh"), ("yue-HK", "yue", "zh", "en")),
        ("en-GB", ("en-GB", "en"), ("en-GB", "en", "zh")),
        ("fr", ("fr",), ("fr", "en", "zh")),
    ],
)
def test_which_language_stands_in_for_which(language: str, own: tuple[str, ...], then: tuple[str, ...]) -> None:
    assert kin(language) == own and chain(language) == then


def test_a_fallback_is_tried_in_its_order() -> None:
    assert spoken_language("fr", ("zh", "en")) == "zh" and spoken_language("fr") == "en"
    assert choose("yue", {"zh", "en"}) == "zh" and choose("fr", {"de"}) is None
    assert choose("fr", {"de", "en"}, ("de", "en")) == "de"


@pytest.mark.parametrize("language", ["zh", "en", "zh-CN", "zh-Hant-HK", "yue", "en-GB"])
def test_languages_that_are_spoken(language: str) -> None:
    assert is_spoken(language)


@pytest.mark.parametrize("language", ["", "fr", "ZH", "zh_CN", "english", "zh-", "../zh", "zh-C\n", "yue-HK-x-y"])
def test_languages_that_are_not(language: str) -> None:
    assert not is_spoken(language)


def test_the_reference_names_every_sentence() -> None:
    (line,) = [line for line in REFERENCE.read_text("utf-8").splitlines() if line.startswith("Sentences: ")]
    assert line == f"Sentences: {', '.join(f'`{key}`' for key in PHRASES)}."
