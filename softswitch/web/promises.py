"""Promises over HTTP: those that somebody asks for, one with its history, and what people order about it.

A list is what the store has, with what the ledger has in memory laid over it: a promise is shown as memory has it, for
the store is told of some changes only later. ``next`` is where the next page begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from itertools import islice
from typing import Annotated, Any, Protocol, get_args

import msgspec
import structlog
from aiohttp import web

from softswitch.callback.campaign import STAGE as IMPORTED
from softswitch.callback.ending import IN_FLIGHT
from softswitch.callback.history import Attempt, Logged
from softswitch.callback.model import OPEN, Promise, PromiseState
from softswitch.callback.standstill import ABANDON_LIMIT
from softswitch.callback.waits import NOT_YET, PAUSE, Wait
from softswitch.callback.wanted import CLOSED, EVERY, Place, Wanted, place
from softswitch.core.legible import to_json
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.moment import PAST_EXAMPLE, past
from softswitch.settings.callback import Stage
from softswitch.switch.view import Control, PromiseDesk, Refused
from softswitch.web.body import WithdrawBody, expect_known, number_of, read_body
from softswitch.web.problem import ApiError, json_response

AT_ONCE = 500  # promises that are read, looked at or told in one go: some 10 ms
MOST_LIKE = 500  # ids that a misspelt one is compared with: as long
MOST_PRIORITY_S = 86400.0 * 366
_SETS = {"open": OPEN, "ended": CLOSED, "any": EVERY}
_ORDERS = ("oldest", "newest")
_STAGES = (*get_args(Stage), IMPORTED)
_PARAMETERS = (
    "state", "queue", "campaign", "stage", "number", "since", "until", "due", "order", "all", "limit", "after",
)  # fmt: skip
_POOL = "in the pool, for whoever has room"
_log = structlog.get_logger("softswitch.web")


class PromiseReader(Protocol):
    async def promise_page(self, wanted: Wanted, after: Place | None, limit: int) -> list[Promise]: ...

    async def promise(self, id: str) -> Promise | None: ...

    async def promise_history(self, id: str) -> tuple[list[Logged], list[Attempt]]: ...


class PromoteBody(msgspec.Struct, forbid_unknown_fields=True):
    priority_s: Annotated[float, msgspec.Meta(ge=-MOST_PRIORITY_S, le=MOST_PRIORITY_S)]


class Promises:
    """Handlers for routes."""

    def __init__(self, control: Control, reader: PromiseReader) -> None:
        self._control = control
        self._reader = reader

    @property
    def _desk(self) -> PromiseDesk:
        return self._control.promise_desk()

    async def listed(self, request: web.Request, who: str) -> web.Response:
        """``state`` (open, ended, any, or states with commas), ``queue``, ``campaign``, ``stage``, ``number``,
        ``since``, ``until``, ``due=1``, ``order`` (oldest, newest), ``limit``, ``after``; without any of them all that
        is in memory."""
        if not request.query:
            at_hand = self._control.promises()
            return await self._list(at_hand)
        limit = number_of(request, "limit", 100, 10_000)
        wanted, after = _wanted(request, self._desk), _after(request)
        page = await self._page(wanted, after, limit)
        if not page and limit and after is None:
            _named(wanted, self._desk)
        return await self._list(page, _cursor(page[-1]) if limit and len(page) == limit else "")

    async def _list(self, promises: Iterable[Promise], following: str | None = None) -> web.Response:
        """Row by row as JSON; made at once of ten thousand it would keep calls waiting."""
        rows = b",".join([to_json(self._told(one)) async for one in pausing(promises)])
        behind = b"" if following is None else b',"next":' + to_json(following)
        return web.Response(body=b'{"promises":[' + rows + b"]" + behind + b"}", content_type="application/json")

    async def _page(self, wanted: Wanted, after: Place | None, limit: int) -> list[Promise]:
        first, at_hand, page = partial(_first, wanted, limit), set(), list[Promise]()
        async for one in pausing(self._desk.promises()):
            at_hand.add(one.id)
            if wanted.takes(one) and wanted.follows(one, after):
                page.append(one)
                if len(page) >= 2 * limit + AT_ONCE:
                    page = first(page)
        behind, some = after, min(limit, AT_ONCE)
        while rows := await self._reader.promise_page(wanted, behind, some):
            page = first([*page, *(row for row in rows if row.id not in at_hand)])
            behind = place(rows[-1])
            if len(rows) < some or (len(page) == limit and not _before(behind, place(page[-1]), wanted)):
                return page
        return first(page)

    async def shown(self, request: web.Request, who: str) -> web.Response:
        id = request.match_info["id"]
        promise = await self._find(id)
        log, attempts = await self._reader.promise_history(id)
        return json_response({"promise": {**self._told(promise), "history": log, "attempted": attempts}})

    async def cancel(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, WithdrawBody, '{"why": "reached by mail"}')
        id = request.match_info["id"]
        why = body.why or f"withdrawn by {who}"
        promise = await self._order(id, lambda promise: self._desk.withdraw(promise, why, f"api {who}"))
        _log.info("promise_withdrawn", promise=id, by=who)
        # Done once it is durable; false: when the attempt under way is over, unless that serves him.
        return json_response({"promise": id, "withdrawn": promise.state not in IN_FLIGHT}, 202)

    async def retry(self, request: web.Request, who: str) -> web.Response:
        id = request.match_info["id"]
        await self._order(id, lambda promise: self._desk.retry(promise, f"api {who}"))
        _log.info("promise_retried", promise=id, by=who)
        return json_response({"promise": id, "retried": True}, 202)

    async def promote(self, request: web.Request, who: str) -> web.Response:
        body = await read_body(request, PromoteBody, '{"priority_s": 600}')
        id = request.match_info["id"]
        await self._order(id, lambda promise: self._desk.promote(promise, body.priority_s, f"api {who}"))
        _log.info("promise_promoted", promise=id, priority_s=body.priority_s, by=who)
        return json_response({"promise": id, "priority_s": body.priority_s}, 202)

    async def _order(self, id: str, give: Callable[[Promise], None]) -> Promise:
        """The promise as it was when the order was given. Raises ``ApiError`` where it is not done."""
        stored = await self._find(id)
        promise = self._desk.promise(id) or stored  # it may have come into memory while the store was asked
        try:
            give(promise)
        except Refused as refused:
            raise ApiError(409, str(refused), f"GET /api/v1/promises/{id} tells what has become of it") from None
        return promise

    async def _find(self, id: str) -> Promise:
        """Raises ``ApiError`` 404."""
        promise = self._desk.promise(id) or await self._reader.promise(id)
        if promise is None:
            raise self._unknown(id)
        return promise

    def _unknown(self, id: str) -> ApiError:
        known = [one.id for one in islice(self._desk.promises(), MOST_LIKE)]
        return ApiError(404, f"no promise {id!r}", did_you_mean(id, known).removeprefix("; "))

    def _told(self, promise: Promise) -> dict[str, Any]:
        """The row, how old it is, when it ends unkept, and why it waits."""
        now, _ = self._desk.moment()
        is_open = promise.state in OPEN
        wait = (self._desk.wait(promise.id) or self._in_store(promise, now)) if is_open else Wait("")
        return {
            **{name: getattr(promise, name) for name in Promise.__slots__},
            "age_s": now - promise.recorded_at,
            "overdue_at": self._desk.overdue_at(promise),
            "waits": wait.why,
            "waits_until": wait.until if wait.until != float("inf") else 0.0,
        }

    def _in_store(self, promise: Promise, now: float) -> Wait:
        rests = None if promise.node else self._desk.rest(promise)
        return rests or elsewhere(promise, self._desk, now)


class _Lies(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def node(self) -> str: ...
    @property
    def not_before(self) -> float: ...

    @property
    def outcome(self) -> str: ...


def elsewhere(promise: _Lies, desk: PromiseDesk, now: float) -> Wait:
    """Of those that we do not lead. In the pool they wait for their time, and then for what stops all of their list."""
    if promise.node:
        return Wait(f"at node {promise.node}")
    if promise.not_before > now:
        return Wait(PAUSE if promise.outcome else NOT_YET, promise.not_before)
    stands = desk.standstill(promise.name)
    return stands if stands.why not in ("", ABANDON_LIMIT) else Wait(_POOL)


async def pausing(promises: Iterable[Promise]) -> AsyncIterator[Promise]:
    """There may be a hundred thousand of them, and calls do not wait for a list."""
    for number, one in enumerate(promises, 1):
        yield one
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


def _first(wanted: Wanted, limit: int, promises: Iterable[Promise]) -> list[Promise]:
    return sorted(promises, key=place, reverse=wanted.newest_first)[:limit]


def _before(one: Place, other: Place, wanted: Wanted) -> bool:
    return one > other if wanted.newest_first else one < other


def _wanted(request: web.Request, desk: PromiseDesk) -> Wanted:
    query, (now, zone) = request.query, desk.moment()
    expect_known("parameter", (key for key in query), _PARAMETERS)
    expect_known("stage", filter(None, [query.get("stage", "")]), _STAGES)
    everything = number_of(request, "all", 0, 1)
    since, until = _moment(request, "since", now, zone), _moment(request, "until", now, zone)
    if 0.0 < until <= since:
        raise ApiError(400, f"since={query['since']!r} is not before until={query['until']!r}", "exchange the two")
    order = query.get("order", "newest" if everything or query.get("state") in ("ended", "any") else "oldest")
    if order not in _ORDERS:
        raise ApiError(400, f"order={order!r} is not understood", f"one of {', '.join(_ORDERS)}")
    return Wanted(
        _states(query.get("state", "any" if everything or "number" in query else "open")),
        query.get("queue", ""),
        query.get("campaign", ""),
        query.get("stage", ""),
        _numbers(query["number"], desk) if "number" in query else frozenset(),
        since,
        until,
        now if number_of(request, "due", 0, 1) else 0.0,
        order == "newest",
    )


def _named(wanted: Wanted, desk: PromiseDesk) -> None:
    """Who has misspelt a name, and finds nothing, would take all for done. One that is configured no more may have
    promises. Raises ``ApiError``."""
    policies = desk.policies()
    for what, name, known in (
        ("queue that calls back", wanted.queue, set(policies.values())),
        ("campaign", wanted.campaign, {name for name, queue in policies.items() if name != queue}),
    ):
        if name and name not in known:
            hint = did_you_mean(name, sorted(known)).removeprefix("; ")
            raise ApiError(404, f"no such promise, and no {what} is called {name!r}", hint)


def _states(written: str) -> frozenset[PromiseState]:
    found: set[PromiseState] = set()
    for word in written.split(","):
        try:
            found |= _SETS[word] if word in _SETS else {PromiseState(word)}
        except ValueError:
            known = [*_SETS, *(state.value for state in PromiseState)]
            hint = did_you_mean(word, known).removeprefix("; ") or f"of these, with commas: {', '.join(known)}"
            raise ApiError(400, f"state={word!r} is not understood", hint) from None
    return frozenset(found)


def _numbers(written: str, desk: PromiseDesk) -> frozenset[str]:
    """In every way in which a promise may have it; as it is written as well, for who has changed his rules since."""
    if not any(char.isdigit() for char in written):
        raise ApiError(400, f"number={written!r} is no number", "for example number=13800138000, or with its country")
    return frozenset({*desk.spellings(written), written})


def _moment(request: web.Request, name: str, now: float, zone: str) -> float:
    if name not in request.query:
        return 0.0
    try:
        return past(request.query[name], now, zone)
    except ValueError as error:
        raise ApiError(400, str(error), PAST_EXAMPLE) from None


def _cursor(promise: Promise) -> str:
    return f"{promise.recorded_at!r}_{promise.id}"


def _after(request: web.Request) -> Place | None:
    written = request.query.get("after", "")
    if not written:
        return None
    at, _, id = written.partition("_")
    try:
        return float(at), id
    except ValueError:
        raise ApiError(400, f"after={written!r} is no place in a list", "take `next` of the page before") from None
