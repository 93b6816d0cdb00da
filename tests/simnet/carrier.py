"""A carrier with several servers behind one name, for simulated tests of trunks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from softswitch.sip.locate import Hop, Located, Server
from softswitch.switch.configuration import Trunk
from tests.simnet.house import House
from tests.simnet.phone import SimPhone

NAME = "carrier.example"
NUMBER = "13800138000"


def server(port: int, priority: int = 0, weight: int = 0) -> Server:
    return Server((Hop("udp", ("127.0.0.1", port), NAME),), priority, weight)


def located(*ports: int, ttl_s: float = 300.0) -> Located:
    """In this order."""
    return Located(tuple(server(port, priority) for priority, port in enumerate(ports)), ttl_s)


def trunk(name: str = "carrier", **changes: Any) -> Trunk:
    return replace(Trunk(name, (NAME, 0), prefix="9", ring_s=20.0), **changes)


def house(*trunks: Trunk, found: Located | None = None, **changes: Any) -> House:
    """Located is what the name server says from the first second on."""
    one = House(trunks={spec.name: spec for spec in trunks or (trunk(),)}, login=False, **changes)
    if found is not None:
        one.world.names[NAME] = found
        one.world.run(1.2)
    return one


def gateway(one: House, port: int, **options: Any) -> SimPhone:
    return SimPhone(one.world, NUMBER, port, **options)


def dials(one: House, number: str = "9" + NUMBER) -> Any:
    call = one.desk.call(number)
    one.world.run_until(lambda: call.state in ("talking", "ended"), 60)
    return call


def numeric(name: str, port: int, **changes: Any) -> Trunk:
    return trunk(name, address=("127.0.0.1", port), group="out", **changes)
