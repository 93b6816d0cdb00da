"""What agents and supervisors dial: the order that a code stands for, and what is said to whoever dialled it.

    login [number]   ready   logout   pause [reason]   wrap-up [minutes]        at the agent's phone
    disposition digit                                                           at the agent's phone
    force_ready, force_pause, force_logout  number                              at a supervisor's

What is asked for during a call comes true after it, and that is what is said. Ready ends wrap-up; the code for wrap-up
asks for it during a call, and makes it longer afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState, AskWrapUp, ExtendWrapUp, LogIn, LogOut, SetPaused, SetReady
from softswitch.contact.order import TellAcd
from softswitch.contact.routing import FeatureRoute
from softswitch.contact.script import Announce, Script
from softswitch.contact.seating import Seating
from softswitch.core.effect import Effect
from softswitch.ivr.speech import sentence
from softswitch.switch.directory import SwitchDirectory
from softswitch.switch.oversight import LOGGED_OUT, PAUSED, READY, OversightRefused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MINUTE_S = 60.0
_FORCED = {"force_ready": READY, "force_pause": PAUSED, "force_logout": LOGGED_OUT}
_BUSY = frozenset({AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP})
Said = tuple[list[Effect], str, dict[str, object]]  # the orders, and the sentence with its values


class AgentCodes:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def dialled(
        self, route: FeatureRoute, user: str, directory: SwitchDirectory, language: str
    ) -> tuple[list[Effect], Script]:
        """What is to be done, and what leads the caller."""
        agent, seats = directory.agents_of.get(user), directory.seats
        if agent is not None and not self._switch.acd.is_employed(agent):  # he only ends what he has in hand
            agent = None
        if route.feature in _FORCED:
            return _announced(self._forced(route, user), language)
        if agent is None:
            if route.feature == "login" and seats.rules.numbers:
                return [], Seating(seats, user, language, route.given)
            return _announced(([], "agent_unknown", {}), language)
        return _announced(self._own(route, agent, directory), language)

    def _own(self, route: FeatureRoute, agent: str, directory: SwitchDirectory) -> Said:
        state = directory.agent_state(agent)
        match route.feature, route.given:
            case "login", given if given and directory.seats.rules.numbers.get(given) != agent:
                return [], "agent_login_taken", {}
            case "login", _:
                return _at_work(agent, "agent_logged_in")
            case "ready", _:
                return _at_work(agent, "agent_ready")
            case "logout", _:
                return [TellAcd(LogOut(agent))], _later("agent_logged_out", state), {}
            case _ if state is AgentState.LOGGED_OUT:  # who is not here cannot pause, and is told so
                return [], "agent_logged_out", {}
            case "disposition", digit:
                return self._dispose(agent, digit)
            case "pause", digit:
                return self._pause(agent, digit, state)
            case _, minutes:
                return _wrap_up(agent, float(minutes or 1) * MINUTE_S, state)

    def _pause(self, agent: str, digit: str, state: AgentState) -> Said:
        if not digit:
            return [TellAcd(SetPaused(agent, "feature code"))], _later("agent_paused", state), {}
        reason = self._switch.configuration.pause_reasons.get(digit)
        if reason is None:
            return [], "agent_no_reason", {}
        orders: list[Effect] = [TellAcd(SetPaused(agent, reason))]
        return (
            (orders, "agent_paused_after", {}) if state in _BUSY else (orders, "agent_paused_for", {"reason": reason})
        )

    def _dispose(self, agent: str, digit: str) -> Said:
        noted = self._switch.offices.campaigns.dispositions.dialled(agent, digit)
        if noted is None:
            return [], "agent_no_disposition", {}
        orders, code = noted
        kept = self._switch.ledger.glance.written.healthy  # else a crash would take it with it
        return orders, "agent_disposition" if kept else "agent_disposition_away", {"code": code}

    def _forced(self, route: FeatureRoute, user: str) -> Said:
        orders = list(self._switch.oversight.dialled(route.given, _FORCED[route.feature], user))
        refused = any(isinstance(order, OversightRefused) for order in orders)
        return orders, "agent_force_refused" if refused else "agent_forced", {}


def _announced(said: Said, language: str) -> tuple[list[Effect], Script]:
    orders, key, values = said
    return orders, Announce(sentence(key, language, **values))


def _at_work(agent: str, key: str) -> Said:
    """Login and ready mean the same to who dials them: here I am, give me calls."""
    return [TellAcd(LogIn(agent)), TellAcd(SetReady(agent))], key, {}


def _later(key: str, state: AgentState) -> str:
    return f"{key}_after" if state in _BUSY else key


def _wrap_up(agent: str, longer_s: float, state: AgentState) -> Said:
    match state:
        case AgentState.TALKING:
            return [TellAcd(AskWrapUp(agent))], "agent_wrap_up_after", {}
        case AgentState.WRAP_UP:
            return [TellAcd(ExtendWrapUp(agent, longer_s))], "agent_wrap_up_longer", {}
        case _:
            return [], "agent_no_wrap_up", {}
