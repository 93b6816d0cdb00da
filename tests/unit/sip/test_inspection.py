"""What is refused before anybody asks what it is about (RFC 3261 section 8.2)."""

from __future__ import annotations

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip import inspection
from softswitch.sip.inspection import acceptable, capabilities, inspect, unserved
from tests.unit.sip.exchange import request


def refused(*more: tuple[str, str], uri: str = "sip:8000@10.0.0.2", method: str = "INVITE") -> PeerError:
    with pytest.raises(PeerError) as caught:
        inspect(request(method, uri=uri, more=more))
    return caught.value


def test_8_2_2_1_a_scheme_that_is_not_ours() -> None:
    assert refused(uri="soap.beep://192.0.2.103:3002").status == 416
    assert refused(uri="nobodyKnowsThisScheme:totallyopaquecontent").status == 416
    for uri in ("sip:a@b", "SIPS:a@b", "tel:+358-555-1234567"):
        inspect(request(uri=uri))


def test_19_1_1_a_request_uri_has_no_headers() -> None:
    assert refused(uri="sip:user@example.com?Route=%3Csip:example.com%3E").status == 400


def test_8_2_2_3_what_is_required_and_unknown_is_listed() -> None:
    error = refused(
        ("Require", "nothingSupportsThis, nothingSupportsThisEither"), ("Proxy-Require", "noProxiesSupport")
    )
    assert error.status == 420
    assert error.headers == (
        ("Unsupported", "nothingSupportsThis, nothingSupportsThisEither, noProxiesSupport"),
    )  # fmt: skip


def test_8_2_2_3_what_is_supported_may_be_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "OPTION_TAGS", ("100rel",))
    inspect(request(more=(("Require", "100REL"), ("Proxy-Require", "privacy"))))
    assert refused(("Require", "100rel, timerr")).headers == (("Unsupported", "timerr"),)


def test_10_2_an_address_of_record_is_a_sip_uri() -> None:
    register = request("REGISTER")
    register.headers.replace_first("To", "isbn:2983792873")
    with pytest.raises(PeerError) as caught:
        inspect(register)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("accept", "good"),
    [
        ("application/sdp", True),
        ("text/plain, Application/SDP;level=1", True),
        ("application/*", True),
        ("*/*;q=0.1", True),
        ("", False),
        ("text/nobodyKnowsThis", False),
        ("application/sdp;q=0", False),
        ("application/sdp;q=0.000, text/plain", False),
    ],
)
def test_20_1_an_answer_in_a_form_that_is_accepted(accept: str, good: bool) -> None:
    invite = request()
    invite.headers.add("Accept", accept)
    if good:
        acceptable(invite)
    else:
        with pytest.raises(PeerError) as caught:
            acceptable(invite)
        assert (caught.value.status, caught.value.headers) == (406, (("Accept", "application/sdp"),))


def test_20_1_without_accept_a_description_is_what_is_wanted() -> None:
    acceptable(request())


def test_8_2_1_known_and_unknown_methods() -> None:
    known, unknown = (unserved(request(method), "INVITE, BYE") for method in ("PUBLISH", "RE%47IST%45R"))
    assert (known.status, known.headers) == (405, (("Allow", "INVITE, BYE"),))
    assert (unknown.status, unknown.headers) == (501, (("Allow", "INVITE, BYE"),))


def test_11_2_what_the_answer_to_options_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "OPTION_TAGS", ("100rel", "timer"))
    said = dict(capabilities("INVITE, BYE"))
    assert said == {
        "Allow": "INVITE, BYE",
        "Accept": "application/sdp",
        "Accept-Encoding": "identity",
        "Accept-Language": "*",
        "Supported": "100rel, timer",
    }
    monkeypatch.setattr(inspection, "OPTION_TAGS", ())
    assert "Supported" not in dict(capabilities("INVITE"))
