"""What a variable holds, read as what is to be said. Raises ``ValueError`` with what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from softswitch.core.units import seconds

_LONGEST = 64  # characters: what is longer is none of these
_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
Moment = TypeVar("Moment", date, time)
_CODE = re.compile(r"[A-Za-z]{3}")


def shown(text: object) -> str:
    """A value in an error."""
    written = str(text)
    return repr(written if len(written) <= _LONGEST else f"{written[:_LONGEST]}...")


def read_number(written: object) -> Decimal:
    """``105``, ``-2.5``, ``1,234.50``."""
    text = str(written).strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        if isinstance(written, bool) or len(text) > _LONGEST or "_" in text:
            raise InvalidOperation
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{shown(written)} is not a number that can be said") from None
    if not value.is_finite():
        raise ValueError(f"{shown(written)} is not a number that can be said")
    return value


def read_whole(written: object) -> int:
    value = read_number(written)
    if value != value.to_integral_value() or value.adjusted() > _LONGEST:
        raise ValueError(f"{shown(written)} is not a whole number")
    return int(value)


def read_money(written: object, currency: str) -> tuple[Decimal, str]:
    """``12.50`` with the currency beside it, or ``12.50 CNY``, ``CNY 12.50``."""
    text = str(written).strip()
    codes = _CODE.findall(text)
    amount = _CODE.sub("", text, count=1).strip() if len(codes) == 1 else text
    try:
        value = read_number(amount if codes else written)
    except ValueError:
        raise ValueError(f"{shown(written)} is no amount of money; write for example 12.50 CNY") from None
    code = codes[0].upper() if codes else currency
    if not code:
        raise ValueError(f"{shown(written)} names no currency; write for example 12.50 CNY, or currency: CNY beside it")
    if currency and code != currency:
        raise ValueError(f"{shown(written)} is not in {currency}")
    return value, code


def read_date(written: object, zone: tzinfo) -> date:
    """``2026-03-02``, or a moment such as ``2026-03-02T14:05:00Z``: its day in ``zone``."""

    def read(text: str) -> date:
        return _local(text, zone).date() if len(text) > len("2026-03-02") else date.fromisoformat(text)

    return _iso(written, read, "date", "2026-03-02 or 2026-03-02T14:05:00Z")


def read_time(written: object, zone: tzinfo) -> time:
    """``14:05``, or a moment such as ``2026-03-02T14:05:00Z``: what clocks in ``zone`` show."""

    def read(text: str) -> time:
        if ":" not in text:
            raise ValueError
        return _local(text, zone).time() if "-" in text else time.fromisoformat(text)

    return _iso(written, read, "time of day", "14:05 or 2026-03-02T14:05:00Z")


def _local(text: str, zone: tzinfo) -> datetime:
    """A moment without a zone is that of ``zone`` already."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(zone)


def _iso(written: object, read: Callable[[str], Moment], kind: str, right: str) -> Moment:
    text = str(written).strip()
    try:
        if len(text) > _LONGEST:
            raise ValueError
        return read(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(written)} is no {kind}; write for example {right}") from None


def read_duration(written: object) -> float:
    """``90s``, ``1h30m``, or a number of seconds."""
    text = str(written).strip()
    try:
        value = float(text) if not isinstance(written, bool) and len(text) <= _LONGEST else math.nan
    except ValueError:
        return seconds(text)
    if not math.isfinite(value):
        raise ValueError(f"{shown(written)} is no length of time; write for example 90, 90s or 1h30m")
    return value
