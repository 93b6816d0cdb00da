"""Whether a certificate is the one of the peer that we meant (RFC 5922 section 7).

The identities are the SIP domains and the DNS names of subjectAltName; the common name counts only where there is no
subjectAltName at all. A wildcard is no identity (section 7.2), and an address is compared with addresses only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any


def bears(certificate: Mapping[str, Any], name: str) -> bool:
    """``certificate`` as ``ssl.SSLSocket.getpeercert`` gives it; ``name`` is a domain or a numeric address."""
    alternatives = certificate.get("subjectAltName", ())
    address = _address(name)
    if address is not None:
        return address in (_address(value) for kind, value in alternatives if kind == "IP Address")
    return name.lower().rstrip(".") in names(certificate)


def names(certificate: Mapping[str, Any]) -> frozenset[str]:
    """The domains that it is for, in small letters."""
    alternatives = certificate.get("subjectAltName", ())
    return frozenset(_domains(alternatives if alternatives else _common_name(certificate)))


def _domains(alternatives: Any) -> set[str]:
    found = set()
    for kind, value in alternatives:
        if kind == "DNS":
            found.add(value.lower())
        elif kind == "URI" and value.lower().startswith("sip:") and "@" not in value:  # with a user it is no domain's
            found.add(value[len("sip:") :].lower())
    return found


def _common_name(certificate: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return [("DNS", name) for name in names]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None
