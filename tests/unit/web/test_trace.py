"""The SIP messages of one call over HTTP: as JSON, and as a capture file."""

from __future__ import annotations

import pytest

from tests.unit.web.test_api import Connect, connect, control, reader

__all__ = ["connect", "control", "reader"]  # fixtures


@pytest.mark.parametrize("name", ["c-1", "leg-1", "a%2Fb@phone"])
async def test_the_messages_of_a_call(connect: Connect, name: str) -> None:
    client = await connect()
    answer = await client.get(f"/api/v1/calls/{name}/trace")
    trace = (await answer.json())["trace"]
    assert (trace["contact"], trace["live"], trace["missing"]) == ("c-1", True, 0)
    first, second = trace["messages"]
    assert first["text"].startswith("INVITE ") and (first["sent"], first["leg"]) == (False, "leg-1")
    assert (second["local"], second["remote"]) == ("127.0.0.1:5060", "127.0.0.1:7001")
    assert (second["sent"], second["transport"], second["at"]) == (True, "udp", 1.25)


async def test_the_messages_of_a_call_as_a_capture(connect: Connect) -> None:
    client = await connect()
    answer = await client.get("/api/v1/calls/c-1/trace?format=pcap")
    data = await answer.read()
    assert answer.content_type == "application/vnd.tcpdump.pcap" and data[:4] == b"\xd4\xc3\xb2\xa1"
    assert b"486 Busy \xff" in data  # as it was, not as it is shown


async def test_the_messages_of_a_call_that_is_not_there(connect: Connect) -> None:
    client = await connect()
    answer = await client.get("/api/v1/calls/c-2/trace")
    assert answer.status == 404 and "c-1" in (await answer.json())["hint"]


async def test_what_the_acd_did_with_the_call_stands_beside_its_messages(connect: Connect) -> None:
    client = await connect()
    answer = await client.get("/api/v1/calls/leg-1/trace")
    joined, nobody = (await answer.json())["trace"]["queues"]
    assert (joined["what"], joined["queue"], joined["position"]) == ("joined", "orders", 1)
    assert (nobody["what"], nobody["queue"], nobody["agents"], nobody["passed_over"]) == ("decided", "orders", [], 4)
    assert "reason" not in nobody  # that is what ``why`` is for


async def test_what_the_acd_did_is_kept_longer_than_messages(connect: Connect) -> None:
    client = await connect()
    answer = await client.get("/api/v1/calls/c-0/trace")
    trace = (await answer.json())["trace"]
    assert (trace["live"], trace["messages"]) == (False, [])
    assert [one["what"] for one in trace["queues"]] == ["joined", "decided", "offer ended", "left"]
    assert trace["queues"][1]["agents"] == ["alice"] and trace["queues"][1]["passed_over"] == 3
    assert (await client.get("/api/v1/calls/c-0/trace?format=pcap")).status == 404
