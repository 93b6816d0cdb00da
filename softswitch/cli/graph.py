"""``softswitch graph``: a dialplan as a picture, with ``--calls`` also which ways the calls of the last day went."""

from __future__ import annotations

import difflib
import enum
from pathlib import Path
from typing import Annotated

import typer

from softswitch.build import load_dialplans
from softswitch.cli.client import DEFAULT_CONFIG, Base, Failed, base_url, quoted, request
from softswitch.cli.option import STDOUT, Config, Url
from softswitch.core.errors import ConfigError
from softswitch.drawing.chart import Chart, Taken, chart
from softswitch.drawing.layering import TooTangled
from softswitch.drawing.mermaid import mermaid
from softswitch.drawing.svg import svg
from softswitch.ivr.plan import Plan, with_flows
from softswitch.settings import load


class Format(enum.StrEnum):
    SVG = "svg"
    MERMAID = "mermaid"


_ENDING = {Format.SVG: ".svg", Format.MERMAID: ".mmd"}

Wanted = Annotated[str, typer.Argument(metavar="[PLAN]", help="Its name, or its file; needed where there are several.")]
As = Annotated[Format, typer.Option("--format", help="SVG for a browser, or text for Mermaid.")]
WithCalls = Annotated[bool, typer.Option("--calls", help="Show how many calls took each way; asks the running switch.")]
Hours = Annotated[int, typer.Option("--hours", min=1, max=24 * 366, help="Of how many hours, with --calls.")]
Out = Annotated[
    Path | None, typer.Option("-o", "--output", help="A file (-: stdout), or a directory for one of each plan.")
]


def graph(
    plan: Wanted = "",
    config: Config = DEFAULT_CONFIG,
    format: As = Format.SVG,
    calls: WithCalls = False,
    hours: Hours = 24,
    output: Out = None,
    url: Url = "",
) -> None:
    """Draw a dialplan: its steps, and which leads to which."""
    plans = _plans(config)
    base = base_url(url, config) if calls else None
    draw = _picture if format is Format.SVG else mermaid
    output = None if str(output) == STDOUT else output
    if output is not None and (output.is_dir() or not (plan or output.suffix)):
        for one in [_chosen(plans, plan)] if plan else plans.values():
            name = one.name.replace("/", "_").replace("\0", "_")  # a file in the directory, whatever a plan is called
            _write(output / f"{name}{_ENDING[format]}", draw(_chart(one, base, hours)), make=True)
        return
    text = draw(_chart(_chosen(plans, plan), base, hours))
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(output, text)


def _plans(config: Path) -> dict[str, Plan]:
    try:
        dialplans = load_dialplans(load(config))
    except ConfigError as error:
        raise Failed(str(error)) from None
    if not dialplans.right:
        errors = [problem for problem in dialplans.problems if problem.level == "error"]
        raise Failed("\n".join(map(str, errors)) + "\nnothing was drawn: the dialplans have errors")
    return with_flows(dialplans.plans)


def _chosen(plans: dict[str, Plan], wanted: str) -> Plan:
    if not plans:
        raise Failed("there is no dialplan")
    if not wanted and len(plans) == 1:
        return next(iter(plans.values()))
    found = [
        one for one in plans.values() if wanted and (one.name == wanted or Path(one.file).name == Path(wanted).name)
    ]
    if found:
        return found[0]
    names = ", ".join(sorted(plans))
    if not wanted:
        raise Failed(f"which one? There are {names}; all at once go to a directory: softswitch graph -o DIR")
    close = difflib.get_close_matches(wanted, sorted(plans), n=1)
    raise Failed(
        f"there is no dialplan {wanted!r}; " + (f"did you mean {close[0]}?" if close else f"there are {names}")
    )


def _chart(plan: Plan, base: Base | None, hours: int) -> Chart:
    if base is None:
        return chart(plan)
    rows = request(base, "GET", f"/api/v1/dialplans/{quoted(plan.name)}/edges?hours={hours}", "edges")
    try:
        return chart(
            plan, [Taken(str(row["step"]), str(row["exit"]), str(row["to"]), int(row["count"])) for row in rows]
        )
    except (KeyError, TypeError, ValueError):
        raise Failed(f"what answers at {base} does not tell which ways the calls went") from None


def _picture(of: Chart) -> str:
    try:
        return svg(of)
    except TooTangled as error:
        raise Failed(f"{of.title}: {error}, or write it with --format mermaid") from None


def _write(path: Path, text: str, make: bool = False) -> None:
    """``make``: the directory too, where there is none."""
    try:
        if make:
            path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from None
