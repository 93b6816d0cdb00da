"""recvmmsg(2) and sendmmsg(2): many datagrams by one call, their tables in numpy. Linux on 64 bits; else not ``CALLS``.

The kernel's structures are structured arrays of ours: ``struct mmsghdr`` and ``struct iovec`` are written once, and a
call gets a pointer into the middle of them. Nothing in here makes an object for a datagram.
"""

from __future__ import annotations

import ctypes
import socket
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.media.address import NAME

Octets = npt.NDArray[np.uint8]

MMSGHDR = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen", "control", "controllen", "flags", "len"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "u4", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
IOVEC = np.dtype([("base", "u8"), ("len", "u8")])
CONTROL = np.dtype([("len", "u8"), ("level", "i4"), ("type", "i4"), ("seconds", "i8"), ("nanoseconds", "i8")])
SO_TIMESTAMPNS = 35  # socket(7): the moment of arrival beside each datagram, as struct timespec of CLOCK_REALTIME
TRUNCATED = 0x20  # MSG_TRUNC: the datagram was longer than its place


class Calls(NamedTuple):
    """``(fd, first mmsghdr, count, flags[, timeout]) -> datagrams``, -1 and ``errno`` where there was none."""

    receive: Callable[..., int]
    send: Callable[..., int]


def _find() -> Calls | None:
    if sys.maxsize < 1 << 32 or not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "recvmmsg") or not hasattr(libc, "sendmmsg"):
        return None
    libc.recvmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    libc.sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    return Calls(libc.recvmmsg, libc.sendmmsg)


CALLS = _find()


def address_of(array: npt.NDArray[Any]) -> int:
    return int(array.ctypes.data)


class _Memory:
    """So many places of ``size`` octets, one at each address from ``first`` on, as numpy is told of foreign memory."""

    def __init__(self, first: int, places: int, size: int) -> None:
        layout = {"data": (first, True), "shape": (places,), "strides": (1,), "typestr": f"|V{size}"}
        self.__array_interface__ = {"version": 3, **layout}


def octets_at(pointers: npt.NDArray[Any], size: int) -> Octets:
    """A copy of the ``size`` octets at each of the pointers, ``(n, size)``; all of them must point to something."""
    if not len(pointers) or not size:
        return np.zeros((len(pointers), size), np.uint8)
    first, last = int(pointers.min()), int(pointers.max())
    memory = np.asarray(_Memory(first, last - first + 1, size))
    return memory[(pointers - np.uint64(first)).astype(np.intp)].view(np.uint8).reshape(-1, size)


class Inbox:
    """Places for ``capacity`` datagrams of at most ``width`` octets, each with its source."""

    def __init__(self, capacity: int, width: int) -> None:
        self.table: Octets = np.zeros((capacity, width), np.uint8)
        self.names: Octets = np.zeros((capacity, NAME), np.uint8)  # struct sockaddr_in or _in6
        self._head = np.zeros(capacity, MMSGHDR)
        self._iov = np.zeros(capacity, IOVEC)
        self._control = np.zeros(capacity, CONTROL)
        places = np.arange(capacity, dtype=np.uint64)
        self._iov["base"] = address_of(self.table) + places * np.uint64(width)
        self._iov["len"] = width
        self._head["name"] = address_of(self.names) + places * np.uint64(NAME)
        self._head["namelen"] = NAME
        self._head["iov"] = address_of(self._iov) + places * np.uint64(IOVEC.itemsize)
        self._head["iovlen"] = 1
        self._head["control"] = address_of(self._control) + places * np.uint64(CONTROL.itemsize)
        self._head["controllen"] = CONTROL.itemsize
        self._start = address_of(self._head)

    def read(self, calls: Calls, fd: int, first: int, most: int) -> int:
        """Read at most ``most`` datagrams into the places from ``first`` on; how many there were."""
        got = calls.receive(fd, self._start + first * MMSGHDR.itemsize, most, socket.MSG_DONTWAIT, None)
        return max(got, 0)

    def stamps(self, count: int) -> npt.NDArray[np.float64]:
        """When the kernel had the first ``count`` datagrams, in Unix seconds; 0 where it did not say."""
        control = self._control[:count]
        stamped = (self._head["controllen"][:count] > 0) & (control["type"] == SO_TIMESTAMPNS)
        return np.where(stamped, control["seconds"] + control["nanoseconds"] / 1e9, 0.0)

    def lengths(self, count: int) -> npt.NDArray[np.int64]:
        """Of the first ``count`` datagrams; 0 for one that was too long. The places are free again after this."""
        head = self._head[:count]
        lengths = head["len"].astype(np.int64)
        lengths[(head["flags"] & TRUNCATED) != 0] = 0
        head["namelen"], head["controllen"] = NAME, CONTROL.itemsize  # the kernel has written how much it used
        return lengths


class Outbox:
    """The tables of datagrams to be sent: two pieces each (a header, a payload), and where to."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._head = np.zeros(capacity, MMSGHDR)
        self._iov = np.zeros((capacity, 2), IOVEC)
        places = np.arange(capacity, dtype=np.uint64)
        self._head["iov"] = address_of(self._iov) + places * np.uint64(2 * IOVEC.itemsize)
        self._head["iovlen"] = 2
        self._start = address_of(self._head)

    def address(self, names: npt.NDArray[Any], sizes: npt.NDArray[Any]) -> None:
        """Where the first datagrams go: pointers to ``struct sockaddr`` and their sizes."""
        self._head["name"][: len(names)] = names
        self._head["namelen"][: len(names)] = sizes

    def fill(self, headers: npt.NDArray[Any], header: int, payloads: npt.NDArray[Any], sizes: npt.NDArray[Any]) -> None:
        """What they consist of: pointers to headers of ``header`` octets, pointers to payloads and their sizes."""
        iov = self._iov[: len(headers)]
        iov["base"][:, 0] = headers
        iov["len"][:, 0] = header
        iov["base"][:, 1] = payloads
        iov["len"][:, 1] = sizes

    def send(self, calls: Calls, fd: int, first: int, count: int) -> int:
        """Send the datagrams from ``first`` on; how many of ``count`` could not be sent. Never blocks."""
        failed, last = 0, first + count
        while first < last:
            at = self._start + first * MMSGHDR.itemsize
            sent = calls.send(fd, at, last - first, socket.MSG_DONTWAIT)
            if sent <= 0:  # this very datagram cannot be sent: the next one may
                failed += 1
                sent = 1
            first += sent
        return failed
