"""The walls of the house: who may import whom, that what decides reads no clock, what is small, frozen, shown."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import softswitch.settings  # noqa: F401 (it has all that is below Strict)
from softswitch.settings.kind import Strict
from softswitch.settings.model import MADE

ROOT = Path(__file__).parents[2]
DECIDING = ("core", "sdp", "sip", "rtp", "audio", "call", "ivr", "acd", "callback", "contact", "drawing")
FILES = [path for package in DECIDING for path in sorted((ROOT / "softswitch" / package).rglob("*.py"))]
SOURCES = sorted((ROOT / "softswitch").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Around one unit of work; and around a template, which can raise whatever its author thinks of.
CATCHING = ("switch", "net", "media", "web", "store", "ivr/template.py")
CLOCKS = {"now", "utcnow", "today"}
IMPURE = {"asyncio", "socket", "threading", "time", "random", "os", "subprocess", "secrets", "aiohttp", "sqlalchemy"}


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "softswitch")))
def test_what_decides_reads_no_clock_and_does_no_io(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            assert not isinstance(node.func.value, ast.Name) or node.func.value.id not in ("datetime", "date"), path
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & IMPURE, path
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in IMPURE, path
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "open", path


def test_files_stay_small() -> None:
    long = {path.name: count for path in SOURCES if (count := path.read_text().count("\n")) > 400}
    long |= {path.name: count for path in TESTS if (count := path.read_text().count("\n")) > 500}
    assert not long


def test_everything_is_caught_only_around_one_unit_of_work() -> None:
    for path in SOURCES:
        place = path.relative_to(ROOT / "softswitch").as_posix()
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception"):
                assert place.startswith(CATCHING), f"{place}:{node.lineno}"


def test_what_is_raised_is_made_when_it_is_raised() -> None:
    """One that is raised again and again keeps the frames, and so the messages, of every time."""
    for path in SOURCES:
        made = {
            target.id
            for node in _tree(path).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
                assert node.exc.id not in made, f"{path}:{node.lineno}"


def test_effects_are_frozen_and_slotted() -> None:
    classes = [node for path in SOURCES for node in ast.walk(_tree(path)) if isinstance(node, ast.ClassDef)]
    effects = [one for one in classes if {"Effect", "DomainEvent"} & {ast.unparse(base) for base in one.bases}]
    assert len(effects) > 50
    frozen = "dataclass(frozen=True, slots=True)"
    loose = [one.name for one in effects if frozen not in [ast.unparse(line) for line in one.decorator_list]]
    assert not loose


def _below(model: type[Strict]) -> Iterator[type[Strict]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


def test_every_setting_is_in_the_sample() -> None:
    sample = "".join(path.read_text() for path in (ROOT / "config").glob("*.yaml"))
    keys = {field.alias or name for model in _below(Strict) for name, field in model.model_fields.items()}
    assert not {key for key in keys - MADE if not re.search(rf"\b{key}\b", sample)}
