"""What is to be simulated, as the options of ``simulate`` say it: who calls, who works, what people are like.

Every problem is told at once where a file has several; nothing is simulated then.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from softswitch.acd.statistics import INTERVAL_S
from softswitch.build import load_dialplans
from softswitch.cli.client import Failed
from softswitch.core.errors import Problem
from softswitch.core.units import seconds
from softswitch.ivr.calendar import moments, zone
from softswitch.ivr.model import CallbackOffer
from softswitch.ivr.moment import PAST_EXAMPLE, past
from softswitch.ivr.plan import with_flows
from softswitch.ivr.verb.connect import Queue
from softswitch.settings import Settings
from softswitch.simulation import arrival, roster, sheet
from softswitch.simulation import past as recorded
from softswitch.simulation.arrival import Arrival, Burst, exponential, merged, poisson
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result
from softswitch.simulation.roster import Everybody, Roster
from softswitch.store.past import Past
from softswitch.store.past import past as kept

MOST_CALLS = 1_000_000  # more take hours, and more memory than there is
A_MONDAY = "2026-01-05"  # the day that is simulated where none is named: calling windows know weekdays
LONGEST_S = 8 * 86_400.0
MOST_BYTES = 500_000_000  # of a file of people: more than a hundred for each of the most rows


@dataclass(frozen=True, slots=True)
class Scenario:
    arrivals: list[Arrival]
    roster: Roster
    habits: Habits
    epoch: float  # Unix s of the midnight from which times are counted
    notes: tuple[str, ...] = ()  # what was assumed
    real: Result | None = None  # of a day that was


@dataclass(frozen=True, slots=True)
class Drawn:
    """Calls by chance; ``rates`` are written QUEUE=PER_HOUR."""

    rates: Sequence[str]
    talk_s: float
    patience_s: float
    start_s: float
    hours: float
    bursts: Sequence[Burst]
    seed: int

    def arrivals(self) -> list[Arrival]:
        """Raises ``ValueError``."""
        for name, mean_s in (("talk", self.talk_s), ("patience", self.patience_s)):
            if not (0 < mean_s <= sheet.MOST_S or math.isinf(mean_s)):
                raise ValueError(f"{name}: the mean must be more than 0s, and at most 1,000 hours")
        chance = random.Random(self.seed)
        streams = []
        for written in self.rates:
            queue, per_h = _rate(written)
            calls = per_h * self.hours
            if calls > MOST_CALLS:
                raise ValueError(f"{written!r} makes {calls:g} calls; at most {MOST_CALLS:,} are simulated")
            own = random.Random(chance.random())
            talk, patience = exponential(own, self.talk_s), exponential(own, self.patience_s)
            until_s = self.start_s + self.hours * 3600
            streams.append(list(poisson(own, queue, per_h, until_s, talk, patience, since_s=self.start_s)))
            for one in self.bursts:
                if one.calls(per_h) > MOST_CALLS:
                    raise ValueError(f"a burst of {one.times:g} times {written!r} makes too many calls")
                streams.append(list(one.more(own, queue, per_h, talk, patience)))
        return merged(*streams)


def _rate(written: str) -> tuple[str, float]:
    """Raises ``ValueError``."""
    queue, _, rate = written.partition("=")
    try:
        per_h = float(rate)
    except ValueError:
        per_h = math.nan
    if not queue or not 0 <= per_h < math.inf:
        raise ValueError(f"{written!r}: write QUEUE=CALLS_PER_HOUR, for example orders=360")
    return queue, per_h


def burst(written: str) -> Burst:
    """``20:00,20m,6``: six times as many calls from then on for so long. Raises ``ValueError``."""
    parts = written.split(",")
    if len(parts) != 3:
        raise ValueError(f"{written!r}: write WHEN,HOW_LONG,TIMES, for example 20:00,20m,6")
    times = sheet.number("times", parts[2])
    if not 1 <= times <= 1000:
        raise ValueError(f"{written!r}: {parts[2]} times as many calls must be from 1 to 1000")
    return Burst(sheet.clock("when", parts[0]), seconds(parts[1]), times)


def arrivals_of(path: Path) -> list[Arrival]:
    found, problems = arrival.read(_text(path), str(path))
    _right(problems)
    return found


def roster_of(path: Path | None, agents: int | None, coming: Sequence[Arrival]) -> Roster:
    """Without a file everybody, or so many, from the quarter of an hour on in which the first call comes."""
    if path is None:
        first = coming[0].at if coming else 0.0
        return Everybody(first // INTERVAL_S * INTERVAL_S, agents)
    found, problems = roster.read(_text(path), str(path))
    _right(problems)
    return found


def offers_of(settings: Settings) -> dict[str, CallbackOffer]:
    """By queue, when its dialplans offer to call back; the first of a queue that has several. Raises ``Failed``."""
    found: dict[str, CallbackOffer] = {}
    dialplans = load_dialplans(settings)
    for problem in dialplans.problems:
        if problem.level == "error":
            raise Failed(f"{problem}; what the dialplans offer is not known")
    for plan in with_flows(dialplans.plans).values():
        for step in plan.steps.values():
            if isinstance(step.verb, Queue) and step.verb.offer_callback is not None:
                found.setdefault(step.verb.name, step.verb.offer_callback.at_any_hour())
    return found


def midnight(settings: Settings) -> float:
    """Of the day that is simulated where none is named (Unix s)."""
    return past(A_MONDAY, time.time(), settings.zone)


def day(settings: Settings, since: str, until: str, seed: int) -> Scenario:
    """What the store of this configuration has of that time; ``until`` "": the whole day on which ``since`` lies."""
    now = time.time()
    try:
        begin = past(since, now, settings.zone)
        there = datetime.fromtimestamp(begin, UTC).astimezone(zone(settings.zone)).date()
        start, next_day = (moments(day, 0, settings.zone)[0].timestamp() for day in (there, there + timedelta(days=1)))
        end = past(until, now, settings.zone) if until else next_day
    except (ValueError, IndexError) as error:
        raise Failed(f"{error}; {PAST_EXAMPLE}") from None
    end = min(end, now)
    if not begin < end <= begin + LONGEST_S:
        raise Failed(f"from {since} to {until or 'its end'} is no time that has been, of at most 8 days")
    found = kept_of(settings, begin, end)
    if not found.facts:
        raise Failed(f"nothing was kept of {since}: queues and agents of that time are not in the store")
    facts = [(at - start, fact) for at, fact in found.facts]
    refused = [(at - start, queue) for at, queue in found.refused]
    one = recorded.day(
        facts, refused, end - start, settings.queue_specs(), settings.agents,
        {name: queue.promise() for name, queue in settings.queues.items()}, start, seed,
    )  # fmt: skip
    notes = one.notes
    if found.unreadable:
        notes = (*notes, f"{found.unreadable} facts that another version has written could not be read")
    return Scenario(one.arrivals, one.roster, one.habits, start, notes, one.real)


def kept_of(settings: Settings, since: float, until: float) -> Past:
    """What its store has of that time (Unix s). Raises ``Failed``."""
    url = settings.store.url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        raise Failed(f"{url.removeprefix('sqlite:///')} is not there: no switch has run with this configuration")
    try:
        return asyncio.run(kept(url, since, until))
    except (SQLAlchemyError, OSError) as error:
        told = str(error).partition("\n")[0]  # without the statement
        raise Failed(f"the store cannot be read: {told}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: no file can have that name
        raise Failed(f"{path}: {getattr(error, 'strerror', error)}") from error
    if len(octets) > MOST_BYTES:
        raise Failed(f"{path} has more than {MOST_BYTES:,} bytes; simulate less at a time")
    return octets.decode("utf-8", "replace")


def _right(problems: Sequence[Problem]) -> None:
    if problems:
        told = "\n".join(str(problem) for problem in problems[:20])
        raise Failed(f"{told}\n{len(problems)} row(s) are wrong; nothing was simulated")
