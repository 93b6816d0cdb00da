"""Days, hours and addresses as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from softswitch.ivr.calendar import Calendar
from softswitch.settings.calendar import CalendarSettings
from softswitch.settings.kind import HostPort, days, host_port, office_hours, peer, source


@pytest.mark.parametrize(
    ("written", "weekdays"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sat", (5,)),
        ("Mon, Wed-Thu", (0, 2, 3)),
        ("sat-mon", (0, 5, 6)),
        (["mon", "sun"], (0, 6)),
        ("mon-sun", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days(written: object, weekdays: tuple[int, ...]) -> None:
    assert days(written) == weekdays


@pytest.mark.parametrize("written", ["", "monday", "mon-", "-fri", 3, "mon--fri"])
def test_what_is_no_day(written: object) -> None:
    with pytest.raises(ValueError, match="mon-fri"):
        days(written)


def test_hours_end_with_the_day_or_on_the_next_one() -> None:
    assert (office_hours("00:00-24:00").end_minute, office_hours("9:30-18:05").start_minute) == (1440, 570)
    assert office_hours("22:00-02:00").end_minute == 1560


@pytest.mark.parametrize("written", ["09:00-09:00", "09:00-24:01", "09:60-10:00", "9-18", "", 5])
def test_what_is_no_span(written: object) -> None:
    with pytest.raises(ValueError, match="09:00-18:00"):
        office_hours(written)


def test_a_peer_may_leave_the_port_to_its_domain() -> None:
    assert peer("sip.example") == HostPort("sip.example", 0)
    assert host_port("192.0.2.1").port == 0
    assert str(host_port("[::1]:5060")) == "[::1]:5060"


def test_a_source_is_numeric() -> None:
    with pytest.raises(ValueError, match="names are not looked up"):
        source("sip.example")


@pytest.mark.parametrize(("host", "loopback"), [("127.8.8.8", True), ("::1", True), ("localhost", True), ("h", False)])
def test_loopback(host: str, loopback: bool) -> None:
    assert HostPort(host, 1).loopback is loopback


def test_a_calendar_in_plain_values() -> None:
    written = CalendarSettings.model_validate(
        {"zone": "Europe/Berlin", "open": {"mon-tue": ["13:00-18:00", "09:00-12:00"]}, "closed": ["2026-10-01"]}
    )
    spans = ((540, 720), (780, 1080))
    assert written.calendar("office") == Calendar(
        "office", "Europe/Berlin", {0: spans, 1: spans}, frozenset({date(2026, 10, 1)})
    )


def test_a_day_may_stand_in_one_line_only() -> None:
    with pytest.raises(ValidationError, match="names a day that another line has too"):
        CalendarSettings.model_validate({"open": {"mon-fri": ["09:00-10:00"], "fri": ["11:00-12:00"]}})
