"""A card's number that was asked for as a secret is nowhere to be read afterwards: looked for from outside."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.ports import free_port
from tests.support.switch_process import SwitchProcess
from tests.support.tone import tone_wav

pytestmark = pytest.mark.interop

CARD = "4929123487"
PLAN = """
dialplan: card
numbers: ["8000"]
language: en
start: ask
steps:
  ask:
    collect: {play: 400.wav, save: card, min: 10, max: 10, timeout: 20s, tries: 1, secret: true}
    next: made
    failed: bye
  made: {set: {copy: "no {{ card }}"}, next: sent}
  sent:
    http: {post: "http://127.0.0.1:PORT/{{ card }}", json: {card: "{{ copy }}"}, timeout: 1s}
    next: bye
    failed: bye
  bye: {hangup: normal}
"""


async def test_a_secret_number_is_in_no_log_path_trace_event_or_row(tmp_path: Path) -> None:
    tone_wav(tmp_path / "prompts" / "en" / "400.wav", 400, seconds=0.5)
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "card.yaml").write_text(PLAN.replace("PORT", str(free_port())))  # where nobody answers
    settings = {"paths": {"prompts": str(tmp_path / "prompts")}, "log": {"level": "debug", "mask_numbers": False}}
    async with (
        SwitchProcess(tmp_path / "s", dialplans=plans, settings=settings) as switch,
        await Phone.start("1003", "sample-1003", *switch.sip, directory=tmp_path) as events,
        await Phone.start("1004", "sample-1004", *switch.sip, directory=tmp_path) as info,
    ):
        await asyncio.gather(events.registered(), info.registered())
        for phone in (events, info):
            await phone.call("8000")
            await phone.hears(400, for_s=0.3)
        await asyncio.gather(events.dtmf(CARD), info.dtmf(CARD, info=True))
        await asyncio.gather(events.wait("disconnected", timeout_s=15), info.wait("disconnected", timeout_s=15))
        await switch.eventually("/api/v1/records", lambda records: len(records) == 2)
        said: dict[str, str] = {"log": switch.process.text()}
        for number, record in enumerate(await switch.api("GET", "/api/v1/records")):
            place = f"/api/v1/calls/{record['contact']}"
            path = await switch.api("GET", f"{place}/path")
            assert [(step["step"], step["exit"]) for step in path["path"]["steps"]][:3] == [
                ("ask", "next"), ("made", "next"), ("sent", "failed"),
            ], path  # fmt: skip
            said[f"path {number}"] = json.dumps(path)
            said[f"trace {number}"] = json.dumps(await switch.api("GET", f"{place}/trace"))
        edges = await switch.api("GET", "/api/v1/dialplans/card/edges?hours=2")
        assert [(edge["step"], edge["exit"], edge["to"], edge["count"]) for edge in edges] == [
            ("ask", "next", "made", 2), ("bye", "end", "", 2), ("made", "next", "sent", 2),
            ("sent", "failed", "bye", 2),
        ]  # fmt: skip
        said["edges"] = json.dumps(edges)
        said["events"] = json.dumps(await switch.api("GET", "/api/v1/events?limit=10000"))
    stored = b"".join(path.read_bytes() for path in (tmp_path / "s" / "var").glob("softswitch.db*"))
    said["database"] = stored.decode("latin-1")
    assert "ask" in said["database"] and "step_left" in said["log"]
    found = {name: _digits(text) for name, text in said.items() if CARD in text or CARD in _digits(text)}
    assert not found


def _digits(text: str) -> str:
    """The keys of SIP INFO, one after the other."""
    return "".join(part[0] for part in text.replace("Signal = ", "Signal=").split("Signal=")[1:] if part)
