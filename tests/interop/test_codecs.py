"""Real phones with different codecs hear each other: PJSIP (G.711, G.722) and baresip (Opus, L16, G.722)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.support import ports, tone
from tests.support.baresip import Baresip
from tests.support.phone import Phone
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess, sample_users

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

HZ = {"1004": 1000, "1001": 500, "1002": 400}
BARESIP_HZ = {"1003": 700, "1012": 600}
# Numbers of a baresip each, and what is offered to it there.
NUMBERS = {"1003": ("1003", ["opus"]), "1012": ("1012", ["opus"]), "1013": ("1003", ["L16/16000"]),
           "1014": ("1003", ["G722"])}  # fmt: skip
CODECS = "opus/48000/2,L16/16000/1,G722/16000/1"  # in its own words
PTIME_MS = {"1003": 20, "1012": 60}  # as they offer it


@dataclass
class Scene:
    at: tuple[str, int]  # where the switch is called
    switch: SwitchProcess
    phones: dict[str, Phone]  # by number: 1004 has G.711, 1001 and 1002 have G.722
    baresips: dict[str, Baresip]

    async def coded(self, streams: int) -> None:
        """Wait until so many streams are coded one by one."""

        async def so() -> Any:
            return (await self.switch.metrics()).get("softswitch_media_streams_coded") == streams

        await eventually(so, 5.0, f"{streams} coded streams")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    home = tmp_path_factory.mktemp("codecs")
    at = (ports.LOOPBACK, ports.free_port())
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        baresips, users = {}, sample_users()
        for user, hz in BARESIP_HZ.items():
            long = tone.tone_wav(home / f"{hz}.wav", hz, seconds=60)  # it plays its file once in each call
            started = await Baresip.start(
                user, f"sample-{user}", at, home, long, codecs=CODECS, ptime_ms=PTIME_MS[user]
            )
            baresips[user] = await enter(started)
        for user, (name, listed) in NUMBERS.items():
            contact = f"sip:{name}@{ports.LOOPBACK}:{baresips[name].port}"
            users[user] = {"password": f"sample-{user}", "contact": contact, "codecs": listed}
        settings = {"sip": {"listen": [f"udp:{at[0]}:{at[1]}"]}}
        switch = await enter(SwitchProcess(home / "switch", users=users, settings=settings))
        phones = {}
        for user, hz in HZ.items():
            wide = user != "1004"
            play = tone.tone_wav(home / f"{hz}.wav", hz, rate_hz=16000 if wide else 8000)
            options: dict[str, Any] = {
                "directory": home,
                "play": play,
                "wide": wide,
                "auto_answer": 200 if user == "1002" else None,
            }
            phones[user] = await enter(await Phone.start(user, f"sample-{user}", *at, **options))
        for phone in phones.values():
            await phone.registered()
        yield Scene(at, switch, phones, baresips)


@pytest.mark.parametrize(("caller", "coded"), [("1004", 1), ("1001", 2)])
async def test_pjsip_and_pjsip(scene: Scene, caller: str, coded: int) -> None:
    near, far = scene.phones[caller], scene.phones["1002"]
    call = await near.call("1002")
    await call.wait("confirmed")
    answered = await far.wait("confirmed")
    assert await near.ask("codec", call=call.number) == ("PCMU/8000" if caller == "1004" else "G722/16000")
    assert await far.ask("codec", call=answered.number) == "G722/16000"
    await scene.coded(coded)
    await near.hears(HZ["1002"], 0.4)
    await far.hears(HZ[caller], 0.4)
    await call.hangup()
    await far.wait("disconnected")


@pytest.mark.parametrize(
    ("caller", "called", "coded"),
    [("1004", "1012", 1), ("1001", "1012", 2), ("1004", "1013", 1), ("1001", "1014", 2)],
)
async def test_pjsip_and_baresip(scene: Scene, caller: str, called: str, coded: int) -> None:
    near, far = scene.phones[caller], NUMBERS[called][0]
    other = scene.baresips[far]
    before = other.closed()
    call = await near.call(called)
    await call.wait("confirmed")
    await scene.coded(coded)
    await near.hears(BARESIP_HZ[far], 0.5)
    await call.hangup()
    await other.until(lambda: other.closed() > before, 5, "end of its call")
    tone.heard(other.heard(), HZ[caller], 0.3)


async def test_opus_and_opus(scene: Scene) -> None:
    """The caller gets packets of 60 ms, as it would have them; the called those of 20 ms."""
    near, far = scene.baresips["1012"], scene.baresips["1003"]
    before = near.closed()
    await near.command("dial", f"sip:1003@{scene.at[0]}:{scene.at[1]}")
    await scene.coded(2)

    def found(phone: Baresip, hz: float) -> bool:
        samples, rate_hz = tone.read_wav(phone.heard())
        return tone.tone_seconds(samples[0], hz, rate_hz) >= 0.5

    await eventually(lambda: found(near, BARESIP_HZ["1003"]), 8.0, "the tone of the called")
    await eventually(lambda: found(far, BARESIP_HZ["1012"]), 8.0, "the tone of the caller")
    await near.command("hangup")
    await near.until(lambda: near.closed() > before, 5, "end of its call")
