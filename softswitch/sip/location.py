"""Where each address-of-record is: the table of bindings, its limits, its time (RFC 3261 section 10.1, RFC 5626).

Decided here: in which order bindings are tried, what is forgotten and why. What a REGISTER may change is decided in
``registrar``. Bindings outlive the process: ``now`` and ``expires_at`` are Unix seconds.

A phone may be *doubtful*: something was sent to it and nothing came back. While the user has another phone, a doubtful
one is not tried, so that a binding whose phone is dead does not keep the living one waiting for it.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.timers import Deadlines
from softswitch.sip.flow import Flow
from softswitch.sip.uri import Uri, canonical_host, parse_uri

ContactKey = tuple[object, ...]
_Place = tuple[str, ContactKey]


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to reach an address-of-record."""

    aor: str
    contact: str  # a URI
    flow: Flow  # the way that the REGISTER came
    expires_at: float  # Unix seconds; infinite for what the admin configured
    call_id: str = ""
    cseq: int = 0
    user_agent: str = ""
    q: float = 1.0  # 0..1, preference
    path: tuple[str, ...] = ()  # Path values, to be used as Route (RFC 3327)
    instance: str = ""  # +sip.instance of the phone, whatever its contact is after a restart (RFC 5626 section 4.1)
    reg_id: str = ""  # one phone may have several flows

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
    why: str  # "removed", "expired", "replaced" (too many, or the phone came anew), "connection" (lost) or "silent"


class Location:
    """Every binding there is, by address-of-record."""

    def __init__(self) -> None:
        self._bindings: dict[str, dict[ContactKey, Binding]] = {}
        self._expiry = Deadlines()
        self._doubtful: set[_Place] = set()
        self._carried: dict[int, dict[_Place, None]] = {}  # by stream connection

    # ---- what others ask ---------------------------------------------------------------------------------------

    def lookup(self, aor: str, now: float) -> list[Binding]:
        """The living bindings of ``aor``, the preferred first, among equals the one that was refreshed last.

        Doubtful ones only where there are no others.
        """
        of_one = self._bindings.get(aor)
        if of_one is None:
            return []
        living = [(key, binding) for key, binding in of_one.items() if binding.expires_at > now]
        if len(living) > 1:
            if self._doubtful:
                living = [pair for pair in living if (aor, pair[0]) not in self._doubtful] or living
            living.sort(key=lambda pair: (-pair[1].q, -pair[1].expires_at))
        return [binding for _, binding in living]

    def registered(self, aor: str, now: float) -> list[Binding]:
        """All living bindings of ``aor``, as the answer to a REGISTER lists them."""
        living = [binding for binding in self._of(aor).values() if binding.expires_at > now]
        return sorted(living, key=lambda binding: (-binding.q, -binding.expires_at)) if len(living) > 1 else living

    def bindings(self) -> list[Binding]:
        return [binding for of_one in self._bindings.values() for binding in of_one.values()]

    def binding(self, aor: str, key: ContactKey) -> Binding | None:
        return self._of(aor).get(key)

    def holds(self, binding: Binding) -> bool:
        """Whether this very binding, not refreshed since, is still there."""
        return self._of(binding.aor).get(key_of(binding.contact)) == binding

    # ---- what becomes of them ----------------------------------------------------------------------------------

    def restore(self, bindings: list[Binding]) -> None:
        """Take up what a former process had; nothing is reported, what has expired is dropped by the next tick.

        All of it is doubtful: nobody knows which of the phones are still there.
        """
        for binding in sorted(bindings, key=lambda binding: binding.expires_at):  # of one spelt in two ways, the later
            self._put(key_of(binding.contact), binding)
            self.doubt(binding)

    def add_static(self, aor: str, contact: str, flow: Flow) -> None:
        """A binding that the admin configured: it never expires, and no REGISTER touches it."""
        self._put(key_of(contact), Binding(aor, contact, flow, math.inf))

    def drop(self, flow: Flow) -> list[Effect]:
        """The stream connection of ``flow`` is gone, and with it what was registered over it (RFC 5626 section 4.2)."""
        if not flow.connection:
            return []
        lost = [(key, self._bindings[aor][key]) for aor, key in self._carried.get(flow.connection, ())]
        return [self._remove(key, binding, "connection") for key, binding in lost if not binding.static]

    def doubt(self, binding: Binding) -> None:
        """Nothing came back from there."""
        if self.holds(binding):
            self._doubtful.add((binding.aor, key_of(binding.contact)))

    def trust(self, binding: Binding) -> bool:
        """It has answered; whether it was doubtful."""
        place = (binding.aor, key_of(binding.contact))
        doubtful = place in self._doubtful
        self._doubtful.discard(place)
        return doubtful

    def give_up(self, binding: Binding) -> list[Effect]:
        """It has been silent for too long. What the admin configured stays."""
        if binding.static or not self.holds(binding):
            return []
        return [self._remove(key_of(binding.contact), binding, "silent")]

    def take_back(self, binding: Binding, now: float) -> list[Effect]:
        """One that was given up has answered; nothing where it has expired, or its phone has registered anew."""
        key, there = key_of(binding.contact), self._of(binding.aor)
        anew = binding.instance and any(one.instance == binding.instance for one in there.values())
        if binding.expires_at <= now or key in there or anew:
            return []
        self._put(key, binding)
        return [Registered(binding, new=True)]

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
        of_one = self._bindings.setdefault(binding.aor, {})
        place = (binding.aor, key)
        if key in of_one:
            self._unload(place, of_one[key])
        of_one[key] = binding
        if binding.flow.connection:
            self._carried.setdefault(binding.flow.connection, {})[place] = None
        self._doubtful.discard(place)
        self._expiry.set(place, None if binding.static else binding.expires_at)

    def _remove(self, key: ContactKey, binding: Binding, why: str) -> Unregistered:
        of_one = self._bindings[binding.aor]
        del of_one[key]
        if not of_one:
            del self._bindings[binding.aor]
        place = (binding.aor, key)
        self._unload(place, binding)
        self._doubtful.discard(place)
        self._expiry.set(place, None)
        return Unregistered(binding, why)

    def _unload(self, place: _Place, binding: Binding) -> None:
        carried = self._carried.get(binding.flow.connection)
        if carried is not None:
            carried.pop(place, None)
            if not carried:
                del self._carried[binding.flow.connection]


@functools.lru_cache(maxsize=4096)
def key_of(contact: str) -> ContactKey:
    """What makes two contacts the same (section 19.1.4, the parts that lead to different phones)."""
    uri: Uri = parse_uri(contact)
    return (uri.scheme, uri.user, canonical_host(uri.host), uri.port, (uri.param("transport") or "").lower())
