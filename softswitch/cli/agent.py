"""Orders to a running switch: agents' states, promises, calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.option import Config, Url

app = typer.Typer(help="Log agents in and out, pause them.", no_args_is_help=True)
order = typer.Typer()
Reason = Annotated[str, typer.Option("--reason", help="Shown to supervisors.")]


def _set(name: str, state: str, config: Path, url: str, reason: str = "") -> None:
    body = {"state": state, "reason": reason}
    now = request(base_url(url, config), "POST", f"/api/v1/agents/{quoted(name)}/state", "state", body)
    typer.echo(f"{name}: {now}")


@app.command()
def login(name: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Log the agent in, ready for calls."""
    _set(name, "logged_in", config, url)


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


@order.command()
def withdraw(promise: str, reason: Reason = "", config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Withdraw a callback that is not needed any more."""
    request(base_url(url, config), "POST", f"/api/v1/promises/{quoted(promise)}/withdraw", "promise", {"why": reason})
    typer.echo(f"{promise}: withdrawn")


@order.command()
def hangup(contact: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """End a call."""
    request(base_url(url, config), "DELETE", f"/api/v1/calls/{quoted(contact)}", "contact")
    typer.echo(f"{contact}: ending")
