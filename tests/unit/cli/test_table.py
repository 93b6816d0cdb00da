"""What peers call themselves is shown, and steers no terminal."""

from __future__ import annotations

import json
import time

import pytest

from softswitch.cli.table import Column, instant, moment, show, text, until

EVIL = "evil\x1b]0;x\x07\x1b[2J\x9b31m\u202e忙"
COLUMNS: list[Column] = [("user agent", "user_agent", text)]


def test_what_a_row_is_called_by_is_in_one_piece(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    id, words = "promise-4f5982e370356bd0def58161", "in the pool, for whoever has room " * 5
    columns: list[Column] = [("promise", "id", text), ("why it waits", "why", text), ("number", "number", text)]
    row = {"id": id, "why": words.strip(), "number": "+8613800138000"}
    monkeypatch.setenv("COLUMNS", "60")
    show([row], columns, False, "nothing")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if id in line] == [id]
    monkeypatch.delenv("COLUMNS")
    show([row], columns, False, "nothing")
    _, line = capsys.readouterr().out.splitlines()
    assert line.split("  ") == [id, words.strip(), "+8613800138000"], "a line for each row, where nobody looks"


@pytest.mark.parametrize("as_json", [False, True])
def test_an_escape_sequence_is_not_passed_on(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    show([{"user_agent": EVIL}], COLUMNS, as_json, "nothing")
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    assert "忙" in shown
    if as_json:
        assert json.loads(shown) == [{"user_agent": EVIL}]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"])
def test_a_moment_that_stands_for_never_is_written_in_each_zone(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    try:
        with monkeypatch.context() as there:
            there.setenv("TZ", zone)
            time.tzset()
            for unix in (253402300799.0, 1e18):
                assert moment(unix).startswith("9999-12-") and moment(unix) in until(unix)
                assert instant(unix).startswith(moment(unix).replace(" ", "T"))
            assert moment(0.0) == instant(0.0) == until(0.0) == ""
    finally:
        time.tzset()
