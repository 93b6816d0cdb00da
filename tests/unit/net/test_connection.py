"""What one connection may take of the loop."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from softswitch.net.connection import AT_ONCE, Connection, Watcher
from softswitch.net.upcalls import Upcalls
from softswitch.sip.flow import Flow
from softswitch.sip.message import Limits, Message

OPTIONS = (
    b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\n"
    b"Call-ID: a\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class Wire:
    """A transport, a watcher and whoever is called up, in one."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.reading = True

    def opened(self, _connection: object) -> bool:
        return True

    changed = closed = let_go = opened

    def message(self, message: Message, _flow: Flow) -> None:
        self.heard.append(message)

    def admits(self, _flow: Flow) -> bool:
        return True

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


async def test_who_sends_many_at_once_lets_others_be_heard_between() -> None:
    wire: Any = Wire()
    flow = Flow("tcp", ("127.0.0.1", 5060), ("192.0.2.1", 5060), 1)
    connection = Connection(flow, cast(Upcalls, wire), cast(Watcher, wire), Limits())
    connection.connection_made(cast(asyncio.Transport, wire))
    connection.data_received(OPTIONS * (2 * AT_ONCE + 1))
    assert (len(wire.heard), wire.reading) == (AT_ONCE, False)
    for heard in (2 * AT_ONCE, 2 * AT_ONCE + 1):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.0, turn.set_result, None)
        await turn
        assert len(wire.heard) == heard
    assert wire.reading
