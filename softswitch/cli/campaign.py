"""``softswitch campaign``: what has come of outbound lists, what stops them, and lists for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from softswitch.callback.sheet.mistake import cell
from softswitch.cli import callbacks
from softswitch.cli.client import DEFAULT_CONFIG, Failed, asked_for, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url, beside_a_report
from softswitch.cli.table import Column, as_json_text, show, text, until

app = typer.Typer(
    help="Outbound lists: what has come of them, what stops them, and lists for them.", no_args_is_help=True
)
order = typer.Typer()
Campaign = Annotated[str, typer.Argument(metavar="NAME", help="As campaigns.yaml has it.")]
_ERRORS = ("line", "column", "value", "wrong", "right", "reason")
_PARTS = (("state", "by_state"), ("outcome", "by_outcome"), ("disposition", "by_disposition"))


def _share(value: Any) -> str:
    return "" if value is None else f"{value:.1%}"


def _stopped(row: Mapping[str, Any]) -> str:
    return f"{row['stopped_by']}{until(row['until'])}" if row["stopped_by"] else "nothing"


_CAMPAIGNS: list[Column] = [
    ("campaign", "campaign", text),
    ("state", "state", text),
    ("queue", "queue", text),
    ("promises", "promises", text),
    ("open", "open", text),
    ("attempts", "attempts", text),
    ("connected", "connect_rate", _share),
    ("abandoned", "abandon_rate", _share),
    ("stopped by", "stopped", text),
]


@app.command("list")
def list_(config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """All campaigns: how far they are, and what stops them now."""
    rows = request(base_url(url, config), "GET", "/api/v1/campaigns", "campaigns")
    told = rows if as_json else [row | {"stopped": _stopped(row)} for row in rows]
    show(told, _CAMPAIGNS, as_json, "campaigns.yaml has no campaign")


@app.command("show")
def show_(name: Campaign, config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """One campaign: by state, outcome and disposition."""
    row = request(base_url(url, config), "GET", f"/api/v1/campaigns/{quoted(name)}", "campaign")
    if as_json:
        typer.echo(as_json_text(row))
        return
    show([row | {"stopped": _stopped(row)}], _CAMPAIGNS, False, "")
    if row["paused_by"]:
        typer.echo(f"paused by {row['paused_by']}")
    counted = [{"of": of, "what": what, "promises": n} for of, key in _PARTS for what, n in row[key].items()]
    if counted:
        typer.echo("")
        show(counted, [("", "of", text), ("", "what", text), ("promises", "promises", text)], False, "")


@app.command()
def pause(name: Campaign, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Call nobody for now; calls that go on are not cut. It outlives a restart."""
    request(base_url(url, config), "POST", f"/api/v1/campaigns/{quoted(name)}/pause", "paused", {})
    typer.echo(f"{name}: paused")


@app.command()
def resume(name: Campaign, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """Go on where it was paused."""
    request(base_url(url, config), "POST", f"/api/v1/campaigns/{quoted(name)}/resume", "paused", {})
    typer.echo(f"{name}: goes on")


@app.command("import")
def import_(
    name: Campaign,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV; its first line names the columns.")],
    errors: Annotated[
        Path | None,
        typer.Option(
            "--errors", metavar="FILE.csv", callback=beside_a_report, help="Write each row that was not taken."
        ),
    ] = None,
    consent: Annotated[str, typer.Option("--consent", metavar="REF", help="Of rows that name none.")] = "",
    round_: Annotated[
        str, typer.Option("--round", help="A name: who was in the list before may be called again.")
    ] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="auto, utf-8, gb18030 or windows-1252.")] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and judge the rows, and keep nothing.")] = False,
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """Put the numbers of FILE on the list; those that are on it are not added twice."""
    from softswitch.cli.upload import upload

    wanted = {"consent": consent, "round": round_, "encoding": encoding, "dry_run": "1" if dry_run else ""}
    query = asked_for(wanted)
    path = f"/api/v1/campaigns/{quoted(name)}/import?{query}"
    if errors is not None and errors.exists() and errors.samefile(file):
        raise Failed(f"--errors {errors} is the list itself, and would take its place; name another file")
    with _error_file(errors) as written, _bar(file, as_json, "would be added" if dry_run else "added") as moved:
        heard = _Heard(written, moved)
        upload(base_url(url, config), path, file, heard.line)
    heard.report(as_json, dry_run)


@contextmanager
def _error_file(path: Path | None) -> Iterator[TextIO | None]:
    """For a spreadsheet: it opens UTF-8 right where there is a mark."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Failed(f"{path}: {error.strerror or error}") from None
    with file:
        file.write(",".join(_ERRORS) + "\r\n")
        yield file


@contextmanager
def _bar(file: Path, silent: bool, word: str) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=silent) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda octets, added: progress.update(
            task, completed=octets, description=f"{file.name}: {added:,} {word}"
        )


class _Heard:
    """What the switch says of the file."""

    def __init__(self, errors: TextIO | None, moved: Any) -> None:
        self._errors = errors
        self._moved = moved
        self._begun: dict[str, Any] = {}
        self._last: dict[str, Any] = {}

    def line(self, told: dict[str, Any]) -> None:
        if told["kind"] == "row":
            if self._errors is not None:
                self._errors.write(",".join(cell(str(told[name])) for name in _ERRORS) + "\r\n")
            return
        if told["kind"] == "begun":
            self._begun = told
            return
        self._last = told
        self._moved(told["octets"], told["added"])

    def report(self, as_json: bool, dry_run: bool) -> None:
        last = self._last
        if as_json:
            typer.echo(as_json_text(self._begun | last))
        else:
            read_as = {"\t": "tabs"}.get(self._begun["separator"], self._begun["separator"])
            typer.echo(f"read as {last['encoding']}, separated by {read_as}: {', '.join(self._begun['columns'])}")
            added = "would be added, as far as the file tells" if dry_run else "added"
            typer.echo(f"{last['rows']:,} rows, {last['added']:,} {added}")
            for reason, count in sorted(last["refused"].items(), key=lambda one: -one[1]):
                typer.echo(f"{count:9,} not: {reason}")
            if last["refused"] and self._errors is None:
                typer.echo("--errors FILE.csv tells which rows, and why; import the same file again with it", err=True)
        if last["kind"] == "failed":
            raise Failed(f"{last['error']}\n{last['hint']}")


@app.command()
def export(
    name: Campaign,
    output: callbacks.Output = "-",
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """What has become of each number, in the order in which they came; as `callbacks export` writes it."""
    callbacks.export(campaign=name, output=output, config=config, url=url, as_json=as_json)


@order.command()
def disposition(contact: str, code: str, config: Config = DEFAULT_CONFIG, url: Url = "") -> None:
    """How the conversation CONTACT ended, by a code of its campaign."""
    path = f"/api/v1/calls/{quoted(contact)}/disposition"
    told = request(base_url(url, config), "POST", path, "disposition", {"code": code})
    typer.echo(f"{contact}: {told['code']}")
