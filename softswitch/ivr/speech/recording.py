"""Which recordings can stand in for the speech engine where a value is said, and what they are called.

In the directory of a language, ``digits/`` has the signs of telephone numbers (``0`` to ``9``, ``plus``, ``star``,
``hash``, ``point``; ``1`` is 幺 in Mandarin), ``word/`` the words of which numbers, amounts, dates and times are made,
each under itself (``word/百.wav``, ``word/hundred.wav``), and ``phrase/`` the standing sentences. A value is heard from
recordings where all of its pieces are there; one that lacks a piece is spoken as a whole, in one voice.
"""

from __future__ import annotations

import re
from functools import cache

from softswitch.ivr.speech import english
from softswitch.ivr.speech.duration import UNITS
from softswitch.ivr.speech.language import is_chinese
from softswitch.ivr.speech.money import CURRENCIES
from softswitch.ivr.speech.number import THINGS, grouped

PAUSE = ""  # among pieces: a breath
_SIGNS = {**{str(digit): str(digit) for digit in range(10)}, "+": "plus", "*": "star", "#": "hash", ".": "point"}
_ZH_WORDS = {
    "number": "零 一 二 两 三 四 五 六 七 八 九 十 百 千 万 亿 负 点",
    "ordinal": "第",
    "money": "元 角 分 美元 美分 欧元 欧分 英镑 便士 港元 日元",
    "date": "〇 年 月 日 星期 前天 昨天 今天 明天 后天",
    "time": "点 分 凌晨 早上 上午 中午 下午 晚上",
    "duration": "天 个小时 分钟 秒 不到",
}
_EN_WORDS = {
    "number": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million "
    "billion and minus point",
    "date": "the of oh Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June "
    "July August September October November December yesterday today tomorrow",
    "time": "oh a.m. p.m. noon midnight hours",
    "duration": "less than a an",
}
_SEPARATORS = re.compile(r"[\s,，-]+")


@cache
def words(kind: str, language: str) -> frozenset[str]:
    """All words of which values of ``kind`` are made: number, ordinal, money, date, time, duration, count."""
    if is_chinese(language):
        measures = [measure for measure, _, _ in THINGS.values()] if kind == "count" else []
        own = [*_ZH_WORDS.get(kind, "").split(), *measures]
        return frozenset([*_ZH_WORDS["number"].split(), *own])
    own = _EN_WORDS.get(kind, "").split()
    if kind in ("ordinal", "date"):
        places = [*range(1, 21), *range(30, 100, 10), 100, 1000, 10**6, 10**9]
        own += [english.ordinal(place).split()[-1] for place in places if place < 32 or kind == "ordinal"]
    if kind == "money":
        own += [word for money in CURRENCIES.values() for word in (*money.en, *money.en_small) if word]
    if kind == "duration":
        own += [word for unit in UNITS for word in (unit, f"{unit}s")]
    if kind == "count":
        own += [word for _, one, many in THINGS.values() for word in (one, many)]
    return frozenset([*_EN_WORDS["number"].split(), *own])


@cache
def _everything(language: str) -> tuple[frozenset[str], int]:
    """Every word, and the length of the longest."""
    kinds = ("number", "ordinal", "money", "date", "time", "duration", "count")
    known = frozenset(word for kind in kinds for word in words(kind, language))
    return known, max(map(len, known))


def pieces(text: str, language: str) -> tuple[str, ...]:
    """The recordings of which a spoken value is made, in order and without their endings; none for another text."""
    known, longest = _everything("zh" if is_chinese(language) else "en")
    found: list[str] = []
    for run in _runs(text, is_chinese(language)):
        left = run
        while left:
            word = next((left[:size] for size in range(min(longest, len(left)), 0, -1) if _ends(left, size, known)), "")
            if not word:
                return ()
            found.append(word)
            left = left[len(word) :].lstrip()
    return tuple(map(piece, found))


def _runs(text: str, chinese: bool) -> list[str]:
    """What stands between separators; in English a word may have blanks in it (Hong Kong dollars)."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    return parts if chinese else [" ".join(parts)]


def _ends(left: str, size: int, known: frozenset[str]) -> bool:
    """Whether the first ``size`` characters are a word, and not the beginning of a longer one."""
    whole = size == len(left) or left[size] == " " or not left[0].isascii()
    return whole and left[:size] in known


def piece(word: str) -> str:
    """``a.m.`` -> ``word/am``, ``Hong Kong dollars`` -> ``word/Hong-Kong-dollars``."""
    return "word/" + word.replace(".", "").replace(" ", "-")


def digit_pieces(text: str, groups: tuple[int, ...] = ()) -> tuple[str, ...]:
    """The recordings of a number that is read digit by digit, with a pause between its groups."""
    found: list[str] = []
    for group in grouped(text, groups):
        found += [PAUSE] if found else []
        found += [f"digits/{_SIGNS[sign]}" for sign in group]
    return tuple(found)


def needed(kind: str, language: str) -> frozenset[str]:
    """Every recording that values of ``kind`` can ask for, so that no speech engine is needed: for the check."""
    if kind == "digits":
        return frozenset(f"digits/{name}" for name in _SIGNS.values())
    sentences = ("phrase/next_in_line", "phrase/position.1", "phrase/position.2") if kind == "position" else ()
    return frozenset([*sentences, *map(piece, words(kind, language))])
