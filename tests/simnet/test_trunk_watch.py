"""Trunks through the whole control plane: registration, probes, and who calls by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from softswitch.sip.digest import Authenticator, Verdict
from softswitch.sip.flow import Flow, ListeningPoint
from softswitch.sip.message import Message, Request, parse, render
from softswitch.sip.registration import TrunkNotRegistered, TrunkRegistered
from softswitch.sip.response import respond
from softswitch.switch.configuration import Trunk
from softswitch.switch.event import UnitFailed
from softswitch.switch.trunk_line import TrunkDown, TrunkUp
from softswitch.switch.trunk_rule import Registering, Watch
from tests.simnet.carrier import NAME, dials, gateway, house, located, numeric, trunk
from tests.simnet.house import PLAN, plans
from tests.simnet.phone import SimPhone
from tests.simnet.world import SWITCH, World

# ---- registration and probes -----------------------------------------------------------------------------------------


class Registrar:
    """A carrier that knows one account; ``refuses`` is a status in place of its answer."""

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.address = ("127.0.0.1", port)
        self.refuses = 0
        self.heard: list[tuple[float, Request]] = []
        self.contact = ""
        self._authenticator = Authenticator(b"carrier", "carrier")
        world.peers[self.address] = self._receive

    def _receive(self, message: Message, flow: Flow) -> None:
        if not isinstance(message, Request) or message.method != "REGISTER":
            return
        self.heard.append((self.world.now, message))
        headers: tuple[tuple[str, str], ...] = ()
        given, status = message.headers.get("Authorization"), 401
        if self.refuses:
            status = self.refuses
        elif given is None:
            headers = tuple(("WWW-Authenticate", value) for value in self._authenticator.challenges(self.world.now))
        else:
            verdict, _ = self._authenticator.verify(given, "REGISTER", lambda user: "secret", self.world.now)
            status = 200 if verdict is Verdict.OK else 403
            self.contact = message.headers.get("Contact") or ""
            headers = (("Contact", f"{self.contact};expires=120"),)
        self.world.carry(render(respond(message, status, to_tag="r", headers=headers)), self.address, flow.remote)


def registering(**changes: Any) -> Trunk:
    account: dict[str, Any] = {"credentials": ("4001", "secret"), "registering": Registering(3600, 30.0)}
    return trunk(**(account | changes))


def test_we_register_with_a_password_and_renew_before_the_time_is_over() -> None:
    one = house(registering(), found=None)
    registrar = Registrar(one.world, 5090)
    one.world.names[NAME] = located(5090)
    one.world.run(2)
    assert one.world.facts(TrunkRegistered) == [TrunkRegistered("carrier", 120.0)]
    assert len(registrar.heard) == 2
    one.world.run(90)
    assert len(registrar.heard) == 2
    one.world.run(10)
    assert len(registrar.heard) == 4
    assert TrunkUp("carrier") in one.world.facts(TrunkUp)
    assert not one.world.facts(UnitFailed)


def test_the_registration_is_ended_with_the_process() -> None:
    one = house(registering(), found=None)
    registrar = Registrar(one.world, 5090)
    one.world.names[NAME] = located(5090)
    one.world.run(2)
    assert one.world.switch.end()
    one.world.run(1)
    assert registrar.heard[-1][1].headers.get("Expires") == "0" and not one.world.switch.trunks.leaving


def test_a_registrar_calls_the_contact_that_it_was_told_and_nobody_else_can() -> None:
    one = house(registering(), found=None, plans=plans(PLAN.replace('"8000"', '"4001"')))
    registrar = Registrar(one.world, 5090)
    one.world.names[NAME] = located(5090)
    one.world.run(2)
    user = registrar.contact.partition("sip:")[2].partition("@")[0]
    assert user.startswith("carrier-") and len(user) > 20
    for port, to, answer in ((7001, user, 100), (7002, "carrier-guess", 401)):
        heard: list[int] = []
        one.world.peers[("127.0.0.1", port)] = lambda message, flow, heard=heard: heard.append(message.status)  # type: ignore[misc]
        invite = (
            f"INVITE sip:{to}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{port}\r\n"
            f"From: <sip:10086@x>;tag=1\r\nTo: <sip:4001@{NAME}>\r\nCall-ID: {port}\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:x@127.0.0.1:{port}>\r\nContent-Length: 0\r\n\r\n"
        )
        one.world.carry(render(parse(invite.encode())), ("127.0.0.1", port), SWITCH)
        one.world.run(1)
        assert heard[0] == answer
    (call,) = one.world.switch.control.calls()
    assert (call.called, call.caller, call.kind) == ("4001", "10086", "inbound")


def test_a_registrar_that_refuses_is_asked_again_ever_later() -> None:
    one = house(registering(), found=None)
    registrar = Registrar(one.world, 5090)
    registrar.refuses = 403
    one.world.names[NAME] = located(5090, ttl_s=3600.0)
    one.world.run(600)
    gaps = [later - at for (at, _), (later, _) in zip(registrar.heard, registrar.heard[1:], strict=False)]
    for gap, whole in zip(gaps, (30, 60, 120, 240), strict=False):
        assert whole * 0.5 <= gap <= whole + 0.1
    assert TrunkDown("carrier", "not registered") in one.world.facts(TrunkDown)
    assert dials(one).state == "ended"
    registrar.refuses = 0
    one.world.run(600)
    assert one.world.facts(TrunkNotRegistered) and one.world.facts(TrunkRegistered)


def test_the_next_server_is_asked_to_register_when_one_says_nothing() -> None:
    one = house(registering(), found=None)
    registrar = Registrar(one.world, 5090)
    one.world.names[NAME] = located(6600, 5090)
    one.world.run(36)
    assert registrar.heard and one.world.facts(TrunkRegistered)


def test_a_trunk_with_an_address_of_ipv6_is_probed() -> None:
    spec = trunk(address=("::1", 5090), watch=Watch(probe_s=30.0))
    one = house(spec, listeners=(ListeningPoint("udp", SWITCH), ListeningPoint("udp", ("::1", 5060))))
    heard: list[Message] = []
    one.world.peers[("::1", 5090)] = lambda message, flow: heard.append(message)
    one.world.switch.begin()
    one.world.run(1)
    assert str(heard[-1].to.uri) == "sip:[::1]" and heard[-1].via.host == "::1"


def test_a_server_that_does_not_answer_probes_is_left_alone_until_it_does() -> None:
    one = house(trunk(watch=Watch(probe_s=30.0)), found=located(6600, 5090))
    one.world.run(45)
    begun = one.world.now
    assert dials(one).state == "talking"
    assert one.world.now - begun < 1.0  # the first server is known to be down
    one.desk.hang_up(one.desk.calls[-1])
    back = gateway(one, 6600)
    one.world.run(40)
    assert dials(one).state == "talking" and back.talking


def test_a_trunk_of_which_no_server_answers_probes_is_down_and_passed_over() -> None:
    first = numeric("first", 6600, priority=1, watch=Watch(probe_s=30.0))
    one = house(first, numeric("second", 5090, priority=2))
    one.world.run(45)
    assert one.world.facts(TrunkDown) == [TrunkDown("first", "no server answers")]
    begun = one.world.now
    assert dials(one).state == "talking" and one.world.now - begun < 1.0
    gateway(one, 6600)
    one.world.run(60)
    assert one.world.facts(TrunkUp)[-1] == TrunkUp("first")


def test_a_client_certificate_is_as_good_as_a_source() -> None:
    one = house(trunk(certificate="sip.carrier.example"))
    of = one.world.switch.directory.trunk_of
    shown = Flow("tls", SWITCH, ("192.0.2.9", 40000), 7, names=frozenset({"sip.carrier.example"}))
    found = of(shown)
    assert found is not None and found.name == "carrier"
    assert of(replace(shown, names=frozenset({"carrier.example"}))) is None


def test_calls_of_a_trunk_that_must_prove_who_it_is() -> None:
    spec = trunk(address=("127.0.0.1", 5090), credentials=("peer", "its-password"), challenge=True)
    one = house(spec)
    call = one.carrier.call("8000")
    one.world.run(2)
    assert (call.state, call.status) == ("ended", 401)
    proved = SimPhone(one.world, "peer", 7003, "its-password").call("8000")
    one.world.run_until(lambda: proved.state == "talking")
    (seen,) = one.world.switch.control.calls()
    assert seen.kind == "inbound"
    wrong = SimPhone(one.world, "peer", 7004, "guess").call("8000")
    one.world.run(2)
    assert wrong.state == "ended"
    out = SimPhone(one.world, "peer", 7005, "its-password").call("1001")  # a trunk reaches dialplans only
    one.world.run(2)
    assert (out.state, out.status) == ("ended", 404)
