"""What the switch says about everybody, asked again and again, in words for people.

All of it comes from the HTTP API. The board adds memory: since when a caller has been seen waiting, the longest wait
that a queue ever reported, and what has changed since the last look.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from softswitch.cli.demo.house import House
from softswitch.cli.demo.stage import CALLER_ID

Item = Mapping[str, Any]

EVERY_S = 0.25
OPEN = frozenset({"recorded", "due", "seeking", "dialling", "uncertain", "retry_at"})
WAITING = frozenset({"queued", "ringing"})
_COUNTRY = CALLER_ID[:3]
_PARTS = ("calls", "agents", "promises", "queues", "records?limit=10000")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look; each part as the API has it."""

    calls: Sequence[Item] = ()
    agents: Sequence[Item] = ()
    promises: Sequence[Item] = ()
    queues: Sequence[Item] = ()
    records: Sequence[Item] = ()  # of calls that are over

    @property
    def quiet(self) -> bool:
        """No call is going on and no promise is open."""
        return not self.calls and not any(one["state"] in OPEN for one in self.promises)

    @property
    def talking(self) -> int:
        return sum(call["state"] == "talking" for call in self.calls)

    def outcomes(self, kind: str) -> Counter[str]:
        return Counter(record["outcome"] for record in self.records if record["kind"] == kind)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: who, what the switch says, and with whom."""

    name: str
    state: str
    waited_s: float = 0.0
    partner: str = ""


def local(number: str) -> str:
    """A number of the ledger as its owner writes it."""
    return number.removeprefix(_COUNTRY)


class Board:
    """``clock`` is seconds since the curtain rose; ``on_change`` is told each line that is new."""

    def __init__(
        self, house: House, numbers: Sequence[str], clock: Callable[[], float], on_change: Callable[[Line], None]
    ) -> None:
        self._house = house
        self._numbers = numbers
        self._clock = clock
        self._on_change = on_change
        self._known: dict[str, str] = {}
        self._waiting_since: dict[str, float] = {}
        self._waited: dict[str, float] = {}
        self.snapshot = Snapshot()
        self.longest_wait_s = 0.0

    async def watch(self) -> None:
        """Look, for ever. Raises ``HouseError``."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> Snapshot:
        self.snapshot = Snapshot(*[await self._house.get(part) for part in _PARTS])
        self._measure()
        for line in (*self.callers(), *self.agents(), *self.promises()):
            self._tell(line)
        return self.snapshot

    def state(self, number: str) -> str:
        """Of the call that this number has made and that is going on; "" where there is none."""
        return next((str(call["state"]) for call in self._calls("inbound") if call["caller"] == number), "")

    def reachable(self, agent: str) -> bool:
        """Logged in, with a phone that can be rung."""
        found = (one for one in self.snapshot.agents if one["agent"] == agent)
        return any(one["state"] != "logged_out" and one["reachable"] for one in found)

    # ---- in words ----------------------------------------------------------------------------------------------

    def callers(self) -> list[Line]:
        return [self._caller(number) for number in self._numbers]

    def agents(self) -> list[Line]:
        by_contact = {call["contact"]: local(call["caller"]) for call in self.snapshot.calls}
        return [
            Line(f"agent {one['agent']}", _agent_state(one), one["since_s"], by_contact.get(one["contact"], ""))
            for one in self.snapshot.agents
        ]

    def promises(self) -> list[Line]:
        return [
            Line(
                f"promise {local(one['number'])}", f"{one['state'].replace('_', ' ')} ({one['queue']}, {one['stage']})"
            )
            for one in self.snapshot.promises
        ]

    def _caller(self, number: str) -> Line:
        name, waited_s = f"caller {number}", self._waited.get(number, 0.0)
        for call in self._calls("inbound"):
            if call["caller"] == number:
                return Line(name, f"{call['state']} {call['queue']}".strip(), waited_s, call["agent"])
        for call in self._calls("callback"):
            if local(call["caller"]) == number:
                return Line(name, f"callback: {call['state']}", waited_s, call["agent"])
        return Line(name, self._past(number), waited_s)

    def _past(self, number: str) -> str:
        promise = next((one for one in self.snapshot.promises if local(one["number"]) == number), None)
        if promise is not None:
            return "called back" if promise["state"] == "kept" else f"promise {promise['state'].replace('_', ' ')}"
        records = [one for one in self.snapshot.records if one["caller"] == number]
        return str(max(records, key=lambda one: float(one["started_at"]))["outcome"]) if records else ""

    # ---- memory ------------------------------------------------------------------------------------------------

    def _calls(self, kind: str) -> Iterable[Item]:
        return (call for call in self.snapshot.calls if call["kind"] == kind)

    def _measure(self) -> None:
        now = self._clock()
        for call in self._calls("inbound"):
            number = call["caller"]
            if call["state"] in WAITING:
                since = self._waiting_since.setdefault(number, now)
                self._waited[number] = now - since
        waits = [queue["longest_wait_s"] for queue in self.snapshot.queues]
        self.longest_wait_s = max([self.longest_wait_s, *waits])

    def _tell(self, line: Line) -> None:
        said = f"{line.state} {line.partner}".strip()
        if said != self._known.get(line.name, ""):
            self._known[line.name] = said
            self._on_change(line)


def _agent_state(agent: Item) -> str:
    reason = f" ({agent['reason']})" if agent["reason"] else ""
    return f"{agent['state'].replace('_', ' ')}{reason}"
