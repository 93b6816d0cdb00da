"""``softswitch trace CALL``: the way of a call through its dialplan, and its SIP messages as a ladder, with what
happened to it in queues between them, as they were, or as a capture file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from softswitch.cli.client import DEFAULT_CONFIG, Failed, base_url, download, known, quoted, request
from softswitch.cli.ladder import Line, draw
from softswitch.cli.option import STDOUT, Config, Json, Url
from softswitch.cli.path import draw_path
from softswitch.cli.table import as_json_text
from softswitch.cli.why import draw_brief

Full = Annotated[bool, typer.Option("--full", help="Each message whole, below its arrow.")]
Pcap = Annotated[
    Path | None, typer.Option("--pcap", help="Write a capture file, for wireshark, sngrep ... (-: stdout).")
]
PathOnly = Annotated[bool, typer.Option("--path", help="Its way through the dialplan only.")]
SipOnly = Annotated[bool, typer.Option("--sip", help="Its SIP messages only.")]
Call = Annotated[str, typer.Argument(help="Contact, leg or Call-ID.")]


def trace(
    call: Call, config: Config = DEFAULT_CONFIG, url: Url = "", full: Full = False, as_json: Json = False,
    pcap: Pcap = None, path: PathOnly = False, sip: SipOnly = False,
) -> None:  # fmt: skip
    """What has happened in CALL: its way through the dialplan, its SIP messages, and what queues did with it.

    Messages are in the memory of the switch, and of the latest calls only; ways through dialplans are in its database.
    """
    base, place = base_url(url, config), f"/api/v1/calls/{quoted(call)}"
    if pcap is not None:
        _write(pcap, download(base, f"{place}/trace?format=pcap"))
        return
    way = None if sip else known(base, f"{place}/path", "path")
    messages = None if path else known(base, f"{place}/trace", "trace")
    if way is None and messages is None:
        request(base, "GET", f"{place}/{'path' if path else 'trace'}", "trace")  # says why
    if as_json:
        nothing: dict[str, Any] = {"contact": (way or {}).get("contact"), "live": False, "missing": 0, "messages": [],
                                   "queues": []}  # fmt: skip
        typer.echo(as_json_text({**(messages or nothing), "path": way}))
        return
    console = Console(soft_wrap=True, highlight=False)
    for line, style in _lines(way, messages, full, path, sip):  # Text: what peers write is no markup
        console.print(Text(line, style))


def _lines(way: Any, messages: Any, full: bool, path_only: bool, sip_only: bool = False) -> Iterator[Line]:
    if way is not None:
        yield from draw_path(way)
    if messages is not None:
        if way is not None:
            yield "", ""
        notes = [] if sip_only else [(one["at"], draw_brief(one)) for one in messages["queues"]]
        yield from draw(messages, full, notes)
    if not path_only and not (messages or {}).get("messages"):
        yield "its SIP messages are not kept any more", "yellow"


def _write(path: Path, data: bytes) -> None:
    if str(path) == STDOUT:
        typer.echo(data, nl=False)
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from None
    typer.echo(f"{path}: {len(data)} bytes")
