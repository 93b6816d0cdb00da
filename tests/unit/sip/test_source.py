"""Whom an address stands for."""

from softswitch.sip.source import source_of


def test_an_address_of_ipv4_is_one_source() -> None:
    assert source_of("192.0.2.7") == "192.0.2.7"
    assert source_of("192.0.2.7") != source_of("192.0.2.8")


def test_an_ipv6_customer_is_a_64() -> None:
    assert source_of("2001:db8:1:2:3:4:5:6") == source_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert source_of("2001:db8:0:1::5") != source_of("2001:db8:0:2::5")
    assert source_of("fe80::1%eth0") == "fe80::/64"


def test_what_is_no_address_stands_for_itself() -> None:
    assert source_of("::junk") == "::junk"
