"""``softswitch why CONTACT`` and ``why-not CONTACT AGENT``: a contact's story in queues, a line for each thing that
happened, and how it stands now.

Who was passed over is told by reason, who was nearest first; of a reason that many have, some names (``--all``: all).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.ladder import Line
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import as_json_text, duration, moment
from softswitch.core.legible import printable

NAMES, MOST_NAMES = 5, 100_000  # of one reason
_WIDTH = 19  # of "10:00:15   +1m30s  "
_GOOD, _BAD, _PLAIN, _DIM = "green", "yellow", "", "dim"

Everybody = Annotated[bool, typer.Option("--all", help="All names, however many have the same reason.")]
Replay = Annotated[bool, typer.Option("--replay", help="Make each decision again from its record; 1 if one differs.")]
Contact = Annotated[str, typer.Argument(help="Contact, leg or Call-ID.")]


def why(
    contact: Contact, config: Config = DEFAULT_CONFIG, url: Url = "", everybody: Everybody = False,
    replay: Replay = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Why CONTACT got that agent, or waits: each decision about it, why every other agent was passed over, and how
    each offer ended."""
    asked = f"names={MOST_NAMES if everybody else NAMES}{'&replay=1' if replay else ''}"
    path = f"/api/v1/contacts/{quoted(contact)}/why?{asked}"
    told = request(base_url(url, config), "GET", path, "why")
    _print(told, draw_why(told, everybody), as_json)
    if any(one.get("same") is False for one in told["entries"]):
        raise typer.Exit(1)


def why_not(
    contact: Contact, agent: str, config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False
) -> None:
    """Why AGENT did not get CONTACT: the one reason of each decision, or how his offer ended."""
    path = f"/api/v1/contacts/{quoted(contact)}/why-not/{quoted(agent)}"
    told = request(base_url(url, config), "GET", path, "why_not")
    _print(told, draw_why_not(told), as_json)


def _print(told: Mapping[str, Any], lines: Iterable[Line], as_json: bool) -> None:
    if as_json:
        typer.echo(as_json_text(told))
        return
    console = Console(soft_wrap=True, highlight=False)
    for line, style in lines:  # Text: names are no markup
        console.print(Text(printable(line), style))


# ---- a contact -------------------------------------------------------------------------------------------------------


def draw_why(told: Mapping[str, Any], everybody: bool) -> Iterator[Line]:
    entries: Sequence[Mapping[str, Any]] = told["entries"]
    start = entries[0]["at"] if entries else 0.0
    yield f"contact {told['contact']}{', ' if start else ''}{moment(start)[:10]}", "bold"
    if told["missing"]:
        yield f"{told['missing']} entries in the middle are not kept", _DIM
    for one in entries:
        if one["what"] == "decided":
            yield from _decision(one, start, everybody)
        else:
            text, style = _happened(one)
            yield _line(one["at"], start, text), style
    if told["now"] is not None:
        yield from _now(told["now"], everybody)


def draw_brief(one: Mapping[str, Any]) -> Line:
    """An entry in one line, without the time."""
    if one["what"] != "decided":
        return _happened(one)
    agents, others = one["agents"], one["passed_over"]
    if agents:
        return f"offered to {_listed(agents, False)} ({others} passed over: see why)", _PLAIN
    again = f", {one['times']} times until {_clock(one['last_at'])}" if one["times"] > 1 else ""
    return f"nobody free for it in queue {one['queue']} ({others} passed over: see why){again}", _BAD


def _happened(one: Mapping[str, Any]) -> Line:
    match one["what"]:
        case "joined":
            return _joined(one), _PLAIN
        case "offer ended":
            return f"{one['agent']}: {one['how']}", _GOOD if one["how"] == "answered" else _BAD
        case "wait rose":
            return f"told {duration(one['to_s'])} instead of {duration(one['from_s'])}: {one['cause']}", _BAD
        case "left":
            return f"left queue {one['queue']}: {one['why']}, after {duration(one['waited_s'])}", _PLAIN
    return str(one["what"]), _PLAIN


def _joined(one: Mapping[str, Any]) -> str:
    kind = "" if one["kind"] == "call" else f" as a {one['kind']}"
    again = "; it had its place before a restart" if one["again"] else ""
    return f"joined queue {one['queue']}{kind}, number {one['position']} in line{again}"


def _decision(one: Mapping[str, Any], start: float, everybody: bool) -> Iterator[Line]:
    agents = list(one["agents"]) or ["nobody"]
    got = f"{_listed(agents, everybody)} {'is' if len(agents) == 1 else 'are'} offered it" if one["agent"] else "nobody"
    yield _line(one["at"], start, f"{got}{_because(one)}"), "bold"
    yield _below(_terms(one)), _DIM
    for group in one["passed_over"]:
        yield _below(_group(group, everybody)), _PLAIN
    if "same" in one:
        again = one["replayed"] or "nobody"
        yield _below(f"replayed: {again}{', the same' if one['same'] else ', WHICH IS NOT THE SAME'}"), _DIM


def _terms(one: Mapping[str, Any]) -> str:
    """By which rules it was decided."""
    said = [f"queue {one['queue']}", f"waited {duration(one['waited_s'])}"]
    said += [f"relaxed {one['relaxed']} {'time' if one['relaxed'] == 1 else 'times'}"] if one["relaxed"] else []
    said += [f"{one['reserve']} kept in reserve"] if one["reserve"] else []
    said += [f"only {one['preferred']} was asked, whom it prefers"] if one["preferred"] else []
    said += [f"{queue} {waiting} waiting of a share of {share:g}" for queue, waiting, share in one["shares"]]
    said += [f"configuration {one['version']}"] if one["version"] else []
    if one["times"] > 1:
        said.append(f"{one['times']} times, last at {_clock(one['last_at'])}")
    return ", ".join(said)


_FIGURES = {
    "idle_s": lambda value: f"idle for {duration(value)}",
    "surplus": lambda value: f"{value:g} levels more than needed",
    "other_skills": lambda value: f"{value:g} levels of other skills",
    "skill": lambda value: f"skill {value:g}",
    "occupancy": lambda value: f"occupied {value:.0%} of the time",
    "calls": lambda value: f"{value:g} calls",
    "turn": lambda value: f"turn {value:g}",
    "draw": lambda value: f"draw {value:g}",
    "place": lambda value: f"number {value + 1:g} in the configuration",
}


def _because(one: Mapping[str, Any]) -> str:
    if not one["agent"]:
        return ""
    figures = ", ".join(_FIGURES[name](value) for name, value in one["figures"].items())
    return f": {one['strategy']}, {figures}"


# ---- now -------------------------------------------------------------------------------------------------------------


def _now(now: Mapping[str, Any], everybody: bool) -> Iterator[Line]:
    place = f"number {now['position']} of {now['line']} in queue {now['queue']}"
    head = f"now: waits for {duration(now['waited_s'])}, {place}"
    if now["ringing"]:
        yield f"{head}; {_listed(now['ringing'], everybody)} {'is' if len(now['ringing']) == 1 else 'are'} rung", _GOOD
        return
    alone = f", for {now['preferred']} alone, whom it prefers" if now["preferred"] else ""
    counts = ", ".join(_count(group, now["pauses"]) for group in now["passed_over"])
    yield f"{head}{alone}; nobody free for it: {counts or 'no agents are configured'}{_relaxes(now)}", _BAD
    for group in now["passed_over"]:
        yield _below(_group(group, everybody)), _PLAIN


def _count(group: Mapping[str, Any], pauses: Mapping[str, int]) -> str:
    of = (
        ", ".join(f"{reason} {count}" for reason, count in pauses.items() if reason)
        if group["reason"] == "paused"
        else ""
    )
    return f"{group['count']} {group['reason']}{f' ({of})' if of else ''}"


def _relaxes(now: Mapping[str, Any]) -> str:
    if now["relaxes_in_s"] is None:
        return ""
    return f"; the next relaxation in {duration(now['relaxes_in_s'])} admits {now['admits']} more"


# ---- one agent -------------------------------------------------------------------------------------------------------


def draw_why_not(told: Mapping[str, Any]) -> Iterator[Line]:
    agent, entries = told["agent"], told["entries"]
    start = entries[0]["at"] if entries else 0.0
    yield f"contact {told['contact']} and {agent}{', ' if start else ''}{moment(start)[:10]}", "bold"
    if not entries:
        yield "nothing has been decided about it yet" if told["now"] else "no decision about it is kept", _DIM
    for one in entries:
        yield _line(one["at"], start, _part(one, agent)), _PLAIN
    if (now := told["now"]) is not None:
        pause = f" ({now['pause']})" if now["pause"] else ""
        state = "his phone rings" if now["ringing"] else f"{now['reason'] or 'free'}{pause}"
        yield f"now: waits for {duration(now['waited_s'])} in queue {now['queue']}; {agent}: {state}", _BAD


def _part(one: Mapping[str, Any], agent: str) -> str:
    if one["offered"]:
        return f"{agent} was offered it: {one['how'] or 'his phone rings'}"
    got = f"{one['agent']} got the offer" if one["agent"] else "nobody"
    return f"{got}; {agent}: {one['reason']}"


# ---- words -----------------------------------------------------------------------------------------------------------


def _line(at: float, start: float, text: str) -> str:
    return f"{_clock(at)}  {f'+{duration(at - start)}':>7}  {text}"


def _clock(at: float) -> str:
    return f"{datetime.datetime.fromtimestamp(at):%H:%M:%S}"


def _below(text: str) -> str:
    return f"{'':{_WIDTH}}  {text}"


def _group(group: Mapping[str, Any], everybody: bool) -> str:
    return f"{group['count']} {group['reason']}: {_listed(group['agents'], everybody, group['count'])}"


def _listed(names: Sequence[str], everybody: bool, count: int = 0) -> str:
    """``count``: how many there are, where not all of them are in ``names``."""
    shown = names if everybody else names[:NAMES]
    more = max(count, len(names)) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
