"""Connections that want TLS and do not: ``python -m tests.support.handshake_flood KIND HOST PORT SECONDS SOCKETS``.

KIND is what each does once it is connected: says nothing (``silent``), begins a handshake and stops (``hello``),
sends what is no TLS (``garbage``), or goes through the handshake and leaves (``whole``). One that is closed is followed
by another. At the end the number of connections that were made is printed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import sys
import time

MOST_PER_S = 2000  # new connections


def hello() -> bytes:
    """The first flight of a client, made anew: a server can tell a repeated one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    said = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), said).do_handshake()
    return said.read()


class One:
    """A connection that is under way."""

    def __init__(self, kind: str, target: tuple[str, int], context: ssl.SSLContext) -> None:
        self.socket: socket.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self._kind = kind
        self._begun = False
        with contextlib.suppress(BlockingIOError):
            self.socket.connect(target)
        if kind == "whole":
            self.socket = context.wrap_socket(self.socket, do_handshake_on_connect=False)

    def goes_on(self) -> bool:
        """Whether it is still of use."""
        try:
            if self._kind == "whole":
                self.socket.do_handshake()  # type: ignore[attr-defined]
                return False
            if not self._begun:
                self.socket.send({"silent": b"", "hello": hello()}.get(self._kind, os.urandom(200)))
                self._begun = True
            return bool(self.socket.recv(65536))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            return False


def flood(kind: str, target: tuple[str, int], seconds: float, sockets: int) -> int:
    """As many at once as there are ``sockets``; how many there were."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    made, began = 0, time.monotonic()
    ours: set[One] = set()
    with selectors.DefaultSelector() as selector:
        while (passed := time.monotonic() - began) < seconds:
            while len(ours) < sockets and made < MOST_PER_S * passed + 1:
                with contextlib.suppress(OSError):
                    one = One(kind, target, context)
                    ours.add(one)
                    selector.register(one.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, one)
                made += 1
            for key, _ in selector.select(0.01):
                one = key.data
                if one.goes_on():
                    wanted = selectors.EVENT_READ if kind != "whole" else selectors.EVENT_READ | selectors.EVENT_WRITE
                    selector.modify(one.socket, wanted, one)
                    continue
                selector.unregister(one.socket)
                one.socket.close()
                ours.discard(one)
            time.sleep(0.002)
    return made


if __name__ == "__main__":
    kind, host, port, seconds, sockets = sys.argv[1:]
    print(flood(kind, (host, int(port)), float(seconds), int(sockets)))
