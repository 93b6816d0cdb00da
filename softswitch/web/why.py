"""Why a contact went where it did, over HTTP: the story of its decisions, and one agent's part in it.

In memory there is the day, as far as it fits; what came before, and what a former process decided, is in the store.
The reasons of ten thousand agents take 20 ms for each decision: they are worked out beside the loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from aiohttp import web

from softswitch.acd.decision import Record
from softswitch.acd.glance import Glance
from softswitch.acd.kept import Unreadable
from softswitch.acd.story import Decision, Entry, Joined, Left, OfferEnded, Story, WaitRose
from softswitch.acd.telling import Part, figures, groups, parts, reason_of
from softswitch.acd.why import Reason, Verdict
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.store.story import StoryReader, read_stories
from softswitch.store.trouble import DatabaseAway
from softswitch.switch.view import Control
from softswitch.web.body import number_of
from softswitch.web.problem import ApiError, json_response

NAMES, MOST_NAMES = 20, 100_000  # of one reason
MOST_LIKE = 500  # contacts that are looked through for one that may have been meant
PAUSED = str(Verdict(Reason.PAUSED))
Plain = dict[str, object]


class Why:
    def __init__(self, control: Control, reader: StoryReader) -> None:
        self._control = control
        self._reader = reader

    async def why(self, request: web.Request, who: str) -> web.Response:
        """With ``?replay=1`` each decision is made again from its record; ``?names=`` of one reason, at most."""
        replay, names = bool(number_of(request, "replay", 0, 1)), number_of(request, "names", NAMES, MOST_NAMES)
        contact, stories = await self._found(request.match_info["id"])
        entries, glance = _entries(stories), self._control.glance(contact)
        told = {
            "contact": contact,
            "missing": sum(story.missing for story in stories),
            "entries": await asyncio.to_thread(lambda: [_entry(one, replay, names) for one in entries]),
            "now": None if glance is None else await asyncio.to_thread(_glance, glance, names),
        }
        return json_response({"why": told})

    async def why_not(self, request: web.Request, who: str) -> web.Response:
        agent = request.match_info["agent"]
        contact, stories = await self._found(request.match_info["id"])
        entries, glance = _entries(stories), self._control.glance(contact)
        self._known_agent(agent, entries, glance)
        told = {
            "contact": contact,
            "agent": agent,
            "entries": await asyncio.to_thread(lambda: [_part(one) for one in parts(entries, agent)]),
            "now": None if glance is None else await asyncio.to_thread(_agent_now, glance, agent),
        }
        return json_response({"why_not": told})

    # ---- finding ---------------------------------------------------------------------------------------------------

    async def _found(self, name: str) -> tuple[str, list[Story]]:
        """By contact, leg or Call-ID; its stories in the order of time. Raises ``ApiError``."""
        for contact in dict.fromkeys((name, self._contact(name))):
            stories = await self._stories(contact)
            if stories or self._control.glance(contact):
                return contact, stories
        calls = [call.contact for call in self._control.calls()]
        if self._contact(name) in calls:
            raise ApiError(404, f"contact {name!r} has not been in a queue", "softswitch trace shows where it was")
        near = did_you_mean(name, {*calls, *self._control.stories(MOST_LIKE)}).removeprefix("; ")
        hint = near or "see decisions: in softswitch.yaml for what is kept, and for how long"
        raise ApiError(404, f"no decision about a contact {name!r} is kept", hint)

    def _contact(self, name: str) -> str:
        """Of a leg or a Call-ID."""
        try:
            return self._control.trace(name).contact
        except LookupError:
            return name

    async def _stories(self, contact: str) -> list[Story]:
        """The store's first, as far as they are not the one in memory."""
        here = self._control.story(contact)
        first = here.entries[0] if here is not None else None
        if here is not None and isinstance(first, Joined) and not first.again:
            return [here]
        try:
            stored = await read_stories(self._reader, contact)
        except (Unreadable, DatabaseAway) as error:
            if here is not None:
                return [here]
            if isinstance(error, DatabaseAway):
                raise
            raise ApiError(409, f"what is kept of {contact} cannot be read: {error}", "") from None
        if here is None:
            return stored
        return [*(one for one in stored if one.began_at < here.began_at), here]

    def _known_agent(self, agent: str, entries: list[Entry], glance: Glance | None) -> None:
        """Raises ``ApiError`` for one whom no decision knows."""
        records = [one.decided.record for one in entries if isinstance(one, Decision)]
        records += [glance.record] if glance is not None and glance.record is not None else []
        if any(agent in record.among.roster.number for record in records):
            return
        known = [one.agent for one in self._control.agents()]
        if agent not in known:
            raise ApiError(404, f"no agent {agent!r}", did_you_mean(agent, known).removeprefix("; "))


# ---- as JSON ---------------------------------------------------------------------------------------------------------


def _entries(stories: list[Story]) -> list[Entry]:
    """As they are now: they may go on while they are told."""
    return [one for story in stories for one in story.entries]


def brief(one: Entry) -> Plain:
    """Of a decision only who was offered it, and how many were not: what costs nothing to say."""
    if not isinstance(one, Decision):
        return _entry(one, False, 0)
    it, agents = one.decided, one.decided.agents
    others = len(it.record.among.roster.names) - len(agents)
    return {"what": "decided", "at": one.at, "queue": it.queue, "agents": agents, "passed_over": others,
            "times": one.times, "last_at": one.last_at}  # fmt: skip


def _entry(one: Entry, replay: bool, names: int) -> Plain:
    match one:
        case Decision():
            return _decision(one, replay, names)
        case Joined():
            return {"what": "joined", "at": one.at, "queue": one.queue, "position": one.position, "kind": one.kind,
                    "again": one.again}  # fmt: skip
        case OfferEnded():
            return {"what": "offer ended", "at": one.at, "agent": one.agent, "how": one.how}
        case WaitRose():
            return {"what": "wait rose", "at": one.at, "queue": one.queue, "from_s": one.from_s, "to_s": one.to_s,
                    "cause": one.cause}  # fmt: skip
        case Left():
            return {"what": "left", "at": one.at, "queue": one.queue, "why": one.why, "waited_s": one.waited_s,
                    "agent": one.agent}  # fmt: skip


def _moment(one: Decision) -> Plain:
    it = one.decided
    return {
        "what": "decided", "at": one.at, "now": one.now, "version": one.version, "queue": it.queue,
        "waited_s": it.waited_s, "relaxed": it.relaxed, "times": one.times, "last_at": one.last_at,
    }  # fmt: skip


def _decision(one: Decision, replay: bool, names: int) -> Plain:
    it, record = one.decided, one.decided.record
    told: Plain = {
        **_moment(one), "agent": it.agent, "agents": it.agents, "strategy": record.strategy.value,
        "figures": figures(one), "reserve": record.reserve,
        "preferred": _preferred(record),
        "shares": record.shares, "passed_over": _grouped(groups(record), names),
    }  # fmt: skip
    if replay:
        told |= {"replayed": it.replay(), "same": it.replay() == it.agent}
    return told


def _preferred(record: Record) -> str | None:
    return None if record.preferred is None else record.among.roster.names[record.preferred]


def _grouped(found: Mapping[str, list[str]], names: int) -> list[Plain]:
    return [{"reason": reason, "count": len(agents), "agents": agents[:names]} for reason, agents in found.items()]


def _part(part: Part) -> Plain:
    return {**_moment(part.decision), "agent": part.decision.decided.agent, "offered": part.offered,
            "reason": part.reason, "how": part.how}  # fmt: skip


def _glance(glance: Glance, names: int) -> Plain:
    found = {} if glance.record is None else groups(glance.record)
    paused = Counter(glance.pauses.get(agent, "") for agent in found.get(PAUSED, ()))
    return {
        "queue": glance.queue, "waited_s": glance.waited_s, "position": glance.position, "line": glance.line,
        "ringing": glance.ringing, "relaxed": glance.relaxed, "relaxes_in_s": glance.relaxes_in_s,
        "admits": glance.admits, "gives_up_in_s": glance.gives_up_in_s, "passed_over": _grouped(found, names),
        "pauses": dict(paused.most_common()), "preferred": None if glance.record is None else _preferred(glance.record),
    }  # fmt: skip


def _agent_now(glance: Glance, agent: str) -> Plain:
    reason = "" if glance.record is None else reason_of(glance.record, agent)
    pause = glance.pauses.get(agent, "") if reason == PAUSED else ""
    return {"queue": glance.queue, "waited_s": glance.waited_s, "reason": reason, "pause": pause,
            "ringing": agent in glance.ringing}  # fmt: skip
