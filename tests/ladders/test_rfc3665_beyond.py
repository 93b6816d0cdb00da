"""RFC 3665 where we stand in the place of its proxies: other servers behind us, several phones of one user.

What a forking proxy does to one INVITE is here one call for each phone.
"""

from __future__ import annotations

import pytest

from softswitch.sdp.negotiate import answer
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, render
from softswitch.sip.response import respond
from softswitch.switch.configuration import Trunk
from softswitch.switch.trunk_rule import Manners
from tests.ladders.scene import LOCAL, Scene
from tests.ladders.test_rfc3665_session import call, talk
from tests.simnet.carrier import NAME, NUMBER, located, trunk
from tests.simnet.phone import SimPhone
from tests.simnet.world import SWITCH

FIRST, SECOND = ("127.0.0.1", 6600), ("127.0.0.1", 6601)
ALICE_IS_TRIED = """\
alice > INVITE+sdp
alice < 401 INVITE
alice > ACK
alice > INVITE+sdp
alice < 100 INVITE
"""
CONNECTED = """\
alice < 200 INVITE+sdp
alice > ACK"""


class Gateway:
    """Says ``verdicts`` to INVITEs, one after the other: a status, with header lines."""

    def __init__(
        self, scene: Scene, name: str, address: tuple[str, int], *verdicts: tuple[int, dict[str, str]]
    ) -> None:
        self.scene, self.address, self.verdicts = scene, address, list(verdicts)
        self.invites: list[Request] = []
        scene.knows(name, address, self.receive)

    def receive(self, message: Message, flow: Flow) -> None:
        if not isinstance(message, Request) or message.method == "ACK":
            return
        status, more = self.verdicts.pop(0) if message.method == "INVITE" else (200, {})
        if message.method == "INVITE":
            self.invites.append(message)
        sdp = answer(message.body, LOCAL)[0] if message.method == "INVITE" and status == 200 else b""
        lines = {"Contact": f"<sip:{NUMBER}@{self.address[0]}:{self.address[1]}>"} | more
        kind = "application/sdp" if sdp else None
        made = respond(message, status, to_tag="theirs", headers=lines.items(), body=sdp, content_type=kind)
        self.scene.world.carry(render(made), self.address, SWITCH)


def outside(spec: Trunk, *ports: int) -> Scene:
    scene = Scene(trunks={"carrier": spec})
    scene.world.names[NAME] = located(*ports)
    scene.world.run(2)
    return scene


def call_out(scene: Scene) -> None:
    scene.begin()
    made = scene.alice.call("9" + NUMBER)
    scene.until(lambda: made.state in ("talking", "ended"))
    scene.world.run(0.1)


def test_3_3_everybody_on_the_way_asks_for_a_password_of_its_own() -> None:
    """Alice's is for us and stays here; ours is for the carrier."""
    scene = outside(trunk(credentials=("400", "pw-carrier")), FIRST[1])
    challenge = {"Proxy-Authenticate": 'Digest realm="carrier", nonce="n", qop="auth", algorithm=MD5'}
    carrier = Gateway(scene, "carrier", FIRST, (407, challenge), (200, {}))
    call_out(scene)
    assert (
        scene.ladder
        == ALICE_IS_TRIED
        + """\
carrier < INVITE+sdp
carrier > 407 INVITE
carrier < ACK
carrier < INVITE+sdp
carrier > 200 INVITE+sdp
carrier < ACK
"""
        + CONNECTED
    )
    (proof,) = carrier.invites[1].headers.all("Proxy-Authorization")
    assert 'username="400"' in proof and not carrier.invites[1].headers.all("Authorization")


def test_3_4_the_first_server_is_dead_and_the_second_one_is_tried() -> None:
    scene = outside(trunk(), FIRST[1], SECOND[1])
    scene.knows("first", FIRST, lambda message, flow: None)
    Gateway(scene, "second", SECOND, (200, {}))
    call_out(scene)
    assert (
        scene.ladder
        == ALICE_IS_TRIED
        + """\
first < INVITE+sdp
first < INVITE+sdp
first < INVITE+sdp
first < INVITE+sdp
second < INVITE+sdp
second > 200 INVITE+sdp
second < ACK
"""
        + CONNECTED
    )
    assert scene.times("first < INVITE+sdp") == [0.0, 0.5, 1.5, 3.5]


def test_3_4_the_first_server_says_that_it_cannot() -> None:
    scene = outside(trunk(), FIRST[1], SECOND[1])
    Gateway(scene, "first", FIRST, (503, {}))
    Gateway(scene, "second", SECOND, (200, {}))
    call_out(scene)
    assert (
        scene.ladder
        == ALICE_IS_TRIED
        + """\
first < INVITE+sdp
first > 503 INVITE
first < ACK
second < INVITE+sdp
second > 200 INVITE+sdp
second < ACK
"""
        + CONNECTED
    )


def test_3_6_a_redirection_is_followed_where_it_may_be() -> None:
    scene = outside(trunk(manners=Manners(follow_redirects=True)), FIRST[1])
    moved = {"Contact": f"<sip:13900139000@{NAME}>"}
    carrier = Gateway(scene, "carrier", FIRST, (302, moved), (200, {}))
    call_out(scene)
    assert (
        scene.ladder
        == ALICE_IS_TRIED
        + """\
carrier < INVITE+sdp
carrier > 302 INVITE
carrier < ACK
carrier < INVITE+sdp
carrier > 200 INVITE+sdp
carrier < ACK
"""
        + CONNECTED
    )
    assert [made.target.user for made in carrier.invites] == [NUMBER, "13900139000"]


# ---- several phones of one user --------------------------------------------------------------------------------


@pytest.fixture
def scene() -> Scene:
    return Scene()


def second_phone(scene: Scene, **manners: int) -> SimPhone:
    """Another one of Bob's."""
    phone = SimPhone(scene.world, "1002", 6102, "pw-1002", answer_after=None, **manners)
    scene.knows("bob2", phone.address, phone._receive)
    phone.register()
    scene.until(lambda: phone.registered)
    return phone


def test_3_1_both_ring_one_answers_and_the_other_one_stops(scene: Scene) -> None:
    second_phone(scene)
    talk(scene)
    assert (
        scene.ladder
        == ALICE_IS_TRIED
        + """\
bob2 < INVITE+sdp
bob < INVITE+sdp
bob2 > 100 INVITE
bob2 > 180 INVITE
bob > 100 INVITE
bob > 180 INVITE
alice < 180 INVITE
alice < 180 INVITE
bob > 200 INVITE+sdp
bob < ACK
bob2 < CANCEL
alice < 200 INVITE+sdp
bob2 > 200 CANCEL
bob2 > 487 INVITE
alice > ACK
bob2 < ACK"""
    )


def test_3_8_both_ring_and_alice_gives_up(scene: Scene) -> None:
    second_phone(scene)
    scene.bob.answer_after = None
    made = call(scene)
    scene.until(lambda: made.state == "ringing")
    scene.world.run(0.1)
    scene.alice.hang_up(made)
    scene.world.run(1)
    for phone in ("bob", "bob2"):
        said = [line.removeprefix(f"{phone} ") for line in scene.ladder.splitlines() if line.startswith(f"{phone} ")]
        assert said == [
            "< INVITE+sdp", "> 100 INVITE", "> 180 INVITE", "< CANCEL", "> 200 CANCEL", "> 487 INVITE", "< ACK"
        ]  # fmt: skip


def test_3_9_one_is_busy_and_the_other_one_rings_on(scene: Scene) -> None:
    second_phone(scene, reject=486)
    made = talk(scene)
    assert made.state == "talking" and "alice < 486 INVITE" not in scene.ladder


def test_3_9_the_person_declines_and_neither_rings_on(scene: Scene) -> None:
    second_phone(scene)
    scene.bob.reject = 603
    made = call(scene)
    scene.until(lambda: made.state == "ended")
    scene.world.run(1)
    assert made.status == 603 and scene.ladder.count("bob2 < CANCEL") == 1
