"""What peers call themselves is shown, and steers no terminal."""

from __future__ import annotations

import json

import pytest

from softswitch.cli.table import Column, show, text

EVIL = "evil\x1b]0;x\x07\x1b[2J\x9b31m\u202e忙"
COLUMNS: list[Column] = [("user agent", "user_agent", text)]


@pytest.mark.parametrize("as_json", [False, True])
def test_an_escape_sequence_is_not_passed_on(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    show([{"user_agent": EVIL}], COLUMNS, as_json, "nothing")
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    assert "忙" in shown
    if as_json:
        assert json.loads(shown) == [{"user_agent": EVIL}]
