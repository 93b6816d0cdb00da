"""Recordings: pause those that go on, verify those that are finished."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.client import DEFAULT_CONFIG, Failed, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.core.errors import ConfigError
from softswitch.settings import load

app = typer.Typer(help="Pause a recording, and verify those that are finished.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", help="Kept beside the recording.")]
Directory = Annotated[Path | None, typer.Argument(help="Where they are; without it that of the configuration.")]


def _set(contact: str, body: dict[str, object], config: Path, url: str) -> None:
    request(base_url(url, config), "POST", f"/api/v1/calls/{quoted(contact)}/recording", "paused", body)


def _configured(config: Path) -> Path:
    try:
        return load(config).paths.recordings
    except ConfigError as error:
        raise Failed(f"{error}\nthe configuration has errors; name the directory of the recordings") from None


@app.command()
def pause(contact: str, reason: Reason = "", config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Silence in the recording of a call, while a card number is said."""
    _set(contact, {"paused": True, "reason": reason}, config, url)
    typer.echo(f"{contact}: the recording is paused")


@app.command()
def resume(contact: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """The recording of a call goes on."""
    _set(contact, {"paused": False}, config, url)
    typer.echo(f"{contact}: the recording goes on")


@app.command()
def verify(directory: Directory = None, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Hold each recording against the checksum made when it was finished; exit code 1 where one does not match."""
    from softswitch.media import finish  # it loads the codecs

    where = directory or _configured(config)
    if not where.is_dir():
        raise Failed(f"{where} is not a directory")
    found = list(finish.verify(where))
    wrong = [(file, verdict) for file, verdict in found if verdict not in ("ok", "unfinished")]
    if as_json:
        typer.echo(json.dumps([{"file": file, "verdict": verdict} for file, verdict in found]))
    else:
        for file, verdict in found:
            if verdict != "ok":
                typer.echo(f"{file}: {verdict}")
        typer.echo(f"{len(found)} recordings, {len(wrong)} of them not as they were")
    if wrong:
        raise typer.Exit(1)
