"""The report on a peak, as values and as lines; and as a picture. ``contact.peak`` has counted, here it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from softswitch.acd.statistics import INTERVAL_S, AgentFigures
from softswitch.cli.table import duration
from softswitch.contact.peak import Account, Fate
from softswitch.contact.peak_curve import Spread, by_stage, counted, spread
from softswitch.drawing.plot import Panel, Plot
from softswitch.store.peak import Peak


@dataclass(frozen=True, slots=True)
class Report:
    """``after``: up to when it is followed (Unix s)."""

    account: Account
    peak: Peak
    after: float
    zone: str
    queue: str = ""

    def there(self, unix: float) -> str:
        return f"{datetime.fromtimestamp(unix, ZoneInfo(self.zone)):%Y-%m-%d %H:%M:%S}"

    @property
    def recovered_at(self) -> list[float]:
        return sorted(at for at, _, _ in self.account.kept)

    @property
    def attempts(self) -> Counter[int]:
        """Recoveries by the attempt at which they came."""
        return Counter(attempts for _, _, attempts in self.account.kept)

    def occupancy(self, since: float, until: float) -> float | None:
        """Of all agents, in the quarters of an hour that begin then; None where nobody was at work."""
        whole = AgentFigures()
        for start, figures in self.peak.agents.items():
            if since // INTERVAL_S * INTERVAL_S <= start < until:
                whole.add(figures)
        return whole.occupancy


def told(of: Report) -> dict[str, Any]:
    """For programs. Times are Unix seconds."""
    account, moments = of.account, of.recovered_at
    return {
        "from": account.since, "to": account.until, "followed_to": of.after, "zone": of.zone, "queue": of.queue,
        "calls": account.calls, "callers": account.callers, "adds_up": account.adds_up,
        "fates": {fate.name.lower(): account.fates[fate] for fate in Fate},
        "captured": dict(account.captured),
        "refused": [{"stage": stage, "why": why, "callers": n} for (stage, why), n in account.refused.most_common()],
        "nothing_kept": dict(account.nothing),
        "wait": {name: None if one is None else asdict(one) for name, one in _waits(of).items()},
        "attempts": {str(attempt): count for attempt, count in sorted(of.attempts.items())},
        "recovered": {"first_at": moments[0], "half_at": moments[(len(moments) - 1) // 2], "last_at": moments[-1]}
        if moments else None,
        "occupancy": {"in": of.occupancy(account.since, account.until), "after": of.occupancy(account.until, of.after)},
    }  # fmt: skip


def _waits(of: Report) -> dict[str, Spread | None]:
    return {"live": spread(of.peak.waits), "callback": spread(wait for _, wait, _ in of.account.kept)}


def lines(of: Report) -> Iterator[str]:
    """For people."""
    account = of.account
    whose = f", queue {of.queue}" if of.queue else ""
    yield f"{of.there(account.since)} to {of.there(account.until)} ({of.zone}){whose}"
    yield f"{account.calls:,} calls of {account.callers:,} callers"
    yield ""
    for fate in Fate:
        if account.fates[fate]:
            yield f"{fate.value:<36} {account.fates[fate]:>9,} {account.fates[fate] / account.callers:>7.1%}"
    if account.callers:
        gap = "" if account.adds_up else " does not add up: see below"
        yield f"{'callers':<36} {account.callers:>9,}{gap}"
    yield from _details(of)


def _details(of: Report) -> Iterator[str]:
    account = of.account
    for title, counts in (
        ("lost at (a caller may be lost more than once)", account.captured),
        ("refused by rule", Counter({f"{stage}: {why}": n for (stage, why), n in account.refused.items()})),
        ("nothing is kept of callers whose calls ended as", account.nothing),
    ):
        if counts:
            yield from ("", title)
            yield from (f"  {name or '?':<34} {count:>9,}" for name, count in counts.most_common())
    if account.nothing:
        yield "  (their queue has no `callback`, or its stages leave these out; see docs/callbacks.md)"
    yield from _times(of)


def _times(of: Report) -> Iterator[str]:
    account, moments = of.account, of.recovered_at
    for name, one in _waits(of).items():
        if one is not None:
            yield ""
            yield f"wait, {name}: half within {duration(one.p50_s)}, 90% {duration(one.p90_s)}, " \
                  f"99% {duration(one.p99_s)}, longest {duration(one.longest_s)} ({one.count:,})"  # fmt: skip
    if moments:
        half = moments[(len(moments) - 1) // 2]
        yield f"recovered: first {of.there(moments[0])}, half by {of.there(half)}, last {of.there(moments[-1])}"
        tried = ", ".join(f"{count:,} at attempt {attempt}" for attempt, count in sorted(of.attempts.items()))
        yield f"attempts per recovery: {sum(n * k for n, k in of.attempts.items()) / len(moments):.2f} ({tried})"
    inside, behind = of.occupancy(account.since, account.until), of.occupancy(account.until, of.after)
    if inside is not None or behind is not None:
        yield ""
        yield f"occupancy of all agents, by quarters of an hour: {_share(inside)} in it, {_share(behind)} after it, " \
              f"to {of.there(of.after)}"  # fmt: skip


def _share(value: float | None) -> str:
    return "nobody at work" if value is None else f"{value:.0%}"


def picture(of: Report, step_s: float) -> Plot:
    """Arrivals, answers, losses by stage, recoveries and occupancy, from the begin of the peak to ``after``."""
    account, seen = of.account, of.peak.seen
    begin = account.since // step_s * step_s
    count = max(1, -int(-(of.after - begin) // step_s))

    def curve(moments: Sequence[float]) -> tuple[Sequence[float | None], ...]:
        return (counted(moments, begin, step_s, count),)

    per = f"per {duration(step_s)}"
    stages = by_stage(
        (loss.at, loss.stage) for one in seen.promises for loss in one.losses() if loss.contact not in seen.others
    )
    panels = [
        Panel(f"Calls that came, {per}", "", curve([one.started_at for one in seen.calls])),
        Panel(f"Answered live, {per}", "", curve([one.connected_at for one in seen.calls if one.connected_at])),
        *(Panel(f"Lost and recorded: {stage}, {per}", "", curve(moments)) for stage, moments in stages.items()),
        Panel(f"Recovered, {per}", "", curve(of.recovered_at)),
        Panel("Occupancy of agents, by quarters of an hour", "%", (_occupancy(of.peak.agents, begin, step_s, count),)),
    ]
    midnight = datetime.fromtimestamp(begin, ZoneInfo(of.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    title = f"Peak from {of.there(account.since)} to {of.there(account.until)} ({of.zone})"
    return Plot(title, (of.queue or "all queues",), begin - midnight.timestamp(), step_s, tuple(panels))


def _occupancy(
    agents: Mapping[float, AgentFigures], begin: float, step_s: float, count: int
) -> tuple[float | None, ...]:
    quarters = ((begin + number * step_s) // INTERVAL_S * INTERVAL_S for number in range(count))
    return tuple(agents[start].occupancy if start in agents else None for start in quarters)
