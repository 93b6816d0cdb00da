"""The first dialplan of docs/dialplan.md is right, and the first call of docs/calls.md goes so in it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.cli.main import app

ROOT = Path(__file__).parents[3]


def first(page: str, fence: str) -> str:
    found = re.search(rf"```{fence}\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The sample configuration, with this dialplan alone."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("campaigns.yaml"))
    (tmp_path / "dialplans").mkdir()
    (tmp_path / "dialplans/shop.yaml").write_text(first("dialplan.md", "yaml"))
    (tmp_path / "dialplans/shop.calls").write_text(first("calls.md", ""))
    return tmp_path


@pytest.mark.parametrize(
    ("command", "said"), [(["check", "--strict"], "right, with 0 warning(s)"), (["test"], "1 calls, all as written")]
)
def test_it_is_right(place: Path, command: list[str], said: str) -> None:
    done = CliRunner().invoke(app, [*command, "--config", str(place / "config")])
    assert done.exit_code == 0 and said in done.output, done.output
