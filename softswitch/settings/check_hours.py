"""Hours that never come, and numbers that are never dialled: what several keys of ``callback:`` say together.

A promise that waits for such an hour would wait until it expires, and nobody would be told.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from operator import itemgetter
from zoneinfo import ZoneInfo

from softswitch.callback.calendar import DAY_S, LOOKED_AHEAD, Hours
from softswitch.callback.number import EMERGENCY
from softswitch.callback.zone import country_zones
from softswitch.core.units import spoken
from softswitch.core.yaml_nodes import Path, did_you_mean
from softswitch.settings.callback import Callback
from softswitch.settings.campaign import CampaignSettings
from softswitch.settings.model import Configuration, days_off

Finding = tuple[Path, str, str]
MOST_SHOWN = 3  # zones, by name


def hours_findings(settings: Configuration) -> Iterator[Finding]:
    for path, one in settings.calling():
        yield from _numbers(path, one)
        if one.closed_on and one.closed_on not in settings.calendars:
            near = did_you_mean(one.closed_on, settings.calendars)
            yield (*path, "closed_on"), f"calendars.yaml has no calendar {one.closed_on!r}{near}", "error"
        else:
            yield from _hours(path, one, settings)
        yield from _last_attempts(path, one)


def _numbers(path: Path, one: Callback) -> Iterator[Finding]:
    taken = sorted(number for number in EMERGENCY if one.numbers and re.fullmatch(one.numbers, number))
    if taken:
        yield (*path, "numbers"), f"matches {', '.join(taken)}, and emergency numbers are never dialled", "warning"


def _hours(path: Path, one: Callback, settings: Configuration) -> Iterator[Finding]:
    now = datetime.datetime.now(datetime.UTC).timestamp()
    window = days_off(one, one.window.window(), settings.calendars)
    if Hours(window).opens_at(now) is None:
        message = f"leaves no day of window within the next {LOOKED_AHEAD} days: nobody is called; see that calendar"
        yield (*path, "closed_on"), message, "error"
        return
    if not (isinstance(one, CampaignSettings) and (one.begins or one.ends)):  # its days are known, and few
        yield from _too_late(path, one, Hours(window), now)
    if one.callee_window is None:
        return
    zones = [zone for country in one.countries or (settings.region,) for zone in country_zones(country)]
    never = [zone for zone in zones if Hours(window, one.callee_window.window(zone)).opens_at(now) is None]
    if never:
        where = ", ".join(never[:MOST_SHOWN]) + (f" and {len(never) - MOST_SHOWN} more" * (len(never) > MOST_SHOWN))
        message = f"and window are never open together for numbers in {where}: they would never be called"
        yield (*path, "callee_window"), message, "error" if len(never) == len(zones) else "warning"


def _too_late(path: Path, one: Callback, hours: Hours, now: float) -> Iterator[Finding]:
    """Whoever is lost when they shut is owed a call, and it ends before they open."""
    shut_s, since = max(_shut(hours, now), key=itemgetter(0))
    if shut_s >= one.expiry:
        day = datetime.datetime.fromtimestamp(since, ZoneInfo(one.window.zone))
        message = (
            f"ends after {spoken(one.expiry)}, and window is shut for {spoken(shut_s)} from {day:%Y-%m-%d %H:%M}:"
            f" who is lost then is never called; write for example expiry: {int(shut_s // DAY_S) + 2}d"
        )
        yield (*path, "expiry"), message, "warning"


def _last_attempts(path: Path, one: Callback) -> Iterator[Finding]:
    """After some outcomes the promise ends before its pause does, though there is an attempt left."""
    pauses = one.retry.model_dump(exclude=set() if one.answer.machine_detection else {"machine"})
    late = [f"{name} ({spoken(pause_s)})" for name, pause_s in pauses.items() if pause_s >= one.expiry]
    if late and one.max_attempts > 1:
        message = (
            f"{', '.join(late)}: not before expiry ({spoken(one.expiry)}), so that nobody is called again after such"
            " an attempt; write a shorter pause, or a longer expiry"
        )
        yield (*path, "retry"), message, "warning"


def _shut(hours: Hours, now: float) -> Iterator[tuple[float, float]]:
    """How long they are shut, and since when (Unix s), as far as calendars are looked at."""
    at = now
    while at < now + LOOKED_AHEAD * DAY_S:
        until = hours.changes_at(at)
        yield 0.0 if hours.open(at) else until - at, at
        at = until
