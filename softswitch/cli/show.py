"""What is happening: one table per list of the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, duration, moment, show, skills, text, words, yes

app = typer.Typer()
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most, newest first.")]


def _wish(value: Mapping[str, str] | None) -> str:
    return "" if value is None else ": ".join(filter(None, (value["state"], value["reason"])))


def _expected(value: Mapping[str, float] | None) -> str:
    """The wait of a caller who joins now: "2m to 4m"."""
    if value is None:
        return "nobody"
    low, high = duration(value["low_s"]), duration(value["high_s"])
    return low if low == high else f"{low} to {high}"


def _came_true(value: Mapping[str, Any]) -> str:
    """The share of waits of late that ended between the bounds."""
    return "" if value["coverage"] is None else f"{value['coverage']:.0%}"


_CALLS: list[Column] = [
    ("contact", "contact", text),
    ("kind", "kind", text),
    ("caller", "caller", text),
    ("called", "called", text),
    ("state", "state", text),
    ("queue", "queue", text),
    ("agent", "agent", text),
    ("dialplan", "plan", text),
    ("step", "step", text),
    ("place", "place", text),
    ("age", "age_s", duration),
]
_AGENTS: list[Column] = [
    ("agent", "agent", text),
    ("phone", "user", text),
    ("also", "also", words),
    ("state", "state", text),
    ("reason", "reason", text),
    ("wants", "wants", _wish),
    ("since", "since_s", duration),
    ("reachable", "reachable", yes),
    ("wrap-up", "wrap_up_s", duration),
    ("contact", "contact", text),
    ("skills", "skills", skills),
]
_QUEUES: list[Column] = [
    ("queue", "queue", text),
    ("waiting", "waiting", text),
    ("longest", "longest_wait_s", duration),
    ("ready", "agents_ready", text),
    ("logged in", "agents_logged_in", text),
    ("expected", "expected_wait", _expected),
    ("came true", "predictions", _came_true),
    ("promises", "promises_open", text),
]
_REGISTRATIONS: list[Column] = [
    ("phone", "aor", text),
    ("contact", "contact", text),
    ("expires", "expires_at", moment),
    ("user agent", "user_agent", text),
]
_BANS: list[Column] = [
    ("source", "source", text),
    ("since", "since", moment),
    ("until", "until", moment),
    ("user guessed", "user", text),
    ("dropped", "dropped", text),
]
_RECORDS: list[Column] = [
    ("contact", "contact", text),
    ("kind", "kind", text),
    ("caller", "caller", text),
    ("called", "called", text),
    ("queue", "queue", text),
    ("agent", "agent", text),
    ("started", "started_at", moment),
    ("outcome", "outcome", text),
    ("ended by", "ended_by", text),
    ("recording", "recording", text),
]


_TRUNKS: list[Column] = [
    ("trunk", "trunk", text),
    ("group", "group", text),
    ("up", "up", yes),
    ("why", "why", text),
    ("servers", "servers", "\n".join),
    ("failed lately", "dead_s", lambda dead: "\n".join(f"{server} {duration(left)}" for server, left in dead.items())),
    ("registered until", "registered_until", moment),
    ("calls", "calls", text),
    ("most", "most_calls", lambda most: text(most or "")),
    ("callbacks", "left_alone", lambda left_alone: "left alone" if left_alone else ""),
]


def _list(url: str, config: Path, what: str, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = request(base_url(url, config), "GET", f"/api/v1/{what}{query}", what)
    return rows


@app.command()
def calls(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The calls that are going on."""
    show(_list(url, config, "calls"), _CALLS, as_json, "no calls")


@app.command()
def agents(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The agents and their states."""
    show(_list(url, config, "agents"), _AGENTS, as_json, "no agents are configured")


@app.command()
def queues(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The queues: who waits, who could answer."""
    show(_list(url, config, "queues"), _QUEUES, as_json, "no queues are configured")


@app.command()
def registrations(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The phones that are registered."""
    show(_list(url, config, "registrations"), _REGISTRATIONS, as_json, "no phone is registered")


@app.command()
def trunks(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The trunks: whether they are up, where they lead, what they carry."""
    show(_list(url, config, "trunks"), _TRUNKS, as_json, "no trunks are configured")


@app.command()
def bans(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The addresses that are not heard, because passwords were guessed from there."""
    show(_list(url, config, "bans"), _BANS, as_json, "nobody is banned")


@app.command()
def unban(source: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Hear SOURCE again (an address, or a network as `bans` shows it)."""
    request(base_url(url, config), "DELETE", f"/api/v1/bans/{quoted(source)}", "source")
    print(f"{source} is heard again")


@app.command()
def records(config: Config = DEFAULT_CONFIG, url: Url = "", limit: Limit = 20, as_json: Json = False) -> None:
    """The calls that have ended, newest first."""
    show(_list(url, config, "records", f"?limit={limit}"), _RECORDS, as_json, "no calls yet")
