"""A ledger with everything around it that a test needs: ids, a clock that is a number, the orders given so far."""

from __future__ import annotations

import random
from typing import TypeVar

from softswitch.callback.ledger import Ledger
from softswitch.callback.model import (
    AgentFound,
    Capacity,
    DialCustomer,
    LedgerInput,
    Lost,
    Persist,
    Persisted,
    Policy,
    Promise,
    PromiseState,
    SeekAgent,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids

E = TypeVar("E", bound=Effect)
NOON = 1_760_000_000.0  # a Thursday, 16:53 in Shanghai
NUMBER = "13800138000"
E164 = "+8613800138000"
SALES = Policy("sales", "carrier", caller_id="+861012345678", retry_busy_s=300.0, ring_s=30.0, settle_s=32.0)


class Desk:
    def __init__(self, *policies: Policy) -> None:
        self.ledger = Ledger(policies or (SALES,), Ids(random.Random(7).getrandbits))
        self.now = NOON
        self.last: list[Effect] = []
        self._contacts = 0

    def feed(self, event: LedgerInput) -> list[Effect]:
        self.last = self.ledger.handle(event, self.now)
        return self.last

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, ticking at each deadline on the way."""
        end, effects = self.now + seconds, list[Effect]()
        while (deadline := self.ledger.deadline) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            effects += self.ledger.tick(self.now)
        self.now = end
        self.last = effects
        return effects

    def given(self, kind: type[E]) -> list[E]:
        return [effect for effect in self.last if isinstance(effect, kind)]

    def acknowledge(self, ok: bool = True) -> list[Effect]:
        """Answer every write of the last step."""
        effects: list[Effect] = []
        for order in self.given(Persist):
            effects += self.ledger.handle(Persisted(order.promise.id, order.token, ok), self.now)
        self.last = effects
        return effects

    def lose(
        self,
        number: str = NUMBER,
        queue: str = "sales",
        stage: str = "abandoned",
        queued_at: float | None = None,
        waited_s: float = 60.0,
        token: str = "",
        contact: str = "",
    ) -> list[Effect]:
        """Each loss is that of another contact, unless one is named."""
        self._contacts += 1
        since = self.now if queued_at is None else queued_at
        contact = contact or f"contact-{self._contacts}"
        return self.feed(Lost(number, queue, stage, contact, since, waited_s, token))

    def due(self, number: str = NUMBER) -> Promise:
        """A promise that waits for an agent."""
        self.lose(number)
        self.acknowledge()
        return self.only()

    def seeking(self) -> Promise:
        self.due()
        self.feed(Capacity("sales", 1, 0))
        assert self.given(SeekAgent)
        self.feed(Capacity("sales", 0, 0))  # the agent is reserved
        return self.only()

    def dialling(self) -> Promise:
        promise = self.seeking()
        self.feed(AgentFound(promise.id, "anna"))
        self.acknowledge()
        assert self.given(DialCustomer)
        return self.only()

    def only(self) -> Promise:
        (promise,) = self.ledger.promises()
        return promise

    @property
    def state(self) -> PromiseState:
        return self.only().state
