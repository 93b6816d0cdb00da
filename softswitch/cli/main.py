"""The commands of ``softswitch`` itself: run, check, version; the rest is added from the modules beside this one."""

from __future__ import annotations

from pathlib import Path

import typer

from softswitch import __version__
from softswitch.build import load_dialplans
from softswitch.cli import agent, show
from softswitch.cli.bench import bench
from softswitch.cli.client import DEFAULT_CONFIG, Failed
from softswitch.cli.demo import demo
from softswitch.cli.option import Config
from softswitch.core.errors import ConfigError, Problem
from softswitch.log import configure
from softswitch.settings import Settings, load
from softswitch.supervisor import supervise

app = typer.Typer(
    help="An IP contact centre in software.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(show.app)
app.add_typer(agent.app, name="agent")
app.add_typer(agent.order)
app.command()(bench)
app.command()(demo)


@app.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Start the switch and keep it running, until Ctrl-C."""
    settings, _, errors = _examined(config)
    if settings is None or errors:
        raise Failed(f"{_told(errors)}\nnot started: the configuration has errors")
    configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
    raise typer.Exit(supervise(config, settings))


@app.command()
def check(config: Config = DEFAULT_CONFIG) -> None:
    """Prove the configuration and all dialplans before any caller comes."""
    settings, warnings, errors = _examined(config)
    if warnings or errors:
        typer.echo(_told(sorted(warnings + errors, key=lambda problem: (problem.file, problem.line, problem.column))))
    if settings is None or errors:
        raise Failed(f"{len(errors)} error(s), {len(warnings)} warning(s)")
    typer.echo(f"{config}: right, with {len(warnings)} warning(s)")


@app.command()
def version() -> None:
    """Which softswitch this is."""
    typer.echo(f"softswitch {__version__}")


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


def main() -> None:
    """The entry point: exit codes are 0 (done), 1 (failed) and 2 (misused)."""
    app()


if __name__ == "__main__":
    main()
