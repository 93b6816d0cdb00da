"""``run``: the switch, once its configuration and all dialplans are proven."""

from __future__ import annotations

import typer

from softswitch.cli.check import examined
from softswitch.cli.client import DEFAULT_CONFIG, Failed
from softswitch.cli.option import Config
from softswitch.log import configure
from softswitch.supervisor import supervise


def run(config: Config = DEFAULT_CONFIG) -> None:
    """Start the switch and keep it running, until Ctrl-C."""
    settings, found = examined(config)
    errors = [str(problem) for problem in found if problem.level == "error"]
    if settings is None or errors:
        raise Failed("\n".join([*errors, "not started: the configuration has errors"]))
    configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
    raise typer.Exit(supervise(config, settings))
