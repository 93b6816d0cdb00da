"""How things are said: numbers, digits, amounts of money, dates, times, lengths of time, and standing sentences.

Everything is written out in words, so that any engine reads it right, and so that recordings of the words can stand
in for an engine. All of it is pure: ``language`` and values in, words out; a value that cannot be said raises
``ValueError`` with a text for whoever wrote the plan.

``language`` knows who stands in for whom; ``mandarin`` and ``english`` have the words of numbers; ``number``,
``money``, ``moment`` and ``duration`` say one kind of value each, in both; ``reading`` makes values of what variables
hold; ``phrase`` has the sentences that the switch says of its own accord; ``recording`` names the recordings.

Not known here: files, engines, plans.
"""

from __future__ import annotations

from softswitch.ivr.speech.duration import duration, waited
from softswitch.ivr.speech.language import (
    DEFAULT_LANGUAGE,
    FALLBACK,
    LANGUAGES,
    choose,
    is_spoken,
    kin,
    spoken_language,
)
from softswitch.ivr.speech.moment import date, near, time
from softswitch.ivr.speech.money import CURRENCIES, money
from softswitch.ivr.speech.number import MAX_NUMBER, THINGS, count, counted, digits, key_name, number, ordinal
from softswitch.ivr.speech.phrase import phrase, sentence

__all__ = [
    "CURRENCIES", "DEFAULT_LANGUAGE", "FALLBACK", "LANGUAGES", "MAX_NUMBER", "THINGS", "choose", "count", "counted",
    "date", "digits", "duration", "is_spoken", "key_name", "kin", "money", "near", "number", "ordinal", "phrase",
    "sentence", "spoken_language", "time", "waited",
]  # fmt: skip
