"""What a waiting caller is told, and when."""

from __future__ import annotations

from softswitch.contact.visit import FIRST_ANNOUNCEMENT_S, OFFER_S, Visit
from softswitch.ivr.model import CallbackOffer, EnterQueue

ORDER = EnterQueue("orders", None, 0.0, "en", CallbackOffer(20.0, "1"))


def visit() -> Visit:
    one = Visit(ORDER, 100.0, 30.0)
    one.announce_at, one.offer_at = 100.0 + FIRST_ANNOUNCEMENT_S, 120.0
    return one


def test_the_position_is_announced_at_its_moments() -> None:
    one = visit()
    assert one.deadline == 105.0
    (said,) = one.due(3, 105.0)
    assert "three" in said.text and said.language == "en"
    assert one.deadline == 120.0


def test_a_position_that_has_risen_is_not_spoken() -> None:
    one = visit()
    one.offer_at = None
    one.due(2, 105.0)
    assert one.due(4, 135.0) == ()
    (said,) = one.due(1, 165.0)
    assert "four" not in said.text and "two" not in said.text


def test_the_offer_is_spoken_once_and_only_then_can_be_taken() -> None:
    one = visit()
    assert not one.accepts("1")
    one.announce_at = None
    (offer,) = one.due(1, 120.0)
    assert "press one" in offer.text
    assert one.accepts("1") and not one.accepts("2")
    assert one.due(1, 500.0) == ()
    one.promise_token = "being written"
    assert not one.accepts("1")


def test_without_announcements_and_offer_nothing_is_ever_due() -> None:
    one = Visit(EnterQueue("orders", None, 0.0, "en"), 100.0, 0.0)
    assert one.deadline is None and one.due(1, 1e9) == () and not one.accepts("1")


def test_no_position_cuts_the_offer_short() -> None:
    one = visit()
    one.announce_at, one.offer_at = 122.0, 120.0
    assert len(one.due(1, 120.0)) == 1
    assert one.due(1, 122.0) == () and one.announce_at == 120.0 + OFFER_S
    assert len(one.due(1, 120.0 + OFFER_S)) == 1
