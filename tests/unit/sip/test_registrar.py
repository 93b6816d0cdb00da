"""The registrar (RFC 3261 section 10.3)."""

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.message import Headers, Request, Response
from softswitch.sip.registrar import Binding, Registered, Registrar, Unregistered

AOR = "sip:alice@example.com"
FLOW = Flow("udp", ("192.0.2.1", 5060), ("198.51.100.7", 40123))
NOW = 1_700_000_000.0
HOME, WORK = "<sip:alice@192.0.2.8>", "<sip:alice@192.0.2.9>"


def register(*contacts: str, cseq: int = 1, call_id: str = "c1", **others: str) -> Request:
    headers = Headers([
        ("Via", "SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK1"), ("From", f"<{AOR}>;tag=1"), ("To", f"<{AOR}>"),
        ("Call-ID", call_id), ("CSeq", f"{cseq} REGISTER"),
    ])  # fmt: skip
    for contact in contacts:
        headers.add("Contact", contact)
    for name, value in others.items():
        headers.add(name, value)
    return Request("REGISTER", "sip:example.com", headers)


def ask(registrar: Registrar, request: Request, now: float = NOW, flow: Flow = FLOW) -> Response:
    return registrar.register(request, flow, AOR, now)[0]


def contacts(registrar: Registrar, now: float = NOW) -> list[str]:
    return [binding.contact for binding in registrar.lookup(AOR, now)]


def test_a_binding_is_made_listed_and_reported() -> None:
    registrar = Registrar()
    response, effects = registrar.register(register(HOME, Expires="600"), FLOW, AOR, NOW)
    assert response.status == 200
    assert response.headers.all("Contact") == ["<sip:alice@192.0.2.8>;expires=600"]
    assert response.to.tag is not None
    binding = Binding(AOR, "sip:alice@192.0.2.8", FLOW, NOW + 600, "c1", 1)
    assert effects == [Registered(binding, True)]
    assert registrar.lookup(AOR, NOW) == [binding]
    _, effects = registrar.register(register(HOME, cseq=2, Expires="600"), FLOW, AOR, NOW)
    assert [type(effect) for effect in effects] == [Registered]
    assert not effects[0].new


def test_the_name_of_a_phone_is_text() -> None:
    registrar = Registrar()
    registrar.register(register(HOME, **{"User-Agent": "Phone\udcff\x001"}), FLOW, AOR, NOW)
    assert registrar.lookup(AOR, NOW)[0].user_agent == "Phone\ufffd\ufffd1"


def test_a_register_without_contact_only_asks() -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};q=0.5, {WORK};expires=120"))
    response = ask(registrar, register(cseq=2), NOW + 20)
    assert response.headers.all("Contact") == [
        "<sip:alice@192.0.2.9>;expires=100",
        "<sip:alice@192.0.2.8>;expires=3580;q=0.5",
    ]


def test_the_expiry_is_the_contacts_then_the_headers_then_the_default_and_bounded() -> None:
    registrar = Registrar(max_expires_s=1800, default_expires_s=900)
    ask(registrar, register(f"{HOME};expires=100", "<sip:b@h>", "<sip:c@h>;expires=99999", Expires="200"))
    ask(registrar, register("<sip:d@h>;expires=soon", "<sip:e@h>", call_id="c2"))
    left = {binding.contact[4:]: binding.expires_at - NOW for binding in registrar.lookup(AOR, NOW)}
    assert left == {"alice@192.0.2.8": 100, "b@h": 200, "c@h": 1800, "d@h": 900, "e@h": 900}


def test_too_brief_an_interval_is_refused() -> None:
    response = ask(Registrar(min_expires_s=60), register(f"{HOME};expires=59"))
    assert (response.status, response.headers.get("Min-Expires")) == (423, "60")


def test_expires_0_removes_one_and_star_removes_all() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, WORK))
    _, effects = registrar.register(register(f"{HOME};expires=0", cseq=2), FLOW, AOR, NOW)
    assert [(effect.binding.contact, effect.why) for effect in effects] == [("sip:alice@192.0.2.8", "removed")]
    assert contacts(registrar) == ["sip:alice@192.0.2.9"]
    assert ask(registrar, register("*", cseq=3, Expires="0")).headers.all("Contact") == []
    assert registrar.bindings() == []
    assert registrar.deadline is None


@pytest.mark.parametrize(
    "request_",
    [
        register("*"),
        register("*", Expires="60"),
        register("*", HOME, Expires="0"),
        register("<http://www.example.com>"),
        register("<sip:alice@192.0.2.8"),
        register(*[f"<sip:alice@h{number}>" for number in range(9)]),
        register(HOME, "<sip:>", call_id="c2"),
    ],
)
def test_a_bad_register_changes_nothing(request_: Request) -> None:
    registrar = Registrar()
    ask(registrar, register(WORK))
    response, effects = registrar.register(request_, FLOW, AOR, NOW)
    assert (response.status, effects) == (400, [])
    assert contacts(registrar) == ["sip:alice@192.0.2.9"]


def test_within_a_call_id_an_overtaken_register_fails() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, cseq=7))
    assert ask(registrar, register(HOME, cseq=7)).status == 400
    assert ask(registrar, register("*", cseq=6, Expires="0")).status == 400
    assert ask(registrar, register(HOME, cseq=8)).status == 200
    assert ask(registrar, register(HOME, cseq=1, call_id="after a reboot")).status == 200


def test_contacts_are_the_same_whatever_the_case_of_host_and_other_parameters() -> None:
    registrar = Registrar()
    ask(registrar, register("<sip:alice@Phone.example.com;x=1>"))
    ask(registrar, register("<sip:alice@phone.EXAMPLE.com;x=2>", cseq=2))
    ask(registrar, register("<sip:alice@phone.example.com;transport=tcp>", cseq=3))
    ask(registrar, register("<sip:%00@h>, <sip:%00%00@h>", cseq=4))
    assert len(registrar.bindings()) == 4


def test_bindings_expire_at_their_deadline() -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};expires=100, {WORK};expires=200"))
    assert registrar.deadline == NOW + 100
    assert registrar.tick(NOW + 99) == []
    (gone,) = registrar.tick(NOW + 100)
    assert isinstance(gone, Unregistered)
    assert (gone.binding.contact, gone.why) == ("sip:alice@192.0.2.8", "expired")
    assert contacts(registrar, NOW + 199) == ["sip:alice@192.0.2.9"]
    assert contacts(registrar, NOW + 200) == []


def test_one_binding_too_many_pushes_out_the_one_nearest_to_its_end() -> None:
    registrar = Registrar(max_bindings=2)
    ask(registrar, register(f"{HOME};expires=100, {WORK};expires=200"))
    _, effects = registrar.register(register("<sip:alice@192.0.2.10>", call_id="c2"), FLOW, AOR, NOW)
    assert [getattr(effect, "why", "") for effect in effects] == ["", "replaced"]
    assert set(contacts(registrar)) == {"sip:alice@192.0.2.9", "sip:alice@192.0.2.10"}


def test_a_lost_connection_takes_its_bindings_with_it() -> None:
    registrar = Registrar()
    stream = Flow("tcp", ("192.0.2.1", 5060), ("198.51.100.7", 40123), connection=3)
    ask(registrar, register(HOME))
    ask(registrar, register(WORK, call_id="c2"), flow=stream)
    (gone,) = registrar.drop(stream)
    assert isinstance(gone, Unregistered)
    assert gone.why == "connection"
    assert contacts(registrar) == ["sip:alice@192.0.2.8"]
    assert registrar.drop(FLOW) == []


def test_a_static_binding_is_beyond_the_reach_of_a_register() -> None:
    registrar = Registrar()
    registrar.add_static(AOR, "sip:alice@192.0.2.8", FLOW)
    assert registrar.deadline is None
    ask(registrar, register(f"{HOME};expires=0"))
    ask(registrar, register("*", cseq=2, Expires="0"))
    assert contacts(registrar, NOW + 1e9) == ["sip:alice@192.0.2.8"]


def test_what_was_stored_is_restored() -> None:
    before, after = Registrar(), Registrar()
    ask(before, register(f"{HOME};q=0.5, {WORK};expires=120", Path="<sip:edge.example.com;lr>"))
    after.restore(before.bindings())
    assert after.lookup(AOR, NOW) == before.lookup(AOR, NOW)
    assert after.deadline == NOW + 120
    assert after.lookup(AOR, NOW)[0].path == ("<sip:edge.example.com;lr>",)


def test_19_1_4_the_same_contact_written_otherwise_is_one_binding() -> None:
    registrar = Registrar()
    alice = "<sip:alice@host.example;rinstance=2>"
    same = ["<sip:%61lice@Host.example>", "<sip:alice@host.EXAMPLE;rinstance=1>", alice]
    other = ["<sip:alice@host.example:5060>", "<sip:alice@host.example;transport=tcp>", "<sips:alice@host.example>"]
    for cseq, contact in enumerate(same, 1):
        ask(registrar, register(contact, cseq=cseq))
    assert contacts(registrar) == ["sip:alice@host.example;rinstance=2"]
    for cseq, contact in enumerate(other, 4):
        ask(registrar, register(contact, cseq=cseq))
    assert len(contacts(registrar)) == 4
