"""Why, from the command line, of a real call: while it waits, when it is over, and after a restart of the switch."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.switch_process import SwitchProcess, queue

pytestmark = pytest.mark.interop
PLAN = 'dialplan: orders\nnumbers: ["7100"]\nstart: queue\nsteps:\n  queue: {queue: orders}\n'


async def command(switch: SwitchProcess, *words: str) -> tuple[int, str]:
    """``softswitch`` against this switch; its exit code, and what it says."""
    place = f"http://{switch.host}:{switch.http_port}"
    line = [str(Path(sys.executable).parent / "softswitch"), *words, "--url", place]
    running = await asyncio.create_subprocess_exec(
        *line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode()


async def test_why_while_it_waits_when_it_is_over_and_after_a_restart(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "orders.yaml").write_text(PLAN)
    agents = {"alice": {"user": "1001", "skills": {"orders": 5}}, "bob": {"user": "1002", "skills": {"service": 5}}}
    queues = {"orders": queue("orders", ring_timeout="2s", max_misses=1, record=False, wrap_up="0s")}
    home = tmp_path / "home"
    home.mkdir()
    async with SwitchProcess(home, agents=agents, queues=queues, dialplans=plans) as switch:
        made = [
            await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, auto_answer=answer)
            for user, answer in (("1003", None), ("1001", 180))
        ]
        async with made[0] as caller, made[1] as alice:
            await story_of_a_caller(switch, caller, alice)


async def story_of_a_caller(switch: SwitchProcess, caller: Phone, alice: Phone) -> None:
    await alice.registered()
    await caller.registered()
    await switch.agent_ready("alice")
    await caller.call("7100")
    await alice.wait("disconnected")
    await switch.agent_is("alice", "paused")
    calls = await switch.api("GET", "/api/v1/calls")
    contact = str(calls[0]["contact"])

    code, said = await command(switch, "why", contact)
    assert code == 0, said
    assert "alice is offered it: longest-idle" in said and "alice: no answer" in said
    assert "nobody free for it: 1 paused (no answer 1), 1 lacks skill orders" in said
    assert (await command(switch, "why-not", contact, "bob"))[1].splitlines()[-1].endswith("bob: lacks skill orders")

    await caller.hangup()
    await switch.record_of(lambda found: found["contact"] == contact)
    code, before = await command(switch, "why", contact, "--replay")
    assert code == 0 and "left queue orders: abandoned" in before
    await switch.restart()
    code, after = await command(switch, "why", contact, "--replay")
    assert (code, after) == (0, before)
    assert after.count("the same") == 2 and "configuration " in after
