"""``softswitch do-not-call``: by hand and from a file, with a complaint for each line that is no number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.support.fake_barring import FILED
from tests.unit.cli.test_commands import Running, _server, running

__all__ = ["_server", "running"]  # fixtures

E164 = "+8613800138000"


def said(result: Result) -> str:
    """Its last line: the switch that is asked has its log in the same place."""
    return result.stdout.splitlines(keepends=True)[-1]


def test_numbers_are_added_shown_and_removed(running: Running) -> None:
    result = running("do-not-call", "add", "13800138000", "010 6234 5678", "--why", "asked us")
    assert said(result) == "2 listed, 0 known already, 0 refused\n"
    shown = running("do-not-call", "list").stdout
    assert E164 in shown and "+861062345678" in shown and "asked us" in shown
    assert json.loads(running("do-not-call", "list", "--json").stdout)[0]["number"] == E164
    assert said(running("do-not-call", "remove", "138-0013-8000")) == f"{E164}: may be called\n"
    result = running("do-not-call", "remove", "138-0013-8000")
    assert result.exit_code == 1 and "not on the do-not-call list" in result.stderr


def test_whether_a_number_is_listed(running: Running) -> None:
    running("do-not-call", "add", E164)
    assert running("do-not-call", "check", "13800138000").stdout == f"{E164}: listed\n"
    assert running("do-not-call", "check", FILED).stdout == f"{FILED}: in the file\n"
    result = running("do-not-call", "check", "13700137000")
    assert (result.exit_code, result.stdout) == (1, "+8613700137000: on no list\n")
    assert running("do-not-call", "check", "nobody").exit_code == 1


def test_a_file_is_imported_and_its_broken_lines_are_told(running: Running, tmp_path: Path) -> None:
    numbers = [f"1380013{number:04}" for number in range(700)]
    file = tmp_path / "list.txt"
    file.write_bytes(
        b"\xef\xbb\xbf# who asked us\r\n\r\n" + "\r\n".join([*numbers, "oops # a typing mistake", "1" * 300]).encode()
    )
    result = running("do-not-call", "import", str(file), "--why", "old list")
    assert result.exit_code == 1
    assert said(result) == "700 listed, 0 known already, 2 refused\n"
    assert f"{file}:703: oops: is no number (invalid)" in result.stderr and f"{file}:704: 111" in result.stderr
    assert len(running.control.barring.by_number) == 700
    assert running("do-not-call", "import", str(tmp_path / "none")).exit_code == 1


@pytest.mark.parametrize(
    ("encoding", "why"), [("utf-16", "is UTF-16, and no text"), ("utf-16-le", "has many NUL octets, so it is no text")]
)
def test_a_file_that_is_no_utf_8_is_told_as_a_whole(running: Running, tmp_path: Path, encoding: str, why: str) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes("13800138001\n13800138002\n".encode(encoding))
    result = running("do-not-call", "import", str(file))
    assert result.exit_code == 1 and f"{file} {why}; save it in UTF-8, one number per line" in result.stderr
    assert "is no number" not in result.stderr and not running.control.barring.by_number


def test_an_argument_that_is_empty_is_told_and_the_others_are_listed(running: Running) -> None:
    result = running("do-not-call", "add", "", "13800138000", " ", "1" * 300)
    assert result.exit_code == 1
    assert "argument 1 is empty: write a number there" in result.stderr and "argument 3 is empty" in result.stderr
    assert f"{'1' * 300}: is no number (invalid)" in result.stderr
    assert "1 listed, 0 known already, 3 refused" in result.stdout
    only = running("do-not-call", "add", "")
    assert only.exit_code == 1 and "0 listed, 0 known already, 1 refused" in only.stdout
