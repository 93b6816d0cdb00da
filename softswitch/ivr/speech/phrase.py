"""Standing sentences: what the switch says of its own accord.

A recording is ``phrase/NAME``; of a sentence with a value in it, the parts around the value are ``phrase/NAME.1`` and
``phrase/NAME.2``, with the recordings of the value between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from softswitch.ivr.model import Prompt
from softswitch.ivr.speech.catalogue import PHRASES
from softswitch.ivr.speech.duration import minutes, waited
from softswitch.ivr.speech.language import is_chinese, spoken_language, voice_of
from softswitch.ivr.speech.number import count, digits, key_name, number
from softswitch.ivr.speech.recording import digit_pieces, pieces

_SLOT = re.compile(r"\{(\w+)\}")
_VALUES: dict[str, Callable[[object, str], str]] = {
    "ahead": lambda value, language: count(int(str(value)) - 1, language),
    "place": lambda value, language: number(int(str(value)), language),
    "key": lambda value, language: key_name(str(value), language),
    "number": lambda value, language: digits(str(value), language),
    "waited_s": lambda value, language: waited(float(str(value)), language),
    "count": lambda value, language: number(int(str(value)), language),
    "up_to": lambda value, language: count(int(str(value)), language),
    "low": lambda value, language: count(int(str(value)), language),
    "minutes": lambda value, language: minutes(int(str(value)), language),
    "slot": lambda value, language: digits(str(value), language),
    "caller": lambda value, language: digits(str(value), language) if _is_number(str(value)) else str(value),
}
_BY_DIGIT = frozenset({"number", "slot", "caller"})


def phrase(key: str, language: str, /, **values: object) -> str:
    """The words of a standing sentence. Raises ``KeyError`` for an unknown key or a value that is not given."""
    key, values = _of_a_place(key, values)
    language = spoken_language(language)
    said = {name: _VALUES[name](value, language) for name, value in values.items() if name in _VALUES}
    return PHRASES[key][language].format_map({**values, **said})


def sentence(key: str, language: str, /, **values: object) -> Prompt:
    """A standing sentence to be played: its recordings in the caller's language, or its words. Raises ``KeyError``."""
    text = phrase(key, language, **values)
    key, values = _of_a_place(key, values)
    spoken = spoken_language(language)
    return Prompt(language, text=text, pieces=_pieces(key, spoken, values), text_language=voice_of(spoken, language))


def _of_a_place(key: str, values: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Whoever is next hears another sentence than those behind."""
    if key != "position":
        return key, dict(values)
    place = int(str(values["position"]))
    return ("position", {"ahead": place, "place": place}) if place > 1 else ("next_in_line", {})


def _pieces(key: str, language: str, values: Mapping[str, object]) -> tuple[str, ...]:
    """None for a sentence with a value that has no recordings, such as the name of a queue."""
    parts = _SLOT.split(PHRASES[key][language])  # text, name of a value, text ...
    if len(parts) == 1:
        return (f"phrase/{key}",)
    found: list[str] = []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            found += [f"phrase/{key}.{index // 2 + 1}"] if part.strip("，。,. ") else []
            continue
        value = _value_pieces(part, values[part], language)
        if not value:
            return ()
        found += value
    return tuple(found)


def _value_pieces(name: str, value: object, language: str) -> tuple[str, ...]:
    a_key = name == "key" and not (value == "1" and is_chinese(language))
    if a_key or (name in _BY_DIGIT and _is_number(str(value))):
        return digit_pieces(str(value))
    return pieces(_VALUES[name](value, language), language) if name in _VALUES else ()


def _is_number(text: str) -> bool:
    """Whether it is a telephone number and no name."""
    return text.lstrip("+").isascii() and text.lstrip("+").isdigit()
