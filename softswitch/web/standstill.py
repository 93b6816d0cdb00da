"""Why nothing is dialled just now, per queue and campaign: what stops all of it, and what each promise waits for.

Of promises in memory the ledger knows the reason; those in the pool and at other nodes are counted by the store. What
has ended lately is there as well: half of the callbacks may be missing because their numbers are not to be called.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from softswitch.callback.model import OPEN
from softswitch.callback.remedy import remedy
from softswitch.callback.waits import PAUSE, WORDS, Wait
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.store.promises import Lying
from softswitch.store.trouble import DatabaseAway
from softswitch.switch.view import Control, PromiseDesk, QueueView
from softswitch.web.problem import ApiError, json_response
from softswitch.web.promises import elsewhere, pausing

LATELY_S = 3600.0
ASK_S = 10.0  # the database is given so long
_FLIGHTS = frozenset(WORDS.values())
Key = tuple[str, str, str]  # name, why, outcome


class PoolReader(Protocol):
    async def lying(self) -> Sequence[Lying]: ...


async def ask(reader: PoolReader) -> Sequence[Lying] | None:
    """None: the store does not answer, and that it does not is what is to be told."""
    try:
        async with asyncio.timeout(ASK_S):
            return await reader.lying()
    except (DatabaseAway, TimeoutError):
        return None


class _Count:
    """Promises that are alike, and the earliest moment at which one of them waits no longer."""

    def __init__(self) -> None:
        self.promises: Counter[Key] = Counter()
        self.until: dict[Key, float] = {}
        self.trunk: dict[Key, str] = {}
        self.ended: Counter[Key] = Counter()

    def waits(self, name: str, wait: Wait, outcome: str = "", promises: int = 1) -> None:
        key = name, wait.why, outcome if wait.why == PAUSE else ""
        self.promises[key] += promises
        self.trunk[key] = wait.trunk
        if wait.until not in (0.0, float("inf")):
            self.until[key] = min(wait.until, self.until.get(key, wait.until))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The most first."""
        return [
            {
                "why": why, "outcome": outcome, "trunk": self.trunk[of, why, outcome], "promises": count,
                "until": self.until.get((of, why, outcome), 0.0), "remedy": remedy(why, outcome),
            }
            for (of, why, outcome), count in self.promises.most_common() if of == name
        ]  # fmt: skip

    def ends(self, name: str) -> list[dict[str, Any]]:
        return [
            {"state": state, "outcome": outcome, "promises": count}
            for (of, state, outcome), count in self.ended.most_common()
            if of == name
        ]


class Standstill:
    """Handler for its route."""

    def __init__(self, control: Control, reader: PoolReader) -> None:
        self._control = control
        self._reader = reader

    async def told(self, request: web.Request, who: str) -> web.Response:
        """``of``: only this queue or campaign."""
        desk, of = self._control.promise_desk(), request.query.get("of", "")
        policies, lying = desk.policies(), await ask(self._reader)
        count, now = await self._counted(desk), desk.moment()[0]
        for one in lying or ():
            count.waits(one.name, elsewhere(one, desk, now), one.outcome, one.promises)
        queues = {view.queue: view for view in self._control.queues()}
        names = [*policies, *sorted({name for name, _, _ in count.promises} - policies.keys())]
        if of and of not in names:
            hint = did_you_mean(of, names).removeprefix("; ") or "no queue calls back, and there is no campaign"
            raise ApiError(404, f"no queue that calls back, and no campaign, is called {of!r}", hint)
        told = [self._row(name, policies.get(name, name), queues, count) for name in names if of in ("", name)]
        return json_response({"why": told, "pool_known": lying is not None})

    async def _counted(self, desk: PromiseDesk) -> _Count:
        count, (now, _) = _Count(), desk.moment()
        async for one in pausing(desk.promises()):
            if one.state not in OPEN:
                if now - one.updated_at <= LATELY_S:
                    count.ended[one.name, one.state.value, one.outcome] += 1
            elif (wait := desk.wait(one.id)) is not None:
                count.waits(one.name, wait, one.outcome)
        return count

    def _row(self, name: str, queue: str, queues: Mapping[str, QueueView], count: _Count) -> dict[str, Any]:
        stopped = self._control.promise_desk().standstill(name)
        rows, staff = count.rows(name), queues.get(queue)
        return {
            "of": name,
            "queue": queue,
            "stopped_by": stopped.why,
            "trunk": stopped.trunk,
            "until": stopped.until if stopped.until != float("inf") else 0.0,
            "remedy": remedy(stopped.why),
            "dialled": sum(row["promises"] for row in rows if row["why"] in _FLIGHTS),
            "open": sum(row["promises"] for row in rows),
            "agents_ready": staff.agents_ready if staff else 0,
            "agents_logged_in": staff.agents_logged_in if staff else 0,
            "waits": rows,
            "ended": count.ends(name),
        }
