"""Orders to a running switch: agents' states, promises, calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli import oversee
from softswitch.cli.callbacks import cancel
from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.option import Config, Url
from softswitch.core.units import seconds

app = typer.Typer(help="Log agents in and out, pause them.", no_args_is_help=True)
order = typer.Typer()
Reason = Annotated[str, typer.Option("--reason", help="Shown to supervisors.")]


def _set(name: str, state: str, config: Path, url: str, reason: str = "") -> None:
    body = {"state": state, "reason": reason}
    now = request(base_url(url, config), "POST", f"/api/v1/agents/{quoted(name)}/state", "state", body)
    typer.echo(f"{name}: {now}")


Phone = Annotated[str, typer.Option("--phone", help="At which he sits down, who has none of his own.")]


@app.command()
def login(name: str, phone: Phone = "", config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Log the agent in, ready for calls."""
    path = f"/api/v1/agents/{quoted(name)}/login"
    now = request(base_url(url, config), "POST", path, "state", {"phone": phone})
    typer.echo(f"{name}: {now} at {phone}" if phone else f"{name}: {now}")


@app.command()
def logout(name: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Log the agent out; during a call: after it."""
    _set(name, "logged_out", config, url)


@app.command()
def ready(name: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """End a pause or the wrap-up."""
    _set(name, "ready", config, url)


@app.command()
def pause(name: str, reason: Reason = "", config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """No calls for now; during a call: after it."""
    _set(name, "paused", config, url, reason)


@app.command(name="wrap-up")
def wrap_up(name: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Time for wrap-up after this conversation, where the queue leaves that to the agent."""
    _wrap_up(name, {}, config, url)


@app.command()
def extend(
    name: str,
    by: Annotated[str, typer.Argument(help="How much longer, for example 30s.")],
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
) -> None:
    """The wrap-up that is under way lasts longer, at most as long as the queue allows."""
    try:
        by_s = seconds(by)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    _wrap_up(name, {"extend_s": by_s}, config, url)


def _wrap_up(name: str, body: dict[str, float], config: Path, url: str) -> None:
    now = request(base_url(url, config), "POST", f"/api/v1/agents/{quoted(name)}/wrap-up", "state", body)
    typer.echo(f"{name}: {now}")


app.command()(oversee.force)


@order.command()
def withdraw(promise: str, reason: Reason = "", config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Withdraw a callback that is not needed any more."""
    cancel([promise], reason, config, url)


@order.command()
def hangup(contact: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """End a call."""
    request(base_url(url, config), "DELETE", f"/api/v1/calls/{quoted(contact)}", "contact")
    typer.echo(f"{contact}: ending")
