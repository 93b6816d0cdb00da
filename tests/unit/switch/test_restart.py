"""By which way a phone is reached after a restart."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from softswitch.core.ids import Ids
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.registrar import Binding
from softswitch.switch.driver import Switch
from softswitch.switch.ports import Clock, Ports
from softswitch.switch.restart import Kept
from tests.simnet.house import configuration
from tests.simnet.world import EPOCH
from tests.support.memory import Memory

PHONE = ("127.0.0.1", 7001)
POINTS = (
    ListeningPoint("udp", ("0.0.0.0", 5060), ("pbx.example.com", 5060)),
    ListeningPoint("tcp", ("0.0.0.0", 5060)),
)


class Nothing:
    """A world in which nothing happens."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: None


def made() -> Switch:
    world: Any = Nothing()
    ports = Ports(world, world, Memory(), world, world)
    clock = Clock(lambda: 0.0, EPOCH)
    return Switch(configuration(listeners=POINTS, trunks={}), ports, Ids(Random(1).getrandbits), clock)


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (Flow("udp", ("127.0.0.1", 5060), PHONE), Flow("udp", ("0.0.0.0", 5060), PHONE)),  # its listener has moved
        (Flow("tcp", ("0.0.0.0", 5060), PHONE, 7), Flow("tcp", ("0.0.0.0", 5060), PHONE)),  # no connection of ours
        (Flow("ws", ("0.0.0.0", 8080), PHONE, 7), None),  # nobody can open one
        (Flow("tls", ("0.0.0.0", 5061), PHONE, 7), None),  # a listener that is no more
    ],
)
def test_a_binding_is_taken_up_by_the_listener_that_is_there(kept: Flow, found: Flow | None) -> None:
    switch = made()
    switch.restore(Kept(bindings=[Binding("1001", "sip:1001@127.0.0.1:7001", kept, EPOCH + 600)]))
    flows = [binding.flow for binding in switch.registrar.lookup("1001", EPOCH)]
    assert flows == ([found] if found else [])
    if found and found.transport == "udp":
        assert flows[0].sent_by == ("pbx.example.com", 5060)
