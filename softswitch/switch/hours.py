"""What is ordered of opening hours while the switch runs: closed from now until two, open until eight.

An override counts at once for every call, also for those that are going on, and until it is over, whatever is reloaded
or restarted meanwhile. Who ordered it is a fact, and so is its end. Of those that hold at one moment the last decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from softswitch.core.effect import DomainEvent, Effect
from softswitch.ivr.calendar import Calendar, Override, shown
from softswitch.switch.view import CalendarView, Refused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MOST = 100  # overrides of one calendar that are not over


@dataclass(frozen=True, slots=True)
class HoursOverridden(DomainEvent):
    """Somebody has ordered other hours."""

    override: Override


@dataclass(frozen=True, slots=True)
class OverrideEnded(DomainEvent):
    """The calendar decides again."""

    override: Override
    why: str  # "over", or "taken back by" whom


class Hours:
    """``overrides`` is what the walks of all calls look at; it is changed in place."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.overrides: dict[str, tuple[Override, ...]] = {}

    @property
    def _calendars(self) -> Mapping[str, Calendar]:
        return self._switch.dialplans.release.facts.calendars

    def restore(self, kept: Iterable[Override]) -> list[Effect]:
        """Those of a former process, in the order in which they were ordered."""
        for one in kept:
            self._put(one)
        return self.due()

    def order(self, name: str, open: bool, since: float, until: float, note: str, by: str) -> Override:
        """Times are Unix seconds. Raises ``LookupError`` for an unknown calendar, and ``Refused``."""
        self._known(name)
        now = self._now()
        if until <= max(since, now):
            raise Refused("over", "it would be over before it began")
        if len(self.overrides.get(name, ())) >= MOST:
            raise Refused("full", f"there are {MOST} overrides of {name} already")
        id = self._switch.ids.name("override")
        override = Override(id, name, open, since, until, note, by, ordered_at=now)
        self._switch.command(lambda: self._ordered(override))
        return override

    def take_back(self, name: str, id: str, by: str) -> Override:
        """Raises ``LookupError``."""
        self._known(name)
        override = next((one for one in self.overrides.get(name, ()) if one.id == id), None)
        if override is None:
            raise LookupError(f"{name} has no override {id!r}")
        self._switch.command(lambda: self._end(override, f"taken back by {by}"))
        return override

    def views(self) -> list[CalendarView]:
        return [self.view(name) for name in self._calendars]

    def view(self, name: str, at: datetime | None = None) -> CalendarView:
        """What holds at ``at`` (None: now). Raises ``LookupError``."""
        calendar = self._known(name)
        wall = at or datetime.fromtimestamp(self._now(), UTC)
        ordered = self.overrides.get(name, ())
        door, change = calendar.door(wall, ordered), calendar.next_change(wall, ordered)
        changes = shown(change, calendar.zone) if change else ""
        return CalendarView(
            name, calendar.zone, shown(wall, calendar.zone), door.open, door.why, door.holiday, changes, list(ordered)
        )

    def due(self) -> list[Effect]:
        """Forget what is over."""
        over = [one for ones in self.overrides.values() for one in ones if one.until <= self._switch.unix]
        return [effect for one in over for effect in self._end(one, "over")]

    def _now(self) -> float:
        """Unix seconds, also between units of work."""
        return self._switch.clock.monotonic() + self._switch.clock.epoch

    # ---- inside of a unit of work --------------------------------------------------------------------------------

    def _known(self, name: str) -> Calendar:
        calendar = self._calendars.get(name)
        if calendar is None:
            raise LookupError(f"no such calendar: {name}")
        return calendar

    def _ordered(self, override: Override) -> list[Effect]:
        self._put(override)
        self._switch.ports.keeper.put_override(override)
        return [HoursOverridden(override)]

    def _end(self, override: Override, why: str) -> list[Effect]:
        left = tuple(one for one in self.overrides[override.calendar] if one.id != override.id)
        self.overrides[override.calendar] = left
        self._switch.ports.keeper.remove_override(override.id)
        self._arm()
        return [OverrideEnded(override, why)]

    def _put(self, override: Override) -> None:
        self.overrides[override.calendar] = (*self.overrides.get(override.calendar, ()), override)
        self._arm()

    def _arm(self) -> None:
        ends = [one.until for ones in self.overrides.values() for one in ones]
        self._switch.arm_unix(("hours", ""), min(ends, default=None))
