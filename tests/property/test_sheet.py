"""A list that is written by RFC 4180 is read as it was meant, in whatever pieces; and the short way to a number is the
long way, for whatever is written."""

from __future__ import annotations

import csv
import io

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.callback.campaign import Campaign
from softswitch.callback.number import identified, searched
from softswitch.callback.plain_number import PlainNumbers
from softswitch.callback.reading import Reading
from softswitch.callback.sheet.mistake import SheetError
from softswitch.callback.sheet.reader import Reader
from softswitch.callback.sheet.row import Import, Row

CELLS = st.text(st.characters(min_codepoint=32, exclude_categories=("C", "Zl", "Zp"), exclude_characters="\ufffd"))
PIECES = st.integers(1, 50)
REGIONS = tuple(sorted(phonenumbers.SUPPORTED_REGIONS - {"TA"}))  # of Tristan da Cunha no mobile number is known
COMMON = Import(Campaign("c", "q"), "c", Reading(), 0.0, 86400.0, "Asia/Shanghai", 1.76e9, lambda number: False)


def rows_of(octets: bytes, size: int) -> list[Row]:
    reader, rows = Reader(COMMON), []
    for at in range(0, len(octets) + 1, size):
        reader.feed(octets[at : at + size], at + size > len(octets))
        while some := list(reader.rows(3)):
            rows += some
    for row in rows:
        if row.promise:
            reader.taken(row.line, row.promise, True)
    assert reader.tally.accounted and reader.tally.rows == len(rows)
    return rows


@given(st.lists(st.tuples(CELLS, CELLS), max_size=20), PIECES, st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read(cells: list[tuple[str, str]], size: int, end: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=end)
    writer.writerow(["number", "a", "b"])
    for place, pair in enumerate(cells):
        writer.writerow([f"1380013{place:04d}", *pair])
    rows = rows_of(file.getvalue().encode(), size)
    assert [row.mistakes for row in rows] == [()] * len(cells)
    told = [dict(row.promise.variables) for row in rows if row.promise]
    assert told == [{key: value for key, value in zip("ab", pair, strict=True) if value} for pair in cells]


@given(st.binary(max_size=300), PIECES)
def test_whatever_comes_is_rows_or_a_refusal_and_never_a_defect(octets: bytes, size: int) -> None:
    for file in (octets, b"number,a\n" + octets):
        try:
            rows = rows_of(file, size)
        except SheetError as error:
            told = str(error)
            rows = []
        else:
            told = ""
        assert told.isprintable()
        assert all(mistake.value.isprintable() for row in rows for mistake in row.mistakes)


@given(st.text('138,"\n\r;a ', max_size=120), PIECES)
def test_the_pieces_make_no_difference(text: str, size: int) -> None:
    file = f"number,a\n{text}".encode()
    assert rows_of(file, size) == rows_of(file, 1 << 20)


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """Near to mobile numbers, since of others the short way says nothing."""
    region = draw(st.sampled_from(("CN", "DE", "US", "IT", "RU")) | st.sampled_from(REGIONS))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    national = str(example.national_number)
    kept = draw(st.integers(0, 3))
    tail = draw(st.text("0123456789", min_size=len(national) - kept - 1, max_size=len(national) - kept + 1))
    front = draw(st.sampled_from(["", "", "+", "0", "00", f"+{example.country_code}", str(example.country_code)]))
    return region, f"{front}{national[:kept]}{tail}"


@settings(max_examples=400)
@given(
    written_numbers(), st.sampled_from(["", "1[0-9]{3}", "1[0-9]{10}"]), st.sampled_from([(), ("CN",), ("US", "DE")])
)
def test_the_short_way_to_a_number_is_the_long_one(
    number: tuple[str, str], internal: str, countries: tuple[str, ...]
) -> None:
    region, written = number
    reading = Reading(region, countries=countries, internal=internal)
    dial = PlainNumbers(reading).dial(written)
    if dial is not None:
        assert (dial, "") == searched(written, reading) == identified(written, reading)


def test_the_short_way_is_taken_for_what_nearly_every_list_holds() -> None:
    plain = PlainNumbers(Reading())
    assert plain.dial("13800138000") == plain.dial("+8613800138000") == "+8613800138000"
    assert [
        plain.dial(one) for one in ("110", "95588", "+1380013800", "1380013800", "138001380000", "１３800138000")
    ] == [None] * 6
