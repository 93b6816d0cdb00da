"""``softswitch run`` on a dialplan with mistakes does not start, and names all of them at once."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.process import Process
from tests.support.switch_process import ROOT

pytestmark = pytest.mark.interop

PLAN = """\
dialplan: broken
numbers: ["8000"]
language: en
start: welcome
steps:
  welcome: {say: "Hello {{ nobody }}", next: menu}
  menu:
    menu: {say: "Press 1.", keys: {1: sales, 3: help, 4: ask, 5: open?, 6x: bye}}
    failed: bye
  sales: {queue: ordres, failed: nowhere}
  help: {dial: {user: "9999", ring: 5}, failed: bye}
  ask: {collect: {say: "Digits.", save: order, mx: 3}, next: test, failed: bye}
  test: {when: [{if: "order ==", then: bye}], else: bye}
  open?: {hours: offices, open: tune, closed: bye}
  tune: {play: missing.wav, next: bye, failed: bye}
  bye: {hang: normal}
"""
MISTAKES = {
    (6, 13): "nothing sets 'nobody'",
    (8, 73): "'6x' is not a telephone key",
    (10, 11): "no queue 'ordres'",
    (10, 26): "no step 'nowhere'",
    (11, 31): "5 has no unit",
    (12, 48): "unknown key; did you mean 'max'?",
    (13, 18): "not readable",
    (14, 11): "no calendar 'offices'",
    (15, 10): "missing.wav",
    (16, 9): "unknown verb 'hang'",
}


async def test_a_plan_with_ten_mistakes_is_refused_with_ten_places(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    plan = tmp_path / "dialplans" / "broken.yaml"
    plan.parent.mkdir()
    plan.write_text(PLAN)
    argv = [sys.executable, "-m", "softswitch.cli.main", "run", "--config", tmp_path / "config"]
    process = await Process.start(argv, tmp_path / "log", cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    try:
        assert await process.wait(20) == 1
    finally:
        await process.stop()
    told = re.findall(rf"^{re.escape(str(plan))}:(\d+):(\d+): (.*)$", process.text(), re.MULTILINE)
    found = {(int(line), int(column)): message for line, column, message in told}
    assert found.keys() == MISTAKES.keys(), process.text()
    assert all(what in found[place] for place, what in MISTAKES.items()), process.text()
    assert "Traceback" not in process.text()
    assert not (tmp_path / "var").exists(), "nothing was begun"
