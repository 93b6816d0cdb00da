"""Who guesses passwords is not heard for a while."""

import pytest

from softswitch.switch.ban import BanRule, Bans

RULE = BanRule(failures=3, within_s=60.0, for_s=600.0)
HOST, NOW = "192.0.2.66", 1_700_000_000.0


def guesses(
    bans: Bans, count: int, host: str = HOST, user: str = "1001", now: float = NOW, every_s: float = 1.0
) -> bool:
    return any([bans.failed(host, user, now + number * every_s) for number in range(count)])


def test_the_last_guess_of_too_many_bans_for_a_time() -> None:
    bans = Bans(RULE)
    assert not guesses(bans, 2)
    ban = bans.failed(HOST, "1002", NOW + 2)
    assert ban is not None
    assert (ban.source, ban.until, ban.user) == (HOST, NOW + 602, "1002")
    assert bans.holds(HOST, NOW + 601)
    assert not bans.holds("192.0.2.67", NOW + 3)
    assert not bans.holds(HOST, NOW + 602)
    assert bans.all(NOW + 602) == []
    assert not bans


def test_what_a_banned_source_sends_is_counted() -> None:
    bans = Bans(RULE)
    guesses(bans, 3)
    for _ in range(5):
        bans.holds(HOST, NOW + 10)
    assert [ban.dropped for ban in bans.all(NOW + 10)] == [5]


def test_guesses_far_apart_ban_nobody() -> None:
    assert not guesses(Bans(RULE), 30, every_s=31.0)


def test_loopback_is_exempt_and_networks_that_the_admin_names() -> None:
    assert not guesses(Bans(RULE), 50, host="127.0.0.9")
    assert not guesses(Bans(BanRule(3, 60, 600, ("192.0.2.0/24",))), 50)
    assert guesses(Bans(BanRule(3, 60, 600, ())), 3, host="127.0.0.9")
    assert not guesses(Bans(BanRule(failures=0)), 50)


def test_a_64_is_banned_as_one() -> None:
    bans = Bans(RULE)
    for number in range(3):
        bans.failed(f"2001:db8::{number}", "1001", NOW)
    assert bans.holds("2001:db8::ffff", NOW)
    assert not bans.holds("2001:db8:0:1::1", NOW)


def test_a_ban_can_be_lifted() -> None:
    bans = Bans(RULE)
    guesses(bans, 3)
    assert bans.lift(HOST).source == HOST
    assert not bans.holds(HOST, NOW + 3)
    with pytest.raises(LookupError):
        bans.lift(HOST)
    assert not guesses(bans, 2, now=NOW + 4), "and begins with a clean sheet"


def test_a_user_guessed_at_from_many_places_is_guarded_for_the_window() -> None:
    bans = Bans(RULE)
    for number in range(3):
        bans.failed(f"198.51.100.{number}", "1001", NOW)
    assert bans.guarded("1001", NOW + 59)
    assert not bans.guarded("1001", NOW + 61)
    assert not bans.guarded("1002", NOW)
    assert bans.all(NOW) == []


def test_what_is_watched_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.switch.ban.MOST_WATCHED", 10)
    monkeypatch.setattr("softswitch.switch.ban.MOST_BANS", 2)
    bans = Bans(RULE)
    for number in range(100):
        guesses(bans, 3, host=f"10.0.0.{number}", user=f"u{number}")
    assert len(bans.all(NOW + 10)) == 2
    assert len(bans._users._at) == 10
