"""Hunting: who rings, who wins, and what is said when nobody did."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from softswitch.call.signal import Dial, Failed, Release
from softswitch.contact.hunt import Hunt, longest_s, outcome
from softswitch.contact.order import Directory, MakeLeg, Target, TellLeg
from softswitch.contact.presentation import Presentation
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialOut, Question
from softswitch.sip.flow import Flow
from softswitch.sip.reason import ELSEWHERE, Reason


class Nowhere:
    """No redirection leads anywhere, but to the target itself where ``follows``."""

    def __init__(self, follows: bool = False) -> None:
        self.follows = follows

    def redirected(self, target: Target, contacts: tuple[str, ...]) -> Target | None:
        return replace(target, uri=contacts[0]) if self.follows else None


NOWHERE = cast(Directory, Nowhere())


def target(port: int, caller_id: str = "") -> Target:
    uri = f"sip:1001@127.0.0.1:{port}"
    return Target(uri, uri, Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", port)), presentation=Presentation(caller_id))


def hunt(count: int, parallel: bool = True) -> Hunt:
    return Hunt("dial", "c.dial1.", tuple(target(7000 + n) for n in range(count)), "1004", "", 20.0, parallel)


def made(orders: list[Effect]) -> list[str]:
    return [order.leg for order in orders if isinstance(order, MakeLeg)]


def released(orders: list[Effect]) -> list[str]:
    return [order.leg for order in orders if isinstance(order, TellLeg) and isinstance(order.command, Release)]


def test_in_parallel_all_ring_and_the_first_wins() -> None:
    one = hunt(3)
    assert made(one.start()) == ["c.dial1.1", "c.dial1.2", "c.dial1.3"]
    assert released(one.answered("c.dial1.2")) == ["c.dial1.1", "c.dial1.3"]
    assert not one.ringing


def test_whoever_loses_hears_that_another_has_answered_and_whoever_is_called_off_hears_why() -> None:
    one = hunt(2)
    one.start()
    assert one.answered("c.dial1.2") == [TellLeg("c.dial1.1", Release(causes=(ELSEWHERE,)))]
    two, busy = hunt(1), Reason("Q.850", 17)
    two.start()
    assert two.cancel((busy,)) == [TellLeg("c.dial1.1", Release(causes=(busy,)))]


def test_in_series_the_next_rings_when_one_has_failed() -> None:
    one = hunt(2, parallel=False)
    first = one.start()
    assert made(first) == ["c.dial1.1"] and TellLeg("c.dial1.1", Dial()) in first
    assert made(one.failed(Failed("c.dial1.1", 408, ""), NOWHERE)) == ["c.dial1.2"]
    assert not one.exhausted
    assert one.failed(Failed("c.dial1.2", 480, ""), NOWHERE) == []
    assert one.exhausted


def test_who_declines_for_good_stops_the_other_phones() -> None:
    one = hunt(3)
    one.start()
    assert released(one.failed(Failed("c.dial1.1", 603, ""), NOWHERE)) == ["c.dial1.2", "c.dial1.3"]
    assert one.exhausted and one.status == 603


def test_a_busy_phone_leaves_the_others_ringing() -> None:
    one = hunt(2)
    one.start()
    assert one.failed(Failed("c.dial1.1", 486, ""), NOWHERE) == []
    assert not one.exhausted


@pytest.mark.parametrize(
    ("statuses", "said"),
    [((404, 486), 486), ((500, 408), 408), ((503,), 503), ((), 480), ((480, 603), 603), ((404, 487), 487)],
)
def test_the_most_telling_status_is_reported(statuses: tuple[int, ...], said: int) -> None:
    assert Hunt("dial", "x.", (), "", "", 1.0, statuses=list(statuses)).status == said


@pytest.mark.parametrize(
    ("status", "word"),
    [(486, "busy"), (600, "busy"), (408, "no answer"), (480, "no answer"), (487, "no answer"), (603, "rejected"),
     (403, "rejected"), (404, "failed"), (503, "failed")],
)  # fmt: skip
def test_a_status_is_one_of_four_words(status: int, word: str) -> None:
    assert outcome(status) == word


def test_a_trunk_sees_its_own_caller_id() -> None:
    one = Hunt("dial", "x.", (target(1, "02188880000"),), "1004", "", 1.0)
    orders = one.start()
    assert isinstance(orders[0], MakeLeg) and orders[0].caller == "02188880000"


def behind(*ports: int) -> Target:
    first, *others = (replace(target(port), try_s=4.0) for port in ports)
    return replace(first, trunk="carrier", others=tuple(others))


def calling(purpose: str = "dial", call_id: str = "") -> Hunt:
    one = Hunt(purpose, "x.", (behind(1, 2, 3),), "1004", "", 20.0, call_id=call_id)
    one.start()
    return one


def ports(orders: list[Effect]) -> list[int]:
    return [order.target.flow.remote[1] for order in orders if isinstance(order, MakeLeg)]


UNREACHABLE = Failed("x.1", 503, "transport", "network", elsewhere=True)
SILENT = Failed("x.1", 408, "no answer", "us", silent=True)


@pytest.mark.parametrize("failed", [UNREACHABLE, SILENT])
def test_a_server_that_does_not_serve_is_followed_by_the_next_one(failed: Failed) -> None:
    one = calling()
    orders = one.failed(failed, NOWHERE)
    assert ports(orders) == [2] and made(orders) == ["x.2"] and not one.exhausted
    assert ports(one.failed(replace(failed, leg="x.2"), NOWHERE)) == [3]
    assert one.failed(replace(failed, leg="x.3"), NOWHERE) == [] and one.exhausted


@pytest.mark.parametrize("status", [404, 408, 480, 486, 500, 503, 603])
def test_what_the_callee_said_is_said_for_every_server(status: int) -> None:
    one = calling()
    assert one.failed(Failed("x.1", status, "", "peer"), NOWHERE) == []
    assert one.exhausted and one.status == status


def test_a_customer_is_tried_elsewhere_under_the_same_call_id_if_it_is_certain_that_nobody_rings() -> None:
    one = calling("customer", "promise-1")
    (order, _) = one.failed(UNREACHABLE, NOWHERE)
    assert isinstance(order, MakeLeg) and order.call_id == "promise-1"


def test_a_customer_is_not_dialled_beside_a_server_that_is_merely_silent() -> None:
    one = calling("customer", "promise-1")
    assert one.failed(SILENT, NOWHERE) == [] and one.exhausted


def test_who_is_too_late_for_one_server_is_too_late_for_all() -> None:
    one = calling("customer", "promise-1")
    assert one.failed(Failed("x.1", 503, "late", "us", elsewhere=True), NOWHERE) == [] and one.exhausted
    assert not one.sent, "it is none of his attempts"


def test_in_parallel_the_others_ring_on_while_one_goes_elsewhere() -> None:
    one = Hunt("dial", "x.", (behind(1, 2), target(9)), "1004", "", 20.0)
    one.start()
    assert ports(one.failed(UNREACHABLE, NOWHERE)) == [2]
    assert released(one.answered("x.3")) == ["x.2"]


MOVED = Failed("x.1", 302, "", "peer", contacts=("sip:5@a",))


def test_a_redirection_that_may_not_be_followed_is_a_failure() -> None:
    one = calling()
    assert one.failed(MOVED, NOWHERE) == [] and one.exhausted and outcome(one.status) == "failed"


def test_redirections_are_followed_but_not_for_ever() -> None:
    one, there = calling(), cast(Directory, Nowhere(follows=True))
    for leg in range(1, 6):
        (order, _) = one.failed(replace(MOVED, leg=f"x.{leg}", contacts=(f"sip:{leg}@a",)), there)
        assert isinstance(order, MakeLeg) and order.target.uri == f"sip:{leg}@a"
    assert one.failed(replace(MOVED, leg="x.6"), there) == [] and one.exhausted


@pytest.mark.parametrize(
    ("contacts", "tried"),
    [
        (("sip:5@A;new=1", "sip:6@a"), "sip:6@a"),  # 19.1.4: a parameter that one of them lacks makes no difference
        (("sip:5@a;transport=tcp",), "sip:5@a;transport=tcp"),  # but this one does
        (("sip:5@a;user=phone?Subject=x", "sip:7@a"), "sip:5@a;user=phone?Subject=x"),
        (("sip:5@a?Subject=x", "sip:7@a"), "sip:7@a"),
    ],
)
def test_rfc_3261_8_1_3_4_no_uri_is_tried_twice(contacts: tuple[str, ...], tried: str) -> None:
    one, there = calling(), cast(Directory, Nowhere(follows=True))
    one.failed(MOVED, there)
    (order, _) = one.failed(replace(MOVED, leg="x.2", contacts=contacts), there)
    assert isinstance(order, MakeLeg) and order.target.uri == tried


def test_the_name_behind_another_number_is_not_told() -> None:
    one = Hunt("dial", "x.", (target(1, "02188880000"), target(2)), "1004", "Alice", 1.0)
    assert [order.caller_name for order in one.start() if isinstance(order, MakeLeg)] == ["", "Alice"]


def test_the_number_of_a_callback_is_shown_as_the_queue_says() -> None:
    one = Hunt("customer", "x.", (target(1, "02188880000"),), "4008001234", "", 1.0, as_given=True)
    assert [order.caller for order in one.start() if isinstance(order, MakeLeg)] == ["4008001234"]


def patience(orders: list[Effect]) -> list[float | None]:
    return [order.target.try_s for order in orders if isinstance(order, MakeLeg)]


def test_only_where_another_server_is_left_is_one_given_up_early() -> None:
    one = Hunt("dial", "x.", (behind(1, 2),), "1004", "", 20.0)
    assert patience(one.start()) == [4.0]
    assert patience(one.failed(SILENT, NOWHERE)) == [None]
    assert patience(Hunt("customer", "x.", (behind(1, 2),), "1004", "", 20.0).start()) == [None]


# ---- persons ---------------------------------------------------------------------------------------------------


def of(user: str, port: int) -> Target:
    return replace(target(port), user=user)


def test_in_series_all_phones_of_one_person_ring_together_then_those_of_the_next() -> None:
    targets = (of("ann", 1), of("ann", 2), of("bea", 3))
    one = Hunt("dial", "x.", targets, "1004", "", 20.0, parallel=False, rings={"bea": 7.0})
    assert made(one.start()) == ["x.1", "x.2"]
    assert one.failed(Failed("x.1", 408, ""), NOWHERE) == []  # the other one rings still
    orders = one.failed(Failed("x.2", 408, ""), NOWHERE)
    assert [(order.leg, order.ring_s) for order in orders if isinstance(order, MakeLeg)] == [("x.3", 7.0)]


@pytest.mark.parametrize("parallel", [True, False])
def test_who_declines_is_asked_at_none_of_his_phones_and_the_others_are(parallel: bool) -> None:
    targets = (of("ann", 1), of("ann", 2), of("bea", 3))
    one = Hunt("dial", "x.", targets, "1004", "", 20.0, parallel)
    one.start()
    orders = one.failed(Failed("x.1", 603, ""), NOWHERE)
    assert released(orders) == ["x.2"] and list(one.ringing) == ["x.3"] and not one.exhausted
    one.failed(Failed("x.3", 486, ""), NOWHERE)
    assert one.exhausted and one.status == 486


def test_who_is_asked_has_not_won_until_he_takes_it() -> None:
    one = Hunt("dial", "x.", (of("ann", 1), of("bea", 2)), "1004", "", 20.0, question=Question((), "1"))
    one.start()
    one.ask("x.1", 100.0)
    assert (one.deadline, one.silent(119.0), one.silent(120.0)) == (120.0, [], ["x.1"])
    assert one.reached("x.1") == "ann" and not one.exhausted
    one.failed(Failed("x.2", 486, ""), NOWHERE)
    assert one.refused("x.1", 603) == [] and one.exhausted and one.deadline is None


def test_how_long_it_may_ring() -> None:
    order = DialOut(("ann", "bea"), ring_s=10.0, rings={"ann": 25.0})
    assert (longest_s(order), longest_s(replace(order, parallel=False))) == (25.0, 35.0)
    assert longest_s(DialOut(number="1", trunk="t", ring_s=9.0, question=Question((), "1"))) == 29.0
