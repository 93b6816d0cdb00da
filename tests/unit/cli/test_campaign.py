"""``softswitch campaign import``: what it leaves alone, and what it says of rows that were not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.test_commands import Running, _server, running

__all__ = ["_server", "running"]  # fixtures

LIST = "number,name\n13800138000,Li\n12,Han\n"
HOW = "--errors FILE.csv tells which rows, and why"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "list.csv"
    made.write_text(LIST)
    return made


def test_a_list_is_not_written_over_by_its_errors(running: Running, file: Path) -> None:
    (other := file.parent / "errors.csv").symlink_to(file)
    for errors in (file, other):
        result = running("campaign", "import", "welcome", str(file), "--errors", str(errors))
        assert result.exit_code == 1 and "is the list itself" in result.stderr
    assert file.read_text() == LIST and not running.control.done


def test_errors_are_not_mixed_with_what_is_told(running: Running, file: Path) -> None:
    result = running("campaign", "import", "welcome", str(file), "--errors", "-")
    assert result.exit_code == 2 and "stdout has the report" in " ".join(result.stderr.replace("│", " ").split())
    assert not running.control.done


def test_who_is_told_that_rows_were_not_taken_is_told_how_to_see_which(running: Running, file: Path) -> None:
    result = running("campaign", "import", "welcome", str(file))
    assert result.exit_code == 0 and "1 not: invalid" in result.stdout and HOW in result.stderr
    errors = file.parent / "errors.csv"
    result = running("campaign", "import", "welcome", str(file), "--errors", str(errors))
    assert HOW not in result.stderr and len(errors.read_text().splitlines()) >= 2
    file.write_text("number,name\n13800138009,Li\n")
    assert HOW not in running("campaign", "import", "welcome", str(file)).stderr


def test_a_trial_adds_nothing_and_does_not_say_so(running: Running, file: Path) -> None:
    result = running("campaign", "import", "welcome", str(file), "--dry-run")
    assert "1 would be added" in result.stderr and "1 added" not in result.stderr


def test_an_export_that_is_refused_takes_the_place_of_none(running: Running, tmp_path: Path) -> None:
    before = tmp_path / "all.csv"
    before.write_text("of yesterday")
    for command in (["callbacks", "export", "--queue", "ordres"], ["campaign", "export", "wellcome"]):
        result = running(*command, "-o", str(before))
        assert result.exit_code == 1 and "no such promise" in result.stderr
    assert before.read_text() == "of yesterday"
    result = running("callbacks", "export", "--queue", "ordres")
    assert "id,number" not in result.stdout
