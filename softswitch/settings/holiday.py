"""Public holidays, by the library that knows them. It is loaded only where a calendar wants some."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from softswitch.core.yaml_nodes import did_you_mean

_LANGUAGE = "en_US"  # of the names, where the library has it


@dataclass(frozen=True, slots=True)
class Public:
    """``PublicHolidays`` of a country, or of a part of it."""

    country: str  # ISO 3166-1 alpha-2
    subdivision: str = ""  # as the library calls it, mostly by ISO 3166-2: "BY", "SCT", "CA"

    def name(self, day: date) -> str:
        return _year(self.country, self.subdivision, day.year)[0].get(day, "")

    def worked(self, day: date) -> bool:
        return day in _year(self.country, self.subdivision, day.year)[1]


@lru_cache(maxsize=256)
def _year(country: str, subdivision: str, year: int) -> tuple[Mapping[date, str], frozenset[date]]:
    """The holidays with their names, and the days that are worked in place of others."""
    library = _library()
    known = library.country_holidays(country, subdiv=subdivision or None, years=year)
    if _LANGUAGE in known.supported_languages:  # else by the country's own, never by the machine's
        known = library.country_holidays(country, subdiv=subdivision or None, years=year, language=_LANGUAGE)
    return dict(known.items()), frozenset(getattr(known, "weekend_workdays", ()))


def country(code: str) -> str:
    """Raises ``ValueError`` where its holidays are not known."""
    if not re.fullmatch("[A-Z]{2}", code) or not _has(code):
        known = _library().list_supported_countries()
        near = did_you_mean(code, known)
        remedy = near if "mean" in near else "; write for example CN, US, GB or DE"
        raise ValueError(f"the holidays of {code!r} are not known{remedy}")
    return code


def subdivision(code: str, of: str) -> str:
    """Raises ``ValueError`` where ``of`` has no such part."""
    if code and not _has(of, code):
        known = _library().list_supported_countries().get(of, [])
        message = f"{of} has no part {code!r} with holidays of its own"
        raise ValueError(f"{message}{did_you_mean(code, known) if known else '; leave subdivision out'}")
    return code


def _has(code: str, part: str = "") -> bool:
    """To list all countries takes ten times as long."""
    try:
        _library().country_holidays(code, subdiv=part or None)
    except NotImplementedError:
        return False
    return True


def _library() -> Any:
    return importlib.import_module("holidays")
