"""What we tell everybody of ourselves: a name, and no version (RFC 3261 sections 20.35 and 20.41)."""

from __future__ import annotations

from softswitch.sip.flow import Flow
from softswitch.sip.message import Message
from tests.simnet.house import House


def test_no_message_of_ours_names_a_version() -> None:
    house = House()
    said: list[Message] = []
    for phone in (house.desk, house.bob, house.carrier):
        receive = house.world.peers[phone.address]

        def noting(message: Message, flow: Flow, receive: object = receive) -> None:
            said.append(message)
            receive(message, flow)  # type: ignore[operator]

        house.world.peers[phone.address] = noting
    house.desk.register()
    for number in ("1002", "9010123456", "7777"):
        call = house.desk.call(number)
        house.world.run_until(lambda call=call: call.state in ("talking", "ended"))
        house.desk.hang_up(call)
        house.world.run(1.0)
    named = {(name, value) for one in said for _, name, value in one.headers.lines if name in ("Server", "User-Agent")}
    assert {value for _, value in named} == {"softswitch"} and len(named) == 2
