"""``softswitch test`` and ``softswitch graph``, as an admin calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from softswitch.cli.main import app
from softswitch.rehearsal.grammar import understood
from softswitch.rehearsal.script import CampaignCalls

ROOT = Path(__file__).parents[3]
RUN = CliRunner()
CALLS = """
call: an agent answers
  to 8001
  alice is free
  hears Welcome…
  enters queue orders
  talks to alice
"""
PATH = {
    "contact": "c-1", "plan": "direct", "version": "1", "started_at": 1_790_000_000.0, "ended_at": 1_790_000_030.0,
    "over": True, "missing": 0,
    "steps": [
        {"step": "welcome", "verb": "say", "at": 0.0, "seconds": 2.0, "exit": "next", "to": "orders"},
        {"step": "orders", "verb": "queue", "at": 2.0, "seconds": 25.0, "exit": "hangup",
         "inputs": ["hung up"]},
    ],
}  # fmt: skip
RECORD = {
    "contact": "c-1",
    "caller": "13800138000",
    "called": "8001",
    "trunk": "carrier",
    "agent": "alice",
    "connected_at": 1_790_000_014.0,
}
EDGES = [
    {"step": "welcome", "exit": "next", "to": "orders", "count": 41},
    {"step": "orders", "exit": "hangup", "to": "", "count": 6},
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The sample configuration with the plan ``direct`` alone."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("campaigns.yaml"))
    plans = tmp_path / "dialplans"
    plans.mkdir()
    shutil.copy(ROOT / "dialplans" / "direct.yaml", plans)
    (plans / "direct.calls").write_text(CALLS)
    written = (tmp_path / "config" / "softswitch.yaml").read_text()
    (tmp_path / "config" / "softswitch.yaml").write_text(f"{written}\npaths: {{dialplans: {plans}}}\n")
    return tmp_path / "config"


def run(*words: str, code: int = 0) -> str:
    done = RUN.invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


def served(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """What the running switch answers."""
    answers = {"path": PATH, "records": [RECORD], "calls": [], "edges": EDGES}

    def request(base: object, method: str, path: str, key: str) -> Any:
        return answers[key]

    monkeypatch.setattr(f"{module}.request", request)


def test_calls_that_go_as_written(config: Path) -> None:
    told = run("test", "--config", str(config))
    assert "1 calls, all as written" in told and "2/4 50 %" in told


def test_a_call_that_does_not_is_shown_beside_what_happened(config: Path) -> None:
    file = config.parent / "dialplans" / "direct.calls"
    file.write_text(CALLS.replace("enters queue orders", "enters queue service"))
    told = run("test", str(file), "--config", str(config), code=1)
    assert "direct.calls:6: an agent answers (step orders, " in told.replace("\n", "")
    line = next(one for one in told.splitlines() if one.startswith(">"))
    assert "enters queue service" in line and "enters queue orders" in line
    assert "1 of 1 calls failed" in told


def test_too_few_steps_fail(config: Path) -> None:
    assert "fewer than 80 % of the steps were taken: direct (50 %)" in run(
        "test", "--config", str(config), "--min-coverage", "80", code=1
    )


def test_programs_get_json(config: Path) -> None:
    told = json.loads(run("test", "--config", str(config), "--json"))
    (call,) = told["calls"]
    assert call["passed"] and call["rows"][0]["expected"] == "hears Welcome…"
    assert told["coverage"][0]["missing_steps"] == ["later", "bye"]


def test_mistakes_are_told_with_their_lines_and_nothing_is_played(config: Path) -> None:
    file = config.parent / "dialplans" / "direct.calls"
    file.write_text("call: a\n  heers x\n  enters queue order\n")
    told = run("test", "--config", str(config), code=1)
    assert "direct.calls:2:3: 'heers x' is not understood; did you mean   hears TEXT" in told
    assert "direct.calls:3:1: there is no queue 'order'; did you mean 'orders'?" in told
    assert "there are no transcripts in" in run("test", str(config), "--config", str(config), code=1).replace("\n", " ")
    assert "cannot be read" in run("test", str(file.with_name("none.calls")), "--config", str(config), code=1)


def test_a_transcript_of_a_real_call(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, "softswitch.cli.lived")
    told = run("test", "--record", "c-1", "--config", str(config))
    lines = [line.strip() for line in told.splitlines()]
    assert lines[0] == "call: c-1 of 2026-09-21 22:13"
    assert lines[1:] == [
        "at 2026-09-21 22:13", "from 13800138000 to 8001 through carrier", "", "hears Welcome. One moment, please.",
        "enters queue orders", "waits 10s", "alice is free", "talks to alice for 13s", "hangs up",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("promise", "campaign", "said"),
    [
        ("p-1", "welcome", 'campaign welcome calls +8613800138000 with name="Li \\"Lei\\" \\\\" order="7"'),
        ("p-1", "", "docs/calls.md tells how those of a campaign"),
        ("", "", "docs/calls.md tells how those of a campaign"),  # it goes on
    ],
)
def test_a_call_that_we_made_is_not_taken_for_one_that_came_in(
    config: Path, monkeypatch: pytest.MonkeyPatch, promise: str, campaign: str, said: str
) -> None:
    row = [["name", 'Li "Lei" \\'], ["order", "7"]]
    answers = {
        "path": PATH, "calls": [], "records": [{**RECORD, "kind": "callback", "promise": promise}],
        "promise": {"campaign": campaign, "number": "+8613800138000", "variables": row},
    }  # fmt: skip
    monkeypatch.setattr("softswitch.cli.lived.request", lambda base, method, path, key: answers[key])
    told = run("test", "--record", "c-1", "--config", str(config), code=1)
    assert "c-1 is a call that we made; --record writes calls that came in" in told and said in told, told
    if campaign:
        (line,) = (one.strip() for one in told.splitlines() if one.startswith("  campaign "))
        made = understood(line)
        assert made == CampaignCalls("welcome", "+8613800138000", tuple((name, value) for name, value in row))


def test_a_plan_is_drawn(config: Path, tmp_path: Path) -> None:
    assert run("graph", "--config", str(config)).startswith("<svg ")
    assert run("graph", "direct", "--config", str(config), "--format", "mermaid").startswith("flowchart TD")
    run("graph", "direct.yaml", "--config", str(config), "-o", str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text() == run("graph", "--config", str(config))
    assert run("graph", "--config", str(config), "-o", "-") == (tmp_path / "a.svg").read_text()
    run("graph", "--config", str(config), "-o", str(tmp_path))
    assert (tmp_path / "direct.svg").exists()
    assert "did you mean direct?" in run("graph", "direkt", "--config", str(config), code=1)
    assert "cannot be written" in run("graph", "--config", str(config), "-o", str(tmp_path / "no" / "a.svg"), code=1)


def test_with_calls_the_running_switch_is_asked(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, "softswitch.cli.graph")
    told = run("graph", "--config", str(config), "--calls")
    assert ">41<" in told and ">6 hung up<" in told
    monkeypatch.setattr("softswitch.cli.graph.request", lambda *_: [{"step": "welcome"}])
    assert "does not tell which ways" in run("graph", "--config", str(config), "--calls", code=1)


def test_graph_makes_the_directory_and_leaves_it_under_no_name(config: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "dialplans" / "hostile.yaml"
    hostile.write_text('dialplan: "../up"\nnumbers: ["9"]\nlanguage: en\nstart: a\nsteps:\n  a: {hangup: normal}\n')
    pictures = tmp_path / "pictures"
    told = RUN.invoke(app, ["graph", "--config", str(config), "-o", str(pictures)])
    assert (told.exit_code, told.output) == (0, "")
    assert sorted(path.name for path in pictures.iterdir()) == [".._up.svg", "direct.svg"]
    assert not (tmp_path / "up.svg").exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["plan", "--calls", "1e308", "--aht", "3m"], "callers would talk at once"),
        (
            ["plan", "--calls", "100", "--aht", "3m", "--within", "100"],
            "less than or equal to 99.99",
        ),  # some always wait
        (
            ["plan", "--calls", "100", "--aht", "3m", "--patience", "1m", "--abandoned", "0"],
            "greater than or equal to 0.01",
        ),
        (["simulate", "--calls", "orders=1e9", "--hours", "0.1"], "at most 1,000,000 are simulated"),
    ],
)
def test_what_no_number_of_agents_can_do_is_refused(config: Path, command: list[str], why: str) -> None:
    where = ["--config", str(config)] if command[0] == "simulate" else []
    told = RUN.invoke(app, [*command, *where], env={"COLUMNS": "200"})
    assert told.exit_code == 2 and why in told.output


def test_a_transcript_is_a_file_with_an_end(config: Path, tmp_path: Path) -> None:
    assert "/dev/zero:0:1: is not a file" in run("test", "/dev/zero", "--config", str(config), code=1)
    long = tmp_path / "long.calls"
    with long.open("wb") as file:
        file.truncate(1_000_000_000)
    assert "has 1,000,000,000 bytes" in run("test", str(long), "--config", str(config), code=1)
