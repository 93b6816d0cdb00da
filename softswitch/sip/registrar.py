"""What a REGISTER leaves behind (RFC 3261 section 10.3, RFC 3327, RFC 5626 section 4.1).

Who may register for which address-of-record has been decided before (``digest``). A request is judged whole before
anything is changed, so that it succeeds or fails as one (step 7). A phone that says which one it is (+sip.instance)
has one binding, whatever contact it comes back with; others that come back under ever new contacts push out their own
oldest ones. Path is kept from everybody, and repeated to who knows what it is.
"""

from __future__ import annotations

import math
from dataclasses import replace

from softswitch.core.digits import whole
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sip.flow import Flow
from softswitch.sip.header import LWS, NameAddr, parse_name_addr, unquote
from softswitch.sip.location import Binding, ContactKey, Location, Registered, Unregistered, key_of
from softswitch.sip.message import Request, Response
from softswitch.sip.response import respond, stateless_tag

__all__ = ["Binding", "Registered", "Registrar", "Unregistered"]

_BRIEF_S = 3600  # section 10.3 step 7: an interval of an hour or more is never too brief
_MOST_PATHS = 10
_LONGEST_NAME = 255  # of an instance, of a User-Agent


class Registrar(Location):
    """The location service, and the way in which phones change it."""

    def __init__(
        self, min_expires_s: int = 60, max_expires_s: int = 3600, default_expires_s: int = 3600, max_bindings: int = 8
    ) -> None:
        super().__init__()
        self.min_expires_s = min_expires_s
        self.max_expires_s = max_expires_s
        self.default_expires_s = default_expires_s
        self.max_bindings = max_bindings  # of one address-of-record

    # ---- what a REGISTER does ----------------------------------------------------------------------------------

    def register(self, request: Request, flow: Flow, aor: str, now: float) -> tuple[Response, list[Effect]]:
        """The answer to an authorised REGISTER for ``aor``, and what it changed."""
        tag = stateless_tag(request)
        effects: list[Effect] = self.tick(now)
        try:
            effects += self._commit(self._judged(request, flow, aor, now), now)
        except PeerError as error:
            extra = [("Min-Expires", str(self.min_expires_s))] if error.status == 423 else []
            return respond(request, error.status, error.reason, to_tag=tag, headers=extra), effects
        listed = [("Contact", _written(binding, now)) for binding in self.registered(aor, now)]
        return respond(request, 200, to_tag=tag, headers=[*listed, *_repeated_path(request)]), effects

    def _judged(self, request: Request, flow: Flow, aor: str, now: float) -> list[Binding]:
        """The bindings that the request asks for; those to be removed expire ``now``. Raises ``PeerError``."""
        contacts = request.headers.all("Contact")
        if contacts == ["*"]:
            return self._judged_star(request, aor, now)
        if len(contacts) > self.max_bindings:
            raise PeerError(400, "too many Contacts")
        agent = legible((request.headers.get("User-Agent") or "")[:_LONGEST_NAME])
        base = Binding(
            aor, "", flow, now, request.call_id, request.cseq.number, agent,
            path=_path(request),
        )  # fmt: skip
        asked = [self._judged_contact(request, parse_name_addr(text), base) for text in contacts]
        for binding in asked:
            self._check_order(self._of(aor).get(key_of(binding.contact)), request)
        return asked

    def _judged_star(self, request: Request, aor: str, now: float) -> list[Binding]:
        if (request.headers.get("Expires") or "").strip(LWS) != "0":
            raise PeerError(400, "Contact: * needs Expires: 0")
        removed = [binding for binding in self._of(aor).values() if not binding.static]
        for binding in removed:
            self._check_order(binding, request)
        return [replace(binding, expires_at=now) for binding in removed]

    def _judged_contact(self, request: Request, contact: NameAddr, base: Binding) -> Binding:
        if contact.uri.scheme not in ("sip", "sips"):
            raise PeerError(400, f"a contact with scheme {contact.uri.scheme!r} cannot be reached")
        expires_s = self._expires_s(request, contact)
        if 0 < expires_s < min(self.min_expires_s, _BRIEF_S):
            raise PeerError(423, "Interval Too Brief")
        expires_at = base.expires_at + min(expires_s, self.max_expires_s)
        instance = unquote(contact.param("+sip.instance") or "")[:_LONGEST_NAME]
        reg_id = (contact.param("reg-id") or "")[:_LONGEST_NAME]
        return Binding(
            base.aor, str(contact.uri), base.flow, expires_at, base.call_id, base.cseq, base.user_agent,
            _q(contact.param("q")), base.path, legible(instance), legible(reg_id),
        )  # fmt: skip

    def _expires_s(self, request: Request, contact: NameAddr) -> int:
        for text in (contact.param("expires"), request.headers.get("Expires")):
            if text is not None:
                # Section 20.19, 20.10: a malformed value means the default.
                number = whole(text)
                return self.default_expires_s if number is None else number
        return self.default_expires_s

    def _check_order(self, old: Binding | None, request: Request) -> None:
        # Step 6 and 7: within one Call-ID a request that was overtaken by a later one fails.
        if old is not None and old.call_id == request.call_id and request.cseq.number <= old.cseq:
            raise PeerError(400, "CSeq out of order")

    def _commit(self, asked: list[Binding], now: float) -> list[Effect]:
        effects: list[Effect] = []
        for binding in asked:
            key = key_of(binding.contact)
            old = self._of(binding.aor).get(key)
            if old is not None and old.static:
                continue
            if binding.expires_at > now:
                self._put(key, binding)
                effects.append(Registered(binding, old is None))
                effects += self._replaced(key, binding)
                effects += self._make_room(binding)
            elif old is not None:
                effects.append(self._remove(key, old, "removed"))
        return effects

    def _replaced(self, key: ContactKey, newest: Binding) -> list[Effect]:
        """The same phone under another contact: it was started anew, or its NAT gave it another port."""
        if not newest.instance:
            return []
        named = (newest.instance, newest.reg_id)
        others = [(k, b) for k, b in self._of(newest.aor).items() if (b.instance, b.reg_id) == named and k != key]
        return [self._remove(other, binding, "replaced") for other, binding in others if not binding.static]

    def _make_room(self, newest: Binding) -> list[Effect]:
        dynamic = {k: b for k, b in self._of(newest.aor).items() if not b.static and b is not newest}
        if len(dynamic) < self.max_bindings:
            return []
        oldest = min(dynamic, key=lambda key: dynamic[key].expires_at)
        return [self._remove(oldest, dynamic[oldest], "replaced")]


def _path(request: Request) -> tuple[str, ...]:
    """The Path values, each of them good as a loose Route (RFC 3327 section 5). Raises ``PeerError`` (400)."""
    values = request.headers.all("Path")
    if len(values) > _MOST_PATHS:
        raise PeerError(400, "too many Path values")
    for value in values:
        if parse_name_addr(value).uri.param("lr") is None:
            raise PeerError(400, "a Path without lr")
    return tuple(values)


def _repeated_path(request: Request) -> list[tuple[str, str]]:
    """Section 5.3 of RFC 3327: only to who says in Supported that it knows Path."""
    supported = {tag.strip(LWS).lower() for tag in request.headers.all("Supported")}
    return [("Path", value) for value in request.headers.all("Path")] if "path" in supported else []


def _q(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 1.0


def _written(binding: Binding, now: float) -> str:
    q = "" if binding.q == 1.0 else f";q={binding.q:.3g}"
    left_s = _BRIEF_S if binding.static else max(0, math.ceil(binding.expires_at - now))
    return f"<{binding.contact}>;expires={left_s}{q}"
