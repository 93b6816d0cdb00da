"""What is said to somebody who hears the messages of a mailbox, and of each message before it is heard."""

from __future__ import annotations

from datetime import datetime

from softswitch.contact.mailbox import Message
from softswitch.ivr import speech
from softswitch.ivr.model import Prompt
from softswitch.ivr.speech import count, date, digits, near, number, ordinal, spoken_language, time
from softswitch.ivr.speech.language import voice_of


def sentence(key: str, language: str) -> Prompt:
    return speech.sentence(f"mailbox_{key.replace(' ', '_')}", language)


def counted(new: int, old: int, language: str) -> Prompt:
    """How many messages wait."""
    if spoken_language(language) == "zh":
        return _said(f"您有{count(new, language)}条新留言，{count(old, language)}条已保存的留言。", language)
    messages = "message" if new == 1 else "messages"
    return _said(f"You have {number(new, language)} new {messages}, and {number(old, language)} kept.", language)


def envelope(message: Message, left: datetime, now: datetime, place: int, language: str) -> Prompt:
    """Which message it is, from whom, and of when; ``place`` from 1."""
    from_whom = digits(message.caller, language)
    at = time(left.time(), language)
    day = near(left.date(), now.date(), language) or date(left.date(), language, year=left.year != now.year)
    if spoken_language(language) == "zh":
        whom = f"来自{from_whom}，" if from_whom else "来自未知号码，"
        return _said(f"{ordinal(place, language)}条，{whom}{day}{at}。", language)
    whom = f"from {from_whom}" if from_whom else "from an unknown number"
    when = f"on {day}" if day.startswith("the ") else day
    return _said(f"Message {number(place, language)}, {whom}, {when} at {at}".rstrip(".") + ".", language)


def _said(text: str, language: str) -> Prompt:
    """In the language whose words it has."""
    return Prompt(language, text=text, text_language=voice_of(spoken_language(language), language))
