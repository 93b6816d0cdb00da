"""The messages of a call as a ladder: a column for each peer, the switch between the first and the others; between the
messages what else happened, at its time.

Decided here: which messages are one and the same said again (then there is one arrow, with a count), what is said about
a message beside its arrow, and which ones are shown as errors. What peers wrote is shown without control characters: a
terminal obeys those.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from softswitch.core.errors import PeerError
from softswitch.core.legible import printable
from softswitch.sdp.session import Section, parse_session
from softswitch.sip.section import parse_headers

SWITCH = "softswitch"
_NARROW, _WIDE = 24, 34  # characters between two columns
_LABEL = 28  # characters on an arrow
_TIME = 9  # characters of a moment: "+123.456 "
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_STATIC = {"0": "PCMU", "8": "PCMA", "9": "G722", "18": "G729"}  # payload types that need no rtpmap (RFC 3551)
_CHALLENGES = ("401", "407")


@dataclass(slots=True)
class Arrow:
    """One message, or one and its repetitions."""

    after_s: float  # since the first message of the call
    leg: str
    sent: bool  # by the switch
    label: str  # "INVITE", "180 Ringing"
    cseq: str
    media: str  # what its session description says, "" without one
    text: str
    times: int = 1
    until_s: float = 0.0

    @property
    def style(self) -> str:
        status = self.label[:3]
        if not status.isdigit() or status < "300":
            return ""
        return "red" if status >= "400" and status not in _CHALLENGES else "yellow"

    @property
    def note(self) -> str:
        again = f"x{self.times} until +{self.until_s:.3f}" if self.times > 1 else ""
        return "  ".join(part for part in (self.cseq, self.media, again) if part)


Line = tuple[str, str]  # text, style
Note = tuple[float, Line]  # at, in Unix s (or since the first message): what is no message


def draw(trace: Mapping[str, Any], full: bool = False, notes: Sequence[Note] = ()) -> Iterator[Line]:
    """The lines of the ladder; with ``full`` each message whole below its arrow. ``notes``, in the order of time, stand
    between the messages."""
    found = arrows(trace["messages"])
    state = "going on" if trace["live"] else "over"
    yield f"contact {trace['contact']} ({state})", "bold"
    if trace["missing"]:
        yield f"there was no room for {trace['missing']} more messages", "yellow"
    start = trace["messages"][0]["at"] if found else notes[0][0] if notes else 0.0
    remarks = deque((at - start, line) for at, line in notes)
    if found:
        columns = _columns(trace["messages"])
        gap = min(_WIDE, max(_NARROW, *(len(arrow.label) + 6 for arrow in found)))
        yield from ((line, "bold") for line in _heads(columns, gap))
    for arrow in found:
        yield from _remarks(remarks, arrow.after_s)
        yield _rung(arrow, columns, gap), arrow.style
        if full:
            yield from (("    " + line, "dim") for line in arrow.text.splitlines())
    yield from _remarks(remarks, math.inf)


def _remarks(remarks: deque[Note], until_s: float) -> Iterator[Line]:
    """Those before that moment, which are then done."""
    while remarks and remarks[0][0] < until_s:
        after_s, (text, style) = remarks.popleft()
        yield f"{f'{after_s:+.3f}':{_TIME}}* {printable(text)}", style


def arrows(messages: Sequence[Mapping[str, Any]]) -> list[Arrow]:
    """In the order of time; a message that is said again is counted with the first."""
    found: dict[tuple[str, ...], Arrow] = {}
    for message in messages:
        after_s = message["at"] - messages[0]["at"]
        text = printable(message["text"])
        head, _, body = text.replace("\r\n", "\n").partition("\n\n")
        start, *lines = head.split("\n")
        headers, _ = parse_headers(lines)
        cseq = headers.get("CSeq") or ""
        key = (message["leg"], str(message["sent"]), start, cseq, headers.get("To") or "", body)
        if key in found:
            found[key].times += 1
            found[key].until_s = after_s
            continue
        label, shown = _label(start, cseq)
        found[key] = Arrow(after_s, message["leg"], message["sent"], label, shown, _media(body), text)
    return list(found.values())


def _label(start: str, cseq: str) -> tuple[str, str]:
    """What stands on the arrow, and which request is meant where that does not say it."""
    first, _, rest = start.partition(" ")
    number, _, _ = cseq.partition(" ")
    return (rest[:_LABEL], cseq) if first.upper().startswith("SIP/") else (first[:_LABEL], number)


def _media(body: str) -> str:
    """``PCMU PCMA sendrecv`` of the first audio that is there, ``no audio``, or "" without a description."""
    if not body.startswith("v=0"):
        return ""
    try:
        session = parse_session(body.encode())
    except PeerError:
        return "unreadable SDP"
    audio = next((one for one in session.sections if one.kind == "audio" and one.port), None)
    if audio is None:
        return "no audio"
    said = {name for name, _ in (*session.attributes, *audio.attributes)}
    named = {name for name, _ in audio.attributes} & set(_DIRECTIONS) or said & set(_DIRECTIONS) or {"sendrecv"}
    return f"{' '.join(_codecs(audio))} {' '.join(sorted(named))}"


def _codecs(audio: Section) -> list[str]:
    pairs = [value.split() for value in audio.attributes_of("rtpmap")]
    maps = {pair[0]: pair[1] for pair in pairs if len(pair) > 1}
    return [maps.get(kind, _STATIC.get(kind, kind)).partition("/")[0] for kind in audio.formats]


# ---- the drawing -----------------------------------------------------------------------------------------------


def _columns(messages: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Leg -> the two lines of its heading, from left to right; the switch is the second one."""
    peers: dict[str, tuple[str, str]] = {}
    for message in messages:
        peers.setdefault(message["leg"], (f"{message['transport']} {message['remote']}", message["leg"]))
    first, *others = peers.items()
    return dict([first, (SWITCH, (SWITCH, "")), *others])


def _heads(columns: Mapping[str, tuple[str, str]], gap: int) -> Iterator[str]:
    for line in (0, 1):
        words = "".join(head[line][: gap - 1].center(gap) for head in columns.values())
        yield (" " * _TIME + words).rstrip()


def _rung(arrow: Arrow, columns: Mapping[str, tuple[str, str]], gap: int) -> str:
    places = {name: number * gap + gap // 2 for number, name in enumerate(columns)}
    cells = [" "] * (len(columns) * gap)
    for place in places.values():
        cells[place] = "|"
    peer, switch = places[arrow.leg], places[SWITCH]
    low, high = min(peer, switch) + 1, max(peer, switch)
    rightward = (peer > switch) == arrow.sent
    shaft = f" {arrow.label} ".center(high - low - 2, "-")
    cells[low:high] = list(f"-{shaft}>" if rightward else f"<{shaft}-")
    time = f"+{arrow.after_s:.3f}".ljust(_TIME)
    return f"{time}{''.join(cells).rstrip()}  {arrow.note}".rstrip()
