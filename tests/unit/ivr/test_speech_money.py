"""Amounts of money in words, and how they are read from what a variable holds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from softswitch.ivr.speech import money
from softswitch.ivr.speech.reading import read_money


@pytest.mark.parametrize(
    ("amount", "currency", "zh", "en"),
    [
        ("0", "CNY", "零元", "zero yuan"),
        ("1", "CNY", "一元", "one yuan"),
        ("2", "CNY", "两元", "two yuan"),
        ("12", "CNY", "十二元", "twelve yuan"),
        ("12.50", "CNY", "十二元五角", "twelve yuan and fifty fen"),
        ("12.55", "CNY", "十二元五角五分", "twelve yuan and fifty-five fen"),
        ("2.05", "CNY", "两元零五分", "two yuan and five fen"),
        ("2.22", "CNY", "两元两角两分", "two yuan and twenty-two fen"),
        ("0.50", "CNY", "五角", "fifty fen"),
        ("0.02", "CNY", "两分", "two fen"),
        ("100.20", "CNY", "一百元两角", "one hundred yuan and twenty fen"),
        ("105", "CNY", "一百零五元", "one hundred and five yuan"),
        ("200", "CNY", "两百元", "two hundred yuan"),
        ("1010.01", "CNY", "一千零一十元零一分", "one thousand and ten yuan and one fen"),
        ("12850.50", "CNY", "一万二千八百五十元五角", "twelve thousand eight hundred and fifty yuan and fifty fen"),
        ("20000", "CNY", "两万元", "twenty thousand yuan"),
        ("100000000", "CNY", "一亿元", "one hundred million yuan"),
        ("-3.20", "CNY", "负三元两角", "minus three yuan and twenty fen"),
        ("0", "USD", "零美元", "zero dollars"),
        ("1", "USD", "一美元", "one dollar"),
        ("2", "USD", "两美元", "two dollars"),
        ("1.01", "USD", "一美元零一美分", "one dollar and one cent"),
        ("12.50", "USD", "十二美元五十美分", "twelve dollars and fifty cents"),
        ("0.02", "USD", "两美分", "two cents"),
        ("1000000", "USD", "一百万美元", "one million dollars"),
        ("1", "EUR", "一欧元", "one euro"),
        ("19.99", "EUR", "十九欧元九十九欧分", "nineteen euros and ninety-nine cents"),
        ("0.01", "EUR", "一欧分", "one cent"),
        ("1.01", "GBP", "一英镑零一便士", "one pound and one penny"),
        ("2.20", "GBP", "两英镑二十便士", "two pounds and twenty pence"),
        ("0.05", "GBP", "五便士", "five pence"),
        ("2", "HKD", "两港元", "two Hong Kong dollars"),
        ("1", "HKD", "一港元", "one Hong Kong dollar"),
        ("12.50", "HKD", "十二点五港元", "twelve Hong Kong dollars and fifty cents"),
        ("0.05", "HKD", "零点零五港元", "five cents"),
        ("1", "JPY", "一日元", "one yen"),
        ("1200", "JPY", "一千二百日元", "one thousand two hundred yen"),
        ("-0.00", "USD", "零美元", "zero dollars"),
        ("0.30000000000000004", "USD", "三十美分", "thirty cents"),
    ],
)
def test_amounts(amount: str, currency: str, zh: str, en: str) -> None:
    assert (money(Decimal(amount), currency, "zh"), money(Decimal(amount), currency, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("12.505", "CNY", "12.505 CNY cannot be paid: CNY has 2 digits behind the point"),
        ("0.5", "JPY", "JPY has no smaller coin"),
        ("1", "XAU", "'XAU' is no currency that is spoken here; write one of CNY, USD"),
        ("1e13", "CNY", "too large to be said"),
        ("nan", "CNY", "too large to be said"),
    ],
)
def test_an_amount_that_cannot_be_said(amount: str, currency: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        money(Decimal(amount), currency, "en")


@pytest.mark.parametrize(
    ("written", "currency", "amount", "code"),
    [
        ("12.50 CNY", "", "12.50", "CNY"),
        ("CNY 12.50", "", "12.50", "CNY"),
        ("12.50cny", "", "12.50", "CNY"),
        ("usd -3", "", "-3", "USD"),
        ("1,234.50 EUR", "", "1234.50", "EUR"),
        ("12.50", "GBP", "12.50", "GBP"),
        (12.5, "GBP", "12.5", "GBP"),
        ("12.50 GBP", "GBP", "12.50", "GBP"),
        ("1e3", "JPY", "1000", "JPY"),
    ],
)
def test_how_amounts_are_written(written: object, currency: str, amount: str, code: str) -> None:
    assert read_money(written, currency) == (Decimal(amount), code)


@pytest.mark.parametrize(
    ("written", "currency", "why"),
    [
        ("12.50", "", "'12.50' names no currency; write for example 12.50 CNY, or currency: CNY beside it"),
        ("12.50 CNY", "USD", "is not in USD"),
        ("free", "CNY", "'free' is no amount of money; write for example 12.50 CNY"),
        ("$12.50", "USD", "is no amount of money"),
        ("12,50 EUR", "", "is no amount of money"),
        ("", "USD", "is no amount of money"),
        ("None", "USD", "is no amount of money"),
        ("nan", "USD", "is no amount of money"),
        (True, "USD", "is no amount of money"),
        ("9" * 100, "USD", "is no amount of money"),
    ],
)
def test_what_is_no_amount(written: object, currency: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("$", r"\$")):
        read_money(written, currency)
