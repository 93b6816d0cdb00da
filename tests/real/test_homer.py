"""Messages of a switch arrive at a collector; none of it can hold up the switch."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from softswitch.net.homer import Homer
from softswitch.sip.flow import Flow
from softswitch.sip.hep import Agent
from tests.simnet.house import House
from tests.unit.sip.test_hep import decode

pytestmark = pytest.mark.real
FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 7001))


@pytest.fixture
def collector() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.settimeout(5.0)
        yield one


def test_a_call_is_told_as_one_and_registrations_too(collector: socket.socket) -> None:
    house = House()
    with closing(asyncio.run(Homer.open(collector.getsockname(), Agent(7, "key")))) as homer:
        house.world.switch.wire.taps.append(homer.tell)
        call = house.desk.call("1002")
        house.world.run_until(lambda: call.state == "talking")
        house.world.run(0.1)
        kept = house.world.switch.control.trace(next(iter(house.world.switch.calls.contacts)))
        told = [decode(collector.recv(65_535)) for _ in kept.messages]
        firsts = [one.octets.partition(b"\r\n")[0] for one in kept.messages]
        assert [one[15].partition(b"\r\n")[0] for one in told] == firsts
        assert all(b'response="x' in one[15] for one in told if b"\r\nAuthorization" in one[15])
        assert (told[-1][17], told[-1][14]) == (kept.contact.encode(), b"key")
        house.alice.register()
        house.world.run(0.1)
        assert decode(collector.recv(65_535))[15].startswith(b"REGISTER ")
        assert homer.drops == 0


async def test_a_collector_that_is_gone_costs_what_was_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        nobody = gone.getsockname()
    homer = await Homer.open(nobody, Agent(1))
    for _ in range(4):  # every other one meets the ICMP answer to the one before
        homer.tell(1.0, True, FLOW, b"x", "c-1")
    assert homer.drops > 0
    homer.close()
    homer.tell(1.0, True, FLOW, b"x", "c-1")  # no exception, whatever happens


async def test_a_name_without_an_address_is_said() -> None:
    with pytest.raises(OSError, match=r".+"):
        await Homer.open(("collector.invalid", 9060), Agent(1))
