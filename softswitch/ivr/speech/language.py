"""Which languages can be spoken, and which one stands in for another.

Decided here: the order in which a caller's language is tried. A regional one (``zh-HK``) is followed by its language
(``zh``), Cantonese by Mandarin, which is written with the same characters; then come the languages that the
configuration names (``fallback``). Words for numbers, dates and the like are known in ``LANGUAGES``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

LANGUAGES = ("zh", "en")  # whose words are known here
DEFAULT_LANGUAGE = "en"
FALLBACK = ("en", "zh")  # after a caller's own, where the configuration says nothing else
_RELATIVES = {"yue": "zh"}  # who reads the one can read the other
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")  # of RFC 5646, what is in use: zh, yue, zh-CN, zh-Hant-HK


def is_spoken(language: str) -> bool:
    """Whether its words, or those of a relative, are known: ``zh``, ``zh-HK``, ``yue``, ``en-GB``."""
    return _TAG.fullmatch(language) is not None and not set(kin(language)).isdisjoint(LANGUAGES)


@lru_cache(maxsize=256)
def kin(language: str) -> tuple[str, ...]:
    """The language and those that say the same: zh-Hant-HK -> zh-Hant-HK, zh-Hant, zh."""
    own = [language]
    while "-" in own[-1]:
        own.append(own[-1].rpartition("-")[0])
    relative = _RELATIVES.get(own[-1])
    return (*own, relative) if relative else tuple(own)


def chain(language: str, fallback: Sequence[str] = FALLBACK) -> tuple[str, ...]:
    """The languages to be tried for a caller of ``language``, each once: zh-HK -> zh-HK, zh, en."""
    return tuple(dict.fromkeys([*kin(language), *fallback]))


def choose(language: str, available: Collection[str], fallback: Sequence[str] = FALLBACK) -> str | None:
    """The first of the caller's ``chain`` that is ``available``; None where none is."""
    return next((one for one in chain(language, fallback) if one in available), None)


def spoken_language(language: str, fallback: Sequence[str] = FALLBACK) -> str:
    """The language whose words are used: ``zh-CN`` -> ``zh``; for French, that of the fallback."""
    return choose(language, LANGUAGES, fallback) or DEFAULT_LANGUAGE


def heard(language: str, recorded: Collection[str], fallback: Sequence[str] = FALLBACK) -> str:
    """The language in which somebody of ``language`` is spoken to: their own where its words are known or anything is
    recorded in it, else the first of the fallback."""
    own = is_spoken(language) or any(one in recorded for one in kin(language))
    return language if own else (*fallback, DEFAULT_LANGUAGE)[0]


def voice_of(spoken: str, language: str) -> str:
    """Whose voice says the words of ``spoken`` to a caller of ``language``: "" their own, which can read them."""
    return "" if spoken in kin(language) else spoken


def is_chinese(language: str) -> bool:
    return spoken_language(language) == "zh"
