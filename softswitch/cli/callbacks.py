"""``softswitch callbacks``: the promises to call back, what has become of each, and what people order about them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from softswitch.callback.campaign import STAGE as IMPORTED
from softswitch.callback.sheet.mistake import cell
from softswitch.cli.client import DEFAULT_CONFIG, Base, Failed, asked_for, base_url, quoted, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.standstill import out_of_hand
from softswitch.cli.table import Column, as_json_text, duration, instant, moment, show, text, until
from softswitch.core.legible import printable
from softswitch.core.units import seconds, spoken

PAGE = 5000  # rows of one request
WITHDRAWN_LATER = "is being dialled, which is not cut short; withdrawn when that is over, unless it is kept then"


class _ListFirst(TyperGroup):
    """Without a command of its own the list is meant: so it was called before there were others."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] == "--help")
        rest: list[str] = super().parse_args(ctx, args if named else ["list", *args])
        return rest


app = typer.Typer(cls=_ListFirst, help="The promises to call back.", no_args_is_help=False)
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Of promises, as the list shows them.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Of a promise, as the list shows it.")]
State = Annotated[
    str, typer.Option("--state", help="open (where anything else is asked for), ended, any; or states, with commas.")
]
Queue = Annotated[str, typer.Option("--queue", help="Only of this queue.")]
Campaign = Annotated[str, typer.Option("--campaign", help="Only of this campaign.")]
Stage = Annotated[str, typer.Option("--stage", help="Only of callers who were lost there.")]
Number = Annotated[str, typer.Option("--number", help="Only to this number, in any spelling.")]
Since = Annotated[str, typer.Option("--since", help="Recorded then or later: today, 9:30, 2h (ago), 2026-12-31T09:30.")]
Until = Annotated[str, typer.Option("--until", help="Recorded before.")]
Due = Annotated[bool, typer.Option("--due", help="Only those that wait for nothing but an agent and their hours.")]
Newest = Annotated[bool, typer.Option("--newest", help="The newest first.")]
Everything = Annotated[bool, typer.Option("--all", help="Also those that have ended, the newest first.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="How many at most.")]
Why = Annotated[str, typer.Option("--why", help="Why, for its history.")]
Priority = Annotated[str, typer.Option("--priority", help="It counts as so much older: 10m; 0s takes it back.")]
Csv = Annotated[bool, typer.Option("--csv", help="For spreadsheets (the default).")]
Output = Annotated[str, typer.Option("--output", "-o", help="Into this file (-: stdout).")]


def _waiting(row: Mapping[str, Any]) -> str:
    """Why it waits: "outside hours until 2026-12-31 09:00:00 CET"."""
    return f"{row['waits']}{until(row.get('waits_until'))}" if row.get("waits") else ""


def _priority(priority_s: float) -> str:
    return f"{'-' if priority_s < 0 else ''}{spoken(abs(priority_s))}" if priority_s else ""


_LISTED: list[Column] = [
    ("promise", "id", text),
    ("number", "number", text),
    ("queue", "of", text),
    ("lost at", "stage", text),
    ("state", "state", text),
    ("age", "age_s", duration),
    ("attempts", "attempts", text),
    ("next attempt", "not_before", moment),
    ("outcome", "outcome", text),
    ("why it waits", "waiting", text),
]
_HISTORY: list[Column] = [
    ("at", "at", moment), ("state", "state", text), ("attempt", "attempt", lambda count: text(count or "")),
    ("lost at", "stage", text), ("times lost", "losses", text), ("outcome", "outcome", text),
    ("not before", "not_before", moment), ("priority", "priority_s", _priority),
    ("disposition", "disposition", text), ("by", "by", text),
]  # fmt: skip
_ATTEMPTS: list[Column] = [
    ("attempt", "attempt", text), ("at", "at", moment), ("outcome", "outcome", text),
    ("SIP", "status", lambda status: text(status or "")), ("agent", "agent", text),
    ("contact", "contact", text), ("Call-ID", "call_id", text),
]  # fmt: skip
_EXPORTED: list[Column] = [
    ("id", "id", text), ("number", "number", text), ("name", "called", text), ("queue", "queue", text),
    ("campaign", "campaign", text), ("group", "group", text), ("stage", "stage", text), ("step", "step", text),
    ("state", "state", text), ("recorded_at", "recorded_at", instant), ("losses", "losses", text),
    ("attempts", "attempts", text), ("not_before", "not_before", instant), ("outcome", "outcome", text),
    ("disposition", "disposition", text), ("priority_s", "priority_s", text), ("expires_at", "expires", instant),
    ("updated_at", "updated_at", instant), ("contact", "contact", text), ("call_id", "call_id", text),
    ("consent", "consent", text), ("node", "node", text),
]  # fmt: skip


def _query(**wanted: Any) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if value}


def _rows(base: Base, wanted: Mapping[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Page by page, as long as there are more."""
    after, left = "", limit
    while left > 0:
        query = asked_for({**wanted, "after": after, "limit": min(left, PAGE)})
        answer = request(base, "GET", f"/api/v1/promises?{query}", "")
        page = answer.get("promises")
        if not isinstance(page, list):
            raise Failed(f"what answers at {base} is no softswitch")
        yield from page
        after, left = answer.get("next", ""), left - len(page)
        if not after:
            return


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    of = f"{row['queue']} ({row['campaign']})" if row.get("campaign") else row["queue"]
    return {**row, "of": of, "waiting": _waiting(row), "expires": _expires(row)}


def _expires(row: Mapping[str, Any]) -> float:
    """By itself or by its policy; a switch older than we are tells only the former."""
    expires: float = row.get("overdue_at", row.get("expires_at", 0.0))
    return expires


@app.command("list")
def listed(
    state: State = "",
    queue: Queue = "",
    campaign: Campaign = "",
    stage: Stage = "",
    number: Number = "",
    since: Since = "",
    until: Until = "",
    due: Due = False,
    newest: Newest = False,
    everything: Everything = False,
    limit: Limit = 100,
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """Those that the switch has at hand: open ones, the oldest first, then those that ended last. With any option
    those that are asked for, of all that the store has."""
    wanted = _query(
        state=state, queue=queue, campaign=campaign, stage=stage, number=number, since=since, until=until,
        due=int(due), order="newest" if newest else "", all=int(everything),
    )  # fmt: skip
    base = base_url(url, config)
    at_hand = [] if wanted else request(base, "GET", "/api/v1/promises", "promises")
    rows = list(_rows(base, wanted, limit + 1)) if wanted else at_hand
    more = "" if wanted or as_json else out_of_hand(base, at_hand)
    nothing = "no callbacks at hand" if more else "no callbacks"
    show((_shown(row) if not as_json else row for row in rows[:limit]), _LISTED, as_json, nothing)
    if more:
        typer.echo(more, err=True)
    if len(rows) > limit and not as_json:
        typer.echo(
            f"and more: --limit {limit * 10} shows them, `softswitch callbacks export` writes them all", err=True
        )


@app.command("show")
def shown(promise: Id, config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """All about one: what it is, what has become of it, and each attempt, with the contact for `softswitch trace`."""
    told = request(base_url(url, config), "GET", f"/api/v1/promises/{quoted(promise)}", "promise")
    if as_json:
        typer.echo(as_json_text(told))
        return
    for line in _lines(told):
        typer.echo(printable(line))
    typer.echo()
    show(told["history"], _HISTORY, False, "nothing is kept of its history")
    if told["attempted"]:
        typer.echo()
        show(told["attempted"], _ATTEMPTS, False, "")


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    row = _shown(told)
    yield f"{row['id']}: {row['number']}, {row['of']}"
    step = f" in step {row['step']}" if row.get("step") else ""
    how = "imported" if row["stage"] == IMPORTED else f"lost at {row['stage']}"
    yield f"{how}{step}, recorded {moment(row['recorded_at'])}, {duration(row['age_s'])} ago"
    yield f"{row['state']}{', ' + row['outcome'] if row['outcome'] else ''}, attempts: {row['attempts']}"
    for label, value in (
        ("waits", row["waiting"]), ("priority", _priority(row["priority_s"])),
        ("expires", moment(row["expires"])), ("group", row["group"]), ("consent", row["consent"]),
        ("disposition", row["disposition"]), ("node", row["node"]),
    ):  # fmt: skip
        if value:
            yield f"{label}: {value}"
    for name, value in row["variables"]:
        yield f"{name} = {value}"


def _each(ids: list[str], order: str, body: Any, said: str, url: str, config: Path, as_json: bool) -> None:
    """Give the order about each; those that are refused are told, and the command ends with 1."""
    base = base_url(url, config)
    refused = 0
    for id in ids:
        try:
            told = request(base, "POST", f"/api/v1/promises/{quoted(id)}/{order}", "", body)
        except Failed:
            refused += 1
            continue
        later = told.get("withdrawn") is False
        typer.echo(as_json_text(told) if as_json else f"{printable(id)}: {WITHDRAWN_LATER if later else said}")
    if refused:
        raise typer.Exit(1)


@app.command()
def cancel(promises: Ids, why: Why = "", config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """Withdraw them: nobody is called any more. An attempt that is under way is not cut short."""
    _each(promises, "cancel", {"why": why}, "withdrawn", url, config, as_json)


@app.command()
def retry(promises: Ids, config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """Try again now, instead of after the pause; hours hold all the same."""
    _each(promises, "retry", {}, "tried again as soon as its hours and an agent allow", url, config, as_json)


@app.command()
def promote(
    promises: Ids, priority: Priority, config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False
) -> None:
    """Let them come sooner: each counts as so much older than it is."""
    try:
        priority_s = seconds(priority)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example --priority 10m") from None
    said = f"counts as {spoken(priority_s)} older" if priority_s else "counts as old as it is"
    _each(promises, "promote", {"priority_s": priority_s}, said, url, config, as_json)


@app.command()
def export(
    state: State = "any",
    queue: Queue = "",
    campaign: Campaign = "",
    stage: Stage = "",
    number: Number = "",
    since: Since = "",
    until: Until = "",
    output: Output = "-",
    as_csv: Csv = False,
    config: Config = DEFAULT_CONFIG,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """All that are asked for, the oldest first, however many: as CSV for spreadsheets, moments as
    2026-12-31T09:00:00+01:00; with --json one object a line, moments in Unix seconds."""
    if as_json and as_csv:
        raise Failed("--json or --csv, not both")
    wanted = _query(
        state=state, queue=queue, campaign=campaign, stage=stage, number=number, since=since, until=until,
        order="oldest",
    )  # fmt: skip
    rows = _rows(base_url(url, config), wanted, sys.maxsize)
    told = chain(list(islice(rows, 1)), rows)  # what is refused takes the place of no export that is there
    try:
        if output == "-":
            _write(told, sys.stdout, as_json)
        else:
            # A spreadsheet opens UTF-8 right where there is a mark; a program that reads JSON wants none.
            with Path(output).open("w", encoding="utf-8" if as_json else "utf-8-sig", newline="") as file:
                _write(told, file, as_json)
    except OSError as error:
        raise Failed(f"{error.filename or output}: {error.strerror}") from None


def _write(rows: Iterable[dict[str, Any]], file: TextIO, as_json: bool) -> None:
    """A row at a time: a million of them take no more memory than a page."""
    if as_json:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
        return
    file.write(",".join(heading for heading, _, _ in _EXPORTED) + "\n")
    for row in rows:
        told = {**row, "called": dict(row.get("variables", ())).get("name"), "expires": _expires(row)}
        file.write(",".join(_cell(told.get(key), write) for _, key, write in _EXPORTED) + "\n")


def _cell(value: Any, write: Callable[[Any], str]) -> str:
    """Numbers of ours as they are; a telephone number begins with +, and what callers wrote with anything."""
    return write(value) if isinstance(value, int | float) else cell(write(value))
