"""Sockets of ours have one address family, do not wait, and say when an address is taken."""

from __future__ import annotations

import socket

import pytest

from softswitch.net.bound import bound


@pytest.mark.parametrize(("host", "version"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_the_family_is_that_of_the_address(host: str, version: socket.AddressFamily) -> None:
    with bound(socket.SOCK_DGRAM, (host, 0), socket.SO_RCVBUF, 1 << 16) as made:
        assert made.family == version and made.getblocking() is False
        if version == socket.AF_INET6:
            assert made.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1


def test_a_taken_address_is_an_error() -> None:
    with (
        bound(socket.SOCK_DGRAM, ("127.0.0.1", 0), socket.SO_RCVBUF, 1 << 16) as first,
        pytest.raises(OSError, match="in use"),
    ):
        bound(socket.SOCK_DGRAM, first.getsockname(), socket.SO_RCVBUF, 1 << 16)
