"""RFC 3665 section 3: sessions. The switch is Bob to Alice and Alice to Bob: what crosses it is said on both sides.

Sections 3.2 to 3.5 are about what proxies do for each other. What is left of them here: Alice proves her password once
(3.3), and of several answers only the first counts.
"""

from __future__ import annotations

import pytest

from softswitch.sip.message import Response
from tests.ladders.scene import HERE, SDP, RawPhone, Scene
from tests.simnet.house import CARRIER_PORT
from tests.simnet.phone import Call

CARRIER = f"Contact: <sip:c@127.0.0.1:{CARRIER_PORT}>"


@pytest.fixture
def scene() -> Scene:
    return Scene()


ALICE_CALLS = """\
alice > INVITE+sdp
alice < 401 INVITE
alice > ACK
alice > INVITE+sdp
alice < 100 INVITE
bob < INVITE+sdp
bob > 100 INVITE
"""
RINGS = """\
bob > 180 INVITE
alice < 180 INVITE
"""


def call(scene: Scene) -> Call:
    scene.begin()
    return scene.alice.call("1002")


def talk(scene: Scene) -> Call:
    made = call(scene)
    scene.until(lambda: made.state == "talking" and scene.bob.talking)
    scene.world.run(0.1)
    return made


def test_3_1_a_session_is_made_and_ended(scene: Scene) -> None:
    talk(scene)
    scene.bob.hang_up(scene.bob.talking[0])
    scene.world.run(1)
    assert (
        scene.ladder
        == ALICE_CALLS
        + RINGS
        + """\
bob > 200 INVITE+sdp
bob < ACK
alice < 200 INVITE+sdp
alice > ACK
bob > BYE
bob < 200 BYE
alice < BYE
alice > 200 BYE"""
    )


def answered(scene: Scene, carrier: RawPhone) -> str:
    """The To of the 200 that the carrier's latest INVITE gets."""

    def found() -> list[str]:
        return [one.headers.get("To") or "" for one in carrier.heard if isinstance(one, Response) and one.status == 200]

    scene.until(found)
    return found()[-1]


def test_3_6_the_answer_comes_in_the_ack(scene: Scene) -> None:
    """The half of the flow that has no redirection: an INVITE without a description."""
    carrier = scene.raw("carrier", CARRIER_PORT)
    scene.begin()
    carrier.say("INVITE sip:8000@127.0.0.1", 1, CARRIER)
    to = answered(scene, carrier)
    carrier.say("ACK sip:8000@127.0.0.1", 1, body=SDP, to=to)
    assert scene.world.media.heard_by(HERE) == "prompt"
    carrier.say("BYE sip:8000@127.0.0.1", 2, to=to)
    assert (
        scene.ladder
        == """\
carrier > INVITE
carrier < 100 INVITE
carrier < 200 INVITE+sdp
carrier > ACK+sdp
carrier > BYE
carrier < 200 BYE"""
    )


def test_3_7_the_caller_goes_on_at_another_address(scene: Scene) -> None:
    carrier = scene.raw("carrier", CARRIER_PORT)
    carrier.say("INVITE sip:8000@127.0.0.1", 1, CARRIER, body=SDP)
    to = answered(scene, carrier)
    carrier.say("ACK sip:8000@127.0.0.1", 1, to=to)
    scene.begin()
    there = SDP.replace(str(HERE[1]), "45000").replace("IN IP4 127.0.0.1", "IN IP4 127.0.0.7")
    carrier.say("INVITE sip:8000@127.0.0.1", 2, CARRIER, body=there, to=to)
    answered(scene, carrier)
    carrier.say("ACK sip:8000@127.0.0.1", 2, to=to)
    assert (
        scene.ladder
        == """\
carrier > INVITE+sdp
carrier < 200 INVITE+sdp
carrier > ACK"""
    )
    assert scene.world.media.heard_by(("127.0.0.7", 45_000)) == "prompt"


def test_3_8_nobody_answers_and_alice_gives_up(scene: Scene) -> None:
    scene.bob.answer_after = None
    made = call(scene)
    scene.until(lambda: made.state == "ringing")
    scene.alice.hang_up(made)
    scene.world.run(1)
    assert (
        scene.ladder
        == ALICE_CALLS
        + RINGS
        + """\
alice > CANCEL
alice < 200 CANCEL
alice < 487 INVITE
bob < CANCEL
alice > ACK
bob > 200 CANCEL
bob > 487 INVITE
bob < ACK"""
    )


def test_3_8_nobody_answers_and_the_invitation_expires(scene: Scene) -> None:
    """RFC 3261 section 13.3.1: as if Alice had given up."""
    scene.bob.answer_after = None
    scene.alice.extra_headers = (("Expires", "20"),)
    made = call(scene)
    scene.until(lambda: made.state == "ended")
    scene.world.run(1)
    assert (
        scene.ladder
        == ALICE_CALLS
        + RINGS
        + """\
alice < 487 INVITE
bob < CANCEL
alice > ACK
bob > 200 CANCEL
bob > 487 INVITE
bob < ACK"""
    )


def test_3_9_bob_is_busy(scene: Scene) -> None:
    scene.bob.reject = 486
    made = call(scene)
    scene.until(lambda: made.state == "ended")
    scene.world.run(1)
    assert (
        scene.ladder
        == ALICE_CALLS
        + """\
bob > 486 INVITE
bob < ACK
alice < 486 INVITE
alice > ACK"""
    )


def test_3_10_bobs_phone_does_not_respond(scene: Scene) -> None:
    scene.silence(scene.bob)
    made = call(scene)
    scene.until(lambda: made.state == "ended")
    assert scene.times("bob < INVITE+sdp") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]  # timer A, until the ring time is over
    assert made.status == 480 and scene.ladder.endswith("alice < 480 INVITE\nalice > ACK")


def test_3_11_bob_is_not_there_for_now(scene: Scene) -> None:
    scene.bob.reject = 480
    made = call(scene)
    scene.until(lambda: made.state == "ended")
    scene.world.run(1)
    assert (
        scene.ladder
        == ALICE_CALLS
        + """\
bob > 480 INVITE
bob < ACK
alice < 480 INVITE
alice > ACK"""
    )
