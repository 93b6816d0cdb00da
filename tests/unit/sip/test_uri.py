"""URIs (RFC 3261 section 19.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import PeerError
from softswitch.sip.uri import Uri, equivalent, parse_uri


def test_every_part_is_found() -> None:
    uri = parse_uri("SIPS:alice:secret@Atlanta.example.com:5061;transport=tcp;lr?subject=x&priority=urgent")
    assert uri == Uri(
        scheme="sips",
        user="alice",
        host="Atlanta.example.com",
        port=5061,
        params=(("transport", "tcp"), ("lr", None)),
        headers="subject=x&priority=urgent",
        password="secret",
    )
    assert uri.param("transport") == "tcp"
    assert uri.param("lr") == ""
    assert uri.param("maddr") is None


@pytest.mark.parametrize(
    "text",
    [
        "sip:example.com",
        "sip:alice@example.com",
        "sip:alice:secret@example.com:5070;transport=tcp;lr?subject=x",
        "sip:alice@example.com?subject=x",
        "sip:bob@[2001:db8::10]:5070",
        "sip:user;par=u%40example.net@example.com",
        "sip:sips%3Auser%40example.com@example.net",
        "sip:null-%00-null@example.com",
        "tel:+49-30-123456;phone-context=example.com",
        "isbn:2983792873",
    ],
)
def test_what_is_read_is_written_the_same(text: str) -> None:
    assert str(parse_uri(text)) == text


def test_escapes_in_the_user_are_undone_once() -> None:
    assert parse_uri("sip:%2540@example.com").user == "%40"
    assert parse_uri("sip:a%00b@example.com").user == "a\0b"
    assert parse_uri("sip:%e4%b8%89@example.com").user == "三"


def test_escaped_parameter_names_are_the_same_as_plain_ones() -> None:
    assert parse_uri("sip:a@example.com;%6C%72;n%61me=v%61lue").param("lr") == ""
    assert parse_uri("sip:a@example.com;%6C%72;n%61me=v%61lue").param("name") == "value"


def test_an_ipv6_host_loses_its_brackets_and_gets_them_back() -> None:
    assert parse_uri("sip:[2001:db8::10:5070]").host == "2001:db8::10:5070"
    assert parse_uri("sip:[2001:db8::10:5070]").port is None
    assert str(Uri(host="2001:db8::1", port=5060)) == "sip:[2001:db8::1]:5060"


def test_a_telephone_number_is_the_user() -> None:
    assert parse_uri("tel:+4930123456") == Uri("tel", "+4930123456")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "sip:",
        "sip:a@",
        "sip:a@b@c",
        "sip:2001:db8::10",
        "sip:a@[2001:db8::1",
        "sip:a@[2001:db8::1]x",
        "sip:a@host:65536",
        "sip:a@host:",
        "sip:a@host:٣",
        "sip:a b@host",
        "sip:a@host\r\nVia: x",
        "<sip:a@host>",
        "tel:",
        "tel:alice@host",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(PeerError) as caught:
        parse_uri(text)
    assert caught.value.status == 400


@given(st.text(min_size=1))
def test_any_user_survives_being_written_and_read(user: str) -> None:
    user = user.encode("utf-8", "replace").decode()
    assert parse_uri(str(Uri("sip", user, "example.com"))).user == user


@given(st.one_of(st.text(), st.from_regex(r"sips?:[^\x00]{0,30}")))
def test_any_text_is_a_uri_or_a_peers_fault(text: str) -> None:
    try:
        uri = parse_uri(text)
    except PeerError:
        return
    assert parse_uri(str(uri)) == uri or "%" in text or not text.isascii()


# RFC 3261 section 19.1.4, the examples.
EQUIVALENT = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
]
# What the text of the section says beside them.
EQUIVALENT += [
    ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]"),
    ("sip:a@b?Subject=%61b", "sip:a@b?subject=ab"),
    ("tel:+1-201-555-0123", "tel:+12015550123"),
    ("tel:863-1234;phone-context=+1-914-555", "tel:8631234;Phone-Context=+1-914-555"),
    ("isbn:2983792873", "isbn:2983792873"),
]
DIFFERENT += [
    ("sip:a@b?subject=AB", "sip:a@b?subject=ab"),
    ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
    ("sip:bob@biloxi.com", "sip:biloxi.com"),
    ("sip:bob@biloxi.com", "sip:bob:secret@biloxi.com"),
    ("sip:bob:Secret@biloxi.com", "sip:bob:secret@biloxi.com"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;user=ip"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;ttl=1"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;method=INVITE"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;maddr=239.255.255.1"),
    ("sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]"),
    ("tel:8631234", "tel:8631234;phone-context=+1-914-555"),
    ("isbn:2983792873", "isbn:2983792874"),
]


@pytest.mark.parametrize(("one", "other"), EQUIVALENT)
def test_19_1_4_the_same_resource(one: str, other: str) -> None:
    assert equivalent(parse_uri(one), parse_uri(other))
    assert equivalent(parse_uri(other), parse_uri(one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_19_1_4_not_the_same_resource(one: str, other: str) -> None:
    assert not equivalent(parse_uri(one), parse_uri(other))
    assert not equivalent(parse_uri(other), parse_uri(one))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("tel:+358-555-1234567", "+3585551234567"),
        ("tel:7042;phone-context=example.com", "7042"),
        ("tel:863-1234;phone-context=+1-914", "+19148631234"),
        ("sip:+1-212-555-1212;phone-context=+1@example.com;user=phone", "+12125551212"),
        ("sip:1212;phone-context=+1-212-555@gateway;user=phone", "+12125551212"),
        ("sip:1212;phone-context=example.com@gateway;user=phone", "1212"),
        ("sip:+14155550100;npdi=yes;rn=+14155550000@gateway", "+14155550100"),
        ("sip:8000@10.0.0.2", "8000"),
        ("sip:a.b-c@example.com", "a.b-c"),
        ("sip:user;par=u%40example.net@example.com", "user;par=u@example.net"),
        ("sip:10.0.0.2", ""),
    ],
)
def test_the_telephone_number_that_is_meant(text: str, number: str) -> None:
    assert parse_uri(text).number == parse_uri(text).party == number


@pytest.mark.parametrize(
    ("text", "number", "party"),
    [
        ("sip:+861062345678;ext=12@gateway", "+861062345678", "+861062345678;ext=12"),
        ("sip:+86-10-62345678;EXT=12;isub=9@gateway;user=phone", "+861062345678", "+861062345678;ext=12"),
        ("sip:62345678;ext=12;phone-context=+8610@gateway;user=phone", "+861062345678", "+861062345678;ext=12"),
        ("tel:+86-10-6234-5678;ext=12", "+861062345678", "+861062345678;ext=12"),
        ("tel:+86-10-6234-5678;ext", "+861062345678", "+861062345678;ext="),
        ("sip:+861062345678@gateway;ext=12", "+861062345678", "+861062345678"),
        ("sip:bob;ext=12@gateway", "bob;ext=12", "bob;ext=12"),
    ],
)
def test_an_extension_is_another_party_behind_the_same_number(text: str, number: str, party: str) -> None:
    assert (parse_uri(text).number, parse_uri(text).party) == (number, party)
