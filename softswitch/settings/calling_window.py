"""When customers may be called: hours of the queue's people, hours at the customer's place, and days off.

What can never open is refused here, or by ``check_hours`` where it takes two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import AfterValidator

from softswitch.callback.model import Window
from softswitch.ivr.calendar import Calendar
from softswitch.settings.kind import Days, Hours, OfficeHours, Strict, Zone


def _some(days: tuple[int, ...]) -> tuple[int, ...]:
    if not days:
        raise ValueError("names no day, so that nobody would ever be called; write for example mon-fri")
    return days


SomeDays = Annotated[Days, AfterValidator(_some)]


class CalleeWindow(Strict):
    """By the clock where the number is."""

    hours: OfficeHours = Hours(9 * 60, 21 * 60)
    days: SomeDays = (0, 1, 2, 3, 4, 5, 6)

    def window(self, zone: str = "") -> Window:
        return Window(zone, self.hours.start_minute, self.hours.end_minute, self.days)


class CallingWindow(CalleeWindow):
    zone: Zone = "Asia/Shanghai"

    def window(self, zone: str = "") -> Window:
        return super().window(zone or self.zone)


@dataclass(frozen=True, slots=True)
class ClosedOn:
    """Days on which a calendar has no hours at all."""

    calendar: Calendar

    def off(self, day: date) -> bool:
        return not self.calendar.hours(day)[0]
