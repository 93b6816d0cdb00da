"""``view.PromiseDesk`` over the driver: the promises that the ledger has in memory, and what people order of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from softswitch.callback.model import OPEN, LedgerInput, Promise, PromiseState, Promote, RetryNow, Withdraw
from softswitch.callback.waits import Wait
from softswitch.contact.order import TellLedger
from softswitch.switch.view import Refused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class Desk:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def moment(self) -> tuple[float, str]:
        return self._switch.clock.monotonic() + self._switch.clock.epoch, self._switch.configuration.zone

    def promises(self) -> Iterator[Promise]:
        return self._switch.ledger.glance.promises()

    def promise(self, id: str) -> Promise | None:
        return self._switch.ledger.glance.promise(id)

    def wait(self, id: str) -> Wait | None:
        return self._switch.ledger.glance.wait(id, self.moment()[0])

    def rest(self, promise: Promise) -> Wait | None:
        return self._switch.ledger.glance.rest(promise, self.moment()[0])

    def overdue_at(self, promise: Promise) -> float:
        return self._switch.ledger.glance.rules.overdue_at(promise)

    def policies(self) -> dict[str, str]:
        return {policy.name: policy.queue for policy in self._switch.configuration.policies}

    def standstill(self, name: str) -> Wait:
        return self._switch.ledger.glance.standstill(name, self.moment()[0])

    def spellings(self, number: str) -> set[str]:
        return self._switch.ledger.glance.spellings(number)

    def store_trouble(self) -> bool:
        return not self._switch.ledger.glance.written.healthy

    def unwritten(self) -> int:
        return self._switch.ledger.glance.written.waiting

    def withdraw(self, promise: Promise, why: str, by: str) -> None:
        self._expect_open(promise, "withdraw")
        self._tell(Withdraw(promise.id, why, by))

    def retry(self, promise: Promise, by: str) -> None:
        self._expect_open(promise, "try again")
        if promise.state is not PromiseState.RETRY_AT:
            raise Refused("not pausing", f"{promise.id} is {promise.state.value}: it does not wait for another attempt")
        self._tell(RetryNow(promise.id, by))

    def promote(self, promise: Promise, priority_s: float, by: str) -> None:
        self._expect_open(promise, "promote")
        self._tell(Promote(promise.id, priority_s, by))

    def _expect_open(self, promise: Promise, what: str) -> None:
        if promise.state not in OPEN:
            raise Refused("ended", f"{promise.id} is {promise.state.value}: there is nothing to {what}")

    def _tell(self, event: LedgerInput) -> None:
        self._switch.command(lambda: [TellLedger(event)])
