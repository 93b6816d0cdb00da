"""Three PJSIP phones on the real switch: blind and attended transfer, with who hears whom by known tones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

Tones = dict[int, Path]
ANN, BOB, CARL = "1002", "1003", "1004"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    async with SwitchProcess(tmp_path_factory.mktemp("switch")) as switch:
        yield switch


@pytest_asyncio.fixture(loop_scope="module")
async def phones(switch: SwitchProcess, tmp_path: Path, tones: Tones) -> AsyncIterator[tuple[Phone, Phone, Phone]]:
    """Ann plays 400 Hz, Bob 1000 Hz, Carl 700 Hz; Bob answers at once, Carl when he is told to."""
    made = [
        await Phone.start(user, f"sample-{user}", *switch.sip, directory=tmp_path, play=tones[hz], auto_answer=answer)
        for user, hz, answer in ((ANN, 400, None), (BOB, 1000, 200), (CARL, 700, 180))
    ]
    ann, bob, carl = made
    async with ann, bob, carl:
        for phone in made:
            await phone.registered()
        yield ann, bob, carl


async def talking(ann: Phone, bob: Phone) -> PhoneCall:
    """Bob's end of a call from Ann."""
    call = await ann.call(BOB)
    await call.wait("confirmed")
    await bob.wait("confirmed")
    await bob.hears(400)
    return bob.current


async def ann_talks_to_carl(ann: Phone, bob: Phone, carl: Phone) -> None:
    """And Bob hears nothing of it."""
    await carl.hears(400)
    await ann.hears(700)
    silent_since = len(tone.read_wav(bob.record)[0][0])
    await carl.hears(400)
    assert tone.sound_seconds(tone.read_wav(bob.record)[0][0][silent_since:]) == 0.0


async def test_blind(phones: tuple[Phone, Phone, Phone]) -> None:
    ann, bob, carl = phones
    bobs = await talking(ann, bob)
    await bobs.transfer(CARL)
    await carl.wait("ringing")
    assert ANN in carl.current.remote
    await bobs.transferred(180)
    assert not bobs.over
    await carl.answer()
    await bobs.transferred(200)
    await bobs.wait("disconnected")
    await ann_talks_to_carl(ann, bob, carl)
    assert len(ann.calls) == 1  # hers is still the call that she made
    await carl.hangup()
    await ann.wait("disconnected")


async def test_blind_comes_back(phones: tuple[Phone, Phone, Phone]) -> None:
    ann, bob, carl = phones
    bobs = await talking(ann, bob)
    await bobs.hold()
    await bobs.transfer(CARL)
    await carl.wait("ringing")
    await carl.current.hangup(486)
    await bobs.transferred(486)
    await bobs.transfer(CARL)  # he may try again
    await carl.wait("ringing")
    await carl.current.hangup(603)
    await bobs.transferred(603)
    await bobs.transfer("7777")
    await bobs.transferred(404)
    await bobs.resume()
    await bob.hears(400)
    await ann.hears(1000)
    await bobs.hangup()
    await ann.wait("disconnected")


async def test_attended(phones: tuple[Phone, Phone, Phone]) -> None:
    ann, bob, carl = phones
    bobs = await talking(ann, bob)
    await bobs.hold()
    consulting = await bob.call(CARL)
    await carl.wait("ringing")
    await carl.answer()
    await consulting.wait("confirmed")
    await carl.hears(1000)
    await bobs.transfer_to(consulting)
    await bobs.wait("disconnected")
    await consulting.wait("disconnected")
    assert bobs.transfers[-1] == 200
    await ann_talks_to_carl(ann, bob, carl)
    await ann.hangup()
    await carl.wait("disconnected")


async def replaces(switch: SwitchProcess, call: PhoneCall) -> str:
    """The identifiers of the dialog between the switch and a phone, as the phone would tell them (RFC 3891)."""
    trace = await switch.api("GET", f"/api/v1/calls/{call.call_id}/trace")
    texts = [one["text"] for one in trace["trace"]["messages"] if f"Call-ID: {call.call_id}\r\n" in one["text"]]
    tags = [re.search(r"\r\nFrom: .*;tag=(\S+)\r\nTo: .*;tag=(\S+)\r\n", text) for text in texts]
    ours, phones = next(found.groups() for found in tags if found)
    return f"{call.call_id};to-tag={ours};from-tag={phones}"


async def test_a_ringing_call_is_picked_up(switch: SwitchProcess, phones: tuple[Phone, Phone, Phone]) -> None:
    """INVITE with Replaces, early-only: another phone takes what has not been answered."""
    ann, bob, carl = phones
    await bob.ask("auto_answer", status=180)
    call = await ann.call(BOB)
    await bob.wait("ringing")
    await call.wait("ringing")
    name = await replaces(switch, bob.current)
    picked = await carl.call(BOB, headers={"Replaces": f"{name};early-only"})
    await picked.wait("confirmed")
    await bob.wait("disconnected")
    await call.wait("confirmed")
    await carl.hears(400)
    await ann.hears(700)
    late = await carl.call(BOB, headers={"Replaces": f"{name};early-only"})
    await late.wait("disconnected")
    assert late.status in (481, 603)  # it is over
    await picked.hangup()
    await ann.wait("disconnected")


async def test_a_call_is_taken_over_by_another_phone(switch: SwitchProcess, phones: tuple[Phone, Phone, Phone]) -> None:
    """INVITE with Replaces in the talk: the phone that had it hears BYE, the other party hears the new one."""
    ann, bob, carl = phones
    bobs = await talking(ann, bob)
    name = await replaces(switch, bobs)
    answered = await carl.call(BOB, headers={"Replaces": f"{name};early-only"})
    await answered.wait("disconnected")
    assert answered.status == 486  # RFC 3891 section 3: it is answered, and only an early one was wanted
    taken = await carl.call(BOB, headers={"Replaces": name})
    await taken.wait("confirmed")
    await bobs.wait("disconnected")
    await ann_talks_to_carl(ann, bob, carl)
    assert len(ann.calls) == 1
    stranger = await bob.call(ANN, headers={"Replaces": "no-such-call;to-tag=a;from-tag=b"})
    await stranger.wait("disconnected")
    assert stranger.status == 481
    await ann.hangup()
    await taken.wait("disconnected")


async def test_into_the_dialplan(phones: tuple[Phone, Phone, Phone]) -> None:
    ann, bob, _ = phones
    bobs = await talking(ann, bob)
    await bobs.transfer("8000")
    await bobs.wait("disconnected")
    await ann.hears_something()
    tone.not_heard(ann.record, 700)
    await ann.hangup()
