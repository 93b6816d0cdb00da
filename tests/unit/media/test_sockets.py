"""Addresses are compared as strings: every way to write one must become the way in which the kernel writes it."""

import pytest

from softswitch.media.sockets import numeric


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
