"""``softswitch hours`` and ``softswitch calendar``: of a running switch, and of what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from softswitch.cli import hours
from softswitch.cli.client import Failed
from softswitch.cli.main import app

TEXT = """
calendars:
  office: {zone: Europe/Berlin, open: {mon-sun: ["02:15-02:45"]}, closed: [2026-12-24]}
  shop: {open: {mon-fri: ["09:00-18:00"]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "softswitch.yaml").touch()
    (tmp_path / "calendars.yaml").write_text(TEXT)
    return tmp_path


def asked(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["hours", *words, "--config", str(config)])


def rows(config: Path, *words: str) -> list[tuple[Any, ...]]:
    found = json.loads(asked(config, *words, "--json").stdout)
    return [(row["at"], row["open"], row["changes"]) for row in found]


def test_a_moment_by_what_is_written(config: Path) -> None:
    assert rows(config, "office", "--at", "2026-10-25T02:30") == [
        ("2026-10-25T02:30:00+02:00", True, "2026-10-25T02:45:00+02:00"),
        ("2026-10-25T02:30:00+01:00", True, "2026-10-25T02:45:00+01:00"),
    ]
    assert rows(config, "office", "--at", "2026-03-29T03:30") == [
        ("2026-03-29T03:30:00+02:00", False, "2026-03-30T02:15:00+02:00")
    ]
    (closed, _) = json.loads(asked(config, "--at", "2026-12-24T02:30", "--json").stdout)
    assert (closed["holiday"], closed["why"]) == (True, "closed day 2026-12-24")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["office", "--at", "2026-03-29T02:30"], "does not come in Europe/Berlin"),
        (["office", "--at", "soon"], "write for example 14:00"),
        (["ofice", "--at", "14:00"], "calendars.yaml has no calendar 'ofice'; did you mean 'office'?"),
    ],
)
def test_what_cannot_be_told_says_why(config: Path, words: list[str], said: str) -> None:
    result = asked(config, *words)
    assert result.exit_code == 1 and said in result.stderr


def test_errors_in_what_is_written_are_shown(config: Path) -> None:
    (config / "calendars.yaml").write_text("calendars: {office: {zone: Europe/Berln}}")
    result = asked(config, "--at", "14:00")
    assert result.exit_code == 1 and "did you mean 'Europe/Berlin'?" in result.stderr


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        (["close", "office", "--until", "14:00"], ("POST", "/override", False, "now", "14:00", "")),
        (["open", "office", "--from", "18:00", "--until", "20:00", "--note", "sale"],
         ("POST", "/override", True, "18:00", "20:00", "sale")),
        (["undo", "office", "override-1"], ("DELETE", "/overrides/override-1")),
    ],
)  # fmt: skip
def test_an_order(monkeypatch: pytest.MonkeyPatch, words: list[str], asks: tuple[Any, ...]) -> None:
    seen: list[tuple[Any, ...]] = []

    def request(base: object, method: str, path: str, key: str, body: Any = None) -> Any:
        if method == "GET":
            return {"zone": "Asia/Shanghai"}
        told = [body[field] for field in ("open", "since", "until", "note")] if body else []
        seen.append((method, path.removeprefix("/api/v1/calendars/office"), *told))
        return {"id": "override-1", "since": 1_760_000_000.0, "until": 1_760_003_600.0}

    monkeypatch.setattr(hours, "request", request)
    result = CliRunner().invoke(app, ["calendar", *words, "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 0 and seen == [asks] and "override-1" in result.stdout
    if words[0] != "undo":  # by the clock there, as the times were given
        assert " from 2025-10-09T16:53:20+08:00 until 2025-10-09T17:53:20+08:00 " in result.stdout


def test_what_fails_has_ordered_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def request(base: object, method: str, *_: Any) -> Any:
        asked.append(method)
        if len(asked) == 2:
            raise Failed("it answers no more")
        return {"zone": "Asia/Shanghai", "id": "override-1", "since": 0.0, "until": 1.0}

    monkeypatch.setattr(hours, "request", request)
    words = ["calendar", "close", "office", "--until", "14:00", "--url", "http://127.0.0.1:9"]
    assert CliRunner().invoke(app, words).exit_code == 1 and asked == ["GET", "POST"]


def test_what_a_running_switch_says(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "calendar": "office",
        "zone": "Europe/Berlin",
        "at": "2026-03-30T12:00:00+02:00",
        "open": False,
        "why": "holiday: Easter",
        "changes": "2026-03-31T09:00:00+02:00",
        "overrides": [{"id": "override-1"}],
    }
    monkeypatch.setattr(hours, "request", lambda *asked: [row])
    monkeypatch.setenv("COLUMNS", "200")
    table = CliRunner().invoke(app, ["hours", "--url", "http://127.0.0.1:9"]).stdout
    assert all(
        word in table for word in ("office", "closed", "holiday: Easter", "2026-03-31T09:00:00+02:00", "override-1")
    )
    result = CliRunner().invoke(app, ["hours", "shop", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1 and "no calendar 'shop'" in result.stderr
