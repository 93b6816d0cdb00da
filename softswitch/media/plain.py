"""recvmmsg and sendmmsg where the system has none: the same tables, one datagram by one call. Slow, and right."""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.media.address import NAME, Host, sources_of, text_of, written
from softswitch.media.mmsg import CONTROL, IOVEC, MMSGHDR, Calls


def _table(at: int, count: int, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    memory = memoryview((ctypes.c_char * (count * kind.itemsize)).from_address(at))
    return np.ndarray((count,), kind, memory)


def _one_by_one(fd: int, at: int, count: int, do: Callable[[socket.socket, Any], None]) -> int:
    """How many of the datagrams at ``at`` were done; -1 where already the first one failed."""
    sock = socket.socket(fileno=fd)
    done = 0
    try:
        for head in _table(at, count, MMSGHDR):
            do(sock, head)
            done += 1
    except OSError:
        return done or -1
    finally:
        sock.detach()
    return done


def _receive(fd: int, at: int, most: int, flags: int, timeout: object) -> int:
    del timeout

    def receive(sock: socket.socket, head: Any) -> None:
        piece = _table(int(head["iov"]), 1, IOVEC)[0]
        place = (ctypes.c_char * int(piece["len"])).from_address(int(piece["base"]))
        length, beside, told, source = sock.recvmsg_into([place], CONTROL.itemsize, flags)
        head["controllen"] = 0
        if beside:
            level, kind, octets = beside[0]
            control = _table(int(head["control"]), 1, CONTROL)
            control[0] = (CONTROL.itemsize, level, kind, *np.frombuffer(octets, np.int64)[:2])
            head["controllen"] = CONTROL.itemsize
        name = written(source[:2])
        ctypes.memmove(int(head["name"]), name.ljust(NAME, b"\0"), NAME)
        head["len"], head["flags"] = length, told

    return _one_by_one(fd, at, most, receive)


def _send(fd: int, at: int, count: int, flags: int) -> int:
    def send(sock: socket.socket, head: Any) -> None:
        name = np.frombuffer(ctypes.string_at(int(head["name"]), int(head["namelen"])).ljust(NAME, b"\0"), np.uint8)
        high, low, port = (int(part[0]) for part in sources_of(name[None]))
        pieces = _table(int(head["iov"]), int(head["iovlen"]), IOVEC)
        octets = [ctypes.string_at(int(piece["base"]), int(piece["len"])) for piece in pieces]
        sock.sendmsg(octets, [], flags, (text_of(Host(high, low)), port))

    return _one_by_one(fd, at, count, send)


PLAIN = Calls(_receive, _send)
