"""``softswitch agent force`` and ``softswitch contact``: what a supervisor sets."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.option import Config, Url
from softswitch.core.units import seconds

app = typer.Typer(help="Move whoever waits to another queue, or forward in line.", no_args_is_help=True)
Contact = Annotated[str, typer.Argument(help="As `softswitch calls` lists it.")]


class State(enum.StrEnum):
    READY = "ready"
    PAUSED = "paused"
    LOGGED_OUT = "logged-out"


def force(
    name: str,
    state: State,
    reason: Annotated[str, typer.Option("--reason", help="Of a pause; shown to everybody.")] = "",
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
) -> None:
    """Set the state of an agent, by a supervisor: his wrap-up ends; what he talks or is rung for is not cut."""
    body = {"state": state.value, "reason": reason}
    now = request(base_url(url, config), "POST", f"/api/v1/agents/{quoted(name)}/force", "state", body)
    typer.echo(f"{name}: {now}")


@app.command()
def move(contact: Contact, queue: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """To another queue, at the place of its age."""
    path = f"/api/v1/contacts/{quoted(contact)}/move"
    queue = request(base_url(url, config), "POST", path, "queue", {"queue": queue})
    typer.echo(f"{contact}: in {queue}")


@app.command()
def priority(
    contact: Contact,
    by: Annotated[str, typer.Argument(help="As if it had waited so much longer: 60s, 5m; 0s takes it back.")],
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
) -> None:
    """What it has beside the priority of its queue, in place of what it had."""
    try:
        priority_s = seconds(by)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    path = f"/api/v1/contacts/{quoted(contact)}/priority"
    now = request(base_url(url, config), "POST", path, "priority_s", {"priority_s": priority_s})
    typer.echo(f"{contact}: {now:g} s")
