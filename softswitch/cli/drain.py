"""``softswitch drain``: no new calls, and an end when the last one is over; how far that is, until it is so."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from softswitch.cli.client import DEFAULT_CONFIG, Base, Failed, base_url, known, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, moment, text
from softswitch.cli.table import show as rows
from softswitch.core.units import seconds

PATH = "/api/v1/drain"
LOOK_S = 0.5
AWAY_S = 10.0  # a control process that has died is back sooner
Within = Annotated[str, typer.Option("--within", help="Whoever is left then is let go: 30m; without it, nobody is.")]
Cancel = Annotated[bool, typer.Option("--cancel", help="Take new calls again.")]
Only = Annotated[
    bool,
    typer.Option("--show", help="Only tell whether it drains, who is left, and which switches share its database."),
]
_NODES: list[Column] = [
    ("node", "node", text),
    ("", "here", lambda here: "this one" if here else ""),
    ("state", "alive", lambda alive: "alive" if alive else "gone"),
    ("last seen", "seen_at", moment),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the end.")]


def drain(
    within: Within = "",
    cancel: Cancel = False,
    show: Only = False,
    no_wait: NoWait = False,
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """Take the switch out of service: no new calls, and it ends when nobody is left.

    Ends with 0 when it has ended, with 1 where somebody has taken it back or it has died. Ctrl-C ends the telling only.
    """
    if (cancel or show) and (within or (cancel and show)):
        raise typer.BadParameter("--cancel and --show stand alone")
    try:
        within_s = seconds(within) if within else None
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example --within 30m") from None
    base = base_url(url, config)
    if show:
        _show(base, as_json)
        return
    if cancel:
        _tell(request(base, "DELETE", PATH, "drain"), as_json)
        return
    body = {} if within_s is None else {"within_s": within_s}
    told = request(base, "POST", PATH, "drain", body)
    _tell(told, as_json)
    if not no_wait:
        _follow(base, told, as_json)


def _show(base: Base, as_json: bool) -> None:
    told = request(base, "GET", f"{PATH}?nodes=1", "")
    nodes = told.get("nodes")
    if as_json:
        typer.echo(json.dumps({**told["drain"], "nodes": nodes}))
        return
    typer.echo(f"{sentence(told['drain'])}\n")
    if nodes is None:
        typer.echo("the database is away: which switches share it is kept there")
        return
    rows(nodes, _NODES, False, "no switch has joined the database")


def _follow(base: Base, told: Mapping[str, Any], as_json: bool) -> None:
    """Until it has ended: a line each time that something is another than before."""
    heard = time.monotonic()
    while True:
        time.sleep(LOOK_S)
        now = known(base, PATH, "drain", away=True)
        if now is None:
            late = bool(told["until"]) and time.time() >= told["until"] - LOOK_S
            if late or not told["calls"]:
                break
            if time.monotonic() > heard + AWAY_S:
                raise Failed(f"the switch is gone, and {told['calls']} call(s) were left")
            continue
        heard = time.monotonic()
        if not now["draining"]:
            raise Failed("somebody has taken it back: the switch takes calls")
        if now != told:
            _tell(now, as_json)
        told = now
    cut = f"; {told['calls']} call(s) lasted too long, and were ended" if told["calls"] else ""
    typer.echo(json.dumps({**told, "ended": True}) if as_json else f"the switch has ended{cut}")


def _tell(told: Mapping[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else sentence(told))


def sentence(told: Mapping[str, Any]) -> str:
    """How far it is, for people."""
    calls = f"{told['calls']} call(s) left" if told["draining"] else f"{told['calls']} call(s)"
    parts = [calls, f"{told['waiting']} of them waiting in queues"]
    if told["unwritten"]:
        parts.append(f"{told['unwritten']} loss(es) to be written down")
    if not told["draining"]:
        return f"takes new calls: {', '.join(parts)}"
    parts.append(f"{told['refused']} new one(s) refused")
    until = f" until {moment(told['until'])} at most" if told["until"] else ""
    return f"draining{until}: {', '.join(parts)}"
