"""A new caller at the door: what was called, and the contact that takes care of it."""

from __future__ import annotations

import hashlib

from softswitch.call import compose
from softswitch.call.signal import Offered
from softswitch.callback.model import Lost
from softswitch.callback.number import identified
from softswitch.callback.reading import Reading as Numbers
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts
from softswitch.contact.memory import ContactMemory
from softswitch.contact.memory import script as script_of
from softswitch.contact.order import TellLedger
from softswitch.contact.reading import Reading
from softswitch.contact.retrieval import Retrieval
from softswitch.contact.routing import FeatureRoute, Numbering, PlanRoute, Route, TrunkRoute, UserRoute
from softswitch.contact.script import DirectDial, Script
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import DialOut
from softswitch.ivr.plan import Losing
from softswitch.sip.message import Request
from softswitch.switch.agent_codes import AgentCodes
from softswitch.switch.configuration import Configuration
from softswitch.switch.desk import CallWanted
from softswitch.switch.dialplans import Dialplans
from softswitch.switch.directory import SwitchDirectory

MOST_SHED = 20_000  # that are remembered


class Reception:
    def __init__(self, configuration: Configuration, ids: Ids, dialplans: Dialplans, codes: AgentCodes) -> None:
        self._codes = codes
        self._shed: dict[str, None] = {}  # calls that were turned away last, the oldest first: each may come again
        self.earlier: dict[str, float] = {}  # Call-IDs of calls that were here before a crash, since when (Unix s)
        self._configuration = configuration
        self._ids = ids
        self._dialplans = dialplans
        prefixes = sorted(
            {(trunk.prefix, trunk.group or trunk.name) for trunk in configuration.trunks.values() if trunk.prefix},
            key=lambda entry: -len(entry[0]),
        )
        self._numbering = Numbering(configuration.features, dialplans.route, configuration.users, tuple(prefixes))

    def receive(
        self, offered: Offered, wanted: CallWanted, directory: SwitchDirectory, epoch: float
    ) -> tuple[InboundContact, list[Effect]] | None:
        """The contact and what is to be done before it starts; None where nobody has the number."""
        route = self.route(offered.called, bool(wanted.user))
        if route is None:
            return None
        user = self._configuration.users.get(wanted.user)
        language = self._configuration.spoken_to(user)
        first, script, plan = self._script(route, wanted.user, directory, language)
        kind = "internal" if wanted.user and not plan else "inbound"
        facts = Facts(
            contact=self._ids.name("c"),
            kind="outbound" if isinstance(route, TrunkRoute) else kind,
            caller=wanted.user or offered.caller,  # a phone is who it has proved to be
            caller_name=(user.name if user else "") or offered.caller_name,
            called=offered.called,
            trunk=wanted.trunk,
            plan=plan,
            epoch=epoch,
            origin=offered.origin,
            shed_as=_shed_as(wanted.arrived.request),
        )
        return InboundContact(facts, directory, offered.leg, script, language), first

    def lost(self, request: Request, called: str, user: str, trunk: str, unix: float, token: str = "") -> list[Effect]:
        """A call that was turned away at the door: the ledger hears of it where a plan says who would call back.

        A caller on a trunk is who the trunk says, a phone who it has proved to be. ``token``: whose answer is awaited.
        """
        route = self._numbering.route(called, internal=bool(user))
        caller = compose.caller(request, trusted=bool(trunk))
        number = user or (caller.uri.party if caller else "")
        losing = route.plan.lost if isinstance(route, PlanRoute) else Losing()
        if not losing.to or "shed" not in losing.stages:
            return []
        name = _shed_as(request)
        if name in self._shed:
            return []
        self._shed[name] = None
        if len(self._shed) > MOST_SHED:
            del self._shed[next(iter(self._shed))]
        return [TellLedger(Lost(number, losing.to, "shed", name, unix, token=token))]

    def resumed(self, kept: ContactMemory, by: float) -> Script:
        """What led a contact of the former process. Raises ``LookupError`` where the plan is no more."""
        return script_of(kept, self._dialplans.find, self._dialplans.release.facts, by)

    def route(self, number: str, internal: bool) -> Route | None:
        return self._numbering.route(number, internal)

    def urgent(self, called: str) -> bool:
        """Whether a phone of ours that dials this calls for help: that is tried as long as there is a process."""
        route = self._numbering.route(called, internal=True)
        number = route.number if isinstance(route, TrunkRoute) else called if isinstance(route, PlanRoute) else ""
        return identified(number, Numbers(self._configuration.region)).why == "emergency"

    def script(self, route: Route, language: str, directory: SwitchDirectory) -> Script:
        """What leads whoever is transferred there."""
        return self._script(route, "", directory, language or self._configuration.spoken_to(None))[1]

    def _script(
        self, route: Route, user: str, directory: SwitchDirectory, language: str
    ) -> tuple[list[Effect], Script, str]:
        match route:
            case FeatureRoute("voicemail"):
                reading = Reading("", user, language, own=True, epoch=0.0)
                return [], Retrieval(reading, directory.mailboxes), ""
            case FeatureRoute():
                return *self._codes.dialled(route, user, directory, language), ""
            case PlanRoute(plan):
                return [], Interpreter(plan, self._dialplans.release.facts), plan.name
            case UserRoute(called):
                return [], DirectDial(DialOut(users=(called,), ring_s=self._configuration.ring_s)), ""
            case TrunkRoute(trunk, number):
                members = self._configuration.trunks.values()
                ring_s = max(one.ring_s for one in members if trunk in (one.name, one.group))
                return [], DirectDial(DialOut(number=number, trunk=trunk, ring_s=ring_s)), ""


def _shed_as(request: Request) -> str:
    """One name for a call, however often its INVITE comes."""
    return f"shed-{hashlib.sha256(request.call_id.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
