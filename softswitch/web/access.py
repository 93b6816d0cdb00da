"""Who may do what: bearer tokens, known by their SHA-256 only, and what each role is for.

Without tokens (allowed on loopback only, ``settings.check`` sees to that) everybody who reaches the port may do
everything; then a request must name this machine in ``Host``, so that no web page can reach the port by a DNS name of
its own (DNS rebinding), and where a browser says whose page sends it (``Origin``), that must be this machine too: an
order without a body needs no leave of ours to be sent.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from aiohttp import web

from softswitch.settings.system import Token
from softswitch.web.problem import ApiError

ANYBODY = "local"


class Permission(enum.Enum):
    OPEN = "open"  # no token
    METRICS = "metrics"
    LIVE = "live"  # what happens now
    RECORDS = "records"  # what happened, with numbers
    TRACE = "trace"  # the SIP messages of a call, with numbers
    AGENT_STATE = "agent-state"
    RECORDING = "recording"  # pause it, let it go on
    SUPERVISE = "supervise"  # hear a call, talk in it
    MEDIA = "media"  # keep new calls from a media process
    COMMAND = "command"  # end calls, withdraw promises
    RELOAD = "reload"  # take over what was written
    DRAIN = "drain"  # take the switch out of service


ROLES: Mapping[str, frozenset[Permission]] = {
    "agent": frozenset({Permission.LIVE, Permission.AGENT_STATE, Permission.RECORDING}),
    "ops": frozenset({Permission.METRICS, Permission.LIVE, Permission.TRACE, Permission.MEDIA, Permission.DRAIN}),
    "supervisor": frozenset(Permission) - {Permission.RELOAD, Permission.DRAIN},
    "admin": frozenset(Permission),
}


def require(request: web.Request, permission: Permission, tokens: Sequence[Token]) -> str:
    """The name of whoever asks. Raises ``ApiError`` 401 or 403."""
    if permission is Permission.OPEN:
        return ANYBODY
    if not tokens:
        return _require_local_host(request)
    token = _known(request.headers.get("Authorization", ""), tokens)
    if permission not in ROLES[token.role]:
        able = ", ".join(role for role, permissions in ROLES.items() if permission in permissions)
        raise ApiError(403, f"the role {token.role} may not do this", f"roles that may: {able}")
    return token.name


def _known(header: str, tokens: Sequence[Token]) -> Token:
    scheme, _, presented = header.partition(" ")
    digest = hashlib.sha256(presented.strip().encode("utf-8", "surrogateescape")).hexdigest()
    found = [token for token in tokens if hmac.compare_digest(token.sha256, digest)]
    if scheme.lower() != "bearer" or not found:
        challenge = {"WWW-Authenticate": 'Bearer realm="softswitch"'}
        raise ApiError(401, "no valid token", "send Authorization: Bearer TOKEN", challenge)
    return found[0]


def _require_local_host(request: web.Request) -> str:
    if not _is_numeric(request):
        raise ApiError(403, f"Host {request.host!r} is not this machine", "use its numeric address")
    page = request.headers.get("Origin")
    if page is not None and not _of_this_machine(page):
        raise ApiError(403, f"a page of {page!r} may not do this", "configure tokens, and have it send one")
    return ANYBODY


def _is_numeric(request: web.Request) -> bool:
    """Or localhost. A ``Host`` may be anything at all."""
    try:
        host = request.url.host or ""
        if host != "localhost":
            ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _of_this_machine(page: str) -> bool:
    try:
        host = urlsplit(page).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
