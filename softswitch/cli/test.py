"""``softswitch test``: the transcripts beside the dialplans, on a virtual clock; and which steps none takes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softswitch.build import configuration, load_dialplans
from softswitch.cli.client import DEFAULT_CONFIG, Base, Failed, base_url
from softswitch.cli.lived import lived
from softswitch.cli.option import Config, Json, Url
from softswitch.cli.table import as_json_text
from softswitch.core.errors import ConfigError, Problem
from softswitch.core.legible import printable
from softswitch.core.units import spoken
from softswitch.rehearsal.coverage import Coverage, measure
from softswitch.rehearsal.dictation import Dictation
from softswitch.rehearsal.outcome import Outcome, Row
from softswitch.rehearsal.suite import perform, read_all
from softswitch.settings import Settings, load
from softswitch.settings.file import Unreadable, read_text
from softswitch.switch.configuration import Configuration

ENDING = ".calls"

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="Transcripts, or where they are; default: all beside the dialplans."),
]
MinCoverage = Annotated[
    float,
    typer.Option("--min-coverage", min=0, max=100, help="Fail where fewer percent of a plan's steps are taken."),
]

Record = Annotated[
    str, typer.Option("--record", metavar="CONTACT", help="Print a transcript of this call of the running switch.")
]


def test(
    files: Files = None,  # noqa: PT028
    config: Config = DEFAULT_CONFIG,  # noqa: PT028
    min_coverage: MinCoverage = 0.0,  # noqa: PT028
    as_json: Json = False,  # noqa: PT028
    record: Record = "",  # noqa: PT028
    url: Url = "",  # noqa: PT028
) -> None:
    """Play the transcripts of calls (.calls) against the dialplans, and tell which steps no call has taken."""
    settings, built = _house(config)
    if record:
        _record(record, built, base_url(url, config))
        return
    texts = {str(path): _text(path) for path in _found(files, settings)}
    transcripts, problems = read_all(texts, built)
    if problems:
        raise Failed("\n".join(str(one) for one in sorted(problems, key=lambda one: (one.file, one.line))))
    outcomes = [perform(transcript, built) for transcript in transcripts]
    coverage = [one for one in measure(built.plans, outcomes) if not files or len(one.missing_steps) < one.steps]
    failed = [one for one in outcomes if not one.passed]
    low = [one for one in coverage if one.percent < min_coverage]
    if as_json:
        told = {"calls": [one.as_json() for one in outcomes], "coverage": [one.as_json() for one in coverage]}
        typer.echo(as_json_text(told))
    else:
        _tell(outcomes, coverage)
    if low and not as_json:
        plans = ", ".join(f"{one.plan} ({one.percent:.0f} %)" for one in low)
        typer.echo(f"fewer than {min_coverage:g} % of the steps were taken: {plans}", err=True)
    if failed or low:
        raise typer.Exit(1)


def _record(contact: str, built: Configuration, base: Base) -> None:
    """Print a transcript of a call of the running switch, and say on stderr whether it goes so when played again."""
    text = Dictation(lived(contact, base), built).write()
    typer.echo(printable(text), nl=False)
    transcripts, problems = read_all({"-": text}, built)
    wrong = [str(one) for one in problems] or [
        one.why for one in (perform(one, built) for one in transcripts) if one.why
    ]
    if wrong:
        raise Failed(f"played again it goes another way: {wrong[0]}")


def _house(config: Path) -> tuple[Settings, Configuration]:
    try:
        settings = load(config)
    except ConfigError as error:
        raise Failed(str(error)) from None
    dialplans = load_dialplans(settings)
    if not dialplans.right:
        errors = [problem for problem in dialplans.problems if problem.level == "error"]
        raise Failed("\n".join(map(str, errors)) + "\nnothing was played: the dialplans have errors")
    return settings, configuration(settings, dialplans.plans, (), b"")


def _found(files: list[Path] | None, settings: Settings) -> list[Path]:
    """The files that were named, those beside the plans that were named, or all."""
    found: list[Path] = []
    for path in files or [settings.paths.dialplans]:
        if path.is_dir():
            beside = sorted(path.glob(f"*{ENDING}"))
            if not beside:
                raise Failed(f"there are no transcripts in {path}; docs/calls.md tells how one is written")
            found += beside
        else:
            found.append(path.with_suffix(ENDING) if path.suffix == ".yaml" else path)
    return found


def _text(path: Path) -> str:
    try:
        return read_text(path, "replace")
    except Unreadable as error:
        raise Failed(str(Problem(str(path), 0, 1, "", str(error)))) from None
    except OSError as error:
        raise Failed(str(Problem(str(path), 0, 1, "", f"cannot be read: {error.strerror or error}"))) from None


# ---- for people ------------------------------------------------------------------------------------------------


def _tell(outcomes: list[Outcome], coverage: list[Coverage]) -> None:
    failed = [one for one in outcomes if not one.passed]
    console = Console(soft_wrap=False, highlight=False)
    for one in failed:
        place = f"{one.file}:{one.failed_at}"
        at = f" (step {one.step}, {one.where})" if one.step else ""
        console.print(Text(printable(f"{place}: {one.name}{at}"), style="bold red"))
        for line in one.why.splitlines():
            console.print(Text(f"  {printable(line)}"))
        console.print(_columns(one.rows))
        console.print()
    _tell_coverage(console, coverage)
    total_s = sum(one.lasted_s for one in outcomes)
    verdict = f"{len(failed)} of {len(outcomes)} calls failed" if failed else f"{len(outcomes)} calls, all as written"
    console.print(Text(f"{verdict}; {spoken(total_s)} on the telephone"))


def _columns(rows: Iterable[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, ratio in (("", 0), ("line", 0), ("transcript", 1), ("what happened", 1), ("after", 0)):
        table.add_column(
            heading, overflow="fold", ratio=ratio or None, justify="right" if heading == "line" else "left"
        )
    for row in rows:
        style = "" if row.right else "red"
        cells = (
            "" if row.right else ">", str(row.number or ""), row.expected, row.actual,
            spoken(row.at_s) if row.actual else "",
        )  # fmt: skip
        table.add_row(*(Text(printable(cell), style=style) for cell in cells))
    return table


def _tell_coverage(console: Console, coverage: Iterable[Coverage]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("plan", "steps", "branches", "not taken"):
        table.add_column(heading, overflow="fold")
    for one in coverage:
        steps = f"{one.steps - len(one.missing_steps)}/{one.steps} {one.percent:.0f} %"
        branches = f"{one.branches - len(one.missing_branches)}/{one.branches} {one.branch_percent:.0f} %"
        missing = [*one.missing_steps, *(f"{a} -> {b}" for a, b in one.missing_branches if a not in one.missing_steps)]
        table.add_row(*(Text(printable(cell)) for cell in (one.plan, steps, branches, ", ".join(missing))))
    console.print(table)
