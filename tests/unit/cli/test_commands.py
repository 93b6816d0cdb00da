"""Each command against a fake switch on a real port: what it prints, what it orders, and its exit code."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from softswitch import __version__
from softswitch.call.record import CallRecord
from softswitch.callback.model import Promise
from softswitch.cli.main import app
from softswitch.ivr.path import CallPath, PathStep
from softswitch.media.finish import recover
from softswitch.media.recorder import Recorder
from softswitch.metrics import Metrics
from softswitch.store.node import Seen
from softswitch.web import make_app
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import StoredPromises
from tests.support.fake_media import FakeMedia

ROOT = Path(__file__).parents[3]
RECORD = CallRecord(
    "c-0", "inbound", "+8613800138000", "8000", "", "", "orders", "", 1700000000.0, 0.0, 0.0, 1700000002.0,
    "abandoned", "caller", "", "p-1",
)  # fmt: skip


STEPS = (
    PathStep("menu", "menu", 0.0, 4.25, "keys.1", "ask", ("pressed 1",)),
    PathStep("ask", "http", 400.0, 0.25, "failed", "bye", ("404 after 0.25 s",), {"customer": "\x1b[2J{}"}, "not found",
             plan="look-up", version="1", missed=260),
    PathStep("bye", "say", 400.25, 1.0, "hangup"),
)  # fmt: skip
PATH = CallPath("c-0", "shop", "ba98", 1_800_000_000.0, 1_800_000_401.0, True, 260, STEPS)


class Reader(StoredPromises):
    async def calls(self, limit: int) -> Sequence[CallRecord]:
        return [RECORD][:limit]

    async def events(self, after: int, limit: int) -> Sequence[Any]:
        return []

    async def stories(self, contact: str) -> Sequence[Any]:
        return []

    async def path(self, contact: str) -> CallPath | None:
        """Of a call whose messages are not kept any more."""
        return PATH if contact == PATH.contact else None

    async def nodes(self) -> list[Seen]:
        return [Seen("east", 1_800_000_000.0, True, True), Seen("west", 1_700_000_000.0, False, False)]

    async def import_promises(self, rows: Sequence[Promise]) -> list[bool]:
        return [True for _ in rows]

    async def settled(self) -> None:
        """What is in memory is as durable as it gets here."""


@dataclass
class Running:
    url: str
    control: FakeControl

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--url", self.url])


@pytest.fixture(scope="module")
def _server() -> Iterator[tuple[str, list[FakeControl]]]:
    """The HTTP API in a thread of its own; the list's one element is replaced for each test."""
    current = [FakeControl()]
    loop = asyncio.new_event_loop()
    started = threading.Event()
    ports: list[int] = []

    class Now:
        def __getattr__(self, name: str) -> Any:
            return getattr(current[0], name)

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(make_app(Now(), Reader(), Metrics(), media=FakeMedia()))  # type: ignore[arg-type]
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        started.set()
        return runner

    def work() -> None:
        runner = loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(10)
    yield f"http://127.0.0.1:{ports[0]}", current
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def running(_server: tuple[str, list[FakeControl]]) -> Running:
    url, current = _server
    current[0] = FakeControl()
    return Running(url, current[0])


# ---- asking ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["calls"], ["c-1", "queued", "orders", "12s"]),
        (["agents"], ["alice", "ready", "paused: tea", "orders 5", "bob", "lunch", "no"]),
        (["queues"], ["orders", "12s", "1m", "2m10s", "50%"]),
        (["callbacks"], ["p-1", "abandoned", "due"]),
        (["registrations"], ["1001", "sip:1001@127.0.0.1:7001"]),
        (["bans"], ["192.0.2.66", "1001", "12"]),
        (["trunks"], ["carrier", "udp:192.0.2.1:5060 12s", "spare", "not located", "30", "left alone"]),
        (["media", "list"], ["process", "100", "2s"]),
        (["records"], ["c-0", "abandoned", "caller"]),
        (["why", "c-1"], ["nobody", "1 talking: alice", "1 lacks skill orders: bob"]),
        (["why-not", "c-1", "bob"], ["nobody; bob: lacks skill orders"]),
    ],
)
def test_a_table_for_people(
    running: Running, monkeypatch: pytest.MonkeyPatch, command: list[str], shown: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = running(*command)
    assert result.exit_code == 0, result.output
    assert [word for word in shown if word not in result.stdout] == []


@pytest.mark.parametrize(
    "command",
    [["calls"], ["agents"], ["queues"], ["callbacks", "--all"], ["registrations"], ["records"]],
)
def test_json_for_programs(running: Running, command: list[str]) -> None:
    rows = json.loads(running(*command, "--json").stdout)
    assert len(rows) >= 1
    assert all(isinstance(row, dict) for row in rows)


def test_what_a_caller_calls_himself_is_no_markup(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    calls = running.control.calls()
    evil = type(calls[0])("c-1", "inbound", "[red]x[/nope]", "8000", "ivr", "", "", "", 1.0)
    monkeypatch.setattr(running.control, "calls", lambda: [evil])
    assert "[red]x[/nope]" in running("calls").stdout


def test_nothing_to_show_is_said(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.control, "calls", list)
    assert running("calls").stdout == "no calls\n"
    assert running("calls", "--json").stdout == "[]\n"


# ---- ordering --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "done"),
    [
        (["agent", "login", "alice"], ("log_in", "alice", "ready")),
        (["agent", "login", "carol", "--phone", "1003"], ("log_in", "carol", "ready", "1003")),
        (["agent", "force", "bob", "ready"], ("force", "bob", "ready", "", "api local")),
        (["agent", "force", "bob", "paused", "--reason", "x"], ("force", "bob", "paused", "x", "api local")),
        (["contact", "move", "c-1", "service"], ("move", "c-1", "service", "api local")),
        (["contact", "priority", "c-1", "1m30s"], ("reprioritise", "c-1", "90", "api local")),
        (["agent", "logout", "alice"], ("log_out", "alice")),
        (["agent", "ready", "alice"], ("set_ready", "alice")),
        (["agent", "pause", "alice", "--reason", "lunch"], ("set_paused", "alice", "lunch")),
        (["agent", "wrap-up", "alice"], ("ask_wrap_up", "alice")),
        (["agent", "extend", "alice", "1m30s"], ("extend_wrap_up", "alice", "90.0")),
        (["withdraw", "p-1", "--reason", "by mail"], ("withdraw", "p-1", "by mail", "api local")),
        (["unban", "192.0.2.66"], ("unban", "192.0.2.66")),
        (["hangup", "c-1"], ("hang_up", "c-1")),
    ],
)
def test_an_order(running: Running, command: list[str], done: tuple[str, ...]) -> None:
    result = running(*command)
    assert result.exit_code == 0, result.output
    assert running.control.done == [done]


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["agent", "extend", "alice", "30"], 2, "'30' is not a duration; write for example"),
        (["agent", "extend", "alice", "0s"], 1, "the body cannot be used"),
        (["agent", "extend", "bob", "30s"], 1, "bob is not in wrap-up\nonly one that is under way can be extended"),
        (["agent", "wrap-up", "bob"], 1, "bob talks to nobody\nwrap-up is asked for during the conversation"),
        (["agent", "login", "carol", "--phone", "1001"], 1, "alice sits at 1001; log alice out first"),
        (["agent", "force", "bob", "away"], 2, "'away' is not one of 'ready'"),
        (["contact", "priority", "c-1", "soon"], 2, "'soon' is not a duration"),
        (
            ["contact", "move", "c-1", "sales"],
            1,
            "queues.yaml has no queue 'sales'\nGET /api/v1/queues lists the queues",
        ),
        (["contact", "move", "c-2", "service"], 1, "no call 'c-2'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(running: Running, command: list[str], code: int, said: str) -> None:
    result = running(*command)
    assert (result.exit_code, said in result.stderr.replace("│", "").replace("\n ", "\n")) == (code, True), (
        result.stderr
    )


def test_an_unknown_name_is_1_with_the_near_miss(running: Running) -> None:
    result = running("agent", "login", "alcie")
    assert result.exit_code == 1
    assert result.stderr == "no agent 'alcie'\ndid you mean 'alice'?\n"


def test_a_name_cannot_leave_its_place_in_the_path(running: Running) -> None:
    result = running("why", "../../agents?x=1#")
    assert result.exit_code == 1
    assert "no decision about a contact '../../agents?x=1#' is kept" in result.stderr


# ---- without a switch ------------------------------------------------------------------------------------------


def test_no_switch_is_said_with_the_remedy() -> None:
    result = CliRunner().invoke(app, ["calls", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "no switch answers at http://127.0.0.1:9" in result.stderr
    assert "softswitch run" in result.stderr


def test_what_is_no_switch_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["calls", "--url", "nonsense"])
    assert result.exit_code == 1
    assert "no switch answers at nonsense" in result.stderr


def test_another_service_is_said_to_be_none(running: Running) -> None:
    result = CliRunner().invoke(app, ["calls", "--url", f"{running.url}/healthz?"])  # JSON, but not of ours
    assert result.exit_code == 1
    assert "is no softswitch" in result.stderr


def test_the_url_is_the_configured_one(tmp_path: Path, running: Running) -> None:
    (tmp_path / "softswitch.yaml").write_text(f"http: {{listen: '{running.url.removeprefix('http://')}'}}")
    result = CliRunner().invoke(app, ["calls", "--config", str(tmp_path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("text", ["http: {listen: nowhere}", None])
def test_a_configuration_that_cannot_tell_is_1(tmp_path: Path, text: str | None) -> None:
    directory = tmp_path / "config"
    if text is not None:
        directory.mkdir()
        (directory / "softswitch.yaml").write_text(text)
    result = CliRunner().invoke(app, ["calls", "--config", str(directory)])
    assert result.exit_code == 1
    assert "--url" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["calls", "--nonsense"], ["agent"], ["why"], ["records", "--limit", "0"]]
)
def test_misuse_is_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_version() -> None:
    assert CliRunner().invoke(app, ["version"]).stdout == f"softswitch {__version__}\n"


# ---- check -----------------------------------------------------------------------------------------------------


def test_the_sample_is_right() -> None:
    result = CliRunner().invoke(app, ["check", "--config", str(ROOT / "config")])
    assert result.exit_code == 0, result.output
    assert "right, with" in result.stdout


def write(directory: Path, **files: str) -> Path:
    config = directory / "config"
    config.mkdir()
    for name, text in {"softswitch": "", **files}.items():
        (config / f"{name}.yaml").write_text(text)
    (directory / "dialplans").mkdir(exist_ok=True)
    return config


def test_check_prints_each_mistake_with_its_place(tmp_path: Path) -> None:
    config = write(tmp_path, softswitch="sip: {realmm: x}", users="users: {1001: {}}")
    result = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 1
    assert f"{config}/softswitch.yaml:1:7: sip.realmm: unknown key" in result.stdout
    assert f"{config}/users.yaml:1:9: users.1001: the key 'password' is missing" in result.stdout
    assert "2 error(s)" in result.stderr


def test_check_proves_dialplans_too(tmp_path: Path) -> None:
    config = write(tmp_path)
    (tmp_path / "dialplans/p.yaml").write_text("dialplan: p\nnumbers: ['8000']\nstart: a\nsteps:\n  a: {ply: x}\n")
    result = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 1
    assert "dialplans/p.yaml:5:" in result.stdout


def test_run_refuses_what_check_refuses(tmp_path: Path) -> None:
    config = write(tmp_path, softswitch="sip: {realmm: x}")
    result = CliRunner().invoke(app, ["run", "--config", str(config)])
    assert result.exit_code == 1
    assert "sip.realmm" in result.stderr
    assert "not started" in result.stderr


def test_voicemails_and_texts(running: Running) -> None:
    assert "vm-1" in running("voicemail", "list").output
    assert running("voicemail", "list", "--mailbox", "1002").output.strip() == "no voicemail"
    assert json.loads(running("voicemail", "list", "--json").output)[0]["mailbox"] == "1001"
    assert running("voicemail", "heard", "vm-1").output.endswith("vm-1: heard\n")
    assert running("voicemail", "heard", "vm-2").exit_code == 1
    delivered, refused = running("message", "1001", "hello"), running("message", "1002", "hello")
    assert delivered.exit_code == 0 and delivered.output.endswith("1001: delivered\n")
    assert refused.exit_code == 1 and refused.output.endswith("1002: not delivered (480)\n")
    assert running.control.done[0] == ("voicemail_heard", "vm-1")


def test_trace_draws_the_ladder_without_what_steers_the_terminal(running: Running) -> None:
    for name in ("c-1", "leg-1", "a/b@phone"):
        done = running("trace", name)
        assert done.exit_code == 0, done.output
        assert "contact c-1 (going on)" in done.stdout and "INVITE ---" in done.stdout and "486 Busy" in done.stdout
        assert "\x1b[2J" not in done.stdout


def test_trace_for_programs_whole_and_as_a_capture(running: Running, tmp_path: Path) -> None:
    assert json.loads(running("trace", "c-1", "--json").stdout)["messages"][1]["sent"] is True
    assert "    Call-ID: a/b@phone" in running("trace", "c-1", "--full").stdout
    path = tmp_path / "c-1.pcap"
    assert running("trace", "c-1", "--pcap", str(path)).exit_code == 0
    assert path.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    assert running("trace", "c-1", "--pcap", "-").stdout_bytes == path.read_bytes()
    nowhere = running("trace", "c-1", "--pcap", str(tmp_path / "no" / "c.pcap"))
    assert nowhere.exit_code == 1 and "cannot be written" in nowhere.stderr
    assert running("trace", "c-2").exit_code == 1


def test_trace_tells_the_way_through_the_dialplan(running: Running) -> None:
    assert running("trace", "c-0").stdout.splitlines()[1:] == [
        "+0.000    menu         menu      4.25s  keys.1 -> ask  pressed 1",
        "          ... 260 more steps",
        "+400.000  look-up/ask  http      0.25s  failed -> bye  404 after 0.25 s",
        "            not found",
        "            customer = \ufffd[2J{}",
        "+400.250  bye          say       1.00s  hangup",
        "",
        "contact c-0 (over)",
        "+0.000   * joined queue orders, number 1 in line",
        "+0.000   * offered to alice (3 passed over: see why)",
        "+5.000   * alice: answered",
        "+5.000   * left queue orders: answered, after 5s",
        "its SIP messages are not kept any more",
    ]
    assert " * " not in running("trace", "c-0", "--sip").stdout
    both = running("trace", "c-1").stdout
    assert both.index("dialplan shop") < both.index("is here") < both.index("INVITE ---")
    assert "INVITE" not in running("trace", "c-1", "--path").stdout
    assert "dialplan" not in running("trace", "c-1", "--sip").stdout
    assert json.loads(running("trace", "c-0", "--json").stdout)["path"]["steps"][1]["missed"] == 260
    missing = running("trace", "c-9", "--path")
    assert missing.exit_code == 1 and "no path of a call 'c-9' is kept" in missing.stderr


def test_a_recording_is_paused_and_goes_on(running: Running) -> None:
    assert running("recording", "pause", "c-1", "--reason", "card number").exit_code == 0
    assert running("recording", "resume", "c-1").exit_code == 0
    assert running("recording", "pause", "c-9").exit_code == 1
    assert running.control.done == [("pause_recording", "c-1", "card number"), ("pause_recording", "c-1", "None")]


def test_a_supervisor_is_rung(running: Running) -> None:
    assert running("supervise", "1001", "--as", "1004", "--mode", "whisper").output.endswith("1001: 1004 rings\n")
    assert running.control.done == [("supervise", "1001", "1004", "whisper", "api local")]
    refused = running("supervise", "1001", "--as", "1003")
    assert refused.exit_code == 1 and "1003 may not supervise 1001\nsee `supervises`" in refused.output
    assert running("supervise", "1001", "--as", "1004", "--mode", "shout").exit_code == 2


def test_a_supervisor_who_takes_over_is_said_to_do_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.cli.supervise.request", lambda *asked: "barge")  # what he did until then
    words = ["supervise", "1001", "--as", "1004", "--mode", "take-over", "--url", "http://127.0.0.1:9"]
    assert CliRunner().invoke(app, words).stdout == "1001: 1004 take-over\n"


def test_recordings_are_held_against_their_checksums(tmp_path: Path) -> None:
    recorder = Recorder(2)
    for name in ("a", "b"):
        recorder.start(name, tmp_path / f"{name}.wav", (0,))
    recorder.keep(np.ones((1, 160), np.int16), np.zeros(1, np.uint32), 0.0)
    recorder.close()
    recover(tmp_path)
    run = CliRunner().invoke
    good = run(app, ["recording", "verify", str(tmp_path)])
    assert (good.exit_code, good.output) == (0, "2 recordings, 0 of them not as they were\n")
    (tmp_path / "b.wav").write_bytes(b"another")
    bad = run(app, ["recording", "verify", str(tmp_path)])
    assert (bad.exit_code, bad.output) == (1, "b.wav: changed\n2 recordings, 1 of them not as they were\n")
    listed = json.loads(run(app, ["recording", "verify", str(tmp_path), "--json"]).output)
    assert listed == [{"file": "a.wav", "verdict": "ok"}, {"file": "b.wav", "verdict": "changed"}]
    assert run(app, ["recording", "verify", str(tmp_path / "none")]).exit_code == 1
    assert run(app, ["recording", "verify", "--config", str(tmp_path)]).exit_code == 1


def test_a_media_process_is_drained_and_taken_up_again(running: Running) -> None:
    assert "media process 1 gets no new calls\n" in running("media", "drain", "1").stdout
    assert "media process 1 gets new calls again\n" in running("media", "resume", "1").stdout
    refused = running("media", "drain", "7")
    assert refused.exit_code == 1 and "no media process 7; there are 1 to 2" in refused.output


def test_dialplans_with_the_calls_of_each_version(running: Running) -> None:
    done = running("dialplans")
    assert done.exit_code == 0
    assert "on former" in done.stdout and "shop" in done.stdout and "8000" in done.stdout
    assert json.loads(running("dialplans", "--json").stdout)[0]["former"] == {"ba98": 2}
    refused = running("reload")
    assert refused.exit_code == 1 and "this switch has no files" in refused.stderr


def test_a_full_disk_is_told_and_is_no_traceback() -> None:
    command = [sys.executable, "-m", "softswitch.cli.main", "version"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "the output cannot be written: No space left on device\n"
