"""``softswitch bench AREA``: runs ``tests/bench/AREA.py`` of the source tree, which prints one figure per line as JSON.

Each area is a process of its own, so that no figure depends on what was measured before it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import softswitch
from softswitch.cli.client import Failed
from softswitch.cli.option import Json

ROOT = Path(softswitch.__file__).parents[1]
AREAS = ("sip", "media", "life", "ivr", "acd", "queue", "ledger")


def areas() -> list[str]:
    """What can be measured here."""
    return [area for area in AREAS if (ROOT / "tests" / "bench" / f"{area}.py").is_file()]


def bench(
    area: Annotated[str, typer.Argument(help="sip, media, life, ivr, acd, queue, ledger or all")] = "all",
    options: Annotated[list[str] | None, typer.Argument(help="the area's own, after --: media -- --help")] = None,
    as_json: Json = False,
) -> None:
    """Measure; takes up to five minutes per area."""
    known = areas()
    if not known:
        raise Failed("the benchmarks are part of the source tree, not of an installed package")
    if area not in (*known, "all"):
        raise typer.BadParameter(f"no area {area!r}; there are: {', '.join(known)}, all")
    for chosen in known if area == "all" else [area]:
        for line in _lines(chosen, options or []):
            typer.echo(line if as_json else _readable(line))


def _lines(area: str, options: list[str]) -> Iterator[str]:
    """What the area prints, as it prints it. Raises ``Failed`` where it fails."""
    command = [sys.executable, "-m", f"tests.bench.{area}", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield line.rstrip("\n")
    if process.returncode != 0:
        raise Failed(f"bench {area} ended with {process.returncode}")


def _readable(line: str) -> str:
    try:
        figure: dict[str, Any] = json.loads(line)
        return f"{figure['name']:<32} {figure['value']:>14.6g} {figure['unit']:<8} spread {figure['spread']:.2g}"
    except (ValueError, KeyError, TypeError):
        return line
