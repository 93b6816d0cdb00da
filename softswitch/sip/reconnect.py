"""Where to go when a connection is gone by which a peer was heard (RFC 3261 sections 12.2.1.1 and 18.2.2).

Peers close connections that are idle for a few minutes, and calls last longer. The port from which such a connection
came leads nowhere; the peer listens at the one of its Via, its Contact or its Record-Route. Decided here: that port is
tried at the host that the peer was heard from, and at no other, so that nobody has us connect to a third party.
"""

from __future__ import annotations

from dataclasses import replace

from softswitch.core.errors import PeerError
from softswitch.sip.flow import Flow
from softswitch.sip.header import parse_name_addr
from softswitch.sip.message import Request
from softswitch.sip.uri import canonical_host

_LISTENING = {"tcp": 5060, "tls": 5061}  # default ports; nobody connects to a phone in a browser


def for_response(request: Request, flow: Flow) -> Flow | None:
    """For the answers to a request that came by ``flow``; None where there is no other way."""
    via = request.via
    return _listener(flow, via.host, via.port)


def for_request(request: Request, flow: Flow) -> Flow | None:
    """For a request inside a dialog, whose peer was last heard by ``flow``."""
    if request.to.tag is None:
        return None
    routes = request.headers.all("Route")
    try:
        uri = parse_name_addr(routes[0]).uri if routes else request.target
    except PeerError:
        return None
    if canonical_host(uri.host) != canonical_host(flow.remote[0]):
        return None
    return _listener(flow, uri.host, uri.port)


def _listener(flow: Flow, host: str, port: int | None) -> Flow | None:
    default = _LISTENING.get(flow.transport)
    if default is None or not flow.connection:
        return None
    name = host if flow.transport == "tls" else ""
    return replace(flow, remote=(flow.remote[0], port or default), connection=0, host=name)
