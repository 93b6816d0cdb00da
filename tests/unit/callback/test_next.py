"""When a promise may be dialled at the earliest, in the zone of its number, and why it may never be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.callback import waits
from softswitch.callback.model import Capacity, Policies, Promise, PromiseState, Restored, SeekAgent, Window
from softswitch.callback.rule import Rules
from softswitch.callback.zone import country_zones, zones
from tests.unit.callback.desk import E164, NOON, SALES, Desk

S = PromiseState
LONDON, NEW_YORK, LOS_ANGELES, TOLL_FREE = "+442071838750", "+12125550123", "+12135550123", "+18005551234"
MOSCOW = "+79161234567"  # a mobile one, that may be anywhere in Russia
DAY = Window("", 9 * 60, 20 * 60)
WORLD = replace(SALES, window=Window("UTC"), callee_window=DAY, countries=("GB", "US", "CN", "RU"))


def at(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def promise(number: str, **changes: float) -> Promise:
    return replace(Promise("p1", number, "sales", "abandoned", S.RECORDED, "c1", NOON, updated_at=NOON), **changes)


def test_zones_of_numbers() -> None:
    assert zones(E164) == ("Asia/Shanghai",)
    assert zones(NEW_YORK) == ("America/New_York",)
    assert "Europe/London" in zones(LONDON)
    assert len(zones(TOLL_FREE)) > 4, "anywhere"
    assert zones("1001") == zones("+999") == zones("nobody") == ()
    assert country_zones("CN") == ("Asia/Shanghai",)


@pytest.mark.parametrize(
    ("number", "zone"), [(NEW_YORK, "America/New_York"), (LOS_ANGELES, "America/Los_Angeles"), (E164, "Asia/Shanghai")]
)
def test_it_opens_by_the_clock_where_the_number_is(number: str, zone: str) -> None:
    rules = Rules([WORLD], "CN")
    midnight = at("2026-06-10 00:00", zone)
    assert not rules.open(promise(number), midnight)
    assert rules.next_at(promise(number), midnight) == at("2026-06-10 09:00", zone)
    assert rules.open(promise(number), at("2026-06-10 19:59", zone))
    assert not rules.open(promise(number), at("2026-06-10 20:00", zone))


def test_a_number_that_may_be_anywhere_is_called_when_it_is_day_everywhere() -> None:
    rules = Rules([replace(WORLD, services=True)], "CN")
    assert len(zones(MOSCOW)) > 4
    opens = rules.next_at(promise(MOSCOW), at("2026-06-10 12:00", "UTC"))
    assert opens is not None
    for zone in zones(MOSCOW):
        assert 9 <= datetime.fromtimestamp(opens, ZoneInfo(zone)).hour < 20, zone
    assert rules.next_at(promise(TOLL_FREE), opens) is None, "from Guam to Alaska it never is"


def test_where_nobody_knows_it_is_the_zone_of_the_queue() -> None:
    rules = Rules([replace(WORLD, window=Window("Europe/Berlin"), numbers="1[0-9]{3}")], "CN")
    midnight = at("2026-06-10 00:00", "Europe/Berlin")
    assert rules.next_at(promise("1001"), midnight) == at("2026-06-10 09:00", "Europe/Berlin")


def test_the_hours_of_the_queue_hold_as_well() -> None:
    rules = Rules([replace(WORLD, window=Window("Asia/Shanghai", 9 * 60, 18 * 60))], "CN")
    noon = at("2026-06-10 12:00", "Asia/Shanghai")  # 05:00 in London
    assert rules.next_at(promise(LONDON), noon) == at("2026-06-10 16:00", "Asia/Shanghai")
    assert rules.next_at(promise(NEW_YORK), noon) is None, "night there while it is day here"


def test_a_pause_that_ends_at_night_goes_on_until_the_morning() -> None:
    rules = Rules([WORLD], "CN")
    now, until = at("2026-06-10 19:00", "Asia/Shanghai"), at("2026-06-10 21:00", "Asia/Shanghai")
    assert rules.next_at(promise(E164, not_before=until), now) == at("2026-06-11 09:00", "Asia/Shanghai")
    assert rules.next_at(promise(E164, not_before=now + 60), now) == now + 60
    assert rules.next_at(promise(E164, not_before=now - 60), now) == now


def told(desk: Desk) -> tuple[str, float]:
    wait = desk.ledger.glance.wait(desk.only().id, desk.now)
    assert wait is not None
    return wait.why, wait.until


def test_hours_that_never_come_are_told_and_nothing_is_dialled() -> None:
    desk = Desk(replace(WORLD, window=Window("Asia/Shanghai", 9 * 60, 18 * 60), expiry_s=20 * 86400.0))
    desk.lose(NEW_YORK)
    desk.acknowledge()
    assert told(desk) == (waits.NEVER_OPENS, NOON + 20 * 86400.0)
    effects = desk.feed(Capacity("sales", 1, 0)) + desk.wait(19 * 86400.0)
    assert not any(isinstance(effect, SeekAgent) for effect in effects)
    desk.feed(Policies((WORLD,)))
    assert told(desk)[0] != waits.NEVER_OPENS, "a reload has put it right"


def test_hours_that_come_too_late_are_told() -> None:
    desk = Desk(replace(SALES, window=Window("Asia/Shanghai", 9 * 60, 10 * 60), expiry_s=3600.0))
    desk.lose()
    desk.acknowledge()
    assert told(desk) == (waits.TOO_LATE, NOON + 3600.0)


def test_an_expired_one_that_is_spared_is_told() -> None:
    desk = Desk()
    desk.feed(Restored((promise(E164, recorded_at=NOON - 30 * 86400.0),)))
    assert told(desk) == (waits.EXPIRED, NOON + 3600.0)
