"""RFC 3261 section 10.3 step by step, RFC 3327 and RFC 5626 section 4: one test for each rule of the registrar.

Steps 1 to 4 (which domain, which extensions, who is it, may he) are the front desk's: ``tests/simnet/test_door.py``.
"""

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.inspection import inspect
from softswitch.sip.message import Response
from softswitch.sip.registrar import Registrar, Unregistered
from tests.unit.sip.test_registrar import AOR, FLOW, HOME, NOW, WORK, ask, contacts, register


def listed(response: Response) -> list[str]:
    return response.headers.all("Contact")


def phone(port: int, instance: str = "urn:uuid:1", reg_id: str = "1") -> str:
    return f'<sip:alice@192.0.2.8:{port}>;+sip.instance="<{instance}>";reg-id={reg_id}'


def test_10_3_step_5_bindings_of_other_addresses_are_another_s() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME))
    other = registrar.register(register("*", cseq=2, Expires="0"), FLOW, "sip:bob@example.com", NOW)[0]
    assert listed(other) == []
    assert contacts(registrar) == ["sip:alice@192.0.2.8"]


def test_10_3_step_6_without_a_contact_it_skips_to_the_last_step() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME))
    assert listed(ask(registrar, register(call_id="other"))) == ["<sip:alice@192.0.2.8>;expires=3600"]


@pytest.mark.parametrize("expires", [{}, {"Expires": "1"}, {"Expires": "later"}])
def test_10_3_step_6_a_star_with_an_expiration_other_than_zero_is_400(expires: dict[str, str]) -> None:
    registrar = Registrar()
    ask(registrar, register(HOME))
    assert ask(registrar, register("*", cseq=2, **expires)).status == 400
    assert contacts(registrar)


def test_10_3_step_6_a_star_beside_other_contacts_is_400() -> None:
    assert ask(Registrar(), register("*", HOME, Expires="0")).status == 400
    assert ask(Registrar(), register(HOME, "*", Expires="0")).status == 400


def test_10_3_step_6_a_star_removes_what_has_another_call_id() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, cseq=9, call_id="before"))
    assert ask(registrar, register("*", cseq=1, call_id="after", Expires="0")).status == 200
    assert contacts(registrar) == []


def test_10_3_step_6_a_star_that_was_overtaken_removes_nothing() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, cseq=1, call_id="a"))
    ask(registrar, register(WORK, cseq=5, call_id="b"))
    assert ask(registrar, register("*", cseq=5, call_id="b", Expires="0")).status == 400
    assert len(contacts(registrar)) == 2


def test_10_3_step_7_the_expires_parameter_wins_over_the_header() -> None:
    registrar = Registrar()
    assert listed(ask(registrar, register(f"{HOME};expires=100", Expires="200"))) == [
        "<sip:alice@192.0.2.8>;expires=100"
    ]


def test_10_3_step_7_else_the_header_else_the_registrar_s_own() -> None:
    registrar = Registrar(default_expires_s=1200)
    assert listed(ask(registrar, register(HOME, Expires="200"))) == ["<sip:alice@192.0.2.8>;expires=200"]
    assert listed(ask(registrar, register(HOME, cseq=2))) == ["<sip:alice@192.0.2.8>;expires=1200"]


def test_10_3_step_7_the_registrar_may_choose_less() -> None:
    registrar = Registrar(max_expires_s=600)
    assert listed(ask(registrar, register(HOME, Expires="4294967295"))) == ["<sip:alice@192.0.2.8>;expires=600"]


def test_10_3_step_7_less_than_its_minimum_is_423_with_min_expires() -> None:
    response = ask(Registrar(min_expires_s=120), register(f"{HOME};expires=119"))
    assert (response.status, response.headers.get("Min-Expires")) == (423, "120")


def test_10_3_step_7_an_hour_is_never_too_brief() -> None:
    assert ask(Registrar(min_expires_s=7200, max_expires_s=9000), register(f"{HOME};expires=3600")).status == 200


def test_10_3_step_7_zero_is_never_too_brief() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME))
    assert ask(registrar, register(f"{HOME};expires=0", cseq=2)).status == 200


def test_10_3_step_7_with_another_call_id_it_is_updated_whatever_the_cseq() -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};expires=100", cseq=100, call_id="before"))
    assert ask(registrar, register(f"{HOME};expires=200", cseq=1, call_id="after")).status == 200
    assert registrar.lookup(AOR, NOW)[0].expires_at == NOW + 200


@pytest.mark.parametrize("cseq", [4, 5])
def test_10_3_step_7_with_the_same_call_id_and_no_higher_cseq_it_fails(cseq: int) -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};expires=100", cseq=5))
    assert ask(registrar, register(f"{HOME};expires=200", cseq=cseq)).status >= 400
    assert registrar.lookup(AOR, NOW)[0].expires_at == NOW + 100


def test_10_3_step_7_all_updates_succeed_or_none() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, cseq=5))
    response = ask(registrar, register(WORK, f"{HOME};expires=10", cseq=6))
    assert response.status == 423
    assert contacts(registrar) == ["sip:alice@192.0.2.8"]


def test_10_3_step_8_the_answer_lists_every_binding_with_what_is_left() -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};expires=100;q=0.3"))
    response = ask(registrar, register(f"{WORK};expires=200", cseq=2), NOW + 40)
    assert listed(response) == ["<sip:alice@192.0.2.9>;expires=200", "<sip:alice@192.0.2.8>;expires=60;q=0.3"]


def test_10_2_1_2_the_preferred_contact_comes_first() -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};q=0.1, {WORK};q=0.9"))
    assert contacts(registrar) == ["sip:alice@192.0.2.9", "sip:alice@192.0.2.8"]


def test_rfc_3327_5_3_path_is_kept_and_told_to_who_knows_it() -> None:
    registrar = Registrar()
    path = {"Path": "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>"}
    known = ask(registrar, register(HOME, Supported="path, gruu", **path))
    assert known.headers.all("Path") == ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]
    unknown = ask(registrar, register(HOME, cseq=2, **path))
    assert unknown.status == 200
    assert unknown.headers.all("Path") == []
    assert registrar.lookup(AOR, NOW)[0].path == ("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>")


def test_rfc_3327_5_3_the_path_is_that_of_the_last_register() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, Path="<sip:p1.example.com;lr>"))
    ask(registrar, register(HOME, cseq=2))
    assert registrar.lookup(AOR, NOW)[0].path == ()


@pytest.mark.parametrize(
    "path", ["<sip:p1", "nonsense", "<sip:strict.example.com>", ", ".join(["<sip:p.example.com;lr>"] * 11)]
)
def test_a_path_that_no_request_could_follow_is_refused(path: str) -> None:
    assert ask(Registrar(), register(HOME, Path=path)).status == 400


def test_rfc_3327_a_register_may_require_path() -> None:
    inspect(register(HOME, Require="path"))


def test_rfc_5626_a_phone_that_comes_back_has_one_binding() -> None:
    registrar = Registrar()
    ask(registrar, register(phone(5060), call_id="before"))
    _, effects = registrar.register(register(phone(40123), call_id="after the restart"), FLOW, AOR, NOW)
    assert contacts(registrar) == ["sip:alice@192.0.2.8:40123"]
    assert [(e.binding.contact, e.why) for e in effects if isinstance(e, Unregistered)] == [
        ("sip:alice@192.0.2.8:5060", "replaced")
    ]


def test_rfc_5626_two_flows_of_one_phone_and_two_phones_are_several_bindings() -> None:
    registrar = Registrar()
    for number, contact in enumerate((phone(1), phone(2, reg_id="2"), phone(3, instance="urn:uuid:2"), "<sip:a@h>")):
        ask(registrar, register(contact, call_id=f"c{number}"))
    assert len(contacts(registrar)) == 4


def test_rfc_5626_4_2_the_end_of_a_connection_is_the_end_of_its_bindings_and_of_no_others() -> None:
    registrar = Registrar()
    flows = [Flow("tcp", ("192.0.2.1", 5060), ("198.51.100.7", 4000 + n), connection=n) for n in (1, 2)]
    ask(registrar, register(HOME), flow=flows[0])
    ask(registrar, register(WORK, call_id="c2"), flow=flows[1])
    ask(registrar, register(HOME, cseq=2), flow=flows[1])  # the phone has a new connection
    assert registrar.drop(flows[0]) == []
    assert len(registrar.drop(flows[1])) == 2


def test_a_doubtful_phone_is_tried_only_where_there_is_no_other() -> None:
    registrar = Registrar()
    ask(registrar, register(f"{HOME};q=1.0, {WORK};q=0.1"))
    first = registrar.lookup(AOR, NOW)[0]
    registrar.doubt(first)
    assert contacts(registrar) == ["sip:alice@192.0.2.9"]
    registrar.doubt(registrar.lookup(AOR, NOW)[0])
    assert len(contacts(registrar)) == 2
    assert registrar.trust(first)
    assert contacts(registrar) == ["sip:alice@192.0.2.8"]
    assert len(listed(ask(registrar, register(call_id="c9")))) == 2, "doubtful or not, it is registered"


def test_a_refresh_ends_all_doubt() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME, WORK))
    for binding in registrar.bindings():
        registrar.doubt(binding)
    ask(registrar, register(HOME, cseq=2))
    assert contacts(registrar) == ["sip:alice@192.0.2.8"]


def test_who_is_silent_is_given_up_unless_it_has_been_heard_since() -> None:
    registrar = Registrar()
    ask(registrar, register(HOME))
    (old,) = registrar.bindings()
    ask(registrar, register(HOME, cseq=2))
    assert registrar.give_up(old) == []
    (gone,) = registrar.give_up(registrar.bindings()[0])
    assert isinstance(gone, Unregistered)
    assert gone.why == "silent"
    assert registrar.deadline is None


def test_of_a_contact_that_was_stored_in_two_spellings_the_later_counts() -> None:
    before, after = Registrar(), Registrar()
    ask(before, register("<sip:alice@H>;expires=100"))
    early = before.bindings()
    ask(before, register("<sip:alice@h>;expires=200", cseq=2))
    after.restore([*before.bindings(), *early])
    assert [binding.contact for binding in after.bindings()] == ["sip:alice@h"]


def test_what_a_phone_says_about_itself_is_bounded() -> None:
    registrar = Registrar()
    ask(registrar, register(f'<sip:a@h>;+sip.instance="{"x" * 5000}";reg-id={"9" * 5000}'))
    (binding,) = registrar.bindings()
    assert len(binding.instance) == len(binding.reg_id) == 255
