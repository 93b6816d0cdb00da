"""What the legs of a phone look like to a lamp."""

from __future__ import annotations

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import Accept, Dial, Release, Ring
from softswitch.call.table import S
from softswitch.sip.event.dialog_info import DialogState, DialogView
from softswitch.switch.configuration import Configuration, LampPolicy, User
from softswitch.switch.extension import _SEEN, Extensions
from tests.unit.call.peer import OURS, UDP, Timing, ack, ids, offered


def house(show: str = "colleagues") -> tuple[Extensions, list[str]]:
    users = {"1001": User("x", "Ann"), "1002": User("x", "Bob")}
    touched: list[str] = []
    configuration = Configuration(users=users, listeners=(), realm="house", lamps=LampPolicy(show))
    return Extensions(configuration, touched.append), touched


def states(extensions: Extensions, user: str = "1001") -> list[DialogState]:
    return [view.state for view in extensions.dialogs(user)]


def outbound() -> Leg:
    return Leg.outbound("out", to_uri="sip:1002@house", from_uri="sip:1001@house", from_display="", flow=UDP,
                        local=OURS, ids=ids(), timing=Timing())  # fmt: skip


def test_every_state_of_a_leg_is_seen_as_something() -> None:
    assert set(_SEEN) == set(S)


def test_a_phone_that_calls_is_seen_from_trying_to_its_end() -> None:
    extensions, touched = house()
    leg, _ = offered()
    extensions.begun(leg, "1001", True, "1002")
    assert extensions.dialogs("1001") == (DialogView("in", DialogState.TRYING, True, "sip:1002@house", "Bob"),)
    leg.handle(Ring(), 1.0)
    assert states(extensions) == [DialogState.EARLY]
    leg.handle(Accept(), 2.0)
    leg.handle(ack(leg), 2.1)
    extensions.moved("in")
    assert states(extensions) == [DialogState.CONFIRMED] and touched == ["1001", "1001"]
    leg.handle(Release(), 3.0)
    assert states(extensions) == [DialogState.TERMINATED]
    extensions.ended("in")
    assert extensions.dialogs("1001") == () and touched == ["1001"] * 3


def test_legs_that_are_nobodys_phone_are_not_seen() -> None:
    extensions, touched = house()
    extensions.moved("trunk-leg")
    extensions.ended("trunk-leg")
    assert touched == [] and extensions.dialogs("1001") == ()


def test_living_dialogs_stand_before_those_that_end() -> None:
    extensions, _ = house()
    ending, _ = offered()
    ending.handle(Release(), 1.0)
    calling = outbound()
    calling.handle(Dial(), 1.0)
    extensions.begun(ending, "1001", True, "1002")
    extensions.begun(calling, "1001", False, "1002")
    assert states(extensions) == [DialogState.TRYING, DialogState.TERMINATED]


@pytest.mark.parametrize(
    ("show", "colleague", "customer"),
    [
        ("nobody", ("", ""), ("", "")),
        ("colleagues", ("sip:1002@house", "Bob"), ("", "")),
        ("everybody", ("sip:1002@house", "Bob"), ("sip:138@house", "Customer")),
    ],
)
def test_the_other_side_is_shown_as_the_admin_wants(
    show: str, colleague: tuple[str, str], customer: tuple[str, str]
) -> None:
    for number, name, seen in (("1002", "whatever he says", colleague), ("138", "Customer", customer)):
        extensions, _ = house(show)
        extensions.begun(outbound(), "1001", False, number, name)
        (view,) = extensions.dialogs("1001")
        assert (view.remote, view.remote_name) == seen


def test_a_leg_that_lingers_is_shown_and_not_living() -> None:
    extensions, _ = house()
    leg, _ = offered()
    extensions.begun(leg, "1001", True, "1002")
    other = outbound()
    other.handle(Dial(), 1.0)
    extensions.begun(other, "1001", False, "1002")
    assert extensions.living("1001") == ["in", "out"]
    leg.handle(Release(), 2.0)
    extensions.moved("in")
    assert extensions.living("1001") == ["out"] and len(extensions.dialogs("1001")) == 2
    extensions.ended("in")
    assert extensions.living("1001") == ["out"] and len(extensions.dialogs("1001")) == 1
    extensions.ended("out")
    assert extensions.living("1001") == []
