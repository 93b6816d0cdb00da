"""What callers thought, and what web services have still to be told."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from softswitch.cli.client import DEFAULT_CONFIG, asked_for, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, moment, show, text

app = typer.Typer(help="Events for web services that wait, or were given up.", no_args_is_help=True)
order = typer.Typer()


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:g}"


def _spread(scores: Any) -> str:
    return " ".join(f"{score}:{count}" for score, count in (scores or {}).items() if count)


_SURVEYS: list[Column] = [
    ("survey", "survey", text),
    ("question", "question", text),
    ("agent", "agent", text),
    ("answers", "count", text),
    ("mean", "mean", _figure),
    ("NPS", "nps", _figure),
    ("scores", "scores", _spread),
]
_WEBHOOKS: list[Column] = [
    ("webhook", "id", text),
    ("to", "hook", text),
    ("event", "event", text),
    ("state", "state", text),
    ("tries", "attempts", text),
    ("since", "created_at", moment),
    ("next", "next_at", moment),
    ("error", "error", text),
]


@order.command()
def surveys(
    name: Annotated[str, typer.Argument(help="Only this one.")] = "",
    since: Annotated[str, typer.Option("--since", help="7d, 12h, or Unix seconds; without it, ever since.")] = "",
    by_agent: Annotated[bool, typer.Option("--by-agent", help="A row for each agent.")] = False,
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """What callers have answered: how many, the mean, and the net promoter score of a scale from 0 to 10."""
    wanted = {"since": since, "by": "agent" if by_agent else ""}
    query = asked_for(wanted)
    path = f"/api/v1/surveys{'/' + quoted(name) if name else ''}{'?' + query if query else ''}"
    show(request(base_url(url, config), "GET", path, "surveys"), _SURVEYS, as_json, "no answer")


@app.command("list")
def list_(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """Those that wait, the oldest first, then those that were given up."""
    show(request(base_url(url, config), "GET", "/api/v1/webhooks", "webhooks"), _WEBHOOKS, as_json, "nothing waits")


@app.command()
def retry(webhook: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Try one again that was given up."""
    request(base_url(url, config), "POST", f"/api/v1/webhooks/{quoted(webhook)}/retry", "webhook", {})
    typer.echo(f"{webhook}: is tried again")
