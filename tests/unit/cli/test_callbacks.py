"""``softswitch callbacks``: the list, one promise, orders about several, an export that no spreadsheet calculates."""

from __future__ import annotations

import csv
import json
import shlex
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from softswitch.callback.model import Promise, PromiseState
from softswitch.callback.waits import Wait
from softswitch.cli import callbacks, standstill
from softswitch.store.promises import Lying
from tests.support.fake_desk import AT_HAND, StoredPromises
from tests.unit.cli.test_commands import Running, _server, running

__all__ = ["_server", "running"]  # fixtures

S = PromiseState
MANUAL = (Path(__file__).parents[3] / "docs/callbacks.md").read_text("utf-8")
COMMANDS = [  # up to the first gap: behind it is what they are for; and to the first pipe
    shlex.split(line.strip().partition("   ")[0].partition(" | ")[0])[1:]
    for line in MANUAL.splitlines()
    if line.startswith("    softswitch callbacks")
]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(running: Running, *more: Promise) -> list[Promise]:
    """In memory, besides the one that memory and store have."""
    found = running.control.promise_desk().rows
    found.extend(more)
    return found


def promise(number: int, **more: Any) -> Promise:
    return replace(AT_HAND[0], id=f"p-{number}", number=f"+86138{number:08d}", recorded_at=1.7e9 + number, **more)


def test_the_list_says_who_how_old_and_why_it_waits(running: Running) -> None:
    rows(
        running, promise(2, campaign="welcome", state=S.RETRY_AT, attempts=1, outcome="busy"), promise(3, state=S.KEPT)
    )
    running.control.promise_desk().waits["p-2"] = Wait("outside hours", 1_800_003_600.0)
    for command in ([], ["list"]):
        result = running("callbacks", *command)
        head, first, second, third = result.stdout.splitlines()
        assert head.split("  ")[0] == "promise" and "why it waits" in head
        assert "+8613800138001" in first and "1157d9h46m40s" in first and first.rstrip().endswith("no agent free")
        assert third.startswith("p-3") and "kept" in third, "what has ended lately is there as well"
        assert "orders (welcome)" in second and "busy" in second and "outside hours until 2027-01-15" in second


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--all"], ["p-4", "p-3", "p-2", "p-1"]),
        (["--state", "kept,failed"], ["p-3"]),
        (["list", "--state", "any", "--newest", "--limit", "2"], ["p-4", "p-3"]),
        (["list", "--queue", "service"], ["p-4"]),
        (["list", "--number", "138 0000 0003"], ["p-3"]),
        (["--limit", "1"], ["p-1"]),
    ],
)
def test_the_list_can_be_filtered(running: Running, options: list[str], found: list[str]) -> None:
    rows(running, promise(2), promise(3, state=S.KEPT), promise(4, queue="service"))
    told = json.loads(running("callbacks", *options, "--json").stdout)
    assert [row["id"] for row in told] == found


def test_a_list_that_goes_on_says_so(running: Running) -> None:
    rows(running, promise(2))
    result = running("callbacks", "--limit", "1")
    assert result.exit_code == 0 and "and more: --limit 10 shows them" in result.stderr


def test_who_waits_in_the_pool_is_counted_beside_the_list(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "in the pool" not in running("callbacks").stderr
    lies = [Lying("welcome", "", 0.0, "", 900), Lying("orders", "b", 0.0, "", 7)]

    async def lying(_: StoredPromises) -> list[Lying]:
        return lies

    monkeypatch.setattr(StoredPromises, "lying", lying)
    result = running("callbacks")
    assert "p-1" in result.stdout and "907 more wait in the pool, or at other nodes: `softswitch callb" in result.stderr
    assert "in the pool" not in running("callbacks", "--json").stderr + running("callbacks", "--all").stderr
    rows(running).clear()
    del lies[:1]
    lies[0] = lies[0]._replace(promises=1)
    result = running("callbacks")
    assert result.stdout == "no callbacks at hand\n" and result.stderr.startswith("1 more waits in the pool")
    lies.clear()
    assert running("callbacks").stdout == "no callbacks\n"


def test_one_promise_is_told_whole(running: Running) -> None:
    rows(running)[0] = replace(AT_HAND[0], step="menu", priority_s=600.0, variables=(("order", "[b]7\x1b[2J"),))
    out = running("callbacks", "show", "p-1").stdout
    assert "p-1: +8613800138001, orders" in out and "lost at abandoned in step menu" in out
    assert "priority: 10m" in out and "order = [b]7" in out and "\x1b" not in out
    assert "api anna" in out, "who promoted it"
    assert "c-9" in out and "0123abcd" in out and "bob" in out, "the attempt, for softswitch trace"
    told = json.loads(running("callbacks", "show", "p-1", "--json").stdout)
    assert [one["state"] for one in told["history"]] == ["recorded", "dialling", "retry_at", "retry_at"]
    rows(running)[0] = replace(AT_HAND[0], stage="imported", campaign="welcome")
    assert "imported, recorded" in running("callbacks", "show", "p-1").stdout


@pytest.mark.parametrize(
    ("command", "done"),
    [
        (
            ["cancel", "p-1", "p-2", "--why", "by mail"],
            [("withdraw", f"p-{n}", "by mail", "api local") for n in (1, 2)],
        ),
        (["retry", "p-2"], [("retry", "p-2", "api local")]),
        (["promote", "p-1", "--priority", "10m"], [("promote", "p-1", "600", "api local")]),
        (["promote", "p-1", "--priority", "0s"], [("promote", "p-1", "0", "api local")]),
    ],
)
def test_an_order(running: Running, command: list[str], done: list[tuple[str, ...]]) -> None:
    rows(running, promise(2, state=S.RETRY_AT))
    result = running("callbacks", *command)
    assert result.exit_code == 0, result.output
    assert running.control.done == done


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["cancel", "p-9"], 1, "no promise 'p-9'"),
        (["cancel"], 2, "Missing argument 'ID...'"),
        (["promote", "p-1"], 2, "Missing option '--priority'"),
        (["promote", "p-1", "--priority", "soon"], 2, "'soon' is not a duration"),
        (["show", "p-9"], 1, "no promise 'p-9'"),
        (["--state", "keept"], 1, "state='keept' is not understood\ndid you mean 'kept'?"),
        (["list", "--since", "soon"], 1, "'soon' is not a moment"),
        (["list", "--queue", "ordres"], 1, "no such promise, and no queue that calls back is called 'ordres'\ndid you"),
        (["export", "--campaign", "wellcome"], 1, "and no campaign is called 'wellcome'\ndid you mean 'welcome'?"),
        (["list", "--limit", "0"], 2, "greater than or equal to 1"),
        (["export", "--csv", "--json"], 1, "--json or --csv, not both"),
        (["export", "-o", "/nowhere/at/all.csv"], 1, "/nowhere/at/all.csv: No such file or directory"),
        (["p-1"], 2, "unexpected extra argument"),
    ],
)
def test_what_cannot_be_done_is_said(running: Running, command: list[str], code: int, said: str) -> None:
    result = running("callbacks", *command)
    assert result.exit_code == code, result.output
    assert said in " ".join(result.output.replace("│", "").split()) or said in result.output
    assert not running.control.done


def test_of_several_the_others_are_done(running: Running) -> None:
    rows(running, promise(2), promise(3, state=S.KEPT))
    result = running("callbacks", "cancel", "p-3", "p-9", "p-2")
    assert result.exit_code == 1 and "p-2: withdrawn" in result.stdout
    assert "p-3 is kept" in result.stderr and "no promise 'p-9'" in result.stderr
    assert [one[1] for one in running.control.done] == ["p-2"]


def test_who_is_being_dialled_is_not_said_to_be_withdrawn_already(running: Running) -> None:
    rows(running, *(promise(n, state=state) for n, state in enumerate((S.DIALLING, S.ANSWERED, S.UNCERTAIN, S.DUE), 2)))
    told = running("callbacks", "cancel", "p-2", "p-3", "p-4", "p-5").stdout.splitlines()
    said = [line for line in told if line.startswith("p-")]  # among the log of the switch
    assert said == [*(f"p-{n}: {callbacks.WITHDRAWN_LATER}" for n in (2, 3, 4)), "p-5: withdrawn"]
    assert [one[:2] for one in running.control.done] == [("withdraw", f"p-{n}") for n in range(2, 6)]
    assert callbacks.WITHDRAWN_LATER in running("withdraw", "p-2").stdout


def test_an_export_has_all_of_them_and_no_formula(
    running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(callbacks, "PAGE", 2)
    evil = '=HYPERLINK("http://evil","x")'
    rows(running, *(promise(n, state=S.KEPT) for n in range(2, 6)), promise(6, outcome=evil, queue='a"b,c'))
    path = tmp_path / "all.csv"
    assert running("callbacks", "export", "-o", str(path)).exit_code == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["id"] for row in found] == [f"p-{n}" for n in range(1, 7)]
    assert found[0]["number"] == "'+8613800138001" and found[0]["recorded_at"] == "2023-11-14T22:13:20+00:00"
    assert found[-1]["outcome"] == f"'{evil}" and found[-1]["queue"] == 'a"b,c'
    assert not any(line.startswith(("=", "+", "-", "@")) for row in found for line in row.values())
    lines = running("callbacks", "export", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"p-{n}" for n in range(1, 7)]
    assert json.loads(lines[0])["recorded_at"] == 1700000000.0, "programs have their numbers"


@pytest.mark.parametrize("command", [["callbacks", "export"], ["campaign", "export", "welcome"]], ids=" ".join)
def test_an_export_says_when_by_the_clock_until_when_and_who(
    running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str]
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    named = {"variables": (("name", "=李雷"), ("product", "magazine")), "campaign": "welcome"}
    rows(running)[:] = [promise(2, **named), promise(3, expires_at=1.7e9 + 60, not_before=1.7e9 + 30, **named)]
    path = tmp_path / "all.csv"
    assert running(*command, "-o", str(path)).exit_code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbfid,number,name,"), "or a spreadsheet takes it for Latin"
    with path.open(encoding="utf-8-sig", newline="") as file:
        first, second = (row for row in csv.DictReader(file) if row["campaign"])
    assert first["name"] == "'=李雷"
    assert first["recorded_at"] == "2023-11-15T06:13:22+08:00" and first["not_before"] == ""
    assert first["expires_at"] == "2023-11-16T06:13:22+08:00", "as its policy decides"
    assert second["expires_at"] == "2023-11-15T06:14:20+08:00" and second["not_before"] == "2023-11-15T06:13:50+08:00"


def test_lists_and_exports_read_what_an_older_switch_says(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = callbacks.request

    def older(*words: Any) -> Any:
        told = asked(*words)
        for row in told["promises"] if isinstance(told, dict) else told:
            for key in ("overdue_at", "expires_at", "variables"):
                del row[key]
        return told

    monkeypatch.setattr(callbacks, "request", older)
    assert "p-1," in running("callbacks", "export").stdout
    assert "p-1 " in running("callbacks", "list", "--state", "open").stdout


def test_until_when_one_is_kept_is_shown_where_its_policy_decides(running: Running) -> None:
    assert "expires: 2023-11-15 22:13:20" in running("callbacks", "show", "p-1").stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_of_the_manual_is_one(running: Running, tmp_path: Path, command: list[str]) -> None:
    rows(running)[0] = promise(1, state=S.RETRY_AT)
    words = [{"ID": "p-1", "ID...": "p-1", "all.csv": str(tmp_path / "all.csv")}.get(one, one) for one in command]
    result = running(*words)
    assert result.exit_code == 0, result.output


def test_why_says_what_stops_each_and_what_its_promises_wait_for(running: Running) -> None:
    desk = running.control.promise_desk()
    desk.stands["welcome"] = Wait("outside hours", 1_800_003_600.0)
    rows(running, promise(2, state=S.RETRY_AT, outcome="failed"))
    desk.waits["p-2"] = Wait("pause after the last attempt", 1_800_003_600.0)
    result = running("callbacks", "why")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and lines[0].split("  ")[0] == "of" and "what to do" in lines[0]
    assert lines[1].startswith("orders ") and " nothing " in lines[1]
    assert lines[2].startswith("orders (welcome)") and "outside hours until 2027-01-15 09:00:00 UTC" in lines[2]
    assert any("pause after the last attempt: failed" in line and "softswitch trace" in line for line in lines[3:])
    assert any("no agent free" in line and "softswitch agents" in line for line in lines[3:])
    assert json.loads(running("callbacks", "why", "welcome", "--json").stdout)["why"][0]["of"] == "welcome"


def test_why_names_the_trunk(running: Running) -> None:
    desk = running.control.promise_desk()
    desk.stands["orders"] = Wait("its trunk refuses calls", 1_800_003_600.0, "carrier")
    desk.waits["p-1"] = Wait("its trunk refuses calls", 1_800_003_600.0, "carrier")
    told = [line for line in running("callbacks", "why", "orders").stdout.splitlines() if "carrier" in line]
    assert len(told) == 2
    assert all("its trunk refuses calls (carrier) until 2027-01-15 09:00:00 UTC" in line for line in told)


@pytest.mark.parametrize("key", ["trunk", "outcome"])
def test_why_reads_what_an_older_switch_says(running: Running, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    desk = running.control.promise_desk()
    desk.stands["orders"] = desk.waits["p-1"] = Wait("its trunk refuses calls", 1_800_003_600.0, "carrier")
    asked = standstill.request

    def older(*words: Any) -> Any:
        told = asked(*words)
        for row in told["why"]:
            for one in (row, *row["waits"]):
                one.pop(key, None)
        return told

    monkeypatch.setattr(standstill, "request", older)
    result = running("callbacks", "why", "orders")
    assert result.exit_code == 0 and result.stdout.count("its trunk refuses calls") == 2, result.output
    assert result.stdout.count("(carrier)") == (0 if key == "trunk" else 2)


def test_why_of_a_name_that_is_misspelt(running: Running) -> None:
    result = running("callbacks", "why", "welcom")
    assert result.exit_code == 1 and "welcome" in result.stderr
