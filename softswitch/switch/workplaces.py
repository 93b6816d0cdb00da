"""Agents at their phones: whether one can be reached at any of his, and who sits down at which desk.

An agent is reachable while one of his phones is, and offered nothing while one of them is in a call that he has not
from a queue, such as that of whoever worked there before a reload; calls of feature codes are none. What
``contact.seats`` decides becomes true here: the phone rings for whoever has sat down, its lamp and that of the phone he
has left show it, and it is written down, so that he sits there after a crash as well. Who logs out leaves his desk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState, Engaged, LogIn, Reachability, SetReady
from softswitch.contact.inbound import InboundContact
from softswitch.contact.offering import Offering
from softswitch.contact.order import TellAcd
from softswitch.contact.script import Announce
from softswitch.contact.seating import Seating
from softswitch.contact.seats import PHONE, SeatLeft, SeatRefused, SeatTaken
from softswitch.core.effect import Effect
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.switch.lamps import PRESENCE
from softswitch.switch.view import Refused

if TYPE_CHECKING:
    from softswitch.store.query import StoredAgent
    from softswitch.switch.driver import Switch


class Workplaces:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._seats = switch.directory.seats
        self._touched: dict[str, None] = {}  # agents at whose phones something has happened in this unit of work
        self._told: dict[str, bool] = {}  # of each whether he is in another call

    # ---- reached or not ----------------------------------------------------------------------------------------

    def heard_of(self, user: str) -> list[Effect]:
        """A phone has registered, or is registered no more."""
        agent = self._seats.agents_of.get(user)
        return [] if agent is None else self._reach(agent)

    def moved(self, agent: str) -> list[Effect]:
        """He works at other phones than before; they are asked from now on whether they are still there.

        Of those that are in another call that is told first, so that they do not ring in between.
        """
        switch = self._switch
        bindings = [one for user in self._seats.users(agent) for one in switch.registrar.lookup(user, switch.unix)]
        for binding in bindings:
            switch.phones.registered(binding)
        self._told[agent] = engaged = self._engaged(agent)
        return [TellAcd(Engaged(agent, engaged)), TellAcd(Reachability(agent, bool(bindings)))]

    def _reach(self, agent: str) -> list[Effect]:
        reachable = self._reachable(agent)
        known = self._switch.acd.agent(agent)
        if known.reachable == reachable and not known.delayed:
            return []  # a refresh, as nearly all are; it may end the delay of who did not answer
        return self._switch.offices.to_acd(Reachability(agent, reachable))

    def _reachable(self, agent: str) -> bool:
        return any(self._switch.registrar.lookup(user, self._switch.unix) for user in self._seats.users(agent))

    def restore(self, agents: Iterable[StoredAgent]) -> list[Effect]:
        """The desks of the former process, as far as they are still there and free; then who can be rung."""
        users = self._switch.configuration.users
        for stored in agents:
            if stored.phone in users and not self._seats.refusal(stored.agent, stored.phone):
                self._seats.sit(stored.agent, stored.phone)
        everybody = [spec.name for spec in self._switch.configuration.agents]
        return [
            effect
            for agent in everybody
            for effect in self._switch.offices.to_acd(Reachability(agent, self._reachable(agent)))
        ]

    # ---- in another call or not --------------------------------------------------------------------------------

    def touch(self, user: str) -> None:
        """A leg at this phone is not what it was."""
        if (agent := self._seats.agents_of.get(user)) is not None:
            self._touched[agent] = None

    def settle(self) -> list[Effect]:
        """Before the ACD hears of anything, and at the end of a unit of work."""
        touched, self._touched = self._touched, {}
        return [effect for agent in touched for effect in self._engagement(agent)]

    def _engagement(self, agent: str) -> list[Effect]:
        if not self._switch.acd.is_employed(agent):  # offered nothing any more, and perhaps gone
            return []
        engaged = self._engaged(agent)
        if self._told.get(agent, False) is engaged:
            return []
        self._told[agent] = engaged
        return self._switch.offices.to_acd(Engaged(agent, engaged))

    def _engaged(self, agent: str) -> bool:
        calls = self._switch.calls
        users = self._seats.users(agent)
        return any(self._other_affair(leg, agent) for user in users for leg in calls.extensions.living(user))

    def untold(self, agent: str) -> list[Reachability | Engaged]:
        """What the ACD ought to know of his phones and does not: nothing, unless there is a defect."""
        known, reachable, engaged = self._switch.acd.agent(agent), self._reachable(agent), self._engaged(agent)
        found: list[Reachability | Engaged] = []
        if known.reachable is not reachable:
            found.append(Reachability(agent, reachable))
        if known.engaged is not engaged:
            found.append(Engaged(agent, engaged))
        return found

    def tell(self, untold: Reachability | Engaged) -> list[Effect]:
        if isinstance(untold, Engaged):
            self._told[untold.agent] = untold.engaged
        return self._switch.offices.to_acd(untold)

    def _other_affair(self, leg: str, agent: str) -> bool:
        """It has nothing to do with what the ACD has given him; it may have given it to who was there before."""
        contact = self._switch.calls.contacts.get(self._switch.calls.contact_at(leg))
        if contact is None:  # whom he has transferred has gone, and his phone has not let go of it yet
            return True
        if leg in contact.agents:
            return contact.agents[leg][0] != agent
        if isinstance(contact, InboundContact) and isinstance(contact.script, Announce | Seating):
            return False
        return not (isinstance(contact, Offering) and contact.rung_at(leg) == agent)

    # ---- sitting down, standing up -----------------------------------------------------------------------------

    def expect(self, agent: str) -> None:
        """He is to work, or to pause. Raises ``LookupError``, and ``Refused`` for one who only ends what he does."""
        self._switch.acd.agent(agent)
        if not self._switch.acd.is_employed(agent):
            raise Refused("removed", f"{agent} is not in agents.yaml any more, and leaves when the call is over")

    def log_in(self, agent: str, phone: str, ready: bool, by: str) -> list[Effect]:
        """By command, at ``phone``; "": where he is already, or at his own. Raises as ``expect`` does."""
        self.expect(agent)
        users, there = self._switch.configuration.users, self._seats.users(agent)
        log_in = TellAcd(LogIn(agent, ready))
        if not phone and there:
            return [log_in]
        if not phone:
            raise Refused("no phone", f"{agent} has no phone of his own; say at which one he sits")
        if phone not in users:
            raise Refused("unknown phone", f"users.yaml has no user {phone!r}{did_you_mean(phone, users)}")
        if phone in there:
            return [log_in]
        match self._seats.refusal(agent, phone):
            case "own phones":
                raise Refused("own phones", f"{agent} has phones of his own ({', '.join(there)}), and works there")
            case "taken":
                other = self._seats.agents_of[phone]
                raise Refused("taken", f"{other} sits at {phone}; log {other} out first, or take another phone")
        return [SeatTaken(agent, phone, self._seats.desk(agent), by), log_in]

    def seated(self, event: SeatTaken | SeatRefused) -> list[Effect]:
        if isinstance(event, SeatRefused):
            if event.why == "pin":
                self._seats.refused(event.user, event.agent, self._switch.now)
            return []
        agent, user = event.agent, event.user
        self._seats.opened(user, agent)
        self._seats.sit(agent, user)
        self._show(user, event.old)
        reach = self.moved(agent)
        wish = self._switch.acd.agent(agent)
        paused = wish.wish_reason if wish.wish is AgentState.PAUSED else ""
        self._switch.ports.keeper.put_agent(agent, True, paused, user)
        works = [TellAcd(LogIn(agent)), TellAcd(SetReady(agent))] if event.by == PHONE else []
        return [*reach, *works]

    def logged_out(self, agent: str) -> list[Effect]:
        """His desk is free for somebody else."""
        user = self._seats.leave(agent)
        if not user:
            return []
        self._show(user)
        removed = not self._switch.acd.is_employed(agent)  # by a reload
        return [SeatLeft(agent, user), *([] if removed else self.moved(agent))]

    def _show(self, *users: str) -> None:
        for user in users:
            self._switch.lamps.touch(PRESENCE, user)
