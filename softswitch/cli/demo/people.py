"""How the people of the demo behave: callers who wait, give up or ask to be called back; agents who talk.

They act on their own, over SIP and RTP. The one thing that they are told by the switch's API is whether a human is on
the line: a person hears the difference between music and a voice.

What happens to somebody that should happen to nobody is kept as a trouble.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from softswitch.cli.demo.board import WAITING, Board
from softswitch.cli.demo.call import CANCELLED, Call
from softswitch.cli.demo.cast import OFFER_AFTER_S, OFFER_KEY, AgentRole, CallerRole, Temper
from softswitch.cli.demo.phone import Phone
from softswitch.cli.demo.stage import NUMBER, password

LOGIN_CODE = "*11"
BUSY_HERE, NOT_FOUND = 486, 404
_ANSWER_LIMIT_S = 10.0
_PATIENCE_ENDS_S = 60.0  # nobody waits longer in a demo
_OFFER_HEARD_S = 1.5  # from the moment at which the offer is due until it is understood
_LOOK_S = 0.1
_LOGIN_HEARD_S = 1.5
_PICKS_UP_S = (1.0, 2.0)
_TALK_S = (4.0, 8.0)
_TALK_LIMIT_S = 40.0  # of an agent who lets the customer hang up


@dataclass(slots=True)
class World:
    """What all have in common; ``clock`` is seconds since the curtain rose."""

    board: Board
    clock: Callable[[], float]
    random: random.Random
    troubles: list[str]

    async def until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self.clock()))


class Caller:
    """A customer behind the carrier's trunk."""

    def __init__(self, role: CallerRole, world: World) -> None:
        self.role = role
        self.served = False  # has talked on the call that this customer made
        self.gave_up = False  # has hung up while waiting
        self.called_back = 0  # times this customer has talked on a call from the switch
        self._world = world
        self._engaged = role.engaged

    async def visit(self, carrier: Phone) -> None:
        """The call that this customer makes, from dialling to hanging up."""
        await self._world.until(self.role.at_s)
        call = carrier.dial(self.role.number, NUMBER)
        if not await call.answered(_ANSWER_LIMIT_S):
            self._trouble(f"was not let in ({call.status or 'no answer'})")
        elif await call.ended(self.role.thinks_s):
            self._trouble("was cut off in the greeting")
        else:
            call.press(self.role.key)
            self.served = await self._waits(call)
            if self.served:
                await self._talks(call)
        call.hang_up()

    async def answer(self, call: Call) -> None:
        """The switch calls back."""
        if self._engaged:
            self._engaged = False
            call.reject(BUSY_HERE)
            return
        call.ring()
        await call.ended(self._world.random.uniform(*_PICKS_UP_S))
        call.accept()
        if await call.answered(_ANSWER_LIMIT_S):
            self.called_back += 1
            await self._talks(call)
            call.hang_up()

    async def _waits(self, call: Call) -> bool:
        """Whether an agent came."""
        began: float | None = None
        asked_at = 0.0
        while not await call.ended(_LOOK_S):
            state, now = self._world.board.state(self.role.number), self._world.clock()
            if state == "talking":
                return True
            if state not in WAITING:
                continue
            began = began or now
            if self._gives_up(now - began):
                self.gave_up = True
                return False
            if self._asks(now - max(began, asked_at)):
                asked_at = now
                call.press(OFFER_KEY)
        if not (self.role.temper is Temper.BUSY and call.ended_by == "peer"):
            self._trouble(f"was cut off while waiting (by {call.ended_by})")
        return False

    def _gives_up(self, waited_s: float) -> bool:
        return waited_s > (self.role.patience_s if self.role.temper is Temper.HASTY else _PATIENCE_ENDS_S)

    def _asks(self, waited_s: float) -> bool:
        return self.role.temper is Temper.BUSY and waited_s > OFFER_AFTER_S + _OFFER_HEARD_S

    async def _talks(self, call: Call) -> None:
        call.voice.speaking = True
        await call.ended(self.role.talks_s)
        if call.ended_by == "network":
            self._trouble("lost the connection")
        if not call.voice.heard:
            self._trouble("heard nothing at all")

    def _trouble(self, what: str) -> None:
        self._world.troubles.append(f"caller {self.role.number} {what}")


class Agent:
    """A person at a phone that registers; on duty after dialling the feature code."""

    def __init__(self, role: AgentRole, world: World) -> None:
        self.role = role
        self._world = world

    async def come(self, phone: Phone) -> None:
        """Register at once, log in when the time has come."""
        credentials = (self.role.user, password(self.role.user))
        if not await phone.register(*credentials):
            self._trouble("could not register")
            return
        await self._world.until(self.role.at_s)
        call = phone.dial(self.role.user, LOGIN_CODE, credentials)
        if not await call.answered(_ANSWER_LIMIT_S):
            self._trouble(f"could not dial {LOGIN_CODE} ({call.status or 'no answer'})")
        await call.ended(_LOGIN_HEARD_S)
        call.hang_up()
        ends_s = self._world.clock() + _ANSWER_LIMIT_S
        while not self._world.board.reachable(self.role.name):
            if self._world.clock() > ends_s:
                self._trouble(f"is not logged in after {LOGIN_CODE}")
                return
            await asyncio.sleep(_LOOK_S)

    async def answer(self, call: Call) -> None:
        """Pick up, talk; who hangs up first is chance, but never the agent where a customer is being called back."""
        chance = self._world.random
        call.ring()
        await call.ended(chance.uniform(*_PICKS_UP_S))
        call.accept()
        if not await call.answered(_ANSWER_LIMIT_S):
            if call.status != CANCELLED:
                self._trouble(f"was rung and could not answer ({call.status or 'no ACK'})")
            return
        call.voice.speaking = True
        patient = "callback" in call.caller_name or chance.random() < 0.5
        await call.ended(_TALK_LIMIT_S if patient else chance.uniform(*_TALK_S))
        call.hang_up()

    def _trouble(self, what: str) -> None:
        self._world.troubles.append(f"agent {self.role.name} {what}")
