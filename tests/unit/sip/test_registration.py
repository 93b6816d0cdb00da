"""Our own registration: what follows each answer, when it is renewed, how long it waits."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sip.digest import Authenticator, Verdict
from softswitch.sip.message import Request, Response
from softswitch.sip.registration import (
    LONGEST_WAIT_S,
    Account,
    RegisterWanted,
    Registration,
    S,
    TrunkNotRegistered,
    TrunkRegistered,
)
from softswitch.sip.response import respond

CONTACT = "sip:carrier-1f@192.0.2.1:5060;transport=udp"
WANTED = [RegisterWanted("carrier")]
Headers = tuple[tuple[str, str], ...]


def ids(fraction: float = 0.0) -> Ids:
    serial = itertools.count(1)
    return Ids(lambda bits: int(fraction * 2**32) if bits == 32 else next(serial))


def registration(fraction: float = 0.0) -> Registration:
    return Registration("carrier", Account("4001", "pw", "carrier.example"), ids(fraction))


def asking(fraction: float = 0.0) -> tuple[Registration, Request]:
    one = registration(fraction)
    assert one.start(0.0) == WANTED
    return one, one.request(CONTACT)


def answer(request: Request, status: int, *headers: tuple[str, str]) -> Response:
    request.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    return respond(request, status, to_tag="t", headers=headers)


def test_10_2_the_request() -> None:
    _, request = asking()
    headers = request.headers
    assert request.uri == "sip:carrier.example"  # section 10.2: no user part
    assert str(request.to.uri) == str(request.from_.uri) == "sip:4001@carrier.example"
    assert headers.get("Contact") == f"<{CONTACT}>" and headers.get("Expires") == "3600"
    assert request.cseq.number == 1


def test_it_is_renewed_at_a_share_of_what_was_granted() -> None:
    one, request = asking()
    other = ("Contact", "<sip:somebody@192.0.2.9>;expires=10")
    ours = ("Contact", f"<{CONTACT}>;expires=100")
    assert one.answered(answer(request, 200, other, ours), CONTACT, 5.0) == [TrunkRegistered("carrier", 100.0)]
    assert (one.state, one.bound_until, one.deadline) == (S.BOUND, 105.0, 85.0)
    assert one.tick(84.9) == [] and one.start(50.0) == []
    assert one.tick(85.0) == WANTED
    again = one.request(CONTACT)
    assert again.call_id == request.call_id and again.cseq.number == 2  # section 10.2.4
    assert one.bound_until == 105.0  # still bound while it asks


@pytest.mark.parametrize(
    ("headers", "granted_s"),
    [((), 3600.0), ((("Expires", "77"),), 77.0), ((("Contact", f"<{CONTACT}>"), ("Expires", "60")), 60.0)],
)
def test_where_no_contact_says_how_long(headers: Headers, granted_s: float) -> None:
    one, request = asking()
    assert one.answered(answer(request, 200, *headers), CONTACT, 0.0) == [TrunkRegistered("carrier", granted_s)]


def test_a_200_without_our_contact_is_a_failure() -> None:
    one, request = asking()
    (fact,) = one.answered(answer(request, 200, ("Contact", "<sip:x@192.0.2.9>;expires=9")), CONTACT, 0.0)
    assert isinstance(fact, TrunkNotRegistered) and one.state is S.WAITING


@pytest.mark.parametrize(("status", "challenge", "credentials"), [
    (401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization"),
])  # fmt: skip
def test_22_a_challenge_is_answered_once(status: int, challenge: str, credentials: str) -> None:
    server = Authenticator(b"key", "carrier")
    one, request = asking()
    values = tuple((challenge, value) for value in server.challenges(1000.0))
    assert one.answered(answer(request, status, *values), CONTACT, 0.0) == WANTED
    signed = one.request(CONTACT)
    verdict, user = server.verify(signed.headers.get(credentials) or "", "REGISTER", lambda _: "pw", 1000.0)
    assert (verdict, user) == (Verdict.OK, "4001")
    (fact,) = one.answered(answer(signed, status, *values), CONTACT, 0.0)
    assert fact == TrunkNotRegistered("carrier", status, 15.0)  # the password is wrong


def test_a_stale_nonce_is_answered_again_but_not_for_ever() -> None:
    server = Authenticator(b"key", "carrier")
    one, request = asking()
    for _ in range(3):
        values = tuple(("WWW-Authenticate", value) for value in server.challenges(1000.0, stale=True))
        assert one.answered(answer(request, 401, *values), CONTACT, 0.0) == WANTED
        request = one.request(CONTACT)
    assert isinstance(one.answered(answer(request, 401, *values), CONTACT, 0.0)[0], TrunkNotRegistered)


def test_7616_3_3_stale_may_be_quoted() -> None:
    one, request = asking()
    assert (
        one.answered(answer(request, 401, ("WWW-Authenticate", 'Digest realm="r", nonce="a"')), CONTACT, 0.0) == WANTED
    )
    stale = ("WWW-Authenticate", 'Digest realm="r", nonce="b", stale="true"')
    assert one.answered(answer(one.request(CONTACT), 401, stale), CONTACT, 0.0) == WANTED


def test_22_3_a_proxy_and_the_registrar_behind_it_may_both_challenge() -> None:
    one, request = asking()
    proxy = ("Proxy-Authenticate", 'Digest realm="proxy", nonce="a"')
    assert one.answered(answer(request, 407, proxy), CONTACT, 0.0) == WANTED
    registrar = ("WWW-Authenticate", 'Digest realm="r", nonce="b"')
    assert one.answered(answer(one.request(CONTACT), 401, registrar), CONTACT, 0.0) == WANTED
    signed = one.request(CONTACT).headers
    assert 'realm="proxy"' in (signed.get("Proxy-Authorization") or "")
    assert 'realm="r"' in (signed.get("Authorization") or "")


def test_another_server_may_challenge_anew() -> None:
    one, request = asking()
    challenge = ("WWW-Authenticate", 'Digest realm="r", nonce="a"')
    assert one.answered(answer(request, 401, challenge), CONTACT, 0.0) == WANTED
    assert one.answered(answer(one.request(CONTACT), 503), CONTACT, 0.0, elsewhere=True) == WANTED
    request = one.request(CONTACT)
    assert "Authorization" not in request.headers
    assert one.answered(answer(request, 401, challenge), CONTACT, 0.0) == WANTED


def test_10_2_8_after_423_the_longer_time_is_asked_for() -> None:
    one, request = asking()
    assert one.answered(answer(request, 423, ("Min-Expires", "7200")), CONTACT, 0.0) == WANTED
    request = one.request(CONTACT)
    assert request.headers.get("Expires") == "7200"
    (fact,) = one.answered(answer(request, 423, ("Min-Expires", "7200")), CONTACT, 0.0)
    assert isinstance(fact, TrunkNotRegistered)  # no loop with a registrar that wants what it was given


@pytest.mark.parametrize("least", ["0", "60", "86401", "x", ""])
def test_a_423_that_asks_nothing_sensible_is_a_refusal(least: str) -> None:
    one, request = asking()
    (fact,) = one.answered(answer(request, 423, ("Min-Expires", least)), CONTACT, 0.0)
    assert isinstance(fact, TrunkNotRegistered)


def fail(one: Registration, now: float) -> list[Effect]:
    one.request(CONTACT)
    return one.failed(408, now)


@pytest.mark.parametrize(("fraction", "share"), [(0.0, 0.5), (0.5, 0.75)])
def test_rfc_5626_4_5_each_failure_doubles_the_wait_and_chance_takes_up_to_half_of_it(
    fraction: float, share: float
) -> None:
    one, now = registration(fraction), 0.0
    one.start(now)
    for whole_s in (30, 60, 120, 240, 480, 960, LONGEST_WAIT_S, LONGEST_WAIT_S):
        assert fail(one, now) == [TrunkNotRegistered("carrier", 408, whole_s * share)]
        now += whole_s * share
        assert one.deadline == now and one.tick(now - 0.1) == []
        assert one.tick(now) == WANTED


def test_a_success_ends_the_doubling() -> None:
    one, request = asking()
    one.failed(503, 0.0)
    one.tick(15.0)
    request = one.request(CONTACT)
    one.answered(answer(request, 200), CONTACT, 15.0)
    one.tick(one.deadline or 0.0)
    assert fail(one, 5000.0) == [TrunkNotRegistered("carrier", 408, 15.0)]


def test_retry_after_is_honoured() -> None:
    one, request = asking()
    (fact,) = one.answered(answer(request, 503, ("Retry-After", "120 (busy);duration=60")), CONTACT, 0.0)
    assert fact == TrunkNotRegistered("carrier", 503, 120.0)


Answer = Callable[[Registration, Request], list[Effect]]


@pytest.mark.parametrize(
    "how",
    [
        lambda one, request: one.answered(answer(request, 503), CONTACT, 0.0, elsewhere=True),
        lambda one, request: one.failed(408, 0.0, elsewhere=True),
    ],
)
def test_rfc_3263_4_3_another_server_is_asked_at_once(how: Answer) -> None:
    one, request = asking()
    assert how(one, request) == WANTED and one.state is S.ASKING


def test_a_refusal_is_the_same_at_every_server() -> None:
    one, request = asking()
    (fact,) = one.answered(answer(request, 403), CONTACT, 0.0, elsewhere=True)
    assert isinstance(fact, TrunkNotRegistered)


def test_what_is_late_means_nothing() -> None:
    one, request = asking()
    first = answer(request, 200)
    one.failed(408, 0.0)
    assert one.answered(first, CONTACT, 1.0) == [] and one.failed(408, 1.0) == []
    assert one.start(1.0) == WANTED  # a server has been found meanwhile
    one.request(CONTACT)
    assert one.answered(first, CONTACT, 1.0) == []  # of the request before


def test_a_provisional_response_is_waited_out() -> None:
    one, request = asking()
    assert one.answered(answer(request, 100), CONTACT, 0.0) == [] and one.state is S.ASKING


def test_10_2_2_who_leaves_unbinds_itself() -> None:
    server = Authenticator(b"key", "carrier")
    one, request = asking()
    one.answered(answer(request, 200), CONTACT, 0.0)
    assert one.leave(10.0) == WANTED and one.leaving
    request = one.request(CONTACT)
    assert request.headers.get("Expires") == "0"
    values = tuple(("WWW-Authenticate", value) for value in server.challenges(1000.0))
    assert one.answered(answer(request, 401, *values), CONTACT, 10.1) == WANTED
    assert one.answered(answer(one.request(CONTACT), 200), CONTACT, 10.2) == []
    assert (one.state, one.deadline, one.bound_until) == (S.GONE, None, 0.0)
    assert one.leave(11.0) == [] and one.start(11.0) == [] and one.tick(5000.0) == []


def test_who_is_not_bound_just_goes() -> None:
    for one in (registration(), asking()[0]):
        assert one.leave(0.0) == [] and one.state is S.GONE
    one, _ = asking()
    one.failed(408, 0.0)
    assert one.leave(1.0) == [] and one.deadline is None


def test_a_registrar_that_says_no_to_the_goodbye_is_left_alone() -> None:
    one, request = asking()
    one.answered(answer(request, 200), CONTACT, 0.0)
    one.leave(10.0)
    assert one.answered(answer(one.request(CONTACT), 503), CONTACT, 10.1) == [] and one.state is S.GONE


def test_a_registrar_that_always_wants_a_longer_time_does_not_keep_us_asking() -> None:
    one, request = asking()
    effects: list[Effect] = WANTED  # type: ignore[assignment]
    for least in range(3601, 3700):
        effects = one.answered(answer(request, 423, ("Min-Expires", str(least))), CONTACT, 0.0)
        if effects != WANTED:
            break
        request = one.request(CONTACT)
    assert least < 3615 and isinstance(effects[0], TrunkNotRegistered)


def test_a_registrar_that_grants_nearly_nothing_is_not_asked_all_the_time() -> None:
    one, request = asking()
    one.answered(answer(request, 200, ("Expires", "1")), CONTACT, 0.0)
    assert one.deadline == 1.0


def test_rfc_5626_4_2_1_a_connection_that_is_gone_takes_the_binding_with_it() -> None:
    one, request = asking()
    assert one.flow_lost(0.0) == []  # the transaction tells
    one.answered(answer(request, 200), CONTACT, 0.0)
    assert one.flow_lost(5.0) == WANTED
