"""The dialplans of a running switch: which versions its calls go by, and that what was written is read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, as_json_text, show, text
from softswitch.core.errors import Problem

app = typer.Typer()
PATIENCE_S = 60.0  # reading and proving is done beside all other work
_MOST_NAMED = 12  # of what changed, in one line
_DIALPLANS: list[Column] = [
    ("dialplan", "dialplan", text),
    ("version", "version", text),
    ("numbers", "numbers", " ".join),
    ("steps", "steps", text),
    ("calls", "calls", text),
    ("on former versions", "former", lambda former: "\n".join(f"{name}: {calls}" for name, calls in former.items())),
    ("file", "file", text),
]


@app.command()
def dialplans(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The dialplans that work now, and how many calls go by each version."""
    rows = request(base_url(url, config), "GET", "/api/v1/dialplans", "dialplans")
    show(rows, _DIALPLANS, as_json, "no dialplans")


@app.command()
def reload(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """Read agents, queues, campaigns, dialplans, calendars and prompts again; with any error in them nothing changes.

    Calls that go on end on the dialplan that they began with; who waits or works keeps place and state.
    """
    outcome = request(base_url(url, config), "POST", "/api/v1/reload", "reload", timeout_s=PATIENCE_S)
    typer.echo(as_json_text(outcome) if as_json else "\n".join(told(outcome)))


def told(outcome: Mapping[str, Any]) -> Iterator[str]:
    """The outcome of a reload, for people."""
    changes = outcome["changes"]
    for change in changes["plans"]:
        yield from _plan(change)
    for what in ("calendars", "prompts"):
        if changes[what]:
            yield f"{what}: {_some(changes[what])}"
    yield from _staff(outcome["staff"])
    if outcome["log"]:
        yield f"of control's log: {_some(outcome['log'])}"
    if not any(changes.values()) and not any(outcome["staff"].values()) and not outcome["log"]:
        yield "nothing has changed"
    if outcome["calls_on_former"]:
        yield f"{outcome['calls_on_former']} call(s) go on by former versions"
    if outcome["needs_restart"]:
        yield f"has changed too, and needs a restart: {_some(outcome['needs_restart'])}"
    for problem in outcome["warnings"]:
        yield str(Problem(**problem))
    if outcome["version"]:
        yield f"configuration {outcome['version']}"


def _staff(staff: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("agent", "queue", "campaign"):
        for change in staff[f"{kind}s"]:
            keys = f": {_some(change['keys'])}" if change["keys"] else ""
            works = "; finishes the contact in hand" if change["works"] else ""
            waiting = f"; {change['waiting']} contact(s) in it are served by what it was" if change["waiting"] else ""
            yield f"{kind} {change['name']} {change['what']}{keys}{works}{waiting}"


def _plan(change: Mapping[str, Any]) -> Iterator[str]:
    versions = " -> ".join(version for version in (change["old"], change["new"]) if version)
    calls = f"; {change['calls']} call(s) go on by what it was" if change["calls"] else ""
    yield f"{change['plan']} {change['what']} ({versions}){calls}"
    for name, label in (("head", "above the steps"), ("added", "new"), ("removed", "gone"), ("changed", "changed")):
        if change[name]:
            yield f"  {label}: {_some(change[name])}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
