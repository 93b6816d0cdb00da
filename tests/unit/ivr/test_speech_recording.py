"""Values from recordings: every value is made of pieces, and the check knows all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.ivr import speech
from softswitch.ivr.speech import LANGUAGES
from softswitch.ivr.speech.duration import LONGEST_S
from softswitch.ivr.speech.recording import digit_pieces, needed, pieces

DAYS = [date(1999, 12, 31), *(date(2026, 1, 1) + timedelta(day) for day in range(365))]


def every(kind: str, language: str) -> Iterator[str]:
    """Values of a kind, in words."""
    match kind:
        case "date":
            for day in DAYS:
                yield speech.date(day, language, weekday=True)
            for days in range(-2, 3):
                yield speech.near(DAYS[0] + timedelta(days), DAYS[0], language) or speech.date(DAYS[0], language)
        case "time":
            for minute in range(1440):
                for hours in (12, 24):
                    yield speech.time(time(*divmod(minute, 60)), language, hours)
        case "count":
            for thing in speech.THINGS:
                yield from (speech.counted(value, thing, language) for value in (0, 1, 2, 105))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["date", "time", "count"])
def test_every_value_is_made_of_recordings_that_are_known(kind: str, language: str) -> None:
    known = needed(kind, language)
    for text in every(kind, language):
        assert pieces(text, language) and known.issuperset(pieces(text, language)), text


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.integers(-speech.MAX_NUMBER, speech.MAX_NUMBER), st.integers(0, 99), st.sampled_from([*speech.CURRENCIES]))
def test_so_is_every_number_and_amount(language: str, whole: int, cents: int, currency: str) -> None:
    value = Decimal(f"{whole}.{cents:02}") if currency != "JPY" else Decimal(whole)
    said = pieces(speech.number(value, language), language)
    assert said and needed("number", language).issuperset(said)
    amount = pieces(speech.money(value, currency, language), language)
    assert amount and needed("money", language).issuperset(amount)
    place = pieces(speech.ordinal(max(abs(whole), 1), language), language)
    assert place and needed("ordinal", language).issuperset(place)


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.one_of(st.floats(0, 100_000), st.floats(0, LONGEST_S)), st.sampled_from(["day", "hour", "minute", "second"]))
def test_so_is_every_length_of_time(language: str, seconds: float, to: str) -> None:
    said = pieces(speech.duration(seconds, language, to), language)
    assert said and needed("duration", language).issuperset(said)


def test_what_the_recordings_are_called() -> None:
    assert " ".join(pieces("一百零五", "zh")) == "word/一 word/百 word/零 word/五"
    assert " ".join(pieces("nine thirty a.m.", "en")) == "word/nine word/thirty word/am"
    assert " ".join(pieces("two Hong Kong dollars", "en")) == "word/two word/Hong-Kong-dollars"
    assert (
        " ".join(pieces("Monday, the second of March", "en")) == "word/Monday word/the word/second word/of word/March"
    )
    assert (
        " ".join(digit_pieces("+1-2*#.", (3,))) == "digits/plus digits/1 digits/2  digits/star digits/hash digits/point"
    )
    assert needed("digits", "zh") == {f"digits/{name}" for name in "0123456789"} | {
        "digits/plus", "digits/star", "digits/hash", "digits/point",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "language"), [("twentysomething", "en"), ("one cat", "en"), ("一只猫", "zh"), ("", "en")]
)
def test_another_text_has_no_pieces(text: str, language: str) -> None:
    assert pieces(text, language) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_place_in_line_is_made_of_recordings_that_are_known(language: str) -> None:
    asked = {name for place in range(1, 130) for name in speech.sentence("position", language, position=place).pieces}
    assert asked and needed("position", language).issuperset(asked)
