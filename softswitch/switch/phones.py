"""Whether the registered phones are still there, and the holes in the NATs in front of them (RFC 5626 section 4.4).

Asked by OPTIONS are the phones that a former process knew, soon after the start; those of agents, since calls are
offered to them; and those behind a NAT on UDP, often enough to keep its hole open. Who is silent once is doubtful:
the user's other phones are tried instead. Who is silent again is registered no more. Any answer is one, whatever it
says, but for the 408 of a proxy.

An agent's phone that has fallen silent is asked on until its registration would have ended, and is back with its first
answer. So one that slept, or had no network, need not wait for its next REGISTER before calls are offered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from softswitch.call.compose import PRODUCT
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.timers import Deadlines
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.location import Binding, key_of
from softswitch.sip.message import Request
from softswitch.sip.probing import options
from softswitch.sip.uri import Uri, parse_uri
from softswitch.switch.way import behind_nat, way

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

NOBODY = 408  # a proxy in front of the phone has heard nothing of it
ANSWER_S = 4.0  # until a phone counts as silent
AGAIN_S = 10.0  # until a doubtful one is asked once more
SPREAD_S = 0.01  # between two phones of a former process
_Place = tuple[str, str]  # aor, contact


class Phones:
    """``due`` is called at the deadline that it arms; owners of its requests begin with ``phone:``."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._next = Deadlines()  # of places: when to ask
        self._silent = Deadlines()  # of owners: when to stop waiting
        self._asked: dict[str, Binding] = {}  # by owner
        self._missed: set[_Place] = set()
        self._lost: dict[_Place, Binding] = {}  # fallen silent, and asked on
        self._serial = 0

    def owns(self, owner: str) -> bool:
        return owner.startswith("phone:")

    # ---- whom to ask, and when ---------------------------------------------------------------------------------

    def restored(self) -> list[Effect]:
        """Everybody whom the former process knew, one after the other."""
        if self._switch.configuration.probe_s:
            dynamic = [binding for binding in self._switch.registrar.bindings() if not binding.static]
            for number, binding in enumerate(dynamic):
                self._next.set(_place(binding), self._switch.now + number * SPREAD_S)
        self._arm()
        return []

    def registered(self, binding: Binding) -> None:
        """It has just been heard; a refresh is as good as an answer."""
        place = _place(binding)
        self._missed.discard(place)
        self._lost.pop(place, None)
        self._next.set(place, self._spread(binding))
        self._arm()

    def unregistered(self, binding: Binding, why: str) -> bool:
        """Whether it is asked on: it stays in the store then, so that a new process asks it as well."""
        place, probe_s = _place(binding), self._switch.configuration.probe_s
        self._missed.discard(place)
        asked_on = why == "silent" and probe_s > 0 and binding.aor in self._switch.directory.agents_of
        if asked_on:
            self._lost[place] = binding
        self._next.set(place, self._switch.now + probe_s if asked_on else None)
        self._arm()
        return asked_on

    def _later(self, binding: Binding) -> float | None:
        configuration = self._switch.configuration
        hole = configuration.nat and not binding.flow.reliable and behind_nat(binding)
        waits = [configuration.keep_alive_s] if hole else []
        waits += [configuration.probe_s] if binding.aor in self._switch.directory.agents_of else []
        return self._switch.now + min(wait for wait in waits if wait) if any(waits) else None

    def _spread(self, binding: Binding) -> float | None:
        """Those that have registered in one moment are not all asked in one."""
        later = self._later(binding)
        share = crc32(f"{binding.aor} {binding.contact}".encode("utf-8", "surrogateescape")) / 2**32
        return None if later is None else later - (later - self._switch.now) * share / 2

    # ---- asking ------------------------------------------------------------------------------------------------

    def due(self) -> list[Effect]:
        effects: list[Effect] = []
        for owner in self._silent.due(self._switch.now):
            assert isinstance(owner, str)
            effects += self._no_answer(self._asked.pop(owner))
        for place in self._next.due(self._switch.now):
            assert isinstance(place, tuple)
            binding = self._switch.registrar.binding(place[0], key_of(place[1])) or self._still_lost(place)
            effects += self._ask(binding) if binding else []
        self._arm()
        return effects

    def answered(self, event: ResponseArrived | TransactionFailed) -> list[Effect]:
        binding = self._asked.pop(event.owner, None)
        if binding is None:
            return []
        self._silent.set(event.owner, None)
        silent = isinstance(event, TransactionFailed) or event.response.status == NOBODY
        effects = self._no_answer(binding) if silent else self._is_there(binding)
        self._arm()
        return effects

    def _still_lost(self, place: _Place) -> Binding | None:
        binding = self._lost.get(place)
        if binding is not None and binding.expires_at <= self._switch.unix:
            del self._lost[place]
            self._switch.ports.keeper.remove_binding(binding)
            return None
        return binding

    def _is_there(self, binding: Binding) -> list[Effect]:
        registrar, place = self._switch.registrar, _place(binding)
        if self._lost.pop(place, None) is not None:
            effects = registrar.take_back(binding, self._switch.unix)  # a fact, after which it is asked as before
            self._switch.arm_registrar()
            if not effects:  # it is known to be elsewhere, and a new process is to know that, too
                self._switch.ports.keeper.remove_binding(binding)
            return effects
        registrar.trust(binding)
        self._missed.discard(place)
        self._next.set(place, self._later(binding))
        return []

    def _ask(self, binding: Binding) -> list[Effect]:
        self._serial += 1
        owner = f"phone:{self._serial}"
        try:
            request, flow = self._options(binding), way(binding, self._switch.configuration)
        except PeerError:
            return []
        self._asked[owner] = binding
        self._silent.set(owner, self._switch.now + ANSWER_S)
        return self._switch.signalling.request(request, flow, owner)

    def _options(self, binding: Binding) -> Request:
        parse_uri(binding.contact)
        here = Uri("sip", PRODUCT, *binding.flow.sent_by)
        to = f"sip:{binding.aor}@{self._switch.configuration.realm}"
        return options(binding.contact, to, str(here), self._switch.ids, binding.path)

    def _no_answer(self, binding: Binding) -> list[Effect]:
        registrar, place = self._switch.registrar, _place(binding)
        if place in self._lost:
            self._next.set(place, self._switch.now + self._switch.configuration.probe_s)
        if not registrar.holds(binding):
            return []
        if place in self._missed:
            effects = registrar.give_up(binding)
            self._switch.arm_registrar()
            return effects
        self._missed.add(place)
        registrar.doubt(binding)
        self._next.set(place, self._switch.now + min(AGAIN_S, self._switch.configuration.probe_s or AGAIN_S))
        return []

    def _arm(self) -> None:
        times = [time for time in (self._next.next(), self._silent.next()) if time is not None]
        self._switch.arm(("phones", ""), min(times, default=None))


def _place(binding: Binding) -> _Place:
    return (binding.aor, binding.contact)
