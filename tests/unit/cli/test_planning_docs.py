"""Every command of docs/planning.md runs as it is written there, on the sample configuration and the files it shows."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.cli.main import app
from softswitch.ivr.moment import past
from softswitch.settings import load
from softswitch.store.store import Store

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "planning.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
FILES = re.findall(r"```csv (\S+)\n(.*?)```", TEXT, re.DOTALL)
S = AgentState
NOW = time.time()


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Yesterday is the same day for all of them, also where midnight comes meanwhile."""
    monkeypatch.setattr(time, "time", lambda: NOW)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``config``, ``more`` with another agent, the files of the page, and a short yesterday in the store."""
    root = tmp_path_factory.mktemp("planning")
    shutil.copytree(ROOT / "config", root / "config")
    url = f"sqlite:///{root}/var/softswitch.db"
    written = (root / "config" / "softswitch.yaml").read_text().replace("sqlite:///var/softswitch.db", url)
    (root / "config" / "softswitch.yaml").write_text(written)
    shutil.copytree(root / "config", root / "more")
    for file, old, new in (
        ("users.yaml", "users:", 'users:\n  "1099": {password: test-1099}'),
        ("agents.yaml", "agents:", 'agents:\n  dora: {user: "1099", skills: {orders: 5}}'),
    ):
        (root / "more" / file).write_text((root / "more" / file).read_text().replace(old, new, 1))
    for name, text in FILES:
        (root / name).write_text(text)
    asyncio.run(_yesterday(url, load(root / "config").zone))
    return root


async def _yesterday(url: str, zone: str) -> None:
    begin = past("yesterday", NOW, zone) + 10 * 3600
    store = await Store.open(url)
    for at, fact in (
        (0.0, AgentStateChanged("alice", S.LOGGED_OUT, S.READY, "", None)),
        (60.0, QueueJoined("c1", "orders", 1, "call")),
        (60.0, AgentStateChanged("alice", S.READY, S.RESERVED, "", "c1")),
        (64.0, AgentStateChanged("alice", S.RESERVED, S.TALKING, "", "c1")),
        (64.0, QueueLeft("c1", "orders", "answered", 4.0, "call", "alice")),
        (100.0, QueueJoined("c2", "orders", 1, "call")),
        (130.0, QueueLeft("c2", "orders", "abandoned", 30.0, "call")),
        (200.0, AgentStateChanged("alice", S.TALKING, S.WRAP_UP, "", "c1")),
        (205.0, AgentStateChanged("alice", S.WRAP_UP, S.READY, "", "c1")),
        (900.0, AgentStateChanged("alice", S.READY, S.LOGGED_OUT, "", None)),
    ):
        store.put_event(begin + at, fact)
    await store.close()


def test_the_page_has_commands_and_files() -> None:
    assert len(COMMANDS) > 9 and [name for name, _ in FILES] == ["day.csv", "shifts.csv", "heads.csv"]


@pytest.mark.parametrize("command", [*COMMANDS, "softswitch simulate --calls orders=60 --shifts heads.csv"])
def test_it_runs(command: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    program, *arguments = shlex.split(command)
    done = CliRunner().invoke(app, [*arguments, *(("--config", "config") if arguments[0] == "simulate" else ())])
    assert program == "softswitch" and done.exit_code == 0, done.output
    if "--day" in arguments:
        assert re.search(r"^orders\s+as it was\s+2\s+0\s+1\s+1\s+0\s+4.0s", done.output, re.MULTILINE), done.output
    if "--svg" in arguments:
        assert (place / "day.svg").read_text().startswith("<svg ")
