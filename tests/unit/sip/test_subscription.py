"""RFC 6665 section 4.2, the notifier of one subscription. Time is numbers."""

from __future__ import annotations

import pytest

from softswitch.core.effect import Effect
from softswitch.sip.dialog import Dialog
from softswitch.sip.event.package import Package
from softswitch.sip.message import Request
from softswitch.sip.subscription import ANSWER_LIMIT_S, TABLE, I, Notify, S, Subscription, SubscriptionEnded, Watch
from tests.unit.sip.exchange import TCP, UDP, request

PACKAGE = Package("dialog", "text/plain", 1.0, lambda content, version: f"{version}:{content}".encode())


def begun(expires_s: float = 600.0) -> tuple[Subscription, list[Effect]]:
    dialog = Dialog.uas(request("SUBSCRIBE", cseq=3), "us")
    one = Subscription(Watch("sub-1", "1004", "1001", PACKAGE, "dialog;id=7"), dialog, UDP, "<sip:us>", "idle")
    return one, one.subscribe(expires_s, "idle", 100.0)


def told(effects: list[Effect]) -> Request:
    (effect,) = effects
    assert isinstance(effect, Notify) and effect.subscription == "sub-1"
    return effect.request


def state_of(notify: Request) -> str | None:
    return notify.headers.get("Subscription-State")


def quiet() -> Subscription:
    one, _ = begun()
    one.answered(200, 100.1)
    assert one.state is S.QUIET
    return one


def test_4_2_1_a_subscribe_is_followed_by_a_notify_with_the_whole_state() -> None:
    _, effects = begun()
    notify = told(effects)
    assert (notify.method, notify.uri, notify.body) == ("NOTIFY", "sip:1001@10.0.0.1:5060", b"0:idle")
    assert state_of(notify) == "active;expires=600"
    assert notify.headers.get("Event") == "dialog;id=7" and notify.headers.get("Contact") == "<sip:us>"
    assert (notify.from_.tag, notify.to.tag, notify.cseq.number) == ("us", "their", 1)


def test_4_2_2_a_change_is_told_with_the_next_version_and_cseq() -> None:
    one = quiet()
    notify = told(one.changed("busy", 200.0))
    assert (notify.body, notify.cseq.number, state_of(notify)) == (b"1:busy", 2, "active;expires=500")


def test_what_has_not_changed_is_not_told() -> None:
    assert quiet().changed("idle", 200.0) == []


def test_4_2_2_one_notify_is_under_way_and_only_the_newest_state_follows_it() -> None:
    one, _ = begun()
    assert one.changed("ringing", 100.2) == one.changed("busy", 100.3) == []
    assert one.answered(200, 110.0) != []
    assert one.version == 2 and one.content == "busy"


def test_changes_that_come_too_fast_wait_and_are_told_as_one() -> None:
    one = quiet()
    told(one.changed("ringing", 200.0))
    one.answered(200, 200.1)
    assert one.changed("busy", 200.2) == one.changed("idle", 200.4) == one.changed("holding", 200.5) == []
    assert one.deadline == 201.0 and one.tick(200.9) == []
    assert told(one.tick(201.0)).body == b"2:holding"
    assert one.answered(200, 201.1) == [] and one.deadline == 700.0


def test_4_1_2_2_a_refresh_moves_the_end_and_is_followed_by_a_notify_whatever_the_rate() -> None:
    one = quiet()
    told(one.changed("busy", 200.0))
    assert one.subscribe(600.0, "busy", 200.1) == []  # one is under way
    notify = told(one.answered(200, 200.2))
    assert state_of(notify) == "active;expires=600"
    one.answered(200, 200.3)
    assert one.deadline == pytest.approx(800.1)


def test_4_1_2_3_an_unsubscribe_gets_a_last_notify() -> None:
    one = quiet()
    notify = told(one.subscribe(0, "busy", 200.0))
    assert state_of(notify) == "terminated;reason=timeout" and notify.body == b"1:busy" and one.over
    assert one.answered(200, 200.1) == [SubscriptionEnded("dialog", "1004", "1001", "unsubscribed")]
    assert one.state is S.ENDED and one.deadline is None


def test_4_4_3_a_fetch_is_one_notify() -> None:
    one, effects = begun(0)
    assert state_of(told(effects)) == "terminated;reason=timeout"
    assert one.answered(200, 100.1) == [SubscriptionEnded("dialog", "1004", "1001", "unsubscribed")]


def test_4_2_2_one_that_is_not_refreshed_ends_with_a_notify() -> None:
    one = quiet()
    assert one.deadline == 700.0
    assert state_of(told(one.tick(700.0))) == "terminated;reason=timeout"
    assert one.changed("busy", 700.1) == []
    assert one.answered(200, 700.2) == [SubscriptionEnded("dialog", "1004", "1001", "expired")]


def test_one_that_expires_while_a_notify_is_under_way_ends_after_it() -> None:
    one = quiet()
    told(one.changed("busy", 699.0))
    assert one.tick(700.0) == [] and one.state is S.LAST_DUE
    assert state_of(told(one.answered(200, 701.0))) == "terminated;reason=timeout"


@pytest.mark.parametrize("status", [404, 408, 481, 489, 503])
def test_4_2_2_a_notify_that_fails_ends_the_subscription(status: int) -> None:
    one = quiet()
    told(one.changed("busy", 200.0))
    assert one.answered(status, 232.0) == [SubscriptionEnded("dialog", "1004", "1001", "refused")]
    assert one.deadline is None and one.changed("idle", 233.0) == []


@pytest.mark.parametrize("status", [400, 401, 486, 500, 603])
def test_rfc_5057_other_refusals_are_of_the_one_notify_only(status: int) -> None:
    one = quiet()
    told(one.changed("busy", 200.0))
    assert one.answered(status, 200.1) == [] and one.state is S.QUIET
    assert told(one.changed("idle", 300.0)).body == b"2:idle"


def test_a_provisional_response_means_nothing() -> None:
    one, _ = begun()
    assert one.answered(100, 100.1) == [] and one.state is S.TELLING


def test_a_notify_of_which_nothing_is_heard_ends_it() -> None:
    one, _ = begun()
    assert one.deadline == 100.0 + ANSWER_LIMIT_S
    assert one.tick(100.0 + ANSWER_LIMIT_S) == [SubscriptionEnded("dialog", "1004", "1001", "lost")]


def test_a_lost_way_ends_it_at_once() -> None:
    one = quiet()
    assert one.lost(200.0) == [SubscriptionEnded("dialog", "1004", "1001", "lost")]
    assert one.lost(200.1) == [] and one.answered(200, 200.2) == []


def test_the_notify_takes_the_way_of_the_last_subscribe() -> None:
    one = quiet()
    one.flow = TCP
    (effect,) = one.changed("busy", 200.0)
    assert isinstance(effect, Notify) and effect.flow is TCP


def test_4_1_3_a_switch_that_goes_away_asks_for_a_new_subscription() -> None:
    one = quiet()
    assert state_of(told(one.close(200.0))) == "terminated;reason=deactivated"
    assert one.answered(200, 200.1) == [SubscriptionEnded("dialog", "1004", "1001", "closed")]
    ended = quiet()
    ended.subscribe(0, "idle", 200.0)
    assert ended.close(200.1) == []


EVERYWHERE = {I.CLOSED, I.UNSUBSCRIBED, I.SUBSCRIBED, I.CHANGED, I.EXPIRED, I.GONE}


@pytest.mark.parametrize("state", [state for state in S if state is not S.NEW])
def test_what_can_happen_at_any_time_has_a_cell_in_every_state(state: S) -> None:
    assert set(TABLE[state]) >= EVERYWHERE
