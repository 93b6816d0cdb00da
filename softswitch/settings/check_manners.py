"""What may be written and few would mean: calls that laws forbid in places, or that ring when another one may yet ring.

Warnings, for the house knows its country. The figures are those of 16 CFR 310.4 and 47 CFR 64.1200 (United States) and
of Ofcom's statement on persistent misuse (United Kingdom); RFC 3261 section 17.1.1.2 for how long an INVITE lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from softswitch.callback.zone import country_zones
from softswitch.core.units import spoken
from softswitch.core.yaml_nodes import Path
from softswitch.settings.callback import Callback
from softswitch.settings.model import Configuration

Finding = tuple[Path, str, str]
INVITE_S = 32.0  # timer B: 64 T1
RING_S = 15.0
AGENT_WITHIN_S = 2.0
ABANDON_LIMIT = 0.03
MACHINE_S = 86400.0


def manners_findings(settings: Configuration) -> Iterator[Finding]:
    if settings.callbacks.settle < INVITE_S:
        message = (
            f"an INVITE may be under way for {INVITE_S:g}s (RFC 3261 timer B): after a crash a number"
            " could be dialled while its phone rings; write 32s"
        )
        yield ("callbacks", "settle"), message, "warning"
    for path, one in settings.calling():
        for key, message in (*_doubts(one), *_clocks(one, settings.region)):
            yield (*path, *key), message, "warning"


def _clocks(one: Callback, region: str) -> Iterator[tuple[Path, str]]:
    """Who is called by the clock of the house, though another one shows a different time where he is."""
    if one.callee_window is not None:
        return
    places = sorted({zone for country in one.countries or (region,) for zone in country_zones(country)})
    others = [zone for zone in places if _hours_from_utc(zone) != _hours_from_utc(one.window.zone)]
    if others:
        where = f"{others[0]} and {len(others) - 1} more zones" if len(others) > 1 else others[0]
        message = (
            f"numbers in {where} are called by the clock of {one.window.zone}, where it is another time;"
            " write callee_window too, for example {hours: '09:00-20:00'}"
        )
        yield ("window",), message


def _hours_from_utc(zone: str) -> tuple[timedelta | None, ...]:
    """In the winter and in the summer of this year."""
    year = datetime.now(UTC).year
    return tuple(datetime(year, month, 15, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))


def _doubts(one: Callback) -> Iterator[tuple[Path, str]]:
    if one.ring < RING_S:
        yield ("ring",), f"hangs up sooner than the {RING_S:g}s, or four rings, that laws give people to answer"
    if one.first == "agent":
        return
    if one.agent_within > AGENT_WITHIN_S:
        yield ("agent_within",), f"laws count who waits longer than {AGENT_WITHIN_S:g}s as abandoned; this does not"
    if one.abandon_limit > ABANDON_LIMIT:
        yield ("abandon_limit",), f"laws allow {ABANDON_LIMIT:g} at most, per campaign"
    if one.answer.machine_detection and one.retry.machine < MACHINE_S:
        message = (
            f"{spoken(one.retry.machine)} after machine_detection: who was taken for a machine, and may be none,"
            f" is not to be called again within {spoken(MACHINE_S)} without an agent on the line"
        )
        yield ("retry", "machine"), message
