"""``run`` and ``check``: both prove the configuration and all dialplans first."""

from __future__ import annotations

from pathlib import Path

import typer

from softswitch.build import load_dialplans
from softswitch.cli.client import DEFAULT_CONFIG, Failed
from softswitch.cli.option import Config
from softswitch.core.errors import ConfigError, Problem
from softswitch.log import configure
from softswitch.settings import Settings, load
from softswitch.supervisor import supervise


def run(config: Config = DEFAULT_CONFIG) -> None:
    """Start the switch and keep it running, until Ctrl-C."""
    settings, _, errors = _examined(config)
    if settings is None or errors:
        raise Failed(f"{_told(errors)}\nnot started: the configuration has errors")
    configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
    raise typer.Exit(supervise(config, settings))


def check(config: Config = DEFAULT_CONFIG) -> None:
    """Prove the configuration and all dialplans before any caller comes."""
    settings, warnings, errors = _examined(config)
    if warnings or errors:
        typer.echo(_told(sorted(warnings + errors, key=lambda problem: (problem.file, problem.line, problem.column))))
    if settings is None or errors:
        raise Failed(f"{len(errors)} error(s), {len(warnings)} warning(s)")
    typer.echo(f"{config}: right, with {len(warnings)} warning(s)")


def _examined(config: Path) -> tuple[Settings | None, list[Problem], list[Problem]]:
    """The settings if they are right, the warnings, and the errors of settings and dialplans."""
    found: list[Problem] = []
    settings = None
    try:
        settings = load(config)
        found += settings.warnings
        found += load_dialplans(settings).problems
    except ConfigError as error:
        found += error.problems
    errors = [problem for problem in found if problem.level == "error"]
    return settings, [problem for problem in found if problem.level != "error"], errors


def _told(problems: list[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems)
