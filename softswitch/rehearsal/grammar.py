"""The sentences of transcripts: how each is written, and what it means.

One row per sentence: how it looks to people, the pattern, and what it becomes. The first that fits counts, so that what
begins with a name (``anna hangs up``) stands last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from softswitch.core.errors import PeerError
from softswitch.core.units import seconds
from softswitch.rehearsal.script import (
    CALLER,
    At,
    CalendarIs,
    Calls,
    CampaignCalls,
    From,
    HangUp,
    Happens,
    Hears,
    HttpAnswers,
    Is,
    Let,
    Meaning,
    OthersWait,
    Picks,
    Press,
    Skip,
    To,
    TransfersTo,
)
from softswitch.sip.uri import parse_uri

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STATUS = {"busy": 486, "declined": 603, "unavailable": 480, "error": 500}
NEVER_S = 3600.0  # longer than any step waits
_KEYS = re.compile(r"[0-9*#A-D]+$")
_VALUES = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')
_ROW = re.compile(rf"(?:{_VALUES.pattern}(?: +|$))*")
_WHO = r"(?P<who>[\w.+@-]+)"


@dataclass(frozen=True, slots=True)
class Sentence:
    form: str  # for people
    pattern: re.Pattern[str]
    make: Callable[[dict[str, str]], Meaning]


def understood(text: str) -> Meaning | None:
    """What a line means; None: it is no sentence. Raises ``ValueError`` where only a part of it is wrong."""
    for sentence in SENTENCES:
        match = sentence.pattern.fullmatch(text)
        if match is not None:
            return sentence.make({name: value or "" for name, value in match.groupdict().items()})
    return None


# ---- parts -----------------------------------------------------------------------------------------------------


def _at(found: dict[str, str]) -> At:
    day, hour, minute = found["day"].lower(), int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59:
        raise ValueError(f"{found['hour']}:{found['minute']} is not a time of day; write for example 09:30")
    if day and day not in WEEKDAYS and not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise ValueError(f"{found['day']!r} is not a day; write for example 2026-03-02 or monday")
    if day and day not in WEEKDAYS and not 1970 <= int(day[:4]) < 2100:
        raise ValueError(f"{day} is not in the years from 1970 to 2099")
    return At(day, hour * 60 + minute, found["zone"])


def _number(text: str) -> str:
    """Or a name: whatever can stand before the host of an address."""
    try:
        parse_uri(f"sip:{text}@host.invalid")
    except PeerError:
        raise ValueError(f"{text!r} is no number of a telephone; write for example 13800138000") from None
    return text


def _campaign(found: dict[str, str]) -> CampaignCalls:
    values = found["values"]
    if wrong := _ROW.sub("", values, count=1):
        raise ValueError(f'{wrong!r} is no column and its value; write for example   with name="Li Na" order=1234')
    row = tuple((name, _unquoted(value)) for name, value in _VALUES.findall(values))
    names = [name for name, _ in row]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is there twice; a row of the list says each column once")
    return CampaignCalls(found["campaign"], _number(found["number"]) if found["number"] else "", row)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value


def _keys(text: str) -> str:
    if not _KEYS.match(text):
        raise ValueError(f"{text!r} are not keys of a telephone; they are 0-9, *, # and A-D")
    return text


def _duration(text: str, default: float) -> float:
    return seconds(text) if text else default


def _heard(text: str, who: str) -> Hears:
    for ending in ("…", "..."):
        if text.endswith(ending):
            return Hears(text.removesuffix(ending).strip(), begins=True, who=who)
    return Hears(text.strip(), who=who)


def _http(found: dict[str, str]) -> HttpAnswers:
    method, address = found["method"].upper(), found["address"]
    if "status" not in found:
        away = found["how"] == "is away"
        return HttpAnswers(method, address, 0, None, 0.1 if away else NEVER_S, "nobody is there" if away else "")
    try:
        body = json.loads(found["body"]) if found["body"] else None
    except ValueError:
        body = found["body"]
    return HttpAnswers(method, address, int(found["status"]), body, _duration(found["after"], 0.1))


def _picks(found: dict[str, str]) -> Picks:
    return Picks(found["who"], 200, _duration(found["after"], 2.0))


def _queue(found: dict[str, str]) -> Happens:
    details: dict[str, Any] = {"queue": found["queue"]}
    if found["priority"]:
        details["priority"] = _duration(found["priority"], 0.0)
    return Happens("queue", details=details, strict=True)


def _talks(found: dict[str, str]) -> Happens:
    who = found.get("who", CALLER)
    details = {"with": found["other"]}
    return Happens("talks", who, details, _duration(found.get("time", ""), 0.0), strict=who == CALLER)


def _refused(found: dict[str, str]) -> Happens:
    word = found["status"]
    status = STATUS.get(word) or (int(word) if word.isdecimal() else 0)
    if word and not status:
        raise ValueError(f"{word!r} is not a status; write a number such as 486, or one of {', '.join(STATUS)}")
    return Happens("refused", details={"status": status} if status else {}, strict=True)


def _asks(found: dict[str, str]) -> Happens:
    details = {"method": found["method"].upper(), "address": found["address"]}
    return Happens("asks", details={**details, **_document(found["body"])})


def _emits(found: dict[str, str]) -> Happens:
    return Happens("emits", details={"event": found["event"], **_document(found["body"])})


def _document(text: str) -> dict[str, Any]:
    try:
        return {"json": json.loads(text)} if text else {}
    except ValueError as error:
        raise ValueError(f"{text!r} is not JSON ({error})") from None


def _fact(found: dict[str, str]) -> Happens:
    values = {name: value.strip('"') for name, value in _VALUES.findall(found["values"])}
    return Happens("fact", details={"name": found["name"], **values})


def _given(**names: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda found: {name: found[key] for name, key in names.items() if found[key]}


def _sentence(form: str, pattern: str, make: Callable[[dict[str, str]], Meaning]) -> Sentence:
    return Sentence(form, re.compile(pattern), make)


_promised = _given(queue="queue", number="number", stage="stage")
_TIME = r"[\d.]+[\w.]*"
_METHOD = r"(?P<method>[A-Za-z]+)"

SENTENCES: tuple[Sentence, ...] = (
    _sentence("...", r"\.\.\.|…", lambda found: Skip()),
    _sentence(
        "at [DAY] HH:MM [ZONE]",
        r"at (?:(?P<day>[\w-]+) )?(?P<hour>\d\d?):(?P<minute>\d\d)(?: (?P<zone>[\w/+-]+))?", _at,
    ),
    _sentence(
        "from NUMBER [named NAME] [to NUMBER] [through TRUNK]",
        r"from (?P<number>\S+)(?: named (?P<name>.+?))?(?: to (?P<to>\S+))?(?: through (?P<trunk>\S+))?",
        lambda found: From(
            _number(found["number"]), found["name"].strip('"'), _number(found["to"]), found["trunk"]
        ),
    ),
    _sentence("to NUMBER", r"to (?P<number>\S+)", lambda found: To(_number(found["number"]))),
    _sentence(
        "campaign NAME calls [NUMBER] [with COLUMN=VALUE ...]",
        r"campaign (?P<campaign>\S+) calls(?: (?P<number>(?!with\b)\S+))?(?: with (?P<values>.+))?", _campaign,
    ),
    _sentence(
        "http METHOD ADDRESS answers [after 2s] STATUS [BODY]",
        rf"http {_METHOD} (?P<address>\S+) answers(?: after (?P<after>{_TIME}))? (?P<status>\d{{3}})(?: (?P<body>.+))?",
        _http,
    ),
    _sentence(
        "http METHOD ADDRESS does not answer | is away",
        rf"http {_METHOD} (?P<address>\S+) (?P<how>does not answer|is away)", _http,
    ),
    _sentence(
        "calendar NAME is open | is closed | is on holiday",
        r"calendar (?P<calendar>\S+) is (?P<how>open|closed|on holiday)",
        lambda found: CalendarIs(found["calendar"], found["how"] == "open", found["how"] == "on holiday"),
    ),
    _sentence(
        "NUMBER callers wait in QUEUE", r"(?P<count>\d{1,4}) (?:callers? )?waits? in (?P<queue>\S+)",
        lambda found: OthersWait(int(found["count"]), found["queue"]),
    ),
    _sentence("hears TEXT", r"hears (?P<text>.+)", lambda found: _heard(found["text"], CALLER)),
    _sentence(
        "presses KEYS [at once]", r"presses (?P<keys>\S+)(?P<once> at once)?",
        lambda found: Press(_keys(found["keys"]), bool(found["once"])),
    ),
    _sentence(
        "waits TIME | speaks TIME", rf"(?P<how>waits|speaks)(?: for)? (?P<time>{_TIME})",
        lambda found: Let(seconds(found["time"]), found["how"] == "speaks"),
    ),
    _sentence("hangs up [at once]", r"hangs up(?P<once> at once)?", lambda found: HangUp(CALLER, bool(found["once"]))),
    _sentence(
        "enters queue NAME [with priority TIME]",
        rf"enters queue (?P<queue>\S+)(?: with priority (?P<priority>{_TIME}))?", _queue,
    ),
    _sentence("talks to NAME [for TIME]", rf"talks to (?P<other>\S+)(?: for (?P<time>{_TIME}))?", _talks),
    _sentence("is hung up", r"is hung up(?: on)?", lambda found: Happens("hung up", strict=True)),
    _sentence(
        "rates QUESTION SCORE", r"rates (?P<question>\S+) (?P<score>\d+)",
        lambda found: Happens("rates", details={"question": found["question"], "score": int(found["score"])}),
    ),
    _sentence(
        "joins conference ROOM [as moderator]", r"joins conference (?P<room>\S+)(?P<how> as moderator)?",
        lambda found: Happens("conference", details={"room": found["room"], "moderator": bool(found["how"])}),
    ),
    _sentence(
        "is parked in SLOT", r"is parked in (?P<slot>\S+)",
        lambda found: Happens("parked", details={"slot": found["slot"]}),
    ),
    _sentence("emits EVENT [JSON]", r"emits (?P<event>[\w.-]+)(?: (?P<body>.+))?", _emits),
    _sentence("reads TEXT", r"reads (?P<text>.+)", lambda found: Happens("reads", details={"text": found["text"]})),
    _sentence(
        "is sent keys KEYS", r"is sent keys (?P<keys>\S+)",
        lambda found: Happens("keys", details={"keys": _keys(found["keys"])}),
    ),
    _sentence(
        "is refused [busy | declined | unavailable | error | STATUS]", r"is refused(?: (?P<status>\w+))?", _refused
    ),
    _sentence(
        "is redirected to NUMBER", r"is redirected to (?P<to>\S+)",
        lambda found: Happens("redirected", details={"to": found["to"]}, strict=True),
    ),
    _sentence(
        "is promised a callback [in QUEUE] [to NUMBER] [as STAGE]",
        r"is promised a callback(?: in (?P<queue>\S+))?(?: to (?P<number>\S+))?(?: as (?P<stage>[\w-]+))?",
        lambda found: Happens("promise", details=_promised(found)),
    ),
    _sentence(
        "leaves a message in MAILBOX", r"leaves a message in (?P<mailbox>\S+)",
        lambda found: Happens("message", details={"mailbox": found["mailbox"]}),
    ),
    _sentence(
        "reaches STEP", r"reaches (?P<step>\S+)", lambda found: Happens("step", details={"step": found["step"]})
    ),
    _sentence(
        "variable NAME is VALUE", r"variable (?P<name>\w+) is (?P<value>.+)",
        lambda found: Happens("variable", details={"name": found["name"], "value": found["value"].strip('"')}),
    ),
    _sentence(
        "asks METHOD ADDRESS [JSON]", rf"asks {_METHOD} (?P<address>\S+)(?: (?P<body>.+))?", _asks
    ),
    _sentence("fact NAME [FIELD=VALUE ...]", r"fact (?P<name>\w+)(?P<values>(?: \w+=.+)?)", _fact),
    _sentence(
        "NAME is free | is busy | is on a break | is away", rf"{_WHO} is (?P<state>free|busy|on a break|away)",
        lambda found: Is(found["who"], found["state"]),
    ),
    _sentence("NAME answers [after TIME]", rf"{_WHO} answers(?: after (?P<after>{_TIME}))?", _picks),
    _sentence("NAME does not answer", rf"{_WHO} does not answer", lambda found: Picks(found["who"], 0)),
    _sentence("NAME declines", rf"{_WHO} declines", lambda found: Picks(found["who"], 603)),
    _sentence("NAME hangs up", rf"{_WHO} hangs up", lambda found: HangUp(found["who"])),
    _sentence(
        "NAME presses KEYS", rf"{_WHO} presses (?P<keys>\S+)(?: at once)?",
        lambda found: Press(_keys(found["keys"]), True, found["who"]),
    ),
    _sentence(
        "NAME calls NUMBER", rf"{_WHO} calls (?P<number>\S+)",
        lambda found: Calls(found["who"], _number(found["number"])),
    ),
    _sentence(
        "NAME transfers to NUMBER", rf"{_WHO} transfers to (?P<number>\S+)",
        lambda found: TransfersTo(found["who"], _number(found["number"])),
    ),
    _sentence("NAME rings", rf"{_WHO} rings", lambda found: Happens("rings", found["who"])),
    _sentence("NAME hears TEXT", rf"{_WHO} hears (?P<text>.+)", lambda found: _heard(found["text"], found["who"])),
    _sentence("NAME talks to NAME", rf"{_WHO} talks to (?P<other>\S+)", _talks),
    _sentence(
        "NAME reads TEXT", rf"{_WHO} reads (?P<text>.+)",
        lambda found: Happens("reads", found["who"], {"text": found["text"]}),
    ),
    _sentence(
        "NAME is sent keys KEYS", rf"{_WHO} is sent keys (?P<keys>\S+)",
        lambda found: Happens("keys", found["who"], {"keys": _keys(found["keys"])}),
    ),
    _sentence(
        "NAME is hung up", rf"{_WHO} is hung up(?: on)?", lambda found: Happens("hung up", found["who"])
    ),
)  # fmt: skip
