"""``softswitch callbacks why``: why nothing is dialled for a queue or campaign just now, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from softswitch.callback.model import OPEN
from softswitch.cli.client import DEFAULT_CONFIG, Base, Failed, asked_for, base_url, request
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import Column, as_json_text, show, text, until

_NOTHING = "nothing"
_OPEN = frozenset(state.value for state in OPEN)
_STANDS: list[Column] = [
    ("of", "of", text),
    ("stopped by", "stopped", text),
    ("dialled now", "dialled", text),
    ("open", "open", text),
    ("agents ready", "staff", text),
    ("what to do", "remedy", text),
]
_WAITS: list[Column] = [
    ("of", "of", text),
    ("promises", "promises", text),
    ("why", "why", text),
    ("what to do", "remedy", text),
]
Of = Annotated[str, typer.Argument(metavar="[NAME]", help="A queue or campaign; default: all.")]


def why(of: Of = "", config: Config = DEFAULT_CONFIG, url: Url = "", as_json: Json = False) -> None:
    """Why nothing is dialled just now: what stops a queue or campaign, what its promises wait for, what to do."""
    told = _asked(base_url(url, config), of)
    if as_json:
        typer.echo(as_json_text(told))
        return
    rows = told["why"]
    show((_stand(row) for row in rows), _STANDS, False, "no queue calls back, and there is no campaign")
    waits = [wait for row in rows for wait in _waits(row)]
    if waits:
        typer.echo()
        show(waits, _WAITS, False, "")
    if not told["pool_known"]:
        typer.echo("The database does not answer: promises in the pool and at other nodes are not counted.", err=True)


def _asked(base: Base, of: str) -> dict[str, Any]:
    query = "?" + asked_for({"of": of}) if of else ""
    told: dict[str, Any] = request(base, "GET", f"/api/v1/promises/why{query}", "")
    if not isinstance(told.get("why"), list):
        raise Failed(f"what answers at {base} is no softswitch")
    return told


def out_of_hand(base: Base, at_hand: Iterable[Mapping[str, Any]]) -> str:
    """Where the open promises are that are not at hand; "": there are none, or the database does not say."""
    told = _asked(base, "")
    count = sum(row["open"] for row in told["why"]) - sum(row["state"] in _OPEN for row in at_hand)
    if count <= 0 or not told["pool_known"]:
        return ""
    shows = "`softswitch callbacks list --state open` shows them, `softswitch callbacks why` says what for"
    return f"{count} more {'waits' if count == 1 else 'wait'} in the pool, or at other nodes: {shows}"


def _stand(row: Mapping[str, Any]) -> dict[str, Any]:
    of = row["of"] if row["of"] == row["queue"] else f"{row['queue']} ({row['of']})"
    return {
        **row,
        "of": of,
        "stopped": f"{_named(row['stopped_by'], row)}{until(row['until'])}" if row["stopped_by"] else _NOTHING,
        "staff": f"{row['agents_ready']} of {row['agents_logged_in']} logged in",
    }


def _named(why: str, row: Mapping[str, Any]) -> str:
    """With the trunk for which it is, if it is for one; a switch older than we are does not say."""
    return f"{why} ({row['trunk']})" if row.get("trunk") else why


def _waits(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for wait in row["waits"]:
        outcome = f": {wait['outcome']}" if wait.get("outcome") else ""
        why = _named(wait["why"], wait)
        first = ", the first" if wait["until"] and wait["promises"] > 1 else ""
        yield {**wait, "of": row["of"], "why": f"{why}{outcome}{first}{until(wait['until'])}"}
    for ended in row["ended"]:
        outcome = f": {ended['outcome']}" if ended["outcome"] else ""
        yield {"of": row["of"], "promises": ended["promises"], "why": f"{ended['state']} in the last hour{outcome}"}
