"""A call's way through its dialplan, a line for each step: when, where, how long, which way out, and why.

Read at night: what failed is red, where the caller hung up is yellow; what a step was told and has set stands by it.
What peers and web services wrote is shown without control characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from softswitch.cli.ladder import Line
from softswitch.cli.table import duration, moment
from softswitch.core.legible import printable

_TIME = 10  # characters of a moment: "+123.456  "
_STYLES = {"failed": "red", "hangup": "yellow", "ended": "yellow", "": "bold"}


def draw_path(path: Mapping[str, Any]) -> Iterator[Line]:
    steps: Sequence[Mapping[str, Any]] = path["steps"]
    state = "over" if path["over"] else "going on"
    lasted = duration(path["ended_at"] - path["started_at"])
    head = f"dialplan {path['plan']} (version {path['version']}), from {moment(path['started_at'])}, {lasted}, {state}"
    yield printable(head), "bold"
    widths = [
        max((len(_named(step)) for step in steps), default=0),
        max((len(step["verb"]) for step in steps), default=0),
    ]
    ways = max((len(_way(step)) for step in steps), default=0)
    for step in steps:
        if step.get("missed"):
            yield f"{'':{_TIME}}... {step['missed']} more steps", "dim"
        yield from _lines(step, widths, ways)


def _lines(step: Mapping[str, Any], widths: Sequence[int], ways: int) -> Iterator[Line]:
    style = _STYLES.get(step.get("exit", ""), "")
    time = f"+{step['at']:.3f}".ljust(_TIME)
    name, verb = _named(step).ljust(widths[0]), step["verb"].ljust(widths[1])
    lasted = f"{step.get('seconds', 0.0):.2f}s"
    said = "; ".join(step.get("inputs", ()))
    line = f"{time}{name}  {verb}  {lasted:>9}  {_way(step):{ways}}  {said}".rstrip()
    yield printable(line).replace("\n", " "), style
    if step.get("why"):
        yield printable(f"{'':{_TIME}}  {step['why']}").replace("\n", " "), style
    for variable, value in step.get("changed", {}).items():
        yield printable(f"{'':{_TIME}}  {variable} = {value}").replace("\n", " "), "dim"


def _named(step: Mapping[str, Any]) -> str:
    return f"{step['plan']}/{step['step']}" if step.get("plan") else str(step["step"])


def _way(step: Mapping[str, Any]) -> str:
    if not step.get("exit"):
        return "is here"
    return f"{step['exit']} -> {step['to']}" if step.get("to") else str(step["exit"])
