"""Sockets for dnspython that hand on only what can be the answer, and is not too much to read.

Reading a message of 64 kB takes a tenth of a second, in which no call gets on. An answer to us is far shorter (our
questions ask for no large ones, RFC 1035 section 4.2.1), so that whatever is longer is not read; nor is what does not
bear the number of the question (RFC 5452 section 9.2). Who sends many of those is guessing: then there is no answer.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import dns.asyncbackend
from dns._asyncbackend import Backend as AnyBackend  # dns.asyncbackend has them too, but does not say so to checkers
from dns._asyncbackend import DatagramSocket, StreamSocket

MOST_UDP = 4096  # octets
MOST_TCP = 16_384
MOST_WRONG = 100  # datagrams that are no answer, to one question


class Backend(AnyBackend):
    """Give it to a resolver as ``backend``."""

    def __init__(self) -> None:
        self._plain: Any = dns.asyncbackend.get_backend("asyncio")

    def name(self) -> str:
        return "asyncio"

    async def make_socket(self, af: int, socktype: int, *rest: Any, **options: Any) -> Any:
        made = await self._plain.make_socket(af, socktype, *rest, **options)
        return _Datagrams(af, made) if socktype == socket.SOCK_DGRAM else _Stream(af, made)

    def datagram_connection_required(self) -> bool:
        return bool(self._plain.datagram_connection_required())

    async def sleep(self, interval: float) -> None:
        await asyncio.sleep(interval)


class _Datagrams(DatagramSocket):
    def __init__(self, family: int, plain: Any) -> None:
        super().__init__(family, socket.SOCK_DGRAM)
        self._plain = plain
        self._number = b""
        self._wrong = 0

    async def sendto(self, what: bytes, destination: Any, within_s: float) -> int:
        self._number = what[:2]
        return int(await self._plain.sendto(what, destination, within_s))

    async def recvfrom(self, size: int, within_s: float) -> tuple[bytes, Any]:
        """Raises ``OSError`` where there are too many that are none, and dnspython's ``Timeout``."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while self._wrong < MOST_WRONG:
            data, source = await self._plain.recvfrom(size, max(0.0, end - loop.time()))
            if data[:2] == self._number and len(data) <= MOST_UDP:
                self._wrong += 1  # if it is no answer after all, it is asked for another
                return data, source
            self._wrong += 1
            await asyncio.sleep(0)  # what has come already is taken without waiting: others have their turn
        raise OSError("too many datagrams that are no answer")

    async def close(self) -> None:
        await self._plain.close()

    async def getpeername(self) -> Any:
        return await self._plain.getpeername()


class _Stream(StreamSocket):
    def __init__(self, family: int, plain: Any) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._plain = plain

    async def sendall(self, what: bytes, within_s: float) -> Any:
        return await self._plain.sendall(what, within_s)

    async def recv(self, size: int, within_s: float) -> bytes:
        """``size`` is what the length before the message says. Raises ``OSError`` where that is too much."""
        if size > MOST_TCP:
            raise OSError(f"an answer of {size} octets")
        return bytes(await self._plain.recv(size, within_s))

    async def close(self) -> None:
        await self._plain.close()

    async def getpeername(self) -> Any:
        return await self._plain.getpeername()
