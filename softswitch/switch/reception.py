"""A new caller at the door: what was called, and the contact that takes care of it."""

from __future__ import annotations

from softswitch.acd.model import LogIn, LogOut, SetPaused, SetReady
from softswitch.call.signal import Offered
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts
from softswitch.contact.order import TellAcd
from softswitch.contact.routing import FeatureRoute, Numbering, PlanRoute, Route, TrunkRoute, UserRoute
from softswitch.contact.script import Announce, DirectDial, Script
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import DialOut, Prompt
from softswitch.ivr.plan import route as plan_for
from softswitch.ivr.run import Facts as PlanFacts
from softswitch.ivr.speech import phrase
from softswitch.switch.configuration import Configuration
from softswitch.switch.desk import CallWanted
from softswitch.switch.directory import SwitchDirectory

_SAID = {"login": "agent_logged_in", "logout": "agent_logged_out", "ready": "agent_ready", "pause": "agent_paused"}


class Reception:
    def __init__(self, configuration: Configuration, ids: Ids) -> None:
        self._configuration = configuration
        self._ids = ids
        self._plan_facts = PlanFacts(configuration.calendars, configuration.prompts)
        prefixes = sorted(
            ((trunk.prefix, trunk.name) for trunk in configuration.trunks.values() if trunk.prefix),
            key=lambda entry: -len(entry[0]),
        )
        plans = configuration.plans
        self._numbering = Numbering(
            configuration.features, lambda called: plan_for(plans, called), configuration.users, tuple(prefixes)
        )

    def receive(
        self, offered: Offered, wanted: CallWanted, directory: SwitchDirectory, epoch: float
    ) -> tuple[InboundContact, list[Effect]] | None:
        """The contact and what is to be done before it starts; None where nobody has the number."""
        route = self._numbering.route(offered.called, internal=bool(wanted.user))
        if route is None:
            return None
        user = self._configuration.users.get(wanted.user)
        language = (user.language if user else "") or self._configuration.language
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
        )
        return InboundContact(facts, directory, offered.leg, script, user.language if user else ""), first

    def _script(
        self, route: Route, user: str, directory: SwitchDirectory, language: str
    ) -> tuple[list[Effect], Script, str]:
        match route:
            case FeatureRoute(feature):
                agent = directory.agents_of.get(user)
                said = _SAID[feature] if agent else "agent_unknown"
                if agent and feature == "pause" and directory.logged_out(agent):
                    said = _SAID["logout"]  # who is not here cannot pause, and is told so
                orders = _state_orders(feature, agent) if agent else []
                return orders, Announce(Prompt(language, text=phrase(said, language))), ""
            case PlanRoute(plan):
                return [], Interpreter(plan, self._plan_facts), plan.name
            case UserRoute(called):
                return [], DirectDial(DialOut(users=(called,), ring_s=self._configuration.ring_s)), ""
            case TrunkRoute(trunk, number):
                ring_s = self._configuration.trunks[trunk].ring_s
                return [], DirectDial(DialOut(number=number, trunk=trunk, ring_s=ring_s)), ""


def _state_orders(feature: str, agent: str) -> list[Effect]:
    """Login and ready mean the same to who dials them: here I am, give me calls."""
    match feature:
        case "login" | "ready":
            return [TellAcd(LogIn(agent)), TellAcd(SetReady(agent))]
        case "logout":
            return [TellAcd(LogOut(agent))]
        case _:
            return [TellAcd(SetPaused(agent, "feature code"))]
