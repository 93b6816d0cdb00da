"""``softswitch report``: what is asked, and what is made of the answer."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from softswitch.acd.model import QueueJoined, QueueLeft
from softswitch.acd.statistics import AgentFigures, QueueFigures
from softswitch.cli import report
from softswitch.cli.main import app
from softswitch.settings import load
from softswitch.store.store import Store
from tests.support import facts

FIGURES = QueueFigures(
    offered=100, answered=85, answered_in_time=70, abandoned=15, abandoned_in_time=10, waited_answered_s=1700.0,
    talk_s=8500.0, hold_s=850.0, wrap_up_s=850.0, longest_s=95.0, missed=3, transfers=4,
)  # fmt: skip


class Switch:
    """What would be asked of a running one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, by: str, figures: QueueFigures | AgentFigures) -> None:
        self.asked = ""
        told = figures.told()
        self._told = {"from": "2026-03-30T00:00:00+02:00", "to": "2026-03-30T12:00:00+02:00", "zone": "Europe/Berlin",
                      "by": by, "rows": [{by: "orders", **told}], "total": told}  # fmt: skip
        monkeypatch.setattr(report, "request", self._request)

    def _request(self, base: Any, method: str, path: str, key: str) -> Any:
        assert (method, key) == ("GET", "statistics")
        self.asked = path
        return json.loads(json.dumps(self._told))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", "--url", "http://127.0.0.1:1", *words], env={"COLUMNS": "80"})


def test_a_table_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    switch = Switch(monkeypatch, "queue", FIGURES)
    shown = run()
    assert shown.exit_code == 0, shown.stderr
    assert switch.asked == "/api/v1/statistics?from=today&to=now"
    title, _, head, row, _, levels, times = [one.strip() for one in shown.stdout.strip().splitlines()]
    assert title == "2026-03-30T00:00:00+02:00 to 2026-03-30T12:00:00+02:00 (Europe/Berlin)"
    assert head.split()[:4] == ["queue", "offered", "answered", "in"]
    assert row.split() == ["orders", "100", "85", "70", "15", "0", "3", "4"]
    assert levels.split()[1:5] == ["of_answered", "of_ended", "without_quick", "of_all"]
    assert times.split() == ["orders", "82.4%", "80.0%", "77.8%", "70.0%", "20s", "2m", "1m35s"]


def test_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    switch = Switch(monkeypatch, "interval", FIGURES)
    run("--queue", "orders", "--by", "interval", "--since", "2026-03-30T09:30", "--until", "2h")
    assert switch.asked == "/api/v1/statistics?from=2026-03-30T09%3A30&to=2h&by=interval&queue=orders"


def test_agents_have_columns_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    switch = Switch(monkeypatch, "agent", AgentFigures(answered=3, missed=1))
    shown = run("--agent", "alice").stdout
    assert switch.asked.endswith("&agent=alice") and "occupancy" in shown and "ASA" not in shown


def test_for_programs_and_spreadsheets(monkeypatch: pytest.MonkeyPatch) -> None:
    Switch(monkeypatch, "queue", FIGURES)
    assert json.loads(run("--json").stdout)["rows"][0]["service_level"]["of_all"] == 0.7
    (row,) = csv.DictReader(io.StringIO(run("--csv").stdout))
    assert (row["queue"], row["asa_s"], row["service_level.without_quick"][:6]) == ("orders", "20.0", "0.7777")
    assert run("--csv", "--json").exit_code == 1


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    for directory in (made, tmp_path / "var"):
        directory.mkdir()
    (made / "softswitch.yaml").write_text("zone: UTC\nstatistics: {queue_log: true}\n")
    return made


def test_the_queue_log_between_two_moments(config: Path) -> None:
    settings = load(config)
    lines = ["1774828799|c1|orders|NONE|ABANDON|1|1|7\n", "1774828800|c2|orders|NONE|ABANDON|1|1|7\n", "torn",
             "\n", "1774915201|c3|orders|NONE|ABANDON|1|1|7\n"]  # fmt: skip
    (settings.paths.var / "queue_log").write_text("".join(lines))
    span = ["--since", "2026-03-30", "--until", "2026-03-31", "--config", str(config)]
    assert CliRunner().invoke(app, ["report", "--queue-log", "-", *span]).stdout == lines[1]
    out = config / "out"
    assert CliRunner().invoke(app, ["report", "--queue-log", str(out), *span]).exit_code == 0
    assert out.read_text() == lines[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--queue-log", "-"], "softswitch.db is not there: no switch has run with this configuration"),
        (["--queue-log", "-", "--since", "soon"], "'soon' is not a moment in UTC; for example today"),
    ],
)
def test_a_queue_log_that_cannot_be_told(config: Path, words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["report", *words, "--config", str(config)])
    assert result.exit_code == 1 and said in result.stderr


def test_a_queue_log_that_nobody_wrote_is_made_from_the_store(config: Path) -> None:
    (config / "softswitch.yaml").write_text("zone: UTC\n")
    asyncio.run(_kept(load(config).store.url))
    span = ["--since", "2026-03-30", "--until", "2026-03-31", "--config", str(config)]
    result = CliRunner().invoke(app, ["report", "--queue-log", "-", *span])
    assert result.stdout == (
        "1774828801|c1|orders|NONE|ENTERQUEUE||13800138000|1\n1774828809|c1|orders|NONE|ABANDON|1|1|8\n"
    )


async def _kept(url: str) -> None:
    store = await Store.open(url)
    store.put_event(1774828801.0, QueueJoined("c1", "orders", 1, "call"))
    store.put_event(1774828809.0, QueueLeft("c1", "orders", "abandoned", 8.0, "call", position=1))
    store.put_event(1774915201.0, QueueJoined("c2", "orders", 1, "call"))
    call = replace(facts.call(1), contact="c1", caller="13800138000", queue="orders", ended_at=1774828809.0)
    store.put_call(call)
    await store.close()
