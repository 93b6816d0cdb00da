"""A PJSIP softphone chooses its language: which recordings are played, and where the engine speaks, is heard.

Every recording is a tone of its own. What a call is refused with, and where it is sent, the phone shows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tone
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

ASK = {"en": 400, "zh": 500}  # Hz
ONE, TWO, COUNTER = 600, 700, 800
TONES = (*ASK.values(), ONE, TWO, COUNTER)
READY = 900  # 您已就绪, as it is recorded
PLAN = """
dialplan: languages
numbers: ["7000"]
language: en
start: ask
steps:
  ask: {menu: {play: ask.wav, keys: {1: zh, 2: en, 3: yue, 4: read, 5: amount}, timeout: 10s, tries: 2}, failed: bye}
  zh: {language: zh, next: ask}
  en: {language: en, next: ask}
  yue: {language: "{{ 'yue-HK' }}", next: ask, failed: bye}
  read: {say: {digits: "12"}, next: ask}
  amount: {say: {money: 12.50 CNY}, next: ask, failed: bye}
  bye: {hangup: normal}
"""
REFUSED = 'dialplan: refused\nnumbers: ["7001"]\nstart: a\nsteps: {a: {reject: {code: 486, reason: Closed today}}}\n'
MOVED = 'dialplan: moved\nnumbers: ["7002"]\nstart: a\nsteps: {a: {redirect: "7001"}}\n'


def record(home: Path) -> None:
    """Mandarin has all recordings, English its question and one digit of two."""
    files = {f"{language}/ask": hz for language, hz in ASK.items()}
    files |= {"zh/digits/1": ONE, "zh/digits/2": TWO, "en/digits/1": COUNTER}
    files |= {"zh/phrase/agent_ready": READY}
    for name, hz in files.items():
        tone.tone_wav(home / f"{name}.wav", hz, 2.5 if hz == READY else 0.8)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    home = tmp_path_factory.mktemp("switch")
    plans, prompts = home / "plans", home / "prompts"
    plans.mkdir()
    record(prompts)
    for name, text in ("languages", PLAN), ("refused", REFUSED), ("moved", MOVED):
        (plans / f"{name}.yaml").write_text(text)
    async with SwitchProcess(home, dialplans=plans, settings={"paths": {"prompts": str(prompts)}}) as switch:
        yield switch


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(switch: SwitchProcess, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Phone]:
    home = tmp_path_factory.mktemp("phone")
    async with await Phone.start("1001", "sample-1001", switch.host, switch.sip_port, directory=home) as phone:
        await phone.registered()
        yield phone


async def called(phone: Phone, number: str) -> PhoneCall:
    call = await phone.call(number)
    await call.wait("confirmed")
    return call


async def test_the_recordings_of_the_chosen_language_are_heard(phone: Phone) -> None:
    call = await called(phone, "7000")
    await phone.hears(ASK["en"], 0.3)
    for key, language in ("1", "zh"), ("2", "en"), ("3", "zh"):  # there is none for Cantonese
        await call.dtmf(key)
        await phone.hears(ASK[language], 0.3)
    await call.hangup()


async def test_digits_are_heard_from_recordings_where_all_are_there(phone: Phone) -> None:
    call = await called(phone, "7000")
    await call.dtmf("1")
    await phone.hears(ASK["zh"], 0.3)
    await call.dtmf("4")
    await phone.hears(ONE, 0.5)
    await phone.hears(TWO, 0.3)
    await call.hangup()


async def test_the_engine_speaks_the_whole_where_one_is_missing_and_keeps_it(
    switch: SwitchProcess, phone: Phone
) -> None:
    call = await called(phone, "7000")
    await phone.hears(ASK["en"], 0.5)
    since = len(phone.so_far())
    for key in "45":
        await call.dtmf(key)
        await phone.hears_speech(0.6, TONES)
        await phone.hears(ASK["en"], 0.3)  # asked again, when all was said
    assert tone.tone_seconds(phone.so_far()[since:], COUNTER) <= 0.1
    assert len(list((switch.directory / "var/speech").glob("*.wav"))) == 2
    await call.hangup()


async def test_a_standing_sentence_is_heard_as_it_is_recorded(switch: SwitchProcess, phone: Phone) -> None:
    await phone.call("*13")
    await phone.hears(READY, 0.5)
    await phone.wait("disconnected")


async def test_the_phone_is_told_why_it_is_refused(phone: Phone) -> None:
    call = await phone.call("7001")
    await call.wait("disconnected")
    assert (call.status, call.reason) == (486, "Closed today")


async def test_a_phone_that_is_sent_elsewhere_calls_there(switch: SwitchProcess, phone: Phone) -> None:
    call = await phone.call("7002")
    await call.wait("disconnected")
    assert (call.status, call.reason) == (486, "Closed today")
    await switch.record_of(lambda record: record["called"] == "7002" and record["outcome"] == "redirected")
