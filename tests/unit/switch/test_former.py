"""Records of version 3, as the switch of commit 9cb8aa2 has written them, say the same when they are brought up."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from softswitch.sdp.media import G722, OPUS, PCMA, PCMU
from softswitch.sip.message import Request, parse
from softswitch.switch.arrivals import Arrival
from softswitch.switch.former import NAMED, brought_up
from softswitch.switch.journal import VERSION, CallKept
from softswitch.switch.plain import decode

WRITTEN = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "version_3").glob("*.msgpack")}


def call(octets: bytes) -> CallKept:
    return decode(octets, msgspec.msgpack.Decoder(CallKept))


def test_who_talks() -> None:
    kept = call(brought_up(WRITTEN["talking"]))
    assert kept.version == VERSION and kept.contact is not None and kept.contact.bridge is not None
    caller, agent = kept.legs
    assert [leg.memory.id for leg in kept.legs] == [kept.contact.bridge.left, kept.contact.bridge.right]
    assert (caller.trunk, agent.user) == ("carrier", "1001") and agent.shown is not None
    for leg in kept.legs:
        assert leg.memory.local.codecs == (PCMU, PCMA, G722, OPUS)
        assert leg.memory.exchange.agreed is not None and leg.memory.exchange.agreed.codec == PCMU
        assert f" {leg.memory.local.session_id} ".encode() in leg.memory.exchange.said
    assert caller.memory.dialog.remote.startswith("<sip:13800138000@")
    assert kept.contact.facts.contact == "c-8034b610a9f7" and kept.contact.facts.origin.hops == 70
    assert kept.contact.script.state is not None
    assert kept.contact.script.state.variables["caller"] == {"number": "13800138000", "name": ""}
    assert [work.agent for work in kept.work] == ["alice"]


def test_who_waits() -> None:
    kept = call(brought_up(WRITTEN["waiting"]))
    assert kept.contact is not None and kept.contact.visit is not None
    assert (kept.contact.visit.order.queue, kept.contact.visit.lowest) == ("orders", 1)
    assert kept.contact.visit.order.offer is not None and kept.contact.visit.order.offer.after_s == 20.0


def test_who_hears_ringing() -> None:
    kept = decode(brought_up(WRITTEN["rings"]), msgspec.msgpack.Decoder(Arrival))
    (ringing,) = kept.ringing
    invite = parse(ringing.invite)
    assert isinstance(invite, Request) and invite.body == ringing.exchange.said
    assert ringing.local.codecs == (PCMU, PCMA, G722, OPUS)


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_what_is_of_today_already_stays_as_it_is(name: str) -> None:
    once = brought_up(WRITTEN[name])
    assert brought_up(once) == once != WRITTEN[name]


def test_fields_that_the_writer_did_not_know_yet_are_what_they_are_by_default() -> None:
    version, legs, *rest = msgspec.msgpack.decode(WRITTEN["talking"])
    for leg in legs:
        for name in ("rtcp_mux", "secured", "keys"):
            del leg[0][1][name]
    kept = call(brought_up(msgspec.msgpack.encode([version, legs, *rest])))
    assert [(leg.memory.local.keys, leg.memory.local.rtcp_mux) for leg in kept.legs] == [((), False)] * 2


def test_what_cannot_be_read_is_passed_on() -> None:
    future = msgspec.msgpack.encode([VERSION + 1, {}, "something else"])
    for octets in (b"", b"\x00", b"\xc1", b"\x93\x01\x90", b"\xdb\xff", future):
        assert brought_up(octets) == octets


def test_a_part_that_cannot_be_read_is_passed_on_and_the_others_are_brought_up() -> None:
    version, legs, *rest = msgspec.msgpack.decode(WRITTEN["talking"])
    del legs[0][0][1]["address"]  # which there must be
    broken = msgspec.msgpack.decode(brought_up(msgspec.msgpack.encode([version, legs, *rest])))
    whole = msgspec.msgpack.decode(brought_up(WRITTEN["talking"]))
    assert isinstance(broken[1][0][0][1], dict)
    assert (broken[1][0][0][2:], broken[1][1], broken[2:]) == (whole[1][0][0][2:], whole[1][1], whole[2:])


def test_one_of_an_older_version_yet_keeps_it_and_its_legs_can_be_read() -> None:
    _, *rest = msgspec.msgpack.decode(WRITTEN["talking"])
    kept = call(brought_up(msgspec.msgpack.encode([NAMED - 1, *rest])))
    assert kept.version == NAMED - 1 and kept.legs == call(brought_up(WRITTEN["talking"])).legs
