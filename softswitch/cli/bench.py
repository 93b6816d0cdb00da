"""``softswitch bench AREA``: runs ``tests/bench/AREA.py`` of the source tree and prints one figure per line.

Such a file has ``run() -> Iterable[dict]`` with ``name`` (AREA.what_unit), ``value``, ``unit``, ``runs``, ``spread``;
the commit and the machine are added here, so that figures can be compared later.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

import softswitch
from softswitch.cli.client import Failed
from softswitch.cli.option import Json

ROOT = Path(softswitch.__file__).parents[1]
DIRECTORY = ROOT / "tests" / "bench"


def areas() -> list[str]:
    """What can be measured here."""
    return sorted(path.stem for path in DIRECTORY.glob("*.py") if path.stem.isalpha())


def bench(
    area: Annotated[str, typer.Argument(help="sip, media, ivr, acd, ledger or all")] = "all", as_json: Json = False
) -> None:
    """Measure; takes up to five minutes per area."""
    known = areas()
    if not known:
        raise Failed("the benchmarks are part of the source tree, not of an installed package")
    if area != "all" and area not in known:
        raise typer.BadParameter(f"no area {area!r}; there are: {', '.join(known)}, all")
    where = {"commit": _commit(), "machine": machine()}
    for chosen in known if area == "all" else [area]:
        for figure in _run(chosen):
            typer.echo(json.dumps({**figure, **where}) if as_json else _line(figure))


def machine() -> str:
    """What the figures depend on."""
    return f"{platform.machine()} {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _run(area: str) -> Iterable[Mapping[str, Any]]:
    spec = importlib.util.spec_from_file_location(f"softswitch_bench_{area}", DIRECTORY / f"{area}.py")
    if spec is None or spec.loader is None:
        raise Failed(f"{area}.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    figures: Iterable[Mapping[str, Any]] = module.run()
    return figures


def _line(figure: Mapping[str, Any]) -> str:
    return f"{figure['name']:<32} {figure['value']:>14.6g} {figure['unit']:<10} (spread {figure['spread']:.3g})"


def _commit() -> str:
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return softswitch.__version__
    return asked.stdout.strip()
