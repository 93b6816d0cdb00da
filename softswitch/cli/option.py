"""The options that many commands share, and what they have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

Named = TypeVar("Named", str, Path, Path | None)
STDOUT = "-"  # as the name of a file, where nothing else is written there

Config = Annotated[Path, typer.Option("--config", envvar="SOFTSWITCH_CONFIG", help="Directory of the configuration.")]
Url = Annotated[str, typer.Option("--url", envvar="SOFTSWITCH_URL", help="Of the switch; default: as configured.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def beside_a_report(file: Named) -> Named:
    """Of an option: stdout has the report, which two would share."""
    if str(file) == STDOUT:
        raise typer.BadParameter("- is no file, and stdout has the report; name a file")
    return file
