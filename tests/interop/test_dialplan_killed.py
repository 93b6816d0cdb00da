"""kill -9 of control while real phones are in the middle of a dialplan's steps: each call goes on at its step, or takes
``failed:``. Digits that were typed before are asked for anew; what was spoken before is kept."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.interop.test_control_killed import kill_control
from tests.support import ports, tone
from tests.support.phone import Phone
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess

pytestmark = pytest.mark.interop

QUESTION_HZ, RIGHT_HZ, WRONG_HZ, SPOKEN_HZ = 900, 1600, 500, 700
PLANS = {
    "menu": "menu: {play: question.wav, keys: {1: right}, timeout: 30s}, failed: wrong",
    "collect": "collect: {play: question.wav, save: digits_of, min: 4, max: 4, timeout: 30s, secret: true}, "
    "next: check, failed: wrong",
    "http": 'http: {get: "http://127.0.0.1:%d/slow", timeout: 25s, tries: 1}, next: wrong, failed: right',
    "flow": "flow: {name: ask, with: {wanted: '4'}, outcomes: {fine: right}}, next: wrong, failed: wrong",
    "message": 'voicemail: {mailbox: "1001", max: 60s}, next: right, failed: wrong',
}
REST = """
  check: {when: [{if: digits_of == "5678", then: right}], else: wrong}
  right: {play: right.wav, next: right2}
  right2: {play: right.wav, next: bye}
  wrong: {play: wrong.wav, next: bye}
  bye: {hangup: normal}
"""
ASK = """
flow: ask
arguments: {wanted: required}
start: pause
steps:
  pause: {wait: 100ms, next: key}
  key: {collect: {play: question.wav, save: got, min: 1, max: 1, timeout: 30s}, next: same, failed: other}
  same: {when: [{if: got == wanted, then: fine}], else: other}
  fine: {return: fine}
  other: {return: other}
"""
NUMBERS = {name: str(8101 + number) for number, name in enumerate(PLANS)}


def write_plans(home: Path, port: int) -> Path:
    home.mkdir()
    (home / "ask.yaml").write_text(ASK)
    for name, verb in PLANS.items():
        step = verb % port if "%d" in verb else verb
        rest = REST if name == "collect" else REST.replace(REST.splitlines()[1] + "\n", "")
        head = f'dialplan: {name}\nnumbers: ["{NUMBERS[name]}"]\nlanguage: en\nstart: first\nsteps:\n'
        (home / f"{name}.yaml").write_text(f"{head}  first: {{answer: {{}}, next: ask}}\n  ask: {{{step}}}{rest}")
    return home


def write_prompts(home: Path) -> Path:
    (home / "en").mkdir(parents=True)
    for name, hz in (("question", QUESTION_HZ), ("right", RIGHT_HZ), ("wrong", WRONG_HZ)):
        tone.tone_wav(home / "en" / f"{name}.wav", hz, 4.0)
    return home


async def slow_server(stack: AsyncExitStack) -> tuple[int, asyncio.Event]:
    """It never answers; the event says that it was asked."""
    asked, never = asyncio.Event(), asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        asked.set()
        await never.wait()
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/slow", wait)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    port = ports.free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return port, asked


async def at_step(switch: SwitchProcess, caller: str, *steps: str) -> dict[str, Any]:
    def found(calls: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next((call for call in calls if call["caller"] == caller and call["step"] in steps), None)

    return dict(await switch.eventually("/api/v1/calls", found, what=f"{caller} is at {' or '.join(steps)}"))


async def test_every_call_goes_on_at_its_step(tmp_path: Path, tones: dict[int, Path]) -> None:
    async with AsyncExitStack() as stack:
        port, asked = await slow_server(stack)
        settings: dict[str, Any] = {
            "paths": {"prompts": str(write_prompts(tmp_path / "prompts"))},
            "http_step": {"allowed_hosts": ["127.0.0.1"]},
        }
        plans = write_plans(tmp_path / "plans", port)
        users = {str(user): {"password": f"sample-{user}"} for user in range(1001, 1006)}
        switch = SwitchProcess(tmp_path / "s", dialplans=plans, settings=settings, users=users)
        await stack.enter_async_context(switch)
        phones: dict[str, Phone] = {}
        for user, name in zip(users, PLANS, strict=True):
            phone = await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, play=tones[SPOKEN_HZ])
            phones[name] = await stack.enter_async_context(phone)
        await asyncio.gather(*(phone.registered() for phone in phones.values()))
        for name, phone in phones.items():
            await phone.call(NUMBERS[name])
        await asyncio.gather(*(phones[name].hears(QUESTION_HZ) for name in ("menu", "collect", "flow")))
        await phones["collect"].dtmf("56")  # it is asked for anew: a key may have been missed meanwhile
        await asyncio.wait_for(asked.wait(), 10)
        await at_step(switch, phones["flow"].user, "key")
        vm = home_of(switch)
        await spoken(vm, 2.0)

        await kill_control(switch)

        await asyncio.gather(*(phones[name].hears(QUESTION_HZ) for name in ("menu", "collect", "flow")))
        await phones["http"].hears(RIGHT_HZ)  # what was asked has come to nothing
        await phones["menu"].dtmf("1")
        await phones["collect"].dtmf("5678")
        await phones["flow"].dtmf("4")
        await asyncio.gather(*(phones[name].hears(RIGHT_HZ) for name in ("menu", "collect", "flow")))
        await spoken(vm, 5.0)
        await phones["message"].dtmf("#")
        await phones["message"].hears(RIGHT_HZ)
        (message,) = await switch.eventually("/api/v1/voicemails", lambda found: found or None)
        assert message["duration_s"] > 4.0
        tone.heard(vm / message["file"], SPOKEN_HZ, 4.0)
        await asyncio.gather(*(phone.hangup() for phone in phones.values()))
        await switch.eventually("/api/v1/calls", lambda calls: not calls, what="all calls are over")
        assert "5678" not in switch.process.text()


def home_of(switch: SwitchProcess) -> Path:
    return switch.directory / "var" / "recordings"


async def spoken(home: Path, seconds: float) -> None:
    """Until so much of a message is on the disk."""

    await eventually(lambda: longest_s(home) > seconds, 10.0, f"{seconds} s of a message")


def longest_s(home: Path) -> float:
    found = [tone.read_wav(file) for file in home.glob("voicemail-*.wav")]
    return max((samples.shape[1] / rate_hz for samples, rate_hz in found), default=0.0)
