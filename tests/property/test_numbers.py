"""Five spellings of a number are one; and no text, whatever it is, raises or is dialled as an emergency number."""

from __future__ import annotations

import re

import phonenumbers
from hypothesis import example, given, settings
from hypothesis import strategies as st

from softswitch.callback.number import REFUSALS, normalise
from softswitch.callback.reading import Reading

CN = Reading("CN")
AREAS = (
    "10",
    "20",
    "21",
    "22",
    "23",
    "24",
    "25",
    "27",
    "28",
    "29",
    "311",
    "371",
    "431",
    "532",
    "574",
    "755",
    "769",
    "898",
)
MOBILE = st.tuples(st.sampled_from(("138", "139", "150", "159", "177", "186", "199")), st.integers(0, 99_999_999)).map(
    lambda parts: f"{parts[0]}{parts[1]:08d}"
)
DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


def is_valid(national: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+86{national}"))


@st.composite
def fixed_lines(draw: st.DrawFn) -> str:
    """In one of the areas; those of 10 and 2x have eight digits behind, the others seven, some eight."""
    area = draw(st.sampled_from(AREAS))
    width = 8 if len(area) == 2 else 7
    first = draw(st.sampled_from("2345678"))
    return f"{area}{first}{draw(st.integers(0, 10 ** (width - 1) - 1)):0{width - 1}d}"


@st.composite
def grouped(draw: st.DrawFn, digits: str) -> str:
    """The same digits with what people write between them."""
    between = st.sampled_from(("", "", "", " ", "-", ".", "–", "\u00a0"))
    return digits[0] + "".join(draw(between) + digit for digit in digits[1:])


SPELLINGS = (
    "{n}", "+86{n}", "0086{n}", "86{n}", "0{n}", "(86){n}", "(+86) {n}", "+86 (0){n}", "+86-0{n}", "tel:+86{n}",
    "tel:{n};phone-context=+86", "sip:+86{n}@192.0.2.1;user=phone", "sip:{n}@h", "\u202a+86{n}\u202c", " {n}\r\n",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(MOBILE.filter(is_valid), st.data())
def test_every_spelling_of_a_mobile_number_is_one(national: str, data: st.DataObject) -> None:
    for spelling in SPELLINGS:
        written = spelling.format(n=data.draw(grouped(national)))
        assert normalise(written, CN) == (f"+86{national}", ""), written
        assert normalise(written.translate(DIGITS), CN).dial == f"+86{national}", written


@settings(max_examples=60, deadline=None)
@given(fixed_lines().filter(is_valid), st.data())
def test_every_spelling_of_a_fixed_line_is_one(national: str, data: st.DataObject) -> None:
    for spelling in SPELLINGS:
        written = spelling.format(n=data.draw(grouped(national)))
        assert normalise(written, CN) == (f"+86{national}", ""), written


@settings(max_examples=100, deadline=None)
@given(fixed_lines().filter(is_valid))
def test_within_its_area_too(national: str) -> None:
    area = next(area for area in AREAS if national.startswith(area))
    assert normalise(national[len(area) :], Reading("CN", area_code=area)).dial == f"+86{national}"


ANYTHING = st.text(max_size=300) | st.from_regex(r"(tel:|sip:)?[+(0-9 ;=.\-/x%A-Fa-f)@]{0,40}", fullmatch=True)
EMERGENCY = re.compile(r"(\+86)?0?(10|2\d|[3-9]\d\d)?(110|119|120|122)|112|911|999")


@settings(max_examples=400, deadline=None)
@given(ANYTHING, st.sampled_from(("CN", "US", "DE", "GB")), st.sampled_from(("", "10", "212")), st.booleans())
@example("110", "CN", "10", True)
@example("tel:1;phone-context=+8611", "CN", "", True)
@example("0" * 250, "CN", "10", True)
def test_no_text_raises_and_the_answer_is_a_number_or_a_reason(
    presented: str, region: str, area_code: str, internal: bool
) -> None:
    reading = Reading(region, area_code, services=True, internal="[0-9+]*" if internal else "")
    dial, why = normalise(presented, reading)
    assert (dial == "") == (why in REFUSALS)
    if region == "CN" and dial:
        assert not EMERGENCY.fullmatch(dial)


@settings(max_examples=60, deadline=None)
@given(MOBILE.filter(is_valid) | fixed_lines().filter(is_valid))
def test_what_has_been_read_is_read_the_same_again(national: str) -> None:
    dial = normalise(national, CN).dial
    assert normalise(dial, CN) == (dial, "")
