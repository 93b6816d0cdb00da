"""Which way leads to a registered phone (RFC 3261 section 18.1.1, RFC 3581, RFC 5626 section 5.3).

By a live connection, or through the proxies that wrote Path, it goes back the way that the REGISTER came. Otherwise
the Contact counts where it names the host that the REGISTER came from; where it names another, there is a NAT between
(``nat: auto``), and only the source can be reached. With ``nat: off`` the Contact counts always.
"""

from __future__ import annotations

from softswitch.core.errors import PeerError
from softswitch.sip.flow import Flow, numeric
from softswitch.sip.location import Binding, key_of
from softswitch.sip.uri import Uri, canonical_host, parse_uri
from softswitch.switch.configuration import Configuration


def way(binding: Binding, configuration: Configuration) -> Flow:
    """Where to send what is for this phone."""
    flow = binding.flow
    if binding.static or binding.path or flow.connection:
        return flow
    uri = _uri(binding.contact)
    if uri is None or (configuration.nat and not _same_place(uri, flow)):
        return flow
    return _direct(uri, configuration) or flow


def static_flow(contact: str, configuration: Configuration) -> Flow | None:
    """The way to a phone that does not register: its URI must have a numeric host."""
    uri = _uri(contact)
    return _direct(uri, configuration) if uri is not None else None


def behind_nat(binding: Binding) -> bool:
    """Whether the phone is known under another address than its own."""
    _, _, host, *_ = key_of(binding.contact)
    return host != canonical_host(binding.flow.remote[0])


def _direct(uri: Uri, configuration: Configuration) -> Flow | None:
    """To the address that ``uri`` names; None where no listener of ours leads there."""
    transport = _transport(uri)
    port = uri.port or (5061 if transport == "tls" else 5060)
    return configuration.flow(transport, (canonical_host(uri.host), port))


def _same_place(uri: Uri, flow: Flow) -> bool:
    """The Contact names the source, with a port of its own: one that is left out says less than the source does."""
    same = uri.port is not None and _transport(uri) == flow.transport
    return same and canonical_host(uri.host) == canonical_host(flow.remote[0])


def _transport(uri: Uri) -> str:
    """A SIPS URI means TLS, whichever stream it names (RFC 3261 sections 8.1.2 and 26.2.2)."""
    named = (uri.param("transport") or "").lower()
    if uri.scheme == "sips" and named in ("", "tcp"):
        return "tls"
    return named or "udp"


def _uri(contact: str) -> Uri | None:
    """None where the host is a name: who has registered is called where it came from."""
    try:
        uri = parse_uri(contact)
    except PeerError:
        return None
    return uri if numeric(uri.host) else None
