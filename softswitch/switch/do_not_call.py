"""The do-not-call list: numbers that nobody here is to call, whoever has lost them and whatever list they are in.

People and agents add to it while the switch runs; that is kept in the store and outlives every configuration. The list
in a file (``callbacks.do_not_call``) is another one: a number is free again when it is on neither. Who has added or
taken out a number is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softswitch.callback.listed import Listed
from softswitch.callback.model import Barred, DoNotCall
from softswitch.callback.node import Elsewhere, WithdrawNumber
from softswitch.callback.number import Number, identified
from softswitch.callback.reading import Reading
from softswitch.callback.rule import DO_NOT_CALL
from softswitch.contact.order import NeverCall, TellLedger
from softswitch.core.effect import DomainEvent, Effect

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


@dataclass(frozen=True, slots=True)
class NumbersListed(DomainEvent):
    """They are not to be called from now on."""

    numbers: tuple[str, ...]
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class NumbersUnlisted(DomainEvent):
    """They may be called again, unless the file has them too."""

    numbers: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What became of one number that somebody wants listed."""

    presented: str
    number: str  # "" where it is none
    why: str = ""  # it is none: one of ``number.REFUSALS``
    known: bool = False  # it was listed already


class DoNotCallList:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._rows: dict[str, Listed] = {}
        switch.ledger.handle(Barred(switch.configuration.barred), switch.unix)

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {NeverCall: self._wanted_by}

    def _wanted_by(self, order: NeverCall) -> Sequence[Effect]:
        number = self.number(order.number).dial or order.number
        return [] if number in self._rows else self._add((number,), order.why, order.by)

    def restore(self, kept: Iterable[Listed]) -> list[Effect]:
        """Before any promise of a former process."""
        self._rows = {row.number: row for row in kept}
        return self._switch.offices.to_ledger(DoNotCall(add=tuple(self._rows)))

    @property
    def file_size(self) -> int:
        return len(self._switch.configuration.barred)

    def rows(self) -> list[Listed]:
        """In the order in which they were listed."""
        return list(self._rows.values())

    def get(self, presented: str) -> Listed | None:
        return self._rows.get(self.number(presented).dial)

    def in_file(self, presented: str) -> bool:
        return self.number(presented).dial in self._switch.configuration.barred

    def number(self, presented: str) -> Number:
        """Which one that is, may it be dialled or not; also one of our own, where a queue dials such."""
        switch = self._switch
        found = identified(presented, Reading(switch.configuration.region, switch.configuration.area_code))
        own = {presented.strip()} & switch.ledger.glance.spellings(presented)
        return Number(own.pop()) if own and not found.dial else found

    def put(self, presented: Sequence[str], why: str, by: str) -> list[Wanted]:
        """List those that are numbers; what is listed already stays as it is."""
        wanted = [self._wanted(one) for one in presented]
        new = tuple(dict.fromkeys(one.number for one in wanted if one.number and not one.known))
        if new:
            self._switch.command(lambda: self._add(new, why, by))
        return wanted

    def remove(self, presented: str, by: str) -> Listed:
        """Raises ``LookupError``."""
        number = self.number(presented).dial
        row = self._rows.get(number)
        if row is None:
            raise LookupError(f"{number or presented} is not on the do-not-call list")
        self._switch.command(lambda: self._take_out(number, by))
        return row

    def _wanted(self, presented: str) -> Wanted:
        number = self.number(presented)
        if not number.dial:
            return Wanted(presented, "", number.why)
        return Wanted(presented, number.dial, known=number.dial in self._rows)

    # ---- inside of a unit of work --------------------------------------------------------------------------------

    def _add(self, numbers: tuple[str, ...], why: str, by: str) -> list[Effect]:
        rows = [Listed(number, why, by, self._switch.unix) for number in numbers]
        self._rows |= {row.number: row for row in rows}
        self._switch.ports.keeper.put_do_not_call(rows)
        told = DoNotCall(add=numbers)
        elsewhere = [WithdrawNumber(number, "", DO_NOT_CALL) for number in numbers]
        return [NumbersListed(numbers, why, by), TellLedger(told), *self._elsewhere(told, *elsewhere)]

    def _take_out(self, number: str, by: str) -> list[Effect]:
        del self._rows[number]
        self._switch.ports.keeper.remove_do_not_call((number,))
        told = DoNotCall(remove=(number,))
        return [NumbersUnlisted((number,), by), TellLedger(told), *self._elsewhere(told)]

    def heard(self, told: DoNotCall) -> None:
        """Of another node, which has it in the store."""
        rows = [Listed(number, "", "another node", self._switch.unix) for number in told.add]
        self._rows = {row.number: row for row in rows} | self._rows
        for number in told.remove:
            self._rows.pop(number, None)

    def _elsewhere(self, *what: DoNotCall | WithdrawNumber) -> list[Effect]:
        """To the other nodes, and to the promises in the pool."""
        return [Elsewhere(one) for one in what] if self._switch.ports.shared.node else []
