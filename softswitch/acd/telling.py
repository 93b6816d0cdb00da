"""What people are told about decisions: reasons together, the numbers of the winner, and one agent's part in a story.

Everything is worked out from the records when somebody asks. Knows neither JSON nor terminals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from softswitch.acd.decision import Record
from softswitch.acd.floor import Standing
from softswitch.acd.story import Decision, Entry, Left, OfferEnded
from softswitch.acd.strategy import COLUMNS
from softswitch.acd.why import Reason, Verdict

_FIGURE = {  # by which reason others lose by it: what the number is
    Reason.LESS_IDLE: "idle_s",
    Reason.MORE_SURPLUS: "surplus",  # levels above those that are needed
    Reason.MORE_SKILLS: "other_skills",  # their levels, together
    Reason.LESS_SKILLED: "skill",  # levels of what is needed, together
    Reason.MORE_OCCUPIED: "occupancy",  # 0..1
    Reason.MORE_CALLS: "calls",  # since login
    Reason.NOT_HIS_TURN: "turn",  # agents between the one who was last and him
    Reason.NOT_DRAWN: "draw",
    Reason.LATER_IN_ORDER: "place",  # in the configuration, from 0
}
_DISTANCE = {reason: place for place, reason in enumerate(reversed(Reason))}  # from the contact
NOT_THERE = "not configured then"


def groups(record: Record) -> dict[str, list[str]]:
    """Who was passed over, by reason: who was nearest to getting it comes first; agents by name."""
    found: dict[Verdict, list[str]] = {}
    for agent, verdict in record.verdicts():
        found.setdefault(verdict, []).append(agent)
    nearest = sorted(found, key=lambda verdict: (_DISTANCE[verdict.reason], verdict.about))
    return {str(verdict): sorted(found[verdict]) for verdict in nearest}


def reason_of(record: Record, agent: str) -> str:
    """Why ``agent`` was passed over; "" where he was not."""
    if agent not in record.among.roster.number:
        return NOT_THERE
    return next((str(verdict) for name, verdict in record.verdicts() if name == agent), "")


def figures(decision: Decision) -> dict[str, float]:
    """The numbers by which the first of the winners won, as the record has it; none where there is none."""
    record = decision.decided.record
    winner = next(iter(record.winners()), None)
    if winner is None:
        return {}
    free = np.flatnonzero(np.frombuffer(record.standings, dtype=np.uint8) == int(Standing.FREE))
    keys = np.frombuffer(record.keys).reshape(-1, len(free))
    asked = [record.preferred] if record.preferred is not None else record.among.numbers[free].tolist()
    place = asked.index(record.among.roster.number[winner])
    names = [_FIGURE[reason] for reason in COLUMNS[record.strategy]]
    return {name: _plain(name, value, decision.now) for name, value in zip(names, keys[:, place].tolist(), strict=True)}


def _plain(name: str, value: float, now: float) -> float:
    if name == "idle_s":
        return now - value
    return -value if name == "skill" else value


# ---- one agent ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """What one decision was for one agent."""

    decision: Decision
    offered: bool
    reason: str  # he was passed over; "" where he was not
    how: str  # his offer ended; "" while his phone rings, or where there was none


def parts(entries: Sequence[Entry], agent: str) -> Iterator[Part]:
    for place, one in enumerate(entries):
        if not isinstance(one, Decision):
            continue
        reason = reason_of(one.decided.record, agent)
        yield Part(one, not reason, reason, "" if reason else how_ended(entries[place + 1 :], agent))


def how_ended(later: Sequence[Entry], agent: str) -> str:
    """How an offer to ``agent`` ended, by what came after it."""
    for one in later:
        match one:
            case OfferEnded() if one.agent == agent:
                return one.how
            case Left(agent=str(answered)):
                return "answered" if answered == agent else "answered elsewhere"
            case Left(why=why):
                return why
    return ""
