"""The facts of queues and agents as lines of Asterisk's ``queue_log``, for the report tools that read it.

    epoch|call|queue|agent|verb|arguments, of which those of a verb are

    ENTERQUEUE        url (none), caller, position
    CONNECT           wait, call of the agent (that of the contact), ringing; s
    ABANDON, EXITWITHTIMEOUT, EXITEMPTY
                      position, position at first, wait
    EXITWITHKEY       key (not known), position, position at first, wait
    RINGNOANSWER      ringing, ms
    COMPLETECALLER, COMPLETEAGENT
                      wait, talk, position at first
    BLINDTRANSFER     extension, context (always softswitch), wait, talk, position at first
    ATTENDEDTRANSFER  BRIDGE, call, wait, talk, position at first
    ADDMEMBER, REMOVEMEMBER, PAUSE (reason), UNPAUSE
                      one line for each queue that the agent can serve

What differs: an ACD by skills has no members, so whoever logs in is one of each queue whose needs he meets. A callback
is there once an agent has taken it, with no wait. A talk that goes on over a crash has no line at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from softswitch.acd.model import AgentSpec, AgentState, AgentStateChanged, QueueJoined, QueueLeft, QueueSpec
from softswitch.acd.skill import meets
from softswitch.contact.event import (
    ContactConnected,
    ContactDisconnected,
    ContactFinished,
    ContactStarted,
    TransferEnded,
)
from softswitch.core.effect import DomainEvent

_NONE, _CONTEXT = "NONE", "softswitch"
_FAILED = ("busy", "rejected", "unreachable")
_EXITS = {
    "timeout": "EXITWITHTIMEOUT", "long wait": "EXITWITHTIMEOUT", "moved": "EXITWITHTIMEOUT",
    "no agents": "EXITEMPTY", "all paused": "EXITEMPTY", "callback": "EXITWITHKEY", "exit": "EXITWITHKEY",
}  # fmt: skip


class Serving:
    """The queues whose needs, relaxed or not, an agent meets, as they are configured; of one who is gone, as he was."""

    def __init__(self, staff: Callable[[], tuple[tuple[AgentSpec, ...], tuple[QueueSpec, ...]]]) -> None:
        """``staff``: the agents and queues of now."""
        self._staff = staff
        self._seen: tuple[AgentSpec, ...] | None = None
        self._agents: dict[str, AgentSpec] = {}

    def queues(self, agent: str) -> tuple[str, ...]:
        agents, queues = self._staff()
        if self._seen is not agents:
            self._seen = agents
            self._agents |= {spec.name: spec for spec in agents}
        if agent not in self._agents:
            return ()
        levels = dict(self._agents[agent].skills)
        needs = {queue.name: (queue.needs, *(one.needs for one in queue.relaxations)) for queue in queues}
        return tuple(name for name, sets in needs.items() if any(meets(levels, one) for one in sets))


@dataclass(slots=True)
class _Wait:
    queue: str
    position: int  # at first


@dataclass(slots=True)
class _Talk:
    queue: str
    agent: str
    wait_s: int
    position: int
    since: float
    until: float | None = None  # the two talk no longer
    by: str = ""  # as ``ContactDisconnected`` has it


class QueueLog:
    """Told every fact, with its time in Unix seconds; says the lines that follow from it."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._callers: dict[str, str] = {}  # of contacts that are not over
        self._waits: dict[str, _Wait] = {}
        self._talks: dict[str, _Talk] = {}
        self._rings: dict[str, float] = {}  # agent -> since when
        self._tells: dict[type[DomainEvent], Callable[[Any, float], list[str]]] = {
            ContactStarted: self._started,
            QueueJoined: self._joined,
            QueueLeft: self._left,
            AgentStateChanged: self._changed,
            ContactConnected: self._connected,
            ContactDisconnected: self._disconnected,
            TransferEnded: self._transferred,
            ContactFinished: self._finished,
        }

    def lines(self, event: DomainEvent, unix: float) -> list[str]:
        tell = self._tells.get(type(event))
        return [] if tell is None else tell(event, unix)

    def _started(self, event: ContactStarted, unix: float) -> list[str]:
        self._callers[event.contact] = event.caller
        return []

    def _joined(self, event: QueueJoined, unix: float) -> list[str]:
        self._waits[event.contact] = _Wait(event.queue, event.position)
        return [] if event.again or event.kind == "callback" else [self._entered(event, event.position, unix)]

    def _entered(self, event: QueueJoined | QueueLeft, position: int, unix: float) -> str:
        caller = self._callers.get(event.contact, "")
        return line(unix, event.contact, event.queue, _NONE, "ENTERQUEUE", "", caller, position)

    def _left(self, event: QueueLeft, unix: float) -> list[str]:
        wait = self._waits.pop(event.contact, _Wait(event.queue, event.position))
        callback = event.kind == "callback"
        if event.why != "answered" or event.agent is None:
            verb = _EXITS.get(event.why, "ABANDON")
            key = ("",) if verb == "EXITWITHKEY" else ()
            places = event.position, wait.position
            said = line(unix, event.contact, event.queue, _NONE, verb, *key, *places, int(event.waited_s))
            return [] if callback else [said]
        wait_s = 0 if callback else int(event.waited_s)
        self._talks[event.contact] = _Talk(event.queue, event.agent, wait_s, wait.position, unix)
        rang_s = int(unix - self._rings.pop(event.agent, unix))
        found = line(unix, event.contact, event.queue, event.agent, "CONNECT", wait_s, event.contact, rang_s)
        return [self._entered(event, wait.position, unix), found] if callback else [found]

    def _changed(self, event: AgentStateChanged, unix: float) -> list[str]:
        contact, wait = event.contact or "", self._waits.get(event.contact or "")
        if event.new is AgentState.RESERVED:
            self._rings[event.agent] = unix
        elif event.old is AgentState.RESERVED and event.new is not AgentState.TALKING:
            rang_s = unix - self._rings.pop(event.agent, unix)
            missed = (event.missed or event.reason in _FAILED) and wait is not None
            queue = wait.queue if wait else ""
            told = line(unix, contact, queue, event.agent, "RINGNOANSWER", int(rang_s * 1000))
            return [*([told] if missed else []), *self._member(event, unix)]
        talk = self._talks.get(contact)
        over = event.old is AgentState.TALKING and talk is not None and talk.agent == event.agent
        ended = self._complete(contact, unix) if over and talk and talk.by != "transfer" else []
        return [*ended, *self._member(event, unix)]

    def _member(self, event: AgentStateChanged, unix: float) -> list[str]:
        """What the human did."""
        verbs: list[tuple[object, ...]] = []
        if event.old is AgentState.LOGGED_OUT:
            verbs.append(("ADDMEMBER", ""))
        if event.new is AgentState.LOGGED_OUT:
            verbs.append(("REMOVEMEMBER", ""))
        elif event.new is AgentState.PAUSED:
            verbs.append(("PAUSE", event.reason))
        elif event.old is AgentState.PAUSED:
            verbs.append(("UNPAUSE", ""))
        queues = self._serving.queues(event.agent) if verbs else ()
        return [line(unix, _NONE, queue, event.agent, *verb) for verb in verbs for queue in queues]

    def _connected(self, event: ContactConnected, unix: float) -> list[str]:
        talk = self._talks.get(event.contact)
        if talk is not None and event.agent == talk.agent:  # else he was taken over, and his talk is over
            talk.until, talk.by = None, ""
        return []

    def _disconnected(self, event: ContactDisconnected, unix: float) -> list[str]:
        if (talk := self._talks.get(event.contact)) is not None:
            talk.until, talk.by = unix, event.by
        return []

    def _transferred(self, event: TransferEnded, unix: float) -> list[str]:
        talk = self._talks.get(event.contact)
        if talk is None or event.outcome != "done" or event.agent != talk.agent:
            return []
        del self._talks[event.contact]
        attended = event.kind == "attended"
        where = ("BRIDGE", event.contact) if attended else (event.called, _CONTEXT)
        verb = "ATTENDEDTRANSFER" if attended else "BLINDTRANSFER"
        return [_ended(event.contact, talk, unix, verb, *where)]

    def _finished(self, event: ContactFinished, unix: float) -> list[str]:
        contact = event.record.contact
        self._callers.pop(contact, None)
        return self._complete(contact, unix)

    def _complete(self, contact: str, unix: float) -> list[str]:
        talk = self._talks.pop(contact, None)
        if talk is None:
            return []
        return [_ended(contact, talk, unix, "COMPLETEAGENT" if talk.by else "COMPLETECALLER")]


def _ended(contact: str, talk: _Talk, unix: float, verb: str, *where: str) -> str:
    talk_s = int((unix if talk.until is None else talk.until) - talk.since)
    return line(unix, contact, talk.queue, talk.agent, verb, *where, talk.wait_s, talk_s, talk.position)


def line(unix: float, *columns: object) -> str:
    """What separates columns or lines is not let into one."""
    written = (str(one) for one in (int(unix), *columns))
    return "|".join("".join(char if char.isprintable() and char != "|" else "_" for char in one) for one in written)
