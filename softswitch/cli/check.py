"""``check``: the configuration and all dialplans, or some files, are proven before any caller comes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from softswitch.build import Dialplans, load_dialplans
from softswitch.cli.client import DEFAULT_CONFIG
from softswitch.cli.option import Config, Json
from softswitch.cli.table import as_json_text
from softswitch.core.errors import ConfigError, Problem
from softswitch.ivr.load import load_plans
from softswitch.settings import Settings, load
from softswitch.settings.file import Unreadable, read_text

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE]...",
        help="Dialplans; without any, the configuration and all of its dialplans.",
        exists=True,
        dir_okay=False,
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings count too.")]


def check(
    files: Files = None,
    config: Config = DEFAULT_CONFIG,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Prove the configuration and all dialplans before any caller comes. Exit code 0: right, 1: wrong, 2: misused."""
    settings, found = examined(config)
    if files:
        found = _of_files(files, settings)
    errors, warnings = (sum(one.level == level for one in found) for level in ("error", "warning"))
    wrong = errors > 0 or (strict and warnings > 0)
    told = sorted(found, key=lambda one: (one.file, one.line, one.column))
    if as_json:
        problems = [asdict(one) for one in told]
        typer.echo(as_json_text({"problems": problems, "errors": errors, "warnings": warnings}))
    else:
        for problem in told:
            typer.echo(str(problem))
        what = ", ".join(map(str, files)) if files else str(config)
        if wrong:
            typer.echo(f"{errors} error(s), {warnings} warning(s)", err=True)
        else:
            typer.echo(f"{what}: right, with {warnings} warning(s)")
    raise typer.Exit(int(wrong))


def examined(config: Path) -> tuple[Settings | None, list[Problem]]:
    """The settings if they are right, and every problem of settings and dialplans."""
    try:
        settings = load(config)
    except ConfigError as error:
        return None, error.problems
    return settings, [*settings.warnings, *load_dialplans(settings).problems]


def _of_files(files: list[Path], settings: Settings | None) -> list[Problem]:
    """The problems of these files among the configured dialplans, where each takes the place of the one of its name:
    a plan may call their flows, and a number is in one plan only."""
    beside = Dialplans({}, ())
    if settings is not None:
        beside = load_dialplans(settings)
    else:
        typer.echo("the configuration has errors: names of queues, users, recordings... are not checked", err=True)
    unread: list[Problem] = []
    given: dict[str, str] = {}
    for file in files:
        try:
            given[str(file)] = read_text(file, "replace")
        except (Unreadable, OSError) as error:
            unread.append(Problem(str(file), 0, 1, "", str(error)))
    replaced = {file.name for file in files}
    others = {file: text for file, text in beside.texts.items() if Path(file).name not in replaced}
    _, problems = load_plans(others | given, beside.world)
    return unread + [one for one in problems if one.file in given or any(file in one.message for file in given)]
