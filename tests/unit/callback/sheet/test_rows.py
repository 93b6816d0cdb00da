"""A list is read row by row: what is right becomes a promise, what is wrong is told by line and column, and no broken
row stops those after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from softswitch.callback.campaign import Campaign
from softswitch.callback.model import Promise
from softswitch.callback.reading import Reading
from softswitch.callback.sheet import reader as reader_module
from softswitch.callback.sheet.mistake import Mistake, SheetError, cell
from softswitch.callback.sheet.reader import Reader
from softswitch.callback.sheet.row import Import
from tests.unit.callback.desk import NOON

SHANGHAI = "Asia/Shanghai"
DAY_S = 86400.0
GOOD = "13800138000"


def common(listed: Collection[str] = (), zone: str = SHANGHAI, **of_campaign: object) -> Import:
    campaign = Campaign("welcome", "sales", **{"reserved": frozenset({"caller", "queue"}), **of_campaign})  # type: ignore[arg-type]
    return Import(campaign, "welcome", Reading(), 60.0, 7 * DAY_S, zone, NOON, listed.__contains__, "C-1")


def read(
    octets: bytes | str, wanted: Import | None = None, pieces: int = 1 << 20
) -> tuple[list[Promise], list[Mistake]]:
    data = octets.encode() if isinstance(octets, str) else octets
    reader, promises, mistakes = Reader(wanted or common()), [], []
    for at in range(0, len(data) + 1, pieces):
        reader.feed(data[at : at + pieces], final=at + pieces > len(data))
        while some := list(reader.rows(7)):
            promises += [row.promise for row in some if row.promise]
            mistakes += [mistake for row in some for mistake in row.mistakes]
    for promise in promises:
        reader.taken(0, promise, True)
    assert reader.tally.accounted
    return promises, mistakes


def test_a_row_is_a_promise_with_all_that_it_says() -> None:
    head = "number,name,priority,not_before,expires,consent,product"
    text = f"{head}\r\n+86 138 0013 8000,李雷,1h,2025-10-10 09:00,2025-10-11,C-9,tea\r\n"
    (promise,), mistakes = read(text, common(variables=(("product", "coffee"), ("gift", "cup"))))
    assert mistakes == []
    assert (promise.number, promise.queue, promise.campaign, promise.key) == (
        "+8613800138000", "sales", "welcome", "welcome",
    )  # fmt: skip
    assert (promise.stage, promise.losses, promise.priority_s, promise.consent) == ("imported", 0, 3660.0, "C-9")
    assert promise.not_before == 1760058000.0  # 2025-10-10 01:00 UTC
    assert promise.expires_at == 1760198400.0  # the end of that day in Shanghai
    assert dict(promise.variables) == {"name": "李雷", "product": "tea", "gift": "cup"}


def test_what_a_row_leaves_empty_is_as_the_campaign_and_the_import_say() -> None:
    (promise,), _ = read(f"number,product,consent\n{GOOD},,\n", common(variables=(("product", "coffee"),)))
    assert (dict(promise.variables), promise.consent, promise.expires_at) == ({"product": "coffee"}, "C-1", 0.0)


def test_those_above_are_called_before_those_below() -> None:
    promises, _ = read("number\n" + "".join(f"1380013{n:04d}\n" for n in range(2000)))
    assert [one.number[-4:] for one in sorted(promises, key=lambda one: one.rank)] == [f"{n:04d}" for n in range(2000)]
    assert all(NOON - 1 <= one.recorded_at <= NOON for one in promises)


def test_who_is_not_to_be_called_before_a_day_has_as_long_from_then() -> None:
    (promise,), _ = read(f"number,not_before\n{GOOD},2025-10-30\n")
    assert promise.expires_at == promise.not_before + 7 * DAY_S
    (other,), _ = read(f"number\n{GOOD}\n", common(begins_at=NOON + 10 * DAY_S))
    assert (other.not_before, other.expires_at) == (NOON + 10 * DAY_S, NOON + 17 * DAY_S)


def test_the_same_row_is_the_same_promise_and_another_round_or_campaign_is_not() -> None:
    ids = {read(f"number\n{number}\n")[0][0].id for number in (GOOD, "'+8613800138000", " 138-0013-8000 ")}
    assert len(ids) == 1
    again = Import(
        common().campaign, "welcome", Reading(), 60.0, 7 * DAY_S, SHANGHAI, NOON, set().__contains__, round="2"
    )
    (other,), _ = read(f"number\n{GOOD}\n", again)
    assert other.id not in ids


NAMED = "number,name,priority,not_before,expires\n"


@pytest.mark.parametrize(
    ("row", "column", "wrong"),
    [
        ("1234567,,,,", "number", "is not called: invalid"),
        (",,,,", "number", "is empty"),
        ("anonymous,,,,", "number", "is not called: withheld"),
        ("110,,,,", "number", "is not called: emergency"),
        ("+442071838750,,,,", "number", "is not called: foreign"),
        ("95588,,,,", "number", "is not called: service"),
        ("1" * 200 + ",,,,", "number", "has 200 characters; at most 64"),
        (f"{GOOD},{'x' * 501},,,", "name", "has 501 characters; at most 500"),
        (f"{GOOD},a\x00b,,,", "name", "has the control character U+0000"),
        (f"{GOOD},a\x1b[2Jb,,,", "name", "has the control character U+001B"),
        (f"{GOOD},a\u202eb,,,", "name", "has the control character U+202E"),
        (f"{GOOD},,soon,,", "priority", "'soon' is not a duration"),
        (f"{GOOD},,60,,", "priority", "'60' is not a duration"),
        (f"{GOOD},,400d,,", "priority", "is more than a year"),
        (f"{GOOD},,,tomorrow,", "not_before", "is not a time; write for example"),
        (f"{GOOD},,,2025-02-30,", "not_before", "is not a time"),
        (f"{GOOD},,,,0001-01-01", "expires", "expires before anybody is called"),
        (f"{GOOD},,,9999-12-31,", "not_before", "is more than a year ahead"),
        (f"{GOOD},,,,2025-10-01", "expires", "expires before anybody is called"),
        (f"{GOOD},,,2025-12-01,2025-11-01", "expires", "expires before anybody is called"),
        (f"{GOOD},Li", "", "has 2 cells, and the first line names 5 columns"),
        (f"{GOOD},Li,,,,,", "", "has 7 cells, and the first line names 5 columns"),
        (f'{GOOD},say "hi",,,', "", "has a quote where none belongs"),
        (f'{GOOD},"Li" x,,,', "", "has a quote where none belongs"),
        (f'{GOOD},"Li,,,', "", "has a quote"),
        (f"{GOOD},{'x' * 10_000_000},,,", "", "is longer than 65,536 characters"),
    ],
)  # fmt: skip
def test_a_broken_row_is_told_and_the_next_one_is_taken(row: str, column: str, wrong: str) -> None:
    promises, (mistake,) = read(f"{NAMED}{row}\n13900139000,Han,,,\n")
    assert [promise.number for promise in promises] == ["+8613900139000"]
    assert (mistake.line, mistake.column) == (2, column)
    assert mistake.wrong.startswith(wrong), mistake
    assert len(mistake.value) < 100 and mistake.value.isprintable()


def test_a_time_that_the_clocks_leave_out_is_refused() -> None:
    _, (mistake,) = read(f"number,not_before\n{GOOD},2026-03-29 02:30\n", common(zone="Europe/Berlin"))
    assert mistake.column == "not_before" and "the clocks of Europe/Berlin leave it out; write 03:30" in mistake.wrong


def test_a_number_is_taken_once_and_not_at_all_where_it_is_listed() -> None:
    promises, mistakes = read(f"number\n{GOOD}\n+86{GOOD}\n13900139000\n", common({"+8613900139000"}))
    assert [promise.number for promise in promises] == ["+8613800138000"]
    assert [(one.line, one.reason) for one in mistakes] == [(3, "duplicate in file"), (4, "do-not-call")]


def test_what_the_campaign_requires_may_not_be_empty() -> None:
    _, (mistake,) = read(f"number,name\n{GOOD},\n", common(required=frozenset({"name"})))
    assert (mistake.column, mistake.wrong) == ("name", "is empty")


def test_after_the_last_day_nothing_is_taken() -> None:
    _, (mistake,) = read(f"number\n{GOOD}\n", common(ends_at=NOON - 1))
    assert mistake.wrong == "the campaign has ended by then"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\r\n  \n", "the first line"),
        (b"PK\x03\x04 and so on", "is a workbook or an archive, and no CSV; save it as CSV"),
        (b"\xff\xfen\x00u\x00", "is UTF-16"),
        (b"number\n1380\x00", "has many NUL octets, so it is no text"),
        (b"13800138000,Li\n13900139000,Han\n", "must name the columns (for example number,name,expires); it"),
        (b"phone,name\n", "has no column 'number'; call 'phone' so"),
        ("手机,name\n".encode(), "has no column 'number'; call '手机' so"),
        (b"nummer,name\n", "has no column 'number'; did you mean"),
        (b"Number|name\n+8613800138000|Li\n", "'Number|name'; columns are separated by a comma, a semicolon or a tab"),
        (b"phone|name\n", "is one column, 'phone|name'; columns are separated by"),
        (b"number name\n", "is one column, 'number name'; columns are separated by"),
        (b"a|b\n", "is one column, 'a|b'; columns are separated by"),
        (b"my list\n", "has no column 'number'"),
        (b"number,name,name\n", "column 3 is called 'name', as column 2 is"),
        (b"number,,x\n", "column 2 has no name"),
        (b"number,caller\n", "every call has a variable 'caller' of its own"),
        (b"number,first name\n", "'first name' is no name for a variable; use letters"),
        (b"number," + b"x," * 100 + b"y\n", "has 102 columns; 64 are read at most"),
        (b'number,"name\n', "a quote that is never closed"),
        (b"number " * 20_000, "is longer than 65,536 characters"),
        (b"number,name\r13800138000,Li\r", "its lines end with CR alone; save it as"),
        (b"number\r" + b"13800138000\r" * 9_000, "its lines end with CR alone"),
        (b"<html><body>no</body></html>", "has no column 'number'"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_as_a_whole(file: bytes, said: str) -> None:
    with pytest.raises(SheetError) as caught:
        read(file)
    assert said in str(caught.value), caught.value


@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_is_read_in_each_encoding_in_whatever_pieces_it_comes(encoding: str, pieces: int) -> None:
    rows = "".join(f'1380013{n:04d},"客户,第{n}号\n二行",你好\r\n' for n in range(300))
    promises, mistakes = read(f"number,name,note_\r\n{rows}".encode(encoding), None, pieces)
    assert mistakes[0].wrong.startswith("has the control character U+000A") if mistakes else len(promises) == 300
    assert dict(promises[7].variables) == {"name": "客户,第7号\n二行", "note_": "你好"}


def test_of_too_many_rows_those_that_may_be_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MOST_ROWS", 10)
    reader = Reader(common())
    reader.feed(("number\n" + "".join(f"1380013{n:04d}\n" for n in range(12))).encode(), final=True)
    taken = list(reader.rows(7)) + list(reader.rows(7))
    assert len(taken) == reader.tally.rows == 10 and all(row.promise for row in taken)
    with pytest.raises(SheetError, match="more than 10 rows; divide it"):
        list(reader.rows(7))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_encoding_is_not_guessed_by_half_a_character(encoding: str) -> None:
    ascii_rows = "".join(f"1380013{n:04d},Li\n" for n in range(1000))
    head = f"number,name\n{ascii_rows}13900139000,".encode()
    promises, mistakes = read(head + "客户 或者".encode(encoding) + b"\n", None, len(head) + 1)
    assert mistakes == [] and dict(promises[-1].variables) == {"name": "客户 或者"}


def test_one_broken_character_in_a_file_of_utf_8_costs_its_row_alone() -> None:
    file = "number,name\n13800138000,客户\n13800138001,caf\udce9\n13800138002,客户\n".encode("utf-8", "surrogateescape")
    promises, (mistake,) = read(file)
    assert [promise.number[-1] for promise in promises] == ["0", "2"]
    assert (mistake.line, mistake.column, mistake.wrong) == (3, "name", "has octets that are no character")


def test_lines_are_counted_as_an_editor_does() -> None:
    text = 'number,name\r\n\r\n13800138000,"a\nb"\r\n\r\n1,x\r\n'
    _, (mistake,) = read(text)
    assert mistake.line == 6


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_separates_the_names_separates_the_cells(separator: str) -> None:
    (promise,), _ = read(f"number{separator}name\n{GOOD}{separator}Li\n")
    assert dict(promise.variables) == {"name": "Li"}


@pytest.mark.parametrize("value", ["=1+1", "+86138", "-2", "@SUM(A1)", "\t=1", "＝1"])
def test_nothing_in_the_report_is_a_formula(value: str) -> None:
    assert cell(value).lstrip('"').startswith("'")


def test_a_quote_that_is_never_closed_costs_one_row_in_time_that_grows_with_the_file_only() -> None:
    rows = "".join(f'1380013{n:04d},"x\n' for n in range(5000))
    promises, mistakes = read(f"number,name\n{rows}13900139000,y\n")
    assert len(mistakes) == 5000 and [one.number for one in promises] == ["+8613900139000"]


def in_germany(listed: Collection[str] = ()) -> Import:
    return replace(common(listed, "Europe/Berlin"), reading=Reading("DE"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_umlauts_are_read_where_numbers_are_not_chinese(encoding: str) -> None:
    file = "number;name\r\n030 23456789;Jürgen Groß\r\n".encode(encoding)
    (promise,), mistakes = read(file, in_germany())
    assert mistakes == [] and dict(promise.variables) == {"name": "Jürgen Groß"}


@pytest.mark.parametrize("number", ["+49,0E12", "4.93012E+11", "1,38E+10", "4e12"])
def test_a_number_that_a_spreadsheet_has_rounded_says_so(number: str) -> None:
    _, (mistake,) = read(f'number;name\n"{number}";Li\n', in_germany())
    assert "rounded by a spreadsheet" in mistake.wrong and "as text" in mistake.right
    assert (mistake.column, mistake.reason) == ("number", "invalid")


@pytest.mark.parametrize("region", ["DE", "CN", "US", "ZZ"])
def test_a_number_that_is_none_is_told_one_of_the_region(region: str) -> None:
    wanted = replace(common(), reading=Reading(region))
    _, (mistake,) = read("number\n12\n", wanted)
    assert mistake.wrong == "is not called: invalid"
    shown = mistake.right.removeprefix("write a whole number, for example ")
    (promise,), _ = read(f"number\n{shown}\n", wanted if region != "ZZ" else common())
    assert promise.number == shown, "what we say is right is taken"


def test_a_number_that_is_not_there() -> None:
    _, (mistake,) = read("number,name\n,Li\n")
    assert (mistake.wrong, mistake.right, mistake.reason) == ("is empty", "write the number", "withheld")
