"""RFC 3665 section 2: what a registrar and a phone say to each other."""

from __future__ import annotations

import pytest

from softswitch.sip.message import Response
from tests.ladders.scene import RawPhone, Scene

CONTACT = "Contact: <sip:1003@127.0.0.1:7003>"
HOUR = "Expires: 3600"
CHALLENGED = """\
phone > REGISTER
phone < 401 REGISTER
phone > REGISTER
phone < 200 REGISTER"""


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def phone(scene: Scene) -> RawPhone:
    return scene.raw("phone", 7003)


def contacts(response: Response) -> list[str]:
    """Their URIs, without the parameters of the registration."""
    return sorted(value.partition(">")[0].removeprefix("<") for value in response.headers.all("Contact"))


def reachable(scene: Scene) -> list[str]:
    return sorted(binding.contact for binding in scene.world.switch.control.registrations() if binding.aor == "1003")


def test_2_1_a_new_registration(scene: Scene, phone: RawPhone) -> None:
    done = phone.register(1, CONTACT, HOUR)
    assert scene.ladder == CHALLENGED
    assert done.status == 200 and contacts(done) == ["sip:1003@127.0.0.1:7003"]
    assert "expires=3600" in done.headers.all("Contact")[0]
    assert reachable(scene) == ["sip:1003@127.0.0.1:7003"]


def test_2_2_a_further_contact_is_added(scene: Scene, phone: RawPhone) -> None:
    phone.register(1, CONTACT, HOUR)
    scene.begin()
    done = phone.register(3, "Contact: <sip:1003@127.0.0.1:7103>", HOUR)
    assert scene.ladder == CHALLENGED
    assert contacts(done) == reachable(scene) == ["sip:1003@127.0.0.1:7003", "sip:1003@127.0.0.1:7103"]


def test_2_3_which_contacts_there_are(scene: Scene, phone: RawPhone) -> None:
    phone.register(1, CONTACT, HOUR)
    scene.begin()
    done = phone.register(3)
    assert scene.ladder == CHALLENGED
    assert contacts(done) == reachable(scene) == ["sip:1003@127.0.0.1:7003"]


def test_2_4_all_contacts_are_cancelled(scene: Scene, phone: RawPhone) -> None:
    phone.register(1, CONTACT, HOUR)
    phone.register(3, "Contact: <sip:1003@127.0.0.1:7103>", HOUR)
    scene.begin()
    done = phone.register(5, "Contact: *", "Expires: 0")
    assert scene.ladder == CHALLENGED
    assert done.status == 200 and contacts(done) == reachable(scene) == []


def test_2_5_a_wrong_password(scene: Scene, phone: RawPhone) -> None:
    done = phone.register(1, CONTACT, HOUR, password="something else")
    assert scene.ladder == CHALLENGED.replace("200", "401")
    assert done.status == 401 and reachable(scene) == []
