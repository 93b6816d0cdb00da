"""``softswitch supervise``: somebody hears a call of somebody else, and may speak in it."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.option import Config, Url

Supervisor = Annotated[str, typer.Option("--as", help="Whose phone rings: a user who `supervises` in users.yaml.")]


class How(enum.StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take-over"


Mode = Annotated[How, typer.Option("--mode", help="Heard by nobody, by the agent, by both; or in the agent's place.")]


def supervise(
    who: str, supervisor: Supervisor, mode: Mode = How.LISTEN, config: Config = DEFAULT_CONFIG, url: Url = ""
) -> None:
    """Have a supervisor hear WHO: a user or an agent who talks, or a call. Again: change what he does there."""
    body = {"supervisor": supervisor, "mode": mode.value}
    where = base_url(url, config)
    state = request(where, "POST", f"/api/v1/calls/{quoted(who)}/supervise", "state", body)
    typer.echo(f"{who}: {supervisor} rings" if state == "ringing" else f"{who}: {supervisor} {mode.value}")
