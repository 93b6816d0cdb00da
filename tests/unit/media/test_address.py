"""Addresses become numbers, and every way to write one the same number."""

import socket

import numpy as np
import pytest

from softswitch.media.address import NAME, Host, host_of, numeric, sockaddr, sources_of, text_of


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("fe80::1%lo", "fe80::1%lo"),
        ("phone.example.com", ""),
        ("192.0.2", ""),
        ("1.2.3.4\0", ""),
        ("", ""),
    ],
)
def test_an_address_is_written_as_the_kernel_does_and_a_name_is_none(written: str, read: str) -> None:
    assert numeric(written) == read


def test_a_mapped_address_is_the_address() -> None:
    assert host_of("::ffff:192.0.2.1") == host_of("192.0.2.1") == Host(0, 0xFFFF_C000_0201)
    assert text_of(Host(0, 0xFFFF_C000_0201)) == "192.0.2.1"
    assert host_of("phone.example.com") is None


@pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"), (socket.AF_INET6, "192.0.2.1")],
)
def test_what_is_written_for_the_kernel_is_read(family: int, host: str) -> None:
    octets = sockaddr(family, (host, 4321))
    assert len(octets) == (16 if family == socket.AF_INET else 28)
    names = np.frombuffer(octets.ljust(NAME, b"\0") * 2, np.uint8).reshape(2, NAME)
    high, low, port = sources_of(names)
    assert [text_of(Host(int(high[at]), int(low[at]))) for at in (0, 1)] == [host, host]
    assert port.tolist() == [4321, 4321]


def test_batches_may_mix_both_families() -> None:
    octets = sockaddr(socket.AF_INET6, ("2001:db8::7", 1)).ljust(NAME, b"\0")
    octets += sockaddr(socket.AF_INET, ("192.0.2.9", 2)).ljust(NAME, b"\0")
    high, low, port = sources_of(np.frombuffer(octets, np.uint8).reshape(2, NAME))
    assert [text_of(Host(int(high[at]), int(low[at]))) for at in (0, 1)] == ["2001:db8::7", "192.0.2.9"]
    assert port.tolist() == [1, 2]


@pytest.mark.parametrize("address", [("2001:db8::1", 5), ("name", 5), ("192.0.2.1", 0), ("192.0.2.1", 65536)])
def test_where_an_ipv4_socket_cannot_send(address: tuple[str, int]) -> None:
    assert sockaddr(socket.AF_INET, address) == b""
