"""Which areas there are, and how a figure reads; the figures themselves are ``tests/bench``'s."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.cli import bench
from softswitch.cli.main import app

FIGURE = '{"name": "sip.options_us", "value": 61.5, "unit": "us", "runs": 5, "spread": 0.04}'


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree whose area ``sip`` prints one figure and whose area ``acd`` fails."""
    directory = tmp_path / "tests" / "bench"
    directory.mkdir(parents=True)
    (directory / "sip.py").write_text(f"print('''{FIGURE}''')")
    (directory / "acd.py").write_text("raise SystemExit(3)")
    (directory / "report.py").write_text("")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    return tmp_path


def test_an_area_prints_its_figures(tree: Path) -> None:
    assert CliRunner().invoke(app, ["bench", "sip", "--json"]).stdout == FIGURE + "\n"
    words = CliRunner().invoke(app, ["bench", "sip"]).stdout.split()
    assert words == ["sip.options_us", "61.5", "us", "spread", "0.04"]


def test_only_areas_can_be_measured(tree: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "report"])
    assert result.exit_code == 2
    assert "sip, acd, all" in result.output


def test_an_area_that_fails_is_1(tree: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "all"])
    assert result.exit_code == 1
    assert "sip.options_us" in result.stdout
    assert "bench acd ended with 3" in result.stderr


def test_an_installed_package_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    assert "source tree" in CliRunner().invoke(app, ["bench"]).stderr
