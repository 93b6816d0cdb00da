"""The walls of the house: who may import whom, and that what decides reads no clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECIDING = ("core", "sdp", "sip", "rtp", "audio", "call", "ivr", "acd", "callback", "contact")
FILES = [path for package in DECIDING for path in sorted((ROOT / "softswitch" / package).rglob("*.py"))]
CLOCKS = {"now", "utcnow", "today"}
IMPURE = {"asyncio", "socket", "threading", "time", "random", "os", "subprocess", "secrets", "aiohttp", "sqlalchemy"}


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "softswitch")))
def test_what_decides_reads_no_clock_and_does_no_io(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            assert not isinstance(node.func.value, ast.Name) or node.func.value.id not in ("datetime", "date"), path
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & IMPURE, path
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in IMPURE, path
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "open", path
