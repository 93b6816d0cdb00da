"""Which way leads to a phone: its connection, its Contact, or where it came from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.location import Binding
from softswitch.switch.configuration import Configuration
from softswitch.switch.way import behind_nat, static_flow, way

V4, V6 = ("192.0.2.1", 5060), ("2001:db8::1", 5060)
POINTS = tuple(ListeningPoint(name, at) for name in ("udp", "tcp", "tls") for at in (V4, V6))
NAT, PLAIN = (Configuration(users={}, listeners=POINTS, nat=nat) for nat in (True, False))


def binding(contact: str, remote: tuple[str, int], **more: object) -> Binding:
    return replace(Binding("1001", contact, Flow("udp", V6 if ":" in remote[0] else V4, remote), 1.0), **more)


@pytest.mark.parametrize(
    ("contact", "remote", "called"),
    [
        ("sip:1001@10.0.0.5:5070", ("10.0.0.5", 41000), ("10.0.0.5", 5070)),
        ("sip:1001@10.0.0.5", ("10.0.0.5", 41000), ("10.0.0.5", 41000)),
        ("sip:1001@192.168.0.9:5070", ("10.0.0.5", 41000), ("10.0.0.5", 41000)),
        ("sip:1001@[2001:DB8:0::5]:5070", ("2001:db8::5", 41000), ("2001:db8::5", 5070)),
    ],
)
def test_the_contact_counts_where_it_names_the_host_it_came_from(
    contact: str, remote: tuple[str, int], called: tuple[str, int]
) -> None:
    assert way(binding(contact, remote), NAT).remote == called


def test_without_nat_the_contact_counts_always_if_it_is_an_address() -> None:
    away = ("10.0.0.5", 41000)
    assert way(binding("sip:1001@192.168.0.9", away), PLAIN).remote == ("192.168.0.9", 5060)
    assert way(binding("sips:1001@192.168.0.9", away), PLAIN) == Flow("tls", V4, ("192.168.0.9", 5061))
    assert way(binding("sip:1001@phone.example", away), PLAIN).remote == away


def test_a_connection_and_a_path_lead_back_the_way_they_came() -> None:
    connected = Flow("tcp", V4, ("10.0.0.5", 41000), 7)
    assert way(binding("sip:1001@10.0.0.5:5070", connected.remote, flow=connected), PLAIN) is connected
    proxied = binding("sip:1001@10.0.0.5:5070", ("10.0.0.5", 41000), path=("<sip:p;lr>",))
    assert way(proxied, PLAIN) is proxied.flow


def test_one_address_of_ipv6_may_be_spelt_in_many_ways() -> None:
    assert not behind_nat(binding("sip:1001@[2001:DB8:0::5]:5070", ("2001:db8::5", 5070)))
    assert behind_nat(binding("sip:1001@[2001:db8::6]:5070", ("2001:db8::5", 5070)))


@pytest.mark.parametrize(
    ("contact", "flow"),
    [
        ("sip:1001@10.0.0.5", Flow("udp", V4, ("10.0.0.5", 5060))),
        ("sip:1001@[2001:DB8::5]:5070;transport=TCP", Flow("tcp", V6, ("2001:db8::5", 5070))),
        ("sips:1001@10.0.0.5", Flow("tls", V4, ("10.0.0.5", 5061))),
        ("sip:1001@phone.example", None),
        ("nonsense", None),
    ],
)
def test_a_phone_that_does_not_register_is_where_the_admin_wrote(contact: str, flow: Flow | None) -> None:
    assert static_flow(contact, NAT) == flow
