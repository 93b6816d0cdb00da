"""The options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", envvar="SOFTSWITCH_CONFIG", help="Directory of the configuration.")]
Url = Annotated[str, typer.Option("--url", envvar="SOFTSWITCH_URL", help="Of the switch; default: as configured.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
