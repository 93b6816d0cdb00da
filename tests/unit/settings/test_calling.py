"""Hours that never come are refused, and so is a do-not-call list that cannot be read; a broken line of it is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load
from softswitch.settings.kept import keep, kept_file, latest

Write = Callable[..., Path]
CALENDARS = """calendars:
  shop: {zone: Asia/Shanghai, open: {mon-fri: ['09:00-18:00']}, closed: ['2026-10-01..2026-10-07']}
  never: {zone: Asia/Shanghai}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    config = tmp_path / "config"
    config.mkdir()

    def writer(callback: str = "", softswitch: str = "region: CN", **files: str) -> Path:
        (config / "softswitch.yaml").write_text(softswitch)
        (config / "trunks.yaml").write_text("trunks:\n  carrier: {address: '192.0.2.1:5060'}\n")
        (config / "queues.yaml").write_text(f"queues:\n  sales: {{callback: {{trunk: carrier, {callback}}}}}\n")
        (config / "calendars.yaml").write_text(CALENDARS)
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return config

    return writer


def problems(config: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        load(config, {})
    return str(raised.value)


def warned(settings: Settings) -> str:
    return "\n".join(str(one) for one in settings.warnings)


@pytest.mark.parametrize(
    ("callback", "complaint"),
    [
        ("window: {days: []}", "names no day"),
        ("window: {hours: '09:00-09:00'}", "is not a span of hours"),
        ("callee_window: {days: []}", "names no day"),
        ("callee_window: {hours: '25:00-26:00'}", "is not a span of hours"),
        ("window: {hours: '09:00-12:00'}, callee_window: {hours: '12:00-20:00'}", "never open together"),
        ("window: {days: sat}, callee_window: {days: mon-fri}", "never open together"),
        ("closed_on: never", "leaves no day of window"),
        ("closed_on: shop, window: {days: sat-sun}", "leaves no day of window"),
        ("closed_on: shpo", "no calendar 'shpo'"),
        ("group: 'a b'", "is not a name"),
        ("countries: [GB, XX]", "countries[1]: 'XX' is not a country such as CN"),
        ("caller_id: '400 800 1234'", "'400 800 1234' is not a number to be shown, such as +864008001234"),
        ('caller_id: "400\\r\\nVia: x"', "is not a number to be shown"),
        ("stage_priority: {abandonned: 1m}", "stage_priority"),
        ("stages: [abandoned, shed, abandoned]", "callback.stages: 'abandoned' is there twice; write it once"),
        (
            "countries: [GB], callee_window: {hours: '18:00-20:00'}, window: {hours: '09:00-12:00'}",
            "for numbers in Europe/",
        ),
    ],
)
def test_what_can_never_be_is_refused(write: Write, callback: str, complaint: str) -> None:
    assert complaint in problems(write(callback))


def test_hours_that_meet_through_the_zones_are_right(write: Write) -> None:
    callback = "countries: [GB], window: {hours: '16:00-18:00'}, callee_window: {hours: '08:00-11:00'}"
    assert "callee_window" not in warned(load(write(callback), {}))


def test_some_zones_in_which_it_never_opens_are_a_warning(write: Write) -> None:
    config = write("window: {zone: America/New_York, hours: '09:00-11:00'}, callee_window: {hours: '09:00-20:00'}",
                   "region: US")  # fmt: skip
    assert "never open together for numbers in" in warned(load(config, {}))


@pytest.mark.parametrize(
    ("callback", "told"),
    [
        ("window: {hours: '09:00-18:00'}", ""),
        ("window: {hours: '22:00-02:00'}", ""),
        ("window: {hours: '09:00-18:00', days: mon-fri}", "ends after 2d, and window is shut for 2d15h from 20"),
        ("window: {hours: '09:00-18:00', days: mon-fri}, expiry: 2d15h", "write for example expiry: 4d"),
        ("window: {hours: '09:00-18:00', days: mon-fri}, expiry: 2d15h1m", ""),
        ("window: {hours: '09:00-18:00'}, closed_on: shop", "ends after 2d, and window is shut for "),
        ("window: {hours: '09:00-10:00', days: sun}", "shut for 6d23h from 20"),
        ("window: {hours: '09:00-18:00'}, expiry: 1h", "ends after 1h, and window is shut for 15h from 20"),
    ],
)
def test_hours_that_come_only_after_the_promise_has_ended_are_told(write: Write, callback: str, told: str) -> None:
    said = warned(load(write(callback), {}))
    assert told in said and bool(told) is ("expiry: ends after" in said), said


@pytest.mark.parametrize(
    ("callback", "told"),
    [
        ("retry: {busy: 3d}", "callback.retry: busy (3d): not before expiry (2d), so that nobody is"),
        ("retry: {busy: 2d}, expiry: 2d", "retry: busy (2d): not before expiry (2d)"),
        ("expiry: 20m", "retry: no_answer (30m): not before expiry (20m)"),
        (
            "expiry: 12m",
            "no_answer (30m), failed (15m), rejected (15m), hung_up (15m), dropped (15m): not before expiry (12m)",
        ),
        ("retry: {busy: 3d}, max_attempts: 1", ""),
        ("retry: {machine: 3d}", ""),
        ("first: customer, retry: {machine: 3d}, answer: {machine_detection: true}", "retry: machine (3d): not before"),
        ("retry: {busy: 47h}", ""),
    ],
)
def test_pauses_that_last_longer_than_the_promise_are_told(write: Write, callback: str, told: str) -> None:
    said = warned(load(write(callback), {}))
    assert told in said and bool(told) is ("not before expiry" in said), said


def test_a_pattern_that_takes_an_emergency_number_is_told(write: Write) -> None:
    assert "matches 110, 112, 118" in warned(load(write("numbers: '1[0-9]{2}'"), {}))
    assert "emergency" not in warned(load(write("numbers: '1[0-9]{3}'"), {}))


def test_a_policy_has_what_was_written(write: Write) -> None:
    config = write(
        "group: shop, priority: 1m, stage_priority: {accepted-offer: 10m}, repeat_priority: 2m, services: true,"
        " window: {hours: '00:00-24:00'}, callee_window: {hours: '22:00-02:00', days: fri}, closed_on: shop"
    )
    (policy,) = load(config, {}).policies()
    assert (policy.key, policy.priority_s, policy.repeat_priority_s, policy.services) == ("shop", 60.0, 120.0, True)
    assert policy.stage_priority_s == (("accepted-offer", 600.0),)
    assert policy.callee_window is not None and policy.callee_window.zone == ""
    assert (policy.callee_window.start_minute, policy.callee_window.end_minute) == (22 * 60, 26 * 60)
    off = policy.window.days_off
    assert (
        off is not None
        and off.off(date(2026, 10, 5))
        and off.off(date(2026, 11, 22))
        and not off.off(date(2026, 11, 23))
    )
    assert load(config, {}).policies() == [policy], "a reload of the same changes nothing"


@pytest.mark.parametrize(
    ("callback", "complaint"),
    [
        ("ring: 14s", "ring: hangs up sooner than the 15s"),
        ("first: customer, agent_within: 3s", "agent_within: laws count who waits longer than 2s"),
        ("first: customer, abandon_limit: 0.05", "abandon_limit: laws allow 0.03 at most"),
        ("first: customer, answer: {machine_detection: true}", "retry.machine: 1h after machine_detection"),
    ],
)
def test_what_laws_forbid_in_places_is_told(write: Write, callback: str, complaint: str) -> None:
    assert complaint in warned(load(write(callback), {}))
    agent_first = load(write(callback.replace("first: customer", "first: agent")), {})
    assert len(agent_first.warnings) == ("first" not in callback)


@pytest.mark.parametrize(
    ("callback", "region", "told"),
    [
        ("", "CN", False),
        ("window: {zone: America/New_York}", "US", True),
        ("window: {zone: America/New_York}, callee_window: {}", "US", False),
        ("window: {zone: Europe/Berlin}, countries: [DE, AT, CH]", "DE", False),
        ("window: {zone: Europe/Berlin}, countries: [DE, GB]", "DE", True),
    ],
)
def test_who_is_called_by_another_clock_than_his_own_is_told(
    write: Write, callback: str, region: str, told: bool
) -> None:
    said = warned(load(write(callback, f"region: {region}"), {}))
    assert ("window: numbers in" in said and "write callee_window too" in said) is told, said


def test_a_pause_after_a_crash_in_which_a_phone_may_ring_is_told(write: Write) -> None:
    shorter = warned(load(write(softswitch="callbacks: {settle: 31s}"), {}))
    assert "callbacks.settle: an INVITE may be under way for 32s" in shorter
    assert not load(write(softswitch="callbacks: {settle: 32s}"), {}).warnings


def test_a_number_may_be_dialled_so_often_in_a_day(write: Write) -> None:
    (policy,) = load(write("most_per_day: 2, agent_first_for: 1d"), {}).policies()
    assert (policy.most_per_day, policy.agent_first_for_s) == (2, 86400.0)
    (usual,) = load(write(), {}).policies()
    assert (usual.most_per_day, usual.agent_first_for_s) == (0, 3 * 86400.0)
    assert "most_per_day" in problems(write("most_per_day: 0"))
    assert "agent_first_for" in problems(write("agent_first_for: 32d"))


def test_the_list_in_a_file_is_read_and_its_broken_lines_are_told(write: Write) -> None:
    text = "\ufeff# who asked us\n13800138000 # Mr. Li\n\n010-6234-5678\noops\n+44 20 7946 0958\n6234 5678\n1001\n"
    config = write("numbers: '1[0-9]{3}'", "do_not_call: list.txt\narea_code: '10'", **{"list.txt": text})
    settings = load(config, {})
    assert settings.barred == {"+8613800138000", "+861062345678", "+442079460958", "1001"}
    (broken,) = settings.warnings
    assert (broken.line, Path(broken.file).name, broken.level) == (5, "list.txt", "warning")
    assert "'oops' is no number (invalid)" in broken.message


@pytest.mark.parametrize(("region", "example"), [("CN", "+8613123456789"), ("DE", "+4915123456789")])
def test_the_example_of_a_number_is_one_of_the_region(write: Write, region: str, example: str) -> None:
    config = write("", f"do_not_call: list.txt\nregion: {region}", **{"list.txt": "oops\n"})
    assert f"write one number per line, for example {example}" in warned(load(config, {}))


def test_without_an_area_code_a_local_number_protects_nobody_and_is_told(write: Write) -> None:
    config = write("", "do_not_call: list.txt", **{"list.txt": "6234 5678\n"})
    assert load(config, {}).barred == frozenset()
    assert "list.txt:1:1: warning: '6234 5678' is no number (invalid)" in warned(load(config, {}))


def test_very_many_broken_lines_are_not_all_told(write: Write) -> None:
    config = write("", "do_not_call: list.txt", **{"list.txt": "oops\n" * 10_000})
    settings = load(config, {})
    assert len(settings.warnings) == 21 and "and 9980 more" in settings.warnings[-1].message


def test_a_list_that_is_not_there_is_refused(write: Write) -> None:
    assert "cannot be read: No such file" in problems(write("", "do_not_call: list.txt"))


def test_a_list_that_is_no_utf_8_is_refused_lest_nobody_be_protected(write: Write, tmp_path: Path) -> None:
    config, file = write("", "do_not_call: list.txt", **{"list.txt": "13800138000\n"}), tmp_path / "list.txt"
    keep(load(config, {}))
    file.write_text("13800138000\n13900139000\n", encoding="utf-16")
    with pytest.raises(ConfigError, match="do_not_call: is UTF-16, and no text; save it in UTF-8"):
        load(config, {})
    assert latest(config, kept_file(tmp_path / "var"), {})[0].barred == {"+8613800138000"}
    file.write_text("")
    assert load(config, {}).barred == frozenset()


def test_a_process_that_begins_without_the_file_goes_by_what_was_kept(write: Write, tmp_path: Path) -> None:
    config = write("", "do_not_call: list.txt", **{"list.txt": "13800138000\noops\n"})
    keep(load(config, {}))
    file = kept_file(tmp_path / "var")
    (tmp_path / "list.txt").write_text("13900139000\n")
    assert load(config, {}).barred == {"+8613900139000"}, "what is there comes first"
    (tmp_path / "list.txt").unlink()
    settings, told = latest(config, file, {})
    assert settings.barred == {"+8613800138000"}
    assert "list.txt:0:1: do_not_call: cannot be read" in str(told[0])


def test_who_wants_one_file_alone_does_not_wait_for_the_list(write: Write) -> None:
    config = write("", "do_not_call: not-there.txt")
    assert load(config, {}, {"softswitch.yaml": "do_not_call: not-there.txt"}).barred == frozenset()


def test_a_list_that_is_no_file(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.txt")
    assert "do_not_call: is not a file" in problems(write("", "do_not_call: list.txt"))


def test_an_area_code_has_digits(write: Write) -> None:
    assert "is not an area code" in problems(write("", "area_code: '+10'"))
