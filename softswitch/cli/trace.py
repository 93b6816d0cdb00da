"""``softswitch trace CALL``: the SIP messages of a call, as a ladder, as they were, or as a capture file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from softswitch.cli.client import DEFAULT_CONFIG, Failed, base_url, download, quoted, request
from softswitch.cli.ladder import draw
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import as_json_text

Full = Annotated[bool, typer.Option("--full", help="Each message whole, below its arrow.")]
Pcap = Annotated[Path | None, typer.Option("--pcap", help="Write a capture file, for wireshark, sngrep and others.")]
Call = Annotated[str, typer.Argument(help="Contact, leg or Call-ID.")]


def trace(
    call: Call, config: Config = DEFAULT_CONFIG, url: Url = "", full: Full = False, as_json: Json = False,
    pcap: Pcap = None,
) -> None:  # fmt: skip
    """The SIP messages of CALL, which goes on or has ended lately."""
    base, path = base_url(url, config), f"/api/v1/calls/{quoted(call)}/trace"
    if pcap is not None:
        _write(pcap, download(base, f"{path}?format=pcap"))
        return
    found = request(base, "GET", path, "trace")
    if as_json:
        typer.echo(as_json_text(found))
        return
    console = Console(soft_wrap=True, highlight=False)
    for line, style in draw(found, full):  # Text: what peers write is no markup
        console.print(Text(line, style))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from None
    typer.echo(f"{path}: {len(data)} bytes")
