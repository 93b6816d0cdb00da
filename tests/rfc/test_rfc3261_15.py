"""RFC 3261 section 15: terminating a session."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Accept, Failed, Release, Released, Ring
from softswitch.call.table import S
from softswitch.sip.message import Message, Request
from tests.rfc.called import Called, inside, said_to
from tests.rfc.ends import Caller, NullSwitch
from tests.simnet.house import House
from tests.unit.call.peer import OFFER, invite
from tests.unit.sip.exchange import request


def names(messages: list[Message]) -> list[str]:
    return [said.method if isinstance(said, Request) else f"{said.status} {said.cseq.method}" for said in messages]


def talking() -> tuple[Called, Caller]:
    one, other = Called(), Caller()
    one.talk()
    other.up()
    return one, other


# ---- 15: which of BYE, CANCEL and a refusal --------------------------------------------------------------------


def test_15_a_final_response_but_2xx_ends_whatever_the_invite_had_begun() -> None:
    one = Caller()
    made = one.dial()
    for tag in ("x", "y"):
        one.answered(made, 183, tag, body=OFFER)
    one.answered(made, 486, "x")
    assert [end.status for end in one.told if isinstance(end, Failed)] == [486]
    for tag in ("x", "y"):
        assert said_to(one, inside(one, "BYE", 1, from_tag=tag)).status == 481


def test_15_a_bye_ends_the_session_of_its_dialog_only() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 200, "x", body=OFFER)
    one.answered(made, 200, "y", body=OFFER)  # left by us at once
    said_to(one, inside(one, "BYE", 1, from_tag="y"))
    assert one.leg is not None and one.leg.state is S.UP
    assert said_to(one, inside(one, "BYE", 1, from_tag="x")).status == 200
    assert [end.by for end in one.told if isinstance(end, Released)] == ["peer"]


def test_15_there_is_no_bye_outside_of_a_dialog() -> None:
    one = Caller()
    made = one.dial()
    assert one.tell(Release()) == []
    assert names(one.answered(made, 100)) == ["CANCEL"]


def test_15_as_caller_we_cancel_an_early_dialog() -> None:
    """A BYE would end one of its branches only."""
    one = Caller()
    one.answered(one.dial(), 180)
    assert names(one.tell(Release())) == ["CANCEL"]


def test_15_a_caller_may_end_an_early_dialog_by_bye() -> None:
    one = Called()
    one.invited()
    one.tell(Ring())
    assert names(one.hears(inside(one, "BYE", from_tag="their"))) == ["200 BYE", "487 INVITE"]
    assert [end.by for end in one.told if isinstance(end, Failed)] == ["peer"]


@pytest.mark.parametrize("ringing", [False, True])
def test_15_as_called_we_never_end_an_early_dialog_by_bye(ringing: bool) -> None:
    one = Called()
    one.invited()
    if ringing:
        one.tell(Ring())
    assert names(one.tell(Release())) == ["486 INVITE"]
    assert "BYE" not in names([said for _, said in one.passes(60.0)])


def test_15_nor_a_confirmed_one_before_its_ack() -> None:
    one = Called()
    one.accept()
    assert one.tell(Release()) == []
    assert names(one.hears(inside(one, "ACK", 1))) == ["BYE"]


def test_15_or_until_none_is_to_be_expected() -> None:
    one = Called()
    one.accept()
    one.tell(Release())
    said = one.passes(32.0)
    assert names([message for _, message in said])[-1] == "BYE" and said[-1][0] == 32.0


def test_15_a_2xx_that_has_crossed_our_cancel_is_acknowledged_and_left() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 180)
    one.tell(Release())
    assert names(one.answered(made, 200, body=OFFER)) == ["ACK", "BYE"]


# ---- 15.1.1: ours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1], ids=["called", "caller"])
def test_15_1_1_it_is_a_request_of_the_dialog(which: int) -> None:
    one = talking()[which]
    leg = one.leg
    (bye,) = one.tell(Release())
    assert leg is not None
    assert (bye.call_id, bye.from_.tag, bye.to.tag) == (leg.call_id, leg.local_tag, leg.remote_tag)


@pytest.mark.parametrize("which", [0, 1], ids=["called", "caller"])
def test_15_1_1_the_session_is_over_when_it_is_sent(which: int) -> None:
    one = talking()[which]
    one.tell(Release())
    assert [end.by for end in one.told if isinstance(end, Released)] == ["us"]


def test_15_1_1_no_media_are_sent_or_heard_from_then_on() -> None:
    house = House()
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    assert len(house.world.media.streams) == 2
    house.world.peers[house.bob.address] = lambda message, flow: None  # his phone never answers the BYE
    house.desk.hang_up(call)
    house.world.run(1)
    assert house.world.media.streams == {} and house.world.switch.calls.legs


@pytest.mark.parametrize("status", [200, 408, 481, 500, 0])
def test_15_1_1_whatever_the_answer_the_dialog_is_over(status: int) -> None:
    one, _ = talking()
    (bye,) = one.tell(Release())
    assert isinstance(bye, Request)
    if status:
        one.answered(bye, status)
    one.passes(40.0)
    assert one.agent.legs == {}
    assert [type(end).__name__ for end in one.told if type(end).__name__ in ("Released", "Finished")] == [
        "Released", "Finished"
    ]  # fmt: skip


# ---- 15.1.2: theirs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_tag", ["", "unknown"], ids=["without a tag", "of no dialog"])
def test_15_1_2_a_bye_that_matches_no_dialog_is_481(to_tag: str) -> None:
    assert NullSwitch().answer(request("BYE", to_tag=to_tag)).status == 481


@pytest.mark.parametrize("which", [0, 1], ids=["called", "caller"])
def test_15_1_2_one_that_does_ends_the_session_and_is_200(which: int) -> None:
    one = talking()[which]
    assert said_to(one, inside(one, "BYE")).status == 200
    assert [end.by for end in one.told if isinstance(end, Released)] == ["peer"]


def test_15_1_2_no_media_are_sent_or_heard_from_then_on() -> None:
    house = House()
    call = house.desk.call("8000")
    house.world.run_until(lambda: call.state == "talking" and house.world.media.playing)
    house.desk.hang_up(call)
    house.world.run(1)
    assert house.world.media.streams == {} and house.world.media.playing == {}


def test_15_1_2_the_rules_of_the_dialog_hold_for_it() -> None:
    one, _ = talking()
    said_to(one, inside(one, "OPTIONS", 9))
    assert said_to(one, inside(one, "BYE", 8)).status == 500
    assert one.leg is not None and one.leg.state is S.UP


def test_15_1_2_a_repeated_bye_gets_its_200_again() -> None:
    one, _ = talking()
    bye = inside(one, "BYE")
    assert [said_to(one, bye).status for _ in range(3)] == [200] * 3


def test_15_1_2_what_is_pending_is_answered_487() -> None:
    one = Called()
    one.invited(invite(more=(("Supported", "100rel"),)))
    one.tell(Ring(183))
    assert one.tell(Accept()) == []  # until the PRACK
    assert names(one.hears(inside(one, "BYE", from_tag="their"))) == ["200 BYE", "487 INVITE"]


def test_15_1_2_a_bye_before_the_ack_ends_the_repeats_of_the_2xx() -> None:
    one = Called()
    one.accept()
    assert names(one.hears(inside(one, "BYE"))) == ["200 BYE"]
    assert one.passes(30.0) == []
