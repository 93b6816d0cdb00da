"""``softswitch peak`` over a store that was filled by hand: lines, JSON, picture, and peaks that are found."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.acd.model import AgentState, QueueLeft
from softswitch.acd.statistics import AgentFigures
from softswitch.callback.model import LossNotRecorded, PromiseState
from softswitch.cli.main import app
from softswitch.settings import load
from softswitch.store.store import Store
from tests.support import facts

S = PromiseState
TEN = 1774864800.0  # 2026-03-30 10:00 UTC
SPAN = ["--since", "2026-03-30T10:00", "--until", "2026-03-30T10:15"]
NUMBERS = ["13800000001", "+8613800000001", "13800000002", "13800000003", "13800000004"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five calls of four callers: one served on the second try, one called back after 20 minutes, one refused, one of
    whom nothing is kept."""
    made = tmp_path_factory.mktemp("house") / "config"
    for directory in (made, made.parent / "var"):
        directory.mkdir()
    (made / "softswitch.yaml").write_text("zone: UTC\n")
    asyncio.run(_fill(load(made).store.url))
    return made


async def _fill(url: str) -> None:
    store, other = await Store.open(url), await Store.open(url)
    await other.shared.join("west", 60.0)  # where anna has been at work as well
    for number, caller in enumerate(NUMBERS):
        at = TEN + 60 * number
        call = replace(facts.call(number), caller=caller, started_at=at, ended_at=at + 30, queue="orders", promise="")
        store.put_call(replace(call, connected_at=at + 12 if number == 1 else 0.0))
    store.put_call(replace(facts.call(90), started_at=TEN - 1, ended_at=TEN + 5, queue="orders"))
    store.put_call(replace(facts.call(91), kind="callback", started_at=TEN + 5, ended_at=TEN + 9))
    store.put_event(TEN + 72, QueueLeft("contact-1", "orders", "answered", 11.0, "call", "anna", 1))
    store.put_event(TEN + 80, LossNotRecorded("orders", "abandoned", "premium", "contact-3", NUMBERS[3]))
    lost = facts.promise(2, number="+8613800000002", queue="orders", group="orders", contact="contact-2",
                         recorded_at=TEN + 120, updated_at=TEN + 150)  # fmt: skip
    store.put_promise(lost, "t1")
    dialled = replace(lost, state=S.DIALLING, attempts=1, call_id="c1", updated_at=TEN + 1300)
    store.put_promise(dialled, "t2")
    store.put_promise(replace(dialled, state=S.KEPT, outcome="answered", updated_at=TEN + 1320), "t3")
    listed = facts.promise(5, recorded_at=TEN + 10, stage="imported", campaign="welcome", queue="orders")
    store.put_promise(listed, "t4")
    for start, busy_s, ready_s in ((TEN - 900, 1.0, 899.0), (TEN, 810.0, 90.0), (TEN + 900, 450.0, 450.0)):
        for at, state, spent_s in ((store, AgentState.TALKING, busy_s), (other, AgentState.READY, ready_s)):
            figures = AgentFigures(answered=1)
            figures.seconds[state] = spent_s
            at.put_agent_interval(start, "anna", figures)
            await at.settled()
    await store.close()
    await other.close()


def peak(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["peak", *words, "--config", str(config)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_report_for_people(config: Path) -> None:
    assert peak(config, *SPAN).splitlines() == [
        "2026-03-30 10:00:00 to 2026-03-30 10:15:00 (UTC)",
        "5 calls of 4 callers",
        "",
        "served live                                  1   25.0%",
        "recovered: called back and served            1   25.0%",
        "refused by rule                              1   25.0%",
        "lost, and nothing is kept of it              1   25.0%",
        "callers                                      4 does not add up: see below",
        "",
        "lost at (a caller may be lost more than once)",
        "  abandoned                                  1",
        "",
        "refused by rule",
        "  abandoned: premium                         1",
        "",
        "nothing is kept of callers whose calls ended as",
        "  abandoned                                  1",
        "  (their queue has no `callback`, or its stages leave these out; see docs/callbacks.md)",
        "",
        "wait, live: half within 11s, 90% 11s, 99% 11s, longest 11s (1)",
        "",
        "wait, callback: half within 20m, 90% 20m, 99% 20m, longest 20m (1)",
        "recovered: first 2026-03-30 10:22:00, half by 2026-03-30 10:22:00, last 2026-03-30 10:22:00",
        "attempts per recovery: 1.00 (1 at attempt 1)",
        "",
        "occupancy of all agents, by quarters of an hour: 90% in it, 50% after it, to 2026-03-30 10:22:00",
    ]


def test_the_report_for_programs(config: Path) -> None:
    told = json.loads(peak(config, *SPAN, "--json"))
    assert told["from"] == TEN and told["to"] == TEN + 900 and told["followed_to"] == TEN + 1320
    assert (told["calls"], told["callers"], told["adds_up"]) == (5, 4, False)
    assert sum(told["fates"].values()) == told["callers"]
    assert told["fates"]["recovered"] == told["fates"]["served"] == told["fates"]["nothing"] == 1
    assert told["refused"] == [{"stage": "abandoned", "why": "premium", "callers": 1}]
    assert told["wait"]["callback"]["p99_s"] == 1200.0 and told["attempts"] == {"1": 1}
    assert told["occupancy"] == {"in": 0.9, "after": 0.5}
    nobody = json.loads(peak(config, *SPAN, "--queue", "sales", "--json"))
    assert (nobody["calls"], nobody["callers"], nobody["adds_up"], nobody["recovered"]) == (0, 0, True, None)


def test_the_picture(config: Path, tmp_path: Path) -> None:
    """Its structure: a panel for each quantity, a curve in each, and the hours below."""
    target = tmp_path / "peak.svg"
    peak(config, *SPAN, "--svg", str(target))
    root = ElementTree.fromstring(target.read_text())
    name = "{http://www.w3.org/2000/svg}"
    texts = [one.text or "" for one in root.iter(f"{name}text")]
    assert [one for one in texts if "per 1m" in one or "Occupancy" in one] == [
        "Calls that came, per 1m",
        "Answered live, per 1m",
        "Lost and recorded: abandoned, per 1m",
        "Recovered, per 1m",
        "Occupancy of agents, by quarters of an hour (%)",
    ]
    curves = [one.get("d") or "" for one in root.iter(f"{name}path")]
    assert len(curves) == 5 and [curve.count("M") for curve in curves] == [1] * 5
    assert [curve.count("L") for curve in curves] == [2 * 22 - 1] * 5, "22 minutes: up to the last recovery"
    assert "10:00" in texts and "10:15" in texts and texts[0].startswith("Peak from 2026-03-30 10:00:00 to")
    peak(config, *SPAN, "--svg", str(target), "--bucket", "5m")
    assert "Calls that came, per 5m" in target.read_text()


def test_peaks_are_found_and_the_biggest_is_reported(config: Path) -> None:
    assert "no peak" in peak(config, "--find", *SPAN), "five calls are none"
    asyncio.run(_burst(load(config).store.url))
    day = ["--since", "2026-04-01", "--until", "2026-04-02"]
    assert peak(config, "--find", *day) == "2026-04-01 12:00 to 2026-04-01 12:15: 30 calls, usually none\n"
    (found,) = json.loads(peak(config, "--find", "--json", *day))
    assert (found["calls"], found["until"] - found["since"]) == (30, 900)
    assert peak(config, "--find", *day, "--queue", "sales") == "no peak: never twice as many calls as usual\n"


async def _burst(url: str) -> None:
    store = await Store.open(url)
    noon = TEN + 2 * 86400 + 7200
    for number in range(33):
        at = noon + 20 * number if number < 30 else noon - 3600 * (number - 29)
        call = replace(facts.call(number), contact=f"burst-{number}", queue="orders")
        store.put_call(replace(call, started_at=at, ended_at=at + 30))
    await store.close()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--since", "soon"], 1, "'soon' is not a moment in UTC; for example today"),
        (["--since", "2026-03-30", "--until", "2026-03-29"], 1, "no span of time that has been, of at most 32 days"),
        (
            ["--since", "2026-01-01", "--until", "2026-03-30"],
            1,
            "2026-01-01 00:00 to 2026-03-30 00:00 (UTC) is no span",
        ),
        ([*SPAN, "--queue", "orderz"], 0, "queues.yaml has no queue 'orderz'"),
        ([*SPAN, "--bucket", "minute"], 2, "'minute' is not a duration"),
        ([*SPAN, "--bucket", "1ms"], 2, "'1ms' is too short"),
        ([*SPAN, "--svg", "-"], 2, "- is no file, and stdout has the report; name a file"),
        ([*SPAN, "--svg", "/nowhere/at/all.svg"], 1, "/nowhere/at/all.svg: No such file or directory"),
    ],
)
def test_what_cannot_be_reported_is_said(config: Path, words: list[str], code: int, said: str) -> None:
    result = CliRunner().invoke(app, ["peak", *words, "--config", str(config)])
    assert result.exit_code == code and said in " ".join(result.output.replace("│", " ").split()), result.output


def test_a_house_that_never_ran_has_no_peak(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "softswitch.yaml").write_text("zone: UTC\n")
    result = CliRunner().invoke(app, ["peak", *SPAN, "--config", str(tmp_path / "config")])
    assert result.exit_code == 1 and "is not there: no switch has run" in result.stderr


def test_each_command_of_the_manual_is_one(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manual = (Path(__file__).parents[3] / "docs/callbacks.md").read_text("utf-8")
    lines = [line.strip() for line in manual.splitlines() if line.startswith("    softswitch peak")]
    monkeypatch.chdir(tmp_path)
    for line in lines:
        words = line.partition("   ")[0].split()[1:]
        result = CliRunner().invoke(app, [*words, "--config", str(config)])
        assert result.exit_code in (0, 1), (line, result.output)  # 1: there was no peak lately, or it is before 10:00
    assert len(lines) == 4 and any("--find" in line for line in lines)
