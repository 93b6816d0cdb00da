"""Messages that wait, and texts to users."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.cli.client import DEFAULT_CONFIG, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, duration, moment, show, text, yes

app = typer.Typer(help="Messages that wait in mailboxes.", no_args_is_help=True)
order = typer.Typer()
Mailbox = Annotated[str, typer.Option("--mailbox", help="Only those of this mailbox.")]

_PATIENCE_S = 60.0  # a phone that does not answer is given up after 32 s

_VOICEMAILS: list[Column] = [
    ("voicemail", "id", text),
    ("mailbox", "mailbox", text),
    ("caller", "caller", text),
    ("left", "left_at", moment),
    ("length", "duration_s", duration),
    ("heard", "heard", yes),
    ("file", "file", text),
]


@app.command("list")
def list_(mailbox: Mailbox = "", config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """The messages of all mailboxes, newest first."""
    rows = request(base_url(url, config), "GET", "/api/v1/voicemails", "voicemails")
    wanted = [row for row in rows if mailbox in ("", row["mailbox"])]
    show(wanted, _VOICEMAILS, as_json, "no voicemail")


@app.command()
def heard(voicemail: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Somebody has listened to it: the phone's lamp goes out with the last one."""
    request(base_url(url, config), "POST", f"/api/v1/voicemails/{quoted(voicemail)}/heard", "voicemail", {})
    typer.echo(f"{voicemail}: heard")


@app.command()
def delete(voicemail: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """The message is gone, and so is its file."""
    request(base_url(url, config), "DELETE", f"/api/v1/voicemails/{quoted(voicemail)}", "voicemail")
    typer.echo(f"{voicemail}: deleted")


@order.command()
def message(user: str, words: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Write WORDS to the phones of USER; exit code 1 where none has taken it."""
    body = {"to": user, "text": words}
    status = request(base_url(url, config), "POST", "/api/v1/messages", "status", body, _PATIENCE_S)
    typer.echo(f"{user}: {'delivered' if status == 200 else f'not delivered ({status})'}")
    if status != 200:
        raise typer.Exit(1)
