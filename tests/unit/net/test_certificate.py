"""RFC 5922 section 7: whose certificate it is."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.net.certificate import bears


def named(*alternatives: tuple[str, str], common_name: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"subject": ((("commonName", common_name),),)}
    return found | ({"subjectAltName": alternatives} if alternatives else {})


@pytest.mark.parametrize(
    ("certificate", "name", "believed"),
    [
        (named(("DNS", "sip.example.com")), "sip.example.com", True),
        (named(("DNS", "SIP.example.com")), "sip.EXAMPLE.com.", True),  # 7.2: compared without regard to case
        (named(("URI", "sip:example.com")), "example.com", True),
        (named(("URI", "sip:alice@example.com")), "example.com", False),  # 7.1: a user's, not a domain's
        (named(("URI", "https:example.com")), "example.com", False),
        (named(("DNS", "*.example.com")), "sip.example.com", False),  # 7.2: no wildcards
        (named(("DNS", "example.com")), "sip.example.com", False),  # 7.2: no suffixes
        (named(common_name="sip.example.com"), "sip.example.com", True),
        (named(("DNS", "other.example"), common_name="sip.example.com"), "sip.example.com", False),  # 7.1
        (named(("IP Address", "192.0.2.1")), "192.0.2.1", True),
        (named(("IP Address", "2001:DB8:0:0:0:0:0:1")), "2001:db8::1", True),
        (named(("DNS", "192.0.2.1"), common_name="192.0.2.1"), "192.0.2.1", False),
        ({}, "sip.example.com", False),
    ],
)
def test_7_identities(certificate: dict[str, Any], name: str, believed: bool) -> None:
    assert bears(certificate, name) is believed
