"""Where an address-of-record can be reached: the registrar and its location service (RFC 3261 section 10.3, RFC 3327).

Decided here: which bindings a REGISTER leaves behind. Who may register for which address-of-record has been decided
before (``digest``). A request is judged whole before anything is changed, so that it succeeds or fails as one (step 7).
Bindings outlive the process: ``now`` and ``expires_at`` are Unix seconds. A phone that comes back under ever new
contacts pushes out its own oldest ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.core.timers import Deadlines
from softswitch.sip.flow import Flow
from softswitch.sip.header import NameAddr, parse_name_addr
from softswitch.sip.message import Request, Response
from softswitch.sip.response import respond, stateless_tag
from softswitch.sip.uri import identity, parse_uri

ContactKey = tuple[object, ...]
_BRIEF_S = 3600  # section 10.3 step 7: an interval of an hour or more is never too brief


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to reach an address-of-record."""

    aor: str
    contact: str  # a URI
    flow: Flow  # the way that the REGISTER came: what goes to the contact goes back by it
    expires_at: float  # Unix seconds; infinite for what the admin configured
    call_id: str = ""
    cseq: int = 0
    user_agent: str = ""
    q: float = 1.0  # 0..1, preference
    path: tuple[str, ...] = ()  # Path values, to be used as Route

    @property
    def static(self) -> bool:
        return self.expires_at == math.inf


@dataclass(frozen=True, slots=True)
class Registered(DomainEvent):
    binding: Binding
    new: bool  # False: a refresh


@dataclass(frozen=True, slots=True)
class Unregistered(DomainEvent):
    binding: Binding
    why: str  # "removed", "expired", "replaced" (too many of them) or "connection" (lost)


class Registrar:
    """Every binding there is, by address-of-record."""

    def __init__(
        self, min_expires_s: int = 60, max_expires_s: int = 3600, default_expires_s: int = 3600, max_bindings: int = 8
    ) -> None:
        self.min_expires_s = min_expires_s
        self.max_expires_s = max_expires_s
        self.default_expires_s = default_expires_s
        self.max_bindings = max_bindings  # of one address-of-record
        self._bindings: dict[str, dict[ContactKey, Binding]] = {}
        self._expiry = Deadlines()

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
        listed = [("Contact", _written(binding, now)) for binding in self.lookup(aor, now)]
        paths = [("Path", value) for value in request.headers.all("Path")]
        return respond(request, 200, to_tag=tag, headers=listed + paths), effects

    def _judged(self, request: Request, flow: Flow, aor: str, now: float) -> list[Binding]:
        """The bindings that the request asks for; those to be removed expire ``now``. Raises ``PeerError``."""
        contacts = request.headers.all("Contact")
        if contacts == ["*"]:
            return self._judged_star(request, aor, now)
        if len(contacts) > self.max_bindings:
            raise PeerError(400, "too many Contacts")
        agent = legible(request.headers.get("User-Agent") or "")
        base = Binding(
            aor, "", flow, now, request.call_id, request.cseq.number, agent,
            path=tuple(request.headers.all("Path")),
        )  # fmt: skip
        asked = [self._judged_contact(request, parse_name_addr(text), base) for text in contacts]
        for binding in asked:
            self._check_order(self._of(aor).get(_key(binding.contact)), request)
        return asked

    def _judged_star(self, request: Request, aor: str, now: float) -> list[Binding]:
        if request.headers.get("Expires") != "0":
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
        return replace(base, contact=str(contact.uri), expires_at=expires_at, q=_q(contact.param("q")))

    def _expires_s(self, request: Request, contact: NameAddr) -> int:
        for text in (contact.param("expires"), request.headers.get("Expires")):
            if text is not None:
                # Section 20.19, 20.10: a malformed value means the default.
                good = text.isascii() and text.isdigit() and len(text) <= 10
                return int(text) if good else self.default_expires_s
        return self.default_expires_s

    def _check_order(self, old: Binding | None, request: Request) -> None:
        # Step 6 and 7: within one Call-ID a request that was overtaken by a later one fails.
        if old is not None and old.call_id == request.call_id and request.cseq.number <= old.cseq:
            raise PeerError(400, "CSeq out of order")

    def _commit(self, asked: list[Binding], now: float) -> list[Effect]:
        effects: list[Effect] = []
        for binding in asked:
            key = _key(binding.contact)
            old = self._of(binding.aor).get(key)
            if old is not None and old.static:
                continue
            if binding.expires_at > now:
                self._put(key, binding)
                effects.append(Registered(binding, old is None))
                effects += self._make_room(binding)
            elif old is not None:
                effects.append(self._remove(key, old, "removed"))
        return effects

    def _make_room(self, newest: Binding) -> list[Effect]:
        dynamic = {k: b for k, b in self._of(newest.aor).items() if not b.static and b is not newest}
        if len(dynamic) < self.max_bindings:
            return []
        oldest = min(dynamic, key=lambda key: dynamic[key].expires_at)
        return [self._remove(oldest, dynamic[oldest], "replaced")]

    # ---- what others ask ---------------------------------------------------------------------------------------

    def lookup(self, aor: str, now: float) -> list[Binding]:
        """The living bindings of ``aor``, the preferred first, among equals the one that was refreshed last."""
        living = [binding for binding in self._of(aor).values() if binding.expires_at > now]
        return sorted(living, key=lambda binding: (-binding.q, -binding.expires_at))

    def bindings(self) -> list[Binding]:
        return [binding for of_one in self._bindings.values() for binding in of_one.values()]

    def restore(self, bindings: list[Binding]) -> None:
        """Take up what a former process had; nothing is reported, what has expired is dropped by the next tick."""
        for binding in bindings:
            self._put(_key(binding.contact), binding)

    def add_static(self, aor: str, contact: str, flow: Flow) -> None:
        """A binding that the admin configured: it never expires, and no REGISTER touches it."""
        self._put(_key(contact), Binding(aor, contact, flow, math.inf))

    def drop(self, flow: Flow) -> list[Effect]:
        """The stream connection of ``flow`` is gone, and with it what was registered over it (RFC 5626 section 4.2)."""
        if not flow.connection:
            return []
        lost = [b for b in self.bindings() if b.flow.connection == flow.connection and not b.static]
        return [self._remove(_key(binding.contact), binding, "connection") for binding in lost]

    # ---- time --------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float | None:
        return self._expiry.next()

    def tick(self, now: float) -> list[Effect]:
        """Drop what has expired."""
        effects: list[Effect] = []
        for due in self._expiry.due(now):
            assert isinstance(due, tuple)
            aor, key = due
            effects.append(self._remove(key, self._bindings[aor][key], "expired"))
        return effects

    # ---- the table ---------------------------------------------------------------------------------------------

    def _of(self, aor: str) -> dict[ContactKey, Binding]:
        return self._bindings.get(aor, {})

    def _put(self, key: ContactKey, binding: Binding) -> None:
        self._bindings.setdefault(binding.aor, {})[key] = binding
        self._expiry.set((binding.aor, key), None if binding.static else binding.expires_at)

    def _remove(self, key: ContactKey, binding: Binding, why: str) -> Unregistered:
        of_one = self._bindings[binding.aor]
        del of_one[key]
        if not of_one:
            del self._bindings[binding.aor]
        self._expiry.set((binding.aor, key), None)
        return Unregistered(binding, why)


def _key(contact: str) -> ContactKey:
    """What makes two contacts the same (section 19.1.4).

    A parameter without a meaning to us that is in both and differs would make them two; phones draw a new one whenever
    they start, and would ring twice.
    """
    return identity(parse_uri(contact))


def _q(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 1.0


def _written(binding: Binding, now: float) -> str:
    q = "" if binding.q == 1.0 else f";q={binding.q:.3g}"
    left_s = _BRIEF_S if binding.static else max(0, math.ceil(binding.expires_at - now))
    return f"<{binding.contact}>;expires={left_s}{q}"
