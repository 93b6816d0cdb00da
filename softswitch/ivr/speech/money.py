"""Amounts of money: the formal word of each currency, and its small coins.

Mandarin says yuan with 角 and 分 (十二元五角, and 零 where the 角 are none: 两元零五分), dollars, euros and pounds with
their hundredths, and Hong Kong dollars as a decimal, since 角 and 分 would be taken for those of the mainland. English
says hundredths everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from softswitch.ivr.speech import english, mandarin
from softswitch.ivr.speech.language import is_chinese
from softswitch.ivr.speech.number import MAX_NUMBER, number

_NOISE = Decimal("0.000001")  # what a computer's arithmetic adds to 0.1 + 0.2


@dataclass(frozen=True, slots=True)
class Currency:
    zh: str
    zh_small: str  # "角分": both; "": said as a decimal
    en: tuple[str, str]  # one, many
    en_small: tuple[str, str] = ("", "")
    places: int = 2


CURRENCIES: dict[str, Currency] = {
    "CNY": Currency("元", "角分", ("yuan", "yuan"), ("fen", "fen")),
    "USD": Currency("美元", "美分", ("dollar", "dollars"), ("cent", "cents")),
    "EUR": Currency("欧元", "欧分", ("euro", "euros"), ("cent", "cents")),
    "GBP": Currency("英镑", "便士", ("pound", "pounds"), ("penny", "pence")),
    "HKD": Currency("港元", "", ("Hong Kong dollar", "Hong Kong dollars"), ("cent", "cents")),
    "JPY": Currency("日元", "", ("yen", "yen"), places=0),
}


def money(amount: Decimal, currency: str, language: str) -> str:
    """``十二元五角``, ``twelve dollars and fifty cents``; the currency by its ISO 4217 code. Raises ``ValueError``."""
    known = CURRENCIES.get(currency)
    if known is None:
        raise ValueError(f"{currency!r} is no currency that is spoken here; write one of {', '.join(CURRENCIES)}")
    if not amount.is_finite() or abs(amount) >= MAX_NUMBER + 1:
        raise ValueError(f"{amount} {currency} is too large to be said")
    exact = round(amount, known.places)
    if abs(exact - amount) > _NOISE:
        coin = f"has {known.places} digits behind the point" if known.places else "has no smaller coin"
        raise ValueError(f"{amount} {currency} cannot be paid: {currency} {coin}")
    chinese = is_chinese(language)
    words = _zh(abs(exact), known) if chinese else _en(abs(exact), known)
    return words if exact >= 0 else f"负{words}" if chinese else f"minus {words}"


def _zh(amount: Decimal, currency: Currency) -> str:
    whole, hundredths = _split(amount)
    if not currency.zh_small:
        return f"{mandarin.counted(whole) if amount == whole else number(amount, 'zh')}{currency.zh}"
    text = f"{mandarin.counted(whole)}{currency.zh}" if whole or not hundredths else ""
    if not hundredths:
        return text
    if currency.zh_small != "角分":
        gap = "零" if text and hundredths < 10 else ""
        return f"{text}{gap}{mandarin.counted(hundredths)}{currency.zh_small}"
    jiao, fen = divmod(hundredths, 10)
    text += f"{mandarin.counted(jiao)}角" if jiao else "零" if text else ""
    return text + (f"{mandarin.counted(fen)}分" if fen else "")


def _en(amount: Decimal, currency: Currency) -> str:
    whole, hundredths = _split(amount)
    parts = [english.plural(whole, *currency.en)] if whole or not hundredths else []
    if hundredths:
        parts.append(english.plural(hundredths, *currency.en_small))
    return english.joined(parts)


def _split(amount: Decimal) -> tuple[int, int]:
    return int(amount), int(amount % 1 * 100)
