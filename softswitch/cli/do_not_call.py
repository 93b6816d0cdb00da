"""``softswitch do-not-call``: who is never to be called, by hand or from a file."""

from __future__ import annotations

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from softswitch.callback.sheet.decoding import ENOUGH, no_text
from softswitch.cli.client import DEFAULT_CONFIG, Base, Failed, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, as_json_text, moment, show, text
from softswitch.core.legible import legible, printable

app = typer.Typer(help="Numbers that are never to be called.", no_args_is_help=True)
PATH = "/api/v1/do-not-call"
AT_ONCE = 300  # numbers in one request
MOST_WRITTEN = 256  # characters of a number; longer ones are none
_COLUMNS: list[Column] = [
    ("number", "number", text),
    ("why", "why", text),
    ("by", "by", text),
    ("since", "added_at", moment),
]
Why = Annotated[str, typer.Option("--why", help="Kept with each number.")]


@app.command("list")
def list_(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """All that were listed here, in that order; those of the file are in the file."""
    base = base_url(url, config)
    rows: list[dict[str, Any]] = []
    while page := request(base, "GET", f"{PATH}?after={len(rows)}&limit=10000", "do_not_call"):
        rows += page
    show(rows, _COLUMNS, as_json, "nobody is listed")


@app.command()
def check(number: str, config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """Is this number on a list? Ends with 1 where it is not."""
    told = request(base_url(url, config), "GET", f"{PATH}/{quoted(number)}", "do_not_call")
    if as_json:
        typer.echo(as_json_text(told))
    else:
        places = ["listed"] * bool(told["listed"]) + ["in the file"] * bool(told["in_file"])
        typer.echo(f"{told['number']}: {' and '.join(places) or 'on no list'}")
    if not (told["listed"] or told["in_file"]):
        raise typer.Exit(1)


@app.command()
def add(numbers: list[str], why: Why = "", config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Nobody here calls them any more, and their open promises are withdrawn."""
    empty = [place for place, number in enumerate(numbers, 1) if not number.strip()]
    for place in empty:
        typer.echo(f"argument {place} is empty: write a number there, for example +8613800138000", err=True)
    named = [(number[:MOST_WRITTEN], number) for number in numbers if number.strip()]
    _send(base_url(url, config), named, why, len(empty))


@app.command()
def remove(numbers: list[str], config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """They may be called again."""
    base = base_url(url, config)
    for number in numbers:
        told = request(base, "DELETE", f"{PATH}/{quoted(number)}", "do_not_call")
        still = "; the file still has it" if told["in_file"] else ""
        typer.echo(f"{told['removed']}: may be called{still}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="One number per line; what follows a # is a remark.")],
    why: Why = "",
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
) -> None:
    """List every number of a file. Lines that are no number are told; the others are listed all the same."""
    try:
        with file.open("rb") as octets, TextIOWrapper(octets, "utf-8-sig", "replace") as lines:
            if no := no_text(octets.peek(ENOUGH)[:ENOUGH]):
                raise Failed(f"{file} {no}; save it in UTF-8, one number per line")
            _send(base_url(url, config), _numbers(file, lines), why)
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror or error}") from None


def _numbers(file: Path, lines: Any) -> Iterator[tuple[str, str]]:
    """What is written, and what to call it in a complaint."""
    for number, line in enumerate(lines, 1):
        if written := legible(line.partition("#")[0].strip()):  # as the answer has it
            yield written[:MOST_WRITTEN], f"{file}:{number}: {written[:40]}"


def _send(base: Base, named: Any, why: str, refused: int = 0) -> None:
    """``refused``: so many are no number at first sight."""
    added, known = 0, 0
    for batch in _batches(named):
        body = {"numbers": [written for written, _ in batch], "why": why}
        told = request(base, "PUT", PATH, "do_not_call", body)
        added, known = added + len(told["added"]), known + told["known"]
        reasons = {one["number"]: one["why"] for one in told["refused"]}
        for written, name in batch:
            if written in reasons:
                refused += 1
                typer.echo(f"{printable(name)}: is no number ({reasons[written]})", err=True)
    typer.echo(f"{added} listed, {known} known already, {refused} refused")
    if refused:
        raise typer.Exit(1)


def _batches(named: Any) -> Iterator[list[tuple[str, str]]]:
    """No more than a request may carry: of long lines, fewer."""
    batch: list[tuple[str, str]] = []
    size = 0
    for written, name in named:
        width = len(written.encode("utf-8", "surrogatepass")) * 6 + 4  # as JSON may have to write it
        if batch and (len(batch) == AT_ONCE or size + width > 14_000):
            yield batch
            batch, size = [], 0
        batch.append((written, name))
        size += width
    if batch:
        yield batch
