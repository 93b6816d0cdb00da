"""The same by the kernel's batch calls and without them; ports are shared, drained fairly and counted."""

from __future__ import annotations

import errno
import socket

import numpy as np
import pytest

from softswitch.media import mmsg
from softswitch.media import sockets as module
from softswitch.media.address import sockaddr
from softswitch.media.mmsg import CALLS, Calls, Outbox, address_of, octets_at
from softswitch.media.plain import PLAIN
from softswitch.media.sockets import Batch, Sockets
from tests.support.ports import free_port

HOST = "127.0.0.1"
ROUTES = [pytest.param(CALLS, id="batched"), pytest.param(PLAIN, id="plain")]


def peer() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((HOST, 0))
    made.settimeout(2)
    return made


def contents(batch: Batch) -> list[tuple[int, int, bytes]]:
    return [
        (int(port), int(source), batch.table[at, :length].tobytes())
        for at, (port, source, length) in enumerate(zip(batch.ports, batch.sources.port, batch.lengths, strict=True))
    ]


@pytest.mark.parametrize("calls", ROUTES)
def test_what_arrives_is_told_with_its_port_and_source(calls: Calls) -> None:
    sockets = Sockets(calls)
    ports = [free_port(), free_port()]
    numbers = [sockets.open((HOST, port)) for port in ports]
    with peer() as one, peer() as other:
        for octets, sender, port in ((b"a", one, 0), (b"b" * 200, other, 1), (b"", one, 1), (b"z" * 2000, other, 0)):
            sender.sendto(octets, (HOST, ports[port]))
        (batch,) = list(sockets.drain())
        at = [one.getsockname()[1], other.getsockname()[1]]
        assert sorted(contents(batch)) == sorted(
            [
                (numbers[0], at[0], b"a"),
                (numbers[1], at[1], b"b" * 200),
                (numbers[1], at[0], b""),
                (numbers[0], at[1], b""),
            ]
        )  # what is longer than its place has the length 0
        assert list(sockets.drain()) == []
    sockets.shut()


@pytest.mark.parametrize("calls", ROUTES)
def test_what_is_sent_arrives_from_its_port_and_one_failure_stops_nobody(calls: Calls) -> None:
    sockets, outbox = Sockets(calls), Outbox(8)
    ports = [free_port(), free_port()]
    numbers = [sockets.open((HOST, port)) for port in ports]
    with peer() as one:
        good, bad = sockaddr(socket.AF_INET, one.getsockname()), sockaddr(socket.AF_INET, ("255.255.255.255", 9))
        names = np.frombuffer((good + bad + good).ljust(64, b"\0"), np.uint8)
        headers, payloads = np.frombuffer(b"h1h2h3", np.uint8), np.frombuffer(b"onetwosix", np.uint8)
        places = np.arange(3, dtype=np.uint64)
        outbox.address(address_of(names) + places * np.uint64(16), np.full(3, 16))
        outbox.fill(
            address_of(headers) + places * np.uint64(2), 2, address_of(payloads) + places * np.uint64(3), [3, 3, 2]
        )
        sockets.send(outbox, np.array([numbers[0], numbers[0], numbers[1]]))
        assert [one.recvfrom(99) for _ in range(2)] == [(b"h1one", (HOST, ports[0])), (b"h3si", (HOST, ports[1]))]
    assert sockets.send_errors == 1
    sockets.shut()


def test_a_port_is_bound_once_and_goes_with_its_last_user() -> None:
    sockets, port = Sockets(), free_port()
    number = sockets.open((HOST, port))
    assert sockets.open((HOST, port)) == number
    sockets.close(number)
    assert len(sockets) == 1
    sockets.close(number)
    assert len(sockets) == 0
    with socket.socket(type=socket.SOCK_DGRAM) as again:
        again.bind((HOST, port))
        assert sockets.open((HOST, free_port())) == number
    sockets.shut()


def test_the_lowest_number_that_is_free_is_given_out() -> None:
    sockets = Sockets()
    numbers = [sockets.open((HOST, free_port())) for _ in range(4)]
    for number in (numbers[2], numbers[0], numbers[1]):
        sockets.close(number)
    assert numbers == [0, 1, 2, 3] and [sockets.open((HOST, free_port())) for _ in range(4)] == [0, 1, 2, 4]
    sockets.shut()


class Full:
    """An epoll that watches as much as the system allows."""

    def register(self, fd: int, events: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_port_that_cannot_be_watched_is_not_bound_either(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets, port = Sockets(), free_port()
    with monkeypatch.context() as full:
        full.setattr(sockets, "_poll", Full())
        with pytest.raises(OSError, match="No space") as raised:
            sockets.open((HOST, port))
    assert raised.tb and len(sockets) == 0  # whoever keeps the error keeps no port
    assert [sockets.open((HOST, one)) for one in (port, free_port())] == [0, 1]
    sockets.shut()


def test_a_flooded_port_leaves_room_for_the_others() -> None:
    sockets = Sockets()
    flooded, quiet = free_port(), free_port()
    sockets.open((HOST, flooded))
    number = sockets.open((HOST, quiet))
    with peer() as one:
        for _ in range(700):
            one.sendto(b"flood", (HOST, flooded))
        one.sendto(b"word", (HOST, quiet))
        first = next(sockets.drain())
        assert number in first.ports
        assert len(first.ports) == 257
        assert sum(len(batch.ports) for batch in sockets.drain()) == 444
    sockets.shut()


def test_a_buffer_that_is_not_granted_is_told_with_the_name_of_the_setting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_RECEIVE_BUFFER", 1 << 30)
    sockets = Sockets()
    for _ in range(2):
        sockets.open((HOST, free_port()))
    assert caplog.text.count("sysctl -w net.core.rmem_max=1073741824") == 1
    sockets.shut()


def test_packets_that_find_the_buffer_full_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RECEIVE_BUFFER", 2048)
    sockets, port = Sockets(), free_port()
    number = sockets.open((HOST, port))
    with peer() as one:
        for _ in range(50):
            one.sendto(b"x" * 500, (HOST, port))
    dropped = sockets.drops()
    assert dropped > 10
    sockets.close(number)
    assert sockets.drops() == dropped
    sockets.shut()


def test_this_system_has_the_calls() -> None:
    assert mmsg.CALLS is not None


def test_octets_are_read_from_wherever_they_are() -> None:
    one, other = np.arange(64, dtype=np.uint8), np.arange(100, 164, dtype=np.uint8)
    pointers = np.array([address_of(other) + 3, address_of(one), address_of(one) + 60], np.uint64)
    assert octets_at(pointers, 4).tolist() == [[103, 104, 105, 106], [0, 1, 2, 3], [60, 61, 62, 63]]
    assert octets_at(pointers, 0).shape == (3, 0) and octets_at(pointers[:0], 4).shape == (0, 4)


@pytest.mark.parametrize("host", ["localhost", "", "127.1", "127.0.0.1\0", "::1%" + "x" * 100, "y" * 100_000])
def test_nobody_waits_for_the_address_of_a_name(host: str) -> None:
    sockets = Sockets()
    with pytest.raises(OSError, match=r"numeric|not known"):
        sockets.open((host, free_port()))
    assert len(sockets) == 0
    sockets.shut()
