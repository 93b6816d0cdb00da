"""Digest authentication, both ends of it (RFC 7616, RFC 8760, RFC 3261 section 22).

Decided here: whether credentials are right. Nonces carry the time at which they were made and a key's mark on it, so
that a challenge costs no memory; memory is spent only on who has proved to know a password, against replay, and it is
bounded: where the oldest proof has to be forgotten, nonces of its age are no longer fresh. A second mark says to whom
the challenge went: who answers it can be reached at the address that the request came from, and has not forged it.

We offer MD5, then SHA-256, both with qop=auth. RFC 8760 would have the stronger one first, but many a phone looks at
the first challenge only and knows nothing but MD5; a listener of TLS does more for a password than the order. We
insist on qop: without it there is no nonce count. A user whom nobody knows costs the same work as one with a wrong
password.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence

from softswitch.core.errors import PeerError
from softswitch.sip.header import LWS, is_token, quote, split_commas, unquote
from softswitch.sip.uri import parse_uri

_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
ALGORITHMS = ("MD5", "SHA-256")
# Whom the mere sight of another algorithm beside MD5 makes give up (libre 1).
_MD5_ALONE = re.compile(r"baresip v?[01]\.", re.IGNORECASE)
_NEEDED = ("username", "realm", "nonce", "uri", "response", "qop", "cnonce")
# Nothing but tokens and strings without a backslash: what nearly everybody sends, read at once.
_ONE = r'([A-Za-z0-9\-]++)=(?:"([^"\\]*+)"|([^",\\ \t]++))'
_PAIR = re.compile(_ONE)
_TIDY = re.compile(rf"[ \t]*+{_ONE}(?:[ \t]*+,[ \t]*+{_ONE})*+[ \t]*+")
_MARK_BYTES = 16
_SOURCE_BYTES = 4
_CNONCE_LENGTH = 256  # what a proof may cost us


class Verdict(enum.Enum):
    """What credentials are worth, and what the request that carried them deserves."""

    OK = "ok"
    STALE = "stale"  # right, but for a nonce that is too old or not ours: challenge again, stale=true
    REPLAYED = "replayed"  # right, but the nonce count was used before: as STALE
    BAD = "bad"  # wrong password, unknown user, or made for another request: challenge again, count it
    ABSENT = "absent"  # no digest for our realm: challenge
    MALFORMED = "malformed"  # 400


class Authenticator:
    """The server's end, for one realm. ``now`` is in Unix seconds."""

    def __init__(
        self,
        secret: bytes,
        realm: str,
        nonce_ttl_s: float = 300,
        max_proofs: int = 50_000,
        algorithms: Sequence[str] = ALGORITHMS,
    ) -> None:
        self.realm = realm
        self._quoted_realm = quote(realm)
        self.algorithms = tuple(algorithms)  # offered in this order, and accepted
        self.nonce_ttl_s = nonce_ttl_s
        self._key = hmac.new(secret, realm.encode(), "sha256").digest()
        self._max_proofs = max_proofs
        self._proofs: OrderedDict[tuple[str, str, str], tuple[float, int]] = OrderedDict()  # -> (made at, count)
        self._not_before = 0.0  # nonces made at or before this are not fresh
        self._nobody = hmac.new(secret, b"nobody", "sha256").hexdigest()  # the password of unknown users

    def challenges(self, now: float, stale: bool = False, source: str = "", user_agent: str = "") -> list[str]:
        """Values for WWW-Authenticate or Proxy-Authenticate headers, in the order of ``algorithms`` (RFC 8760).

        ``source`` is the host that the challenge goes to, ``user_agent`` what it says that it is. It cannot make itself
        weaker thereby: MD5 is accepted from everybody to whom it is offered.
        """
        alone = "MD5" in self.algorithms and _MD5_ALONE.match(user_agent)
        nonce = self._nonce(now, source)
        tail = ", stale=true" if stale else ""
        return [
            f'Digest realm={self._quoted_realm}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{tail}'
            for algorithm in (("MD5",) if alone else self.algorithms)
        ]

    def challenged(self, authorization: str, source: str, now: float) -> bool:
        """Whether these credentials answer a challenge of ours that went to ``source`` and is still fresh."""
        try:
            nonce = _parameters(authorization).get("nonce", "")
        except PeerError:
            return False
        made_at, sent_to = self._read(nonce)
        return made_at is not None and abs(now - made_at) <= self.nonce_ttl_s and sent_to == self._place(source)

    def verify(
        self,
        authorization: str,
        method: str,
        lookup_password: Callable[[str], str | None],
        now: float,
        body: bytes = b"",
        uri: str | None = None,
        here: str = "",
        source: str | None = None,
    ) -> tuple[Verdict, str]:
        """The verdict on the value of an Authorization header, and the user name that it claims.

        ``uri`` is the Request-URI where it is to be compared with the one that was signed: user and host have to be
        the same, port and parameters are what proxies on the way may have changed. One without a user (sipp signs so)
        stands for all users of that host, or of ``here``, the host at which the request has found us: what was signed
        for another server is worth nothing with us, and nothing is taken twice. ``source`` is the host that the
        challenge must have gone to: who forges his address has not seen what went there, though he knows the password.
        """
        try:
            given = _parameters(authorization)
        except PeerError:
            return Verdict.MALFORMED, ""
        user = given.get("username", "")
        if not given or given.get("realm", self.realm) != self.realm:
            return Verdict.ABSENT, ""
        algorithm = given.get("algorithm", "MD5").upper()
        count = _count(given.get("nc", ""))
        if count is None or algorithm not in self.algorithms or not _complete(given):
            return Verdict.MALFORMED, user
        password = lookup_password(user)
        expected = _response(given, method, self._nobody if password is None else password, body)
        right = hmac.compare_digest(expected.encode(), given["response"].lower().encode("utf-8", "surrogateescape"))
        if password is None or not right or not _signed_for(given["uri"], uri, here):
            return Verdict.BAD, user
        made_at, sent_to = self._read(given["nonce"])
        if made_at is None or (source is not None and sent_to != self._place(source)):
            return Verdict.STALE, user
        return self._freshness(given["nonce"], made_at, user, given["cnonce"], count, now), user

    def _nonce(self, now: float, source: str) -> str:
        made = int(now * 1000).to_bytes(8, "big") + self._place(source)
        return base64.urlsafe_b64encode(made + self._mark(made)).decode()

    def _mark(self, made: bytes) -> bytes:
        return hashlib.blake2b(made, key=self._key, digest_size=_MARK_BYTES).digest()

    def _place(self, source: str) -> bytes:
        return hashlib.blake2b(source.encode(), key=self._key, digest_size=_SOURCE_BYTES, person=b"source").digest()

    def _read(self, nonce: str) -> tuple[float | None, bytes]:
        """When we made this nonce and for which place; None where it is not ours."""
        try:
            raw = base64.b64decode(nonce.encode(), b"-_", validate=True)
        except (binascii.Error, UnicodeError):
            return None, b""
        made, mark = raw[:-_MARK_BYTES], raw[-_MARK_BYTES:]
        if len(made) != 8 + _SOURCE_BYTES or not hmac.compare_digest(mark, self._mark(made)):
            return None, b""
        return int.from_bytes(made[:8], "big") / 1000, made[8:]

    def _freshness(self, nonce: str, made_at: float, user: str, cnonce: str, count: int, now: float) -> Verdict:
        # A clock set back makes nonces from the future: they live no longer than others.
        if abs(now - made_at) > self.nonce_ttl_s or made_at <= self._not_before:
            return Verdict.STALE
        key = (nonce, user, cnonce)
        if count <= self._proofs.get(key, (0.0, 0))[1]:
            return Verdict.REPLAYED
        self._proofs[key] = (made_at, count)
        self._proofs.move_to_end(key)
        self._forget(now)
        return Verdict.OK

    def _forget(self, now: float) -> None:
        while self._proofs:
            made_at, _ = next(iter(self._proofs.values()))
            expired = abs(now - made_at) > self.nonce_ttl_s
            if not expired and len(self._proofs) <= self._max_proofs:
                return
            self._proofs.popitem(last=False)
            if not expired:
                self._not_before = max(self._not_before, made_at)


def choose(challenges: list[str]) -> str | None:
    """The first challenge that we can answer (RFC 7616 section 3.7: the server's order counts)."""
    for challenge in challenges:
        try:
            given = _parameters(challenge)
        except PeerError:
            continue
        if "nonce" in given and _base(given) in _HASHES:
            return challenge
    return None


def is_stale(challenge: str) -> bool:
    """True where the credentials were right, but for a nonce that is too old (RFC 7616 section 3.3)."""
    try:
        return _parameters(challenge).get("stale", "").lower() == "true"
    except PeerError:
        return False


def answer(
    challenge: str, method: str, uri: str, username: str, password: str, cnonce: str, nc: int = 1, body: bytes = b""
) -> str:
    """The value of an Authorization header that answers ``challenge``. Raises ``PeerError`` where we cannot."""
    given = _parameters(challenge)
    if "nonce" not in given or "realm" not in given or _base(given) not in _HASHES:
        raise PeerError(0, "a challenge that we cannot answer")
    ours = {
        "username": username, "realm": given["realm"], "nonce": given["nonce"], "uri": uri, "nc": f"{nc:08x}",
        "cnonce": cnonce, "algorithm": given.get("algorithm", "MD5"),
    }  # fmt: skip
    offered = [qop.strip(LWS).lower() for qop in given.get("qop", "").split(",") if qop.strip(LWS)]
    if offered:
        ours["qop"] = "auth" if "auth" in offered else "auth-int"
    ours["response"] = _response(ours, method, password, body)
    return "Digest " + ", ".join(_written(ours, given))


def _written(ours: dict[str, str], given: dict[str, str]) -> list[str]:
    parts = [f"{name}={quote(ours[name])}" for name in ("username", "realm", "nonce", "uri", "response")]
    if "algorithm" in given:
        parts.append(f"algorithm={given['algorithm']}")
    if "qop" in ours:
        parts.append(f"qop={ours['qop']}, nc={ours['nc']}, cnonce={quote(ours['cnonce'])}")
    if "opaque" in given:
        parts.append(f"opaque={quote(given['opaque'])}")
    return parts


def _parameters(value: str) -> dict[str, str]:
    """The parameters of a Digest challenge or credentials; empty for another scheme. Raises ``PeerError`` (400)."""
    scheme, _, rest = value.strip(LWS).partition(" ")
    if scheme.lower() != "digest":
        return {}
    found: dict[str, str] = {}
    if _TIDY.fullmatch(rest):
        pairs = _PAIR.findall(rest)
        found = {name.lower(): quoted or text for name, quoted, text in pairs}
        if len(found) == len(pairs):
            return found
        found = {}
    for piece in split_commas(rest.strip(LWS)):
        name, equals, text = piece.partition("=")
        name = name.strip(LWS).lower()
        if not equals or not is_token(name) or name in found:
            raise PeerError(400, "bad Digest parameters")
        found[name] = unquote(text.strip(LWS))
    return found


def _complete(given: dict[str, str]) -> bool:
    if any(name not in given for name in _NEEDED):
        return False
    return given["qop"].lower() in ("auth", "auth-int") and len(given["cnonce"]) <= _CNONCE_LENGTH


def _base(given: dict[str, str]) -> str:
    return given.get("algorithm", "MD5").upper().removesuffix("-SESS")


def _response(given: dict[str, str], method: str, password: str, body: bytes) -> str:
    """RFC 7616 section 3.4.1 to 3.4.3."""
    digest = _HASHES[_base(given)]

    def hashed(text: str) -> str:
        return digest(text.encode("utf-8", "surrogateescape")).hexdigest()

    secret = hashed(f"{given['username']}:{given['realm']}:{password}")
    if given.get("algorithm", "").upper().endswith("-SESS"):
        secret = hashed(f"{secret}:{given['nonce']}:{given['cnonce']}")
    qop = given.get("qop", "").lower()
    what = f"{method}:{given['uri']}"
    if qop == "auth-int":
        what += f":{digest(body).hexdigest()}"
    if not qop:  # RFC 2069
        return hashed(f"{secret}:{given['nonce']}:{hashed(what)}")
    return hashed(f"{secret}:{given['nonce']}:{given['nc']}:{given['cnonce']}:{qop}:{hashed(what)}")


def _count(text: str) -> int | None:
    if len(text) != 8 or not text.isascii() or not text.isalnum():
        return None
    try:
        return int(text, 16)
    except ValueError:
        return None


def _signed_for(signed: str, requested: str | None, here: str) -> bool:
    if requested is None or signed == requested:
        return True
    try:
        ours, theirs = parse_uri(requested), parse_uri(signed)
    except PeerError:
        return False
    host = theirs.host.lower()
    if not theirs.user:
        return host in (ours.host.lower(), here.lower())
    return (ours.user, ours.host.lower()) == (theirs.user, host)
