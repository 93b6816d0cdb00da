"""Numbers in words: cardinals, decimals, ordinals, counts, digits. The tables are what a speaker says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softswitch.ivr.speech import MAX_NUMBER, count, counted, digits, key_name, number, ordinal
from softswitch.ivr.speech.number import telephone_groups
from tests.support.read_number import read_english, read_mandarin


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "零", "zero"),
        (1, "一", "one"),
        (2, "二", "two"),
        (7, "七", "seven"),
        (9, "九", "nine"),
        (10, "十", "ten"),
        (11, "十一", "eleven"),
        (12, "十二", "twelve"),
        (13, "十三", "thirteen"),
        (15, "十五", "fifteen"),
        (18, "十八", "eighteen"),
        (19, "十九", "nineteen"),
        (20, "二十", "twenty"),
        (21, "二十一", "twenty-one"),
        (22, "二十二", "twenty-two"),
        (40, "四十", "forty"),
        (58, "五十八", "fifty-eight"),
        (90, "九十", "ninety"),
        (99, "九十九", "ninety-nine"),
        (100, "一百", "one hundred"),
        (101, "一百零一", "one hundred and one"),
        (102, "一百零二", "one hundred and two"),
        (105, "一百零五", "one hundred and five"),
        (110, "一百一十", "one hundred and ten"),
        (112, "一百一十二", "one hundred and twelve"),
        (120, "一百二十", "one hundred and twenty"),
        (200, "两百", "two hundred"),
        (202, "两百零二", "two hundred and two"),
        (222, "两百二十二", "two hundred and twenty-two"),
        (365, "三百六十五", "three hundred and sixty-five"),
        (999, "九百九十九", "nine hundred and ninety-nine"),
        (1000, "一千", "one thousand"),
        (1001, "一千零一", "one thousand and one"),
        (1010, "一千零一十", "one thousand and ten"),
        (1016, "一千零一十六", "one thousand and sixteen"),
        (1100, "一千一百", "one thousand one hundred"),
        (1110, "一千一百一十", "one thousand one hundred and ten"),
        (1203, "一千二百零三", "one thousand two hundred and three"),
        (2000, "两千", "two thousand"),
        (2002, "两千零二", "two thousand and two"),
        (2222, "两千二百二十二", "two thousand two hundred and twenty-two"),
        (9090, "九千零九十", "nine thousand and ninety"),
        (10_000, "一万", "ten thousand"),
        (10_001, "一万零一", "ten thousand and one"),
        (10_010, "一万零一十", "ten thousand and ten"),
        (10_100, "一万零一百", "ten thousand one hundred"),
        (10_200, "一万零二百", "ten thousand two hundred"),
        (12_000, "一万二千", "twelve thousand"),
        (12_345, "一万二千三百四十五", "twelve thousand three hundred and forty-five"),
        (20_000, "两万", "twenty thousand"),
        (20_002, "两万零二", "twenty thousand and two"),
        (22_000, "两万二千", "twenty-two thousand"),
        (100_000, "十万", "one hundred thousand"),
        (100_001, "十万零一", "one hundred thousand and one"),
        (105_000, "十万五千", "one hundred and five thousand"),
        (110_000, "十一万", "one hundred and ten thousand"),
        (120_000, "十二万", "one hundred and twenty thousand"),
        (200_000, "二十万", "two hundred thousand"),
        (1_000_000, "一百万", "one million"),
        (1_000_001, "一百万零一", "one million and one"),
        (1_010_000, "一百零一万", "one million ten thousand"),
        (1_200_000, "一百二十万", "one million two hundred thousand"),
        (2_000_000, "两百万", "two million"),
        (10_000_000, "一千万", "ten million"),
        (20_000_000, "两千万", "twenty million"),
        (20_100_000, "两千零一十万", "twenty million one hundred thousand"),
        (100_000_000, "一亿", "one hundred million"),
        (100_000_001, "一亿零一", "one hundred million and one"),
        (100_001_000, "一亿零一千", "one hundred million one thousand"),
        (100_010_000, "一亿零一万", "one hundred million ten thousand"),
        (110_000_000, "一亿一千万", "one hundred and ten million"),
        (120_000_000, "一亿二千万", "one hundred and twenty million"),
        (200_000_001, "两亿零一", "two hundred million and one"),
        (1_000_000_000, "十亿", "one billion"),
        (1_300_050_000, "十三亿零五万", "one billion three hundred million fifty thousand"),
        (1_400_000_000, "十四亿", "one billion four hundred million"),
        (100_000_000_000, "一千亿", "one hundred billion"),
        (200_000_000_000, "两千亿", "two hundred billion"),
        (-3, "负三", "minus three"),
        (-205, "负两百零五", "minus two hundred and five"),
    ],
)
def test_whole_numbers(value: int, zh: str, en: str) -> None:
    assert (number(value, "zh-CN"), number(value, "en-GB")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("0.5", "零点五", "zero point five"),
        ("2.5", "二点五", "two point five"),
        ("3.14", "三点一四", "three point one four"),
        ("10.05", "十点零五", "ten point zero five"),
        ("100.20", "一百点二", "one hundred point two"),
        ("5.0", "五", "five"),
        ("-0.25", "负零点二五", "minus zero point two five"),
        ("0.30000000000000004", "零点三", "zero point three"),
        ("-0.0000000001", "零", "zero"),
        ("1000000.5", "一百万点五", "one million point five"),
    ],
)
def test_decimal_numbers(value: str, zh: str, en: str) -> None:
    assert (number(Decimal(value), "zh"), number(Decimal(value), "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (1, "第一", "first"),
        (2, "第二", "second"),
        (3, "第三", "third"),
        (4, "第四", "fourth"),
        (5, "第五", "fifth"),
        (6, "第六", "sixth"),
        (7, "第七", "seventh"),
        (8, "第八", "eighth"),
        (9, "第九", "ninth"),
        (10, "第十", "tenth"),
        (11, "第十一", "eleventh"),
        (12, "第十二", "twelfth"),
        (13, "第十三", "thirteenth"),
        (19, "第十九", "nineteenth"),
        (20, "第二十", "twentieth"),
        (21, "第二十一", "twenty-first"),
        (22, "第二十二", "twenty-second"),
        (23, "第二十三", "twenty-third"),
        (30, "第三十", "thirtieth"),
        (32, "第三十二", "thirty-second"),
        (45, "第四十五", "forty-fifth"),
        (90, "第九十", "ninetieth"),
        (100, "第一百", "one hundredth"),
        (101, "第一百零一", "one hundred and first"),
        (112, "第一百一十二", "one hundred and twelfth"),
        (200, "第二百", "two hundredth"),
        (1000, "第一千", "one thousandth"),
        (1001, "第一千零一", "one thousand and first"),
        (20_000, "第二万", "twenty thousandth"),
        (1_000_000, "第一百万", "one millionth"),
    ],
)
def test_places_in_a_row(value: int, zh: str, en: str) -> None:
    assert (ordinal(value, "zh"), ordinal(value, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "thing", "zh", "en"),
    [
        (0, "message", "零条留言", "zero messages"),
        (1, "message", "一条留言", "one message"),
        (2, "message", "两条留言", "two messages"),
        (12, "message", "十二条留言", "twelve messages"),
        (22, "call", "二十二个电话", "twenty-two calls"),
        (2, "person", "两位", "two people"),
        (1, "person", "一位", "one person"),
        (3, "agent", "三位坐席", "three agents"),
        (2, "order", "两个订单", "two orders"),
        (200, "item", "两百件商品", "two hundred items"),
        (2, "ticket", "两张票", "two tickets"),
        (1, "time", "一次", "one time"),
        (4, "digit", "四位数字", "four digits"),
        (2, "day", "两天", "two days"),
        (10, "point", "十分", "ten points"),
    ],
)
def test_what_is_counted(value: int, thing: str, zh: str, en: str) -> None:
    assert (counted(value, thing, "zh"), counted(value, thing, "en")) == (zh, en)


def test_two_of_something_is_another_word_in_mandarin() -> None:
    assert [count(value, "zh") for value in (1, 2, 12, 20)] == ["一", "两", "十二", "二十"]
    assert count(2, "en") == "two"


@pytest.mark.parametrize(
    ("text", "groups", "zh", "en"),
    [
        ("110", (), "幺幺零", "one one zero"),
        ("+86 10-7*#", (), "加八六幺零七星井", "plus eight six one zero seven star hash"),
        ("A 2b", (), "二", "two"),
        ("", (), "", ""),
        ("3.5", (), "三点五", "three point five"),
        ("13800138000", (3, 4, 4), "幺三八，零零幺三，八零零零",
         "one three eight, zero zero one three, eight zero zero zero"),
        ("4711", (2,), "四七，幺幺", "four seven, one one"),
        ("47119", (2,), "四七，幺幺，九", "four seven, one one, nine"),
    ],
)  # fmt: skip
def test_digits_one_by_one(text: str, groups: tuple[int, ...], zh: str, en: str) -> None:
    assert (digits(text, "zh", groups), digits(text, "en", groups)) == (zh, en)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("13800138000", (3, 4, 4)),  # a mobile number of China
        ("4008001234", (3, 3, 4)),
        ("2025550143", (3, 3, 4)),  # North America
        ("65529988", (4, 4)),
        ("5550143", (3, 4)),
        ("010-6552 9988", (3, 4, 4)),  # as it is written
        ("+8613800138000", (3, 3, 4, 4)),
        ("+12025550143", (2, 3, 3, 4)),
        ("8000", (4,)),
        ("95588", (3, 2)),
        ("442079460018", (3, 3, 3, 3)),
        ("", (1,)),
    ],
)
def test_where_a_telephone_number_takes_breath(text: str, groups: tuple[int, ...]) -> None:
    assert telephone_groups(text) == groups


def test_a_key_alone_is_no_telephone_number() -> None:
    assert [key_name(key, "zh") for key in "12*#"] == ["一", "二", "星", "井"]
    assert [key_name(key, "en") for key in "12*#"] == ["one", "two", "star", "hash"]


@pytest.mark.parametrize("value", [10**12, -(10**12), Decimal("1e999"), Decimal("nan"), Decimal("-inf")])
def test_a_number_that_nobody_says_is_refused(value: int | Decimal) -> None:
    with pytest.raises(ValueError, match="too large"):
        number(value, "zh")


@pytest.mark.parametrize("value", [0, -1, 10**12])
def test_a_place_in_a_row_begins_with_the_first(value: int) -> None:
    with pytest.raises(ValueError, match="the first one is 1"):
        ordinal(value, "en")


@given(st.one_of(st.integers(0, MAX_NUMBER), st.integers(1, 12).flatmap(lambda n: st.integers(0, 10**n - 1))))
@example(100_001_000)
@example(10**8 + 2 * 10**4)
@example(MAX_NUMBER)
def test_what_is_said_is_that_number_and_no_other(value: int) -> None:
    """There is one reading of each text, so that no two numbers have the same words."""
    assert read_mandarin(number(value, "zh")) == value
    assert read_english(number(value, "en")) == value
