"""The text of a ``.calls`` file to transcripts, or to problems: all of them, each with its line.

Flat and by lines: ``call: NAME`` begins a call, what is indented below belongs to it. ``always:`` has lines of the
scene that hold for every call of the file. A line that is indented deeper goes on with the one before it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from softswitch.core.errors import Problem
from softswitch.rehearsal.grammar import SENTENCES, understood
from softswitch.rehearsal.script import (
    At,
    CalendarIs,
    CampaignCalls,
    From,
    HttpAnswers,
    Is,
    Line,
    OthersWait,
    Picks,
    To,
    Transcript,
)

MAX_CHARS = 1_000_000
MAX_LINES = 20_000
FIRST_ONLY = (At, From, To, CampaignCalls, CalendarIs, OthersWait)  # of the scene, and of nothing later
OF_SCENE = (*FIRST_ONLY, HttpAnswers, Is, Picks)
_GAP = re.compile(r"(?<=[\d()./-]) +(?=[\d()./-])")  # within a number, as people write one


@dataclass(slots=True)
class _Call:
    name: str
    number: int
    indent: int = 0  # of its lines; 0: there is none yet
    written: list[tuple[int, int, str]] = field(default_factory=list)  # line, column, text


def read(text: str, file: str) -> tuple[list[Transcript], list[Problem]]:
    """The transcripts of one file, and what is wrong with it. What is wrong is in no transcript."""
    lines = text.removeprefix("\ufeff").splitlines()
    if len(text) > MAX_CHARS or len(lines) > MAX_LINES:
        return [], [Problem(file, 0, 1, "", f"is too long; {MAX_LINES} lines and {MAX_CHARS} characters are read")]
    problems: list[Problem] = []
    calls = _blocks(lines, file, problems)
    always: tuple[Line, ...] = ()
    found: list[Transcript] = []
    names: dict[str, int] = {}
    for call in calls:
        meant = _meant(call, file, problems)
        if not call.name:
            always += meant
            problems += [_misplaced(file, line, "always:") for line in meant if not isinstance(line.meaning, OF_SCENE)]
            continue
        if call.name in names:
            message = f"the call {call.name!r} is in line {names[call.name]} already"
            problems.append(Problem(file, call.number, 1, "", message))
        if not call.written:
            problems.append(Problem(file, call.number, 1, "", "the call has no lines; indent them below it"))
        names[call.name] = call.number
        problems += [_misplaced(file, line, "the beginning of a call") for line in _late(meant)]
        found.append(Transcript(file, call.number, call.name, meant))
    if not names and not problems:
        problems.append(Problem(file, 1, 1, "", "has no call; begin with a line such as   call: who calls at night"))
    return [Transcript(one.file, one.number, one.name, always + one.lines) for one in found], problems


def _late(lines: tuple[Line, ...]) -> list[Line]:
    """Lines of the scene that come when the play has begun."""
    begun = next((index for index, line in enumerate(lines) if not isinstance(line.meaning, OF_SCENE)), len(lines))
    return [line for line in lines[begun:] if isinstance(line.meaning, FIRST_ONLY)]


def _misplaced(file: str, line: Line, where: str) -> Problem:
    what = "belongs to" if where != "always:" else "is not of the scene, and cannot be in"
    return Problem(file, line.number, 1, "", f"{line.text!r} {what} {where}")


def _blocks(lines: list[str], file: str, problems: list[Problem]) -> list[_Call]:
    calls: list[_Call] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if "\t" in line[: len(line) - len(line.lstrip())]:
            problems.append(Problem(file, number, 1, "", "begins with a tab; indent with spaces"))
            line = line.replace("\t", "    ")
        indent = len(line) - len(line.lstrip())
        if indent == 0:
            call = _header(text, number)
            if call is None:
                problems.append(Problem(file, number, 1, "", _no_header(text, bool(calls))))
            else:
                calls.append(call)
        elif not calls:
            problems.append(Problem(file, number, indent + 1, "", "belongs to no call; begin with a line   call: NAME"))
        else:
            problems += _add(calls[-1], number, indent, text, file)
    return calls


def _header(text: str, number: int) -> _Call | None:
    key, colon, name = text.partition(":")
    if colon and key == "call" and name.strip():
        return _Call(name.strip(), number)
    return _Call("", number) if text == "always:" else None


def _no_header(text: str, inside: bool) -> str:
    if text.startswith("call"):
        return f"{text!r} has no name; write   call: what happens in it"
    if inside and _is_sentence(text):
        return f"{text!r} must be indented: it belongs to the call above it"
    return f"{text!r} is not understood here; write   call: NAME   or   always:"


def _is_sentence(text: str) -> bool:
    try:
        return understood(text) is not None
    except ValueError:
        return True


def _add(call: _Call, number: int, indent: int, text: str, file: str) -> list[Problem]:
    call.indent = call.indent or indent
    if indent > call.indent and call.written:
        first, column, begun = call.written[-1]
        call.written[-1] = (first, column, f"{begun} {text}")
        return []
    if indent < call.indent:
        message = f"is indented by {indent}, the lines above it by {call.indent}; write it below them"
        return [Problem(file, number, indent + 1, "", message)]
    call.written.append((number, indent + 1, text))
    return []


def _meant(call: _Call, file: str, problems: list[Problem]) -> tuple[Line, ...]:
    lines: list[Line] = []
    for number, column, text in call.written:
        try:
            meaning = understood(text)
        except ValueError as error:
            problems.append(Problem(file, number, column, "", str(error)))
            continue
        if meaning is None:
            problems.append(Problem(file, number, column, "", f"{text[:80]!r} is not understood; {_hint(text)}"))
        else:
            lines.append(Line(number, text, meaning))
    return tuple(lines)


def _hint(text: str) -> str:
    """The sentences that begin, or go on, like this one; or it is one, were it not for the spaces in a number."""
    together = _GAP.sub("", text)
    if together != text and _is_sentence(together):
        return f"a number is written without spaces:   {together}"
    words = text.split()
    firsts = {sentence.form.split()[0] for sentence in SENTENCES} - {"NAME", "NUMBER", "..."}
    meant = difflib.get_close_matches(words[0].lower(), sorted(firsts), n=1)
    forms = [one.form for one in SENTENCES if meant and one.form.split()[0] == meant[0]]
    if not forms and len(words) > 1:
        seconds = {one.form.split()[1] for one in SENTENCES if one.form.startswith("NAME ")}
        close = difflib.get_close_matches(words[1].lower(), sorted(seconds), n=1)
        forms = [one.form for one in SENTENCES if close and one.form.startswith(f"NAME {close[0]}")]
    return "did you mean   " + "   or   ".join(forms) if forms else "docs/calls.md has the sentences"
