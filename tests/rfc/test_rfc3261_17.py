"""RFC 3261 section 17: the four transactions, in seconds. What RFC 6026 changes is in test_rfc6026."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.call.signal import Release
from softswitch.sip.effect import AckArrived, RequestArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.message import Request, Response
from softswitch.sip.timing import Timing
from tests.rfc.clock import Layer, repeats, wire
from tests.rfc.ends import Caller, NullSwitch, beside
from tests.unit.sip.exchange import TCP, UDP, ids, request

REFUSALS = [300, 404, 503, 699]


# ---- 17.1 clients ----------------------------------------------------------------------------------------------


def test_17_1_an_ack_to_a_2xx_goes_past_the_transactions() -> None:
    endpoint = Endpoint(ids())
    assert len(endpoint.ack(request("ACK", via="", to_tag="t"), UDP)) == 1
    assert len(endpoint) == 0


# ---- 17.1.1 INVITE client --------------------------------------------------------------------------------------


def test_17_1_1_2_it_begins_in_calling_and_passes_the_request_on() -> None:
    one = Layer()
    (sent,) = one.endpoint.request(request(via=""), UDP, "tu", 0.0)
    assert isinstance(sent, Send)
    assert one.alive


def test_17_1_1_2_timer_a_repeats_after_t1_and_each_time_after_twice_as_long() -> None:
    one = Layer()
    one.asks()
    assert repeats(one.passes(100)) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_17_1_1_2_the_back_off_is_exponential_whatever_t1_is() -> None:
    one = Layer(timing=Timing(t1=2.0))
    one.asks()
    assert repeats(one.passes(30)) == [2, 6, 14, 30]


def test_17_1_1_2_a_repeat_is_the_same_message_once_more() -> None:
    one = Layer()
    invite = one.asks()
    ((_, again),) = one.passes(0.5)
    assert isinstance(again, Send) and again.message == invite


def test_17_1_1_2_over_a_reliable_transport_timer_a_does_not_run() -> None:
    one = Layer(TCP)
    one.asks()
    assert repeats(one.passes(100)) == []


@pytest.mark.parametrize("flow", [UDP, TCP], ids=["udp", "tcp"])
def test_17_1_1_2_timer_b_fires_after_64_t1_tells_the_user_and_sends_no_ack(flow: object) -> None:
    one = Layer(flow)  # type: ignore[arg-type]
    one.asks()
    at, end = one.passes(100)[-1]
    assert at == 32.0
    assert isinstance(end, TransactionFailed) and end.why == "timeout"
    assert not one.alive


def test_17_1_1_2_in_proceeding_nothing_is_repeated_and_timer_b_is_off() -> None:
    one = Layer()
    one.hears(one.asks(), 100)
    assert one.passes(300) == []
    assert one.alive  # how long it may ring is the leg's affair (timer C)


def test_17_1_1_2_every_provisional_response_goes_to_the_user() -> None:
    one = Layer()
    invite = one.asks()
    for status in (100, 180, 180, 183):
        (heard,) = one.hears(invite, status)
        assert isinstance(heard, ResponseArrived) and heard.response.status == status


@pytest.mark.parametrize("provisional", [False, True], ids=["calling", "proceeding"])
@pytest.mark.parametrize("status", REFUSALS)
def test_17_1_1_2_a_refusal_goes_to_the_user_and_is_acknowledged(status: int, provisional: bool) -> None:
    one = Layer()
    invite = one.asks()
    if provisional:
        one.hears(invite, 180)
    effects = one.hears(invite, status)
    assert wire(effects) == ["ACK"]
    assert [each.response.status for each in effects if isinstance(each, ResponseArrived)] == [status]


def test_17_1_1_2_over_a_reliable_transport_too() -> None:
    one = Layer(TCP)
    assert wire(one.hears(one.asks(), 404)) == ["ACK"]


def test_17_1_1_2_the_ack_goes_where_the_invite_went() -> None:
    one = Layer(TCP)
    ack, _ = one.hears(one.asks(), 404)
    assert isinstance(ack, Send) and ack.flow == TCP


@pytest.mark.parametrize(("flow", "end"), [(UDP, 32.0), (TCP, 0.0)], ids=["udp", "tcp"])
def test_17_1_1_2_timer_d_is_32_s_and_over_a_reliable_transport_nothing(flow: object, end: float) -> None:
    one = Layer(flow)  # type: ignore[arg-type]
    one.hears(one.asks(), 404)
    assert one.ends() == end


def test_17_1_1_2_timer_d_is_never_below_32_s() -> None:
    one = Layer(timing=Timing(t1=0.1))
    one.hears(one.asks(), 404)
    assert one.ends() == 32.0


def test_17_1_1_2_a_repeated_refusal_is_acknowledged_again_and_kept_from_the_user() -> None:
    one = Layer()
    invite = one.asks()
    one.hears(invite, 404)
    effects = one.hears(invite, 404)
    assert wire(effects) == ["ACK"] and len(effects) == 1


@pytest.mark.parametrize("provisional", [False, True], ids=["calling", "proceeding"])
def test_17_1_1_2_a_2xx_goes_to_the_user_who_acknowledges_it(provisional: bool) -> None:
    one = Layer()
    invite = one.asks()
    if provisional:
        one.hears(invite, 180)
    (heard,) = one.hears(invite, 200)
    assert isinstance(heard, ResponseArrived)


# ---- 17.1.1.3 the ACK ------------------------------------------------------------------------------------------


@pytest.fixture
def refusal_ack() -> tuple[Request, Request]:
    one = Layer()
    invite = one.asks(more=(("Route", "<sip:edge.example;lr>"), ("Subject", "tea")))  # type: ignore[arg-type]
    (ack, _) = one.hears(invite, 404, "theirs")
    assert isinstance(ack, Send) and isinstance(ack.message, Request)
    return invite, ack.message


def test_17_1_1_3_call_id_from_and_request_uri_are_the_invite_s(refusal_ack: tuple[Request, Request]) -> None:
    invite, ack = refusal_ack
    assert ack.uri == invite.uri
    assert all(ack.headers.get(name) == invite.headers.get(name) for name in ("Call-ID", "From"))


def test_17_1_1_3_the_to_is_that_of_the_response(refusal_ack: tuple[Request, Request]) -> None:
    assert refusal_ack[1].to.tag == "theirs"


def test_17_1_1_3_the_single_via_is_the_top_one_of_the_invite(refusal_ack: tuple[Request, Request]) -> None:
    invite, ack = refusal_ack
    assert ack.headers.all("Via") == [invite.headers.get("Via")]


def test_17_1_1_3_the_cseq_has_the_invite_s_number_and_the_method_ack(
    refusal_ack: tuple[Request, Request],
) -> None:
    invite, ack = refusal_ack
    assert ack.cseq == (invite.cseq.number, "ACK")


def test_17_1_1_3_the_route_is_the_invite_s(refusal_ack: tuple[Request, Request]) -> None:
    assert refusal_ack[1].headers.all("Route") == ["<sip:edge.example;lr>"]


def test_17_1_1_3_it_has_no_body(refusal_ack: tuple[Request, Request]) -> None:
    assert refusal_ack[1].body == b"" and "Content-Type" not in refusal_ack[1].headers


# ---- 17.1.2 non-INVITE client ----------------------------------------------------------------------------------


def test_17_1_2_2_timer_e_doubles_up_to_t2_until_timer_f_tells_the_user() -> None:
    one = Layer()
    one.asks("OPTIONS")
    said = one.passes(100)
    assert repeats(said) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    at, end = said[-1]
    assert at == 32.0 and isinstance(end, TransactionFailed) and end.why == "timeout"
    assert not one.alive


def test_17_1_2_2_over_a_reliable_transport_timer_e_does_not_run() -> None:
    one = Layer(TCP)
    one.asks("OPTIONS")
    assert repeats(one.passes(100)) == []


@pytest.mark.parametrize("provisional", [False, True], ids=["trying", "proceeding"])
@pytest.mark.parametrize("status", [200, *REFUSALS])
def test_17_1_2_2_the_final_response_goes_to_the_user_once(status: int, provisional: bool) -> None:
    one = Layer()
    asked = one.asks("OPTIONS")
    if provisional:
        (heard,) = one.hears(asked, 100)
        assert isinstance(heard, ResponseArrived)
    (heard,) = one.hears(asked, status)
    assert isinstance(heard, ResponseArrived) and heard.response.status == status
    assert one.hears(asked, status) == []


def test_17_1_2_2_in_proceeding_timer_e_is_t2_and_timer_f_still_ends_it() -> None:
    one = Layer()
    one.hears(one.asks("OPTIONS"), 100)
    said = one.passes(100)
    assert repeats(said) == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert said[-1][0] == 32.0 and isinstance(said[-1][1], TransactionFailed)


@pytest.mark.parametrize(("flow", "end"), [(UDP, 5.0), (TCP, 0.0)], ids=["udp", "tcp"])
def test_17_1_2_2_timer_k_is_t4_and_over_a_reliable_transport_nothing(flow: object, end: float) -> None:
    one = Layer(flow)  # type: ignore[arg-type]
    one.hears(one.asks("OPTIONS"), 200)
    assert one.ends() == end


# ---- 17.1.3, 17.1.4 --------------------------------------------------------------------------------------------


def test_17_1_3_a_response_matches_by_branch() -> None:
    one = Layer()
    asked = one.asks()
    asked.headers.replace_first("Via", asked.headers.get("Via").replace("branch=z9", "branch=z8"))  # type: ignore[union-attr]
    assert not [each for each in one.hears(asked, 200) if isinstance(each, ResponseArrived)]


def test_17_1_3_a_response_matches_by_the_method_of_its_cseq() -> None:
    """A CANCEL has the branch of its INVITE."""
    one = Caller()
    invite = one.dial()
    one.answered(invite, 180)
    (cancel,) = one.tell(Release())
    assert isinstance(cancel, Request)
    assert one.answered(cancel, 200) == []
    (ack,) = one.answered(invite, 487)
    assert isinstance(ack, Request) and ack.method == "ACK"


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_17_1_4_a_transport_failure_is_told_and_ends_it(method: str) -> None:
    one = Layer(TCP)
    one.asks(method)
    (told,) = one.endpoint.transport_failed(TCP, 0.1)
    assert isinstance(told, TransactionFailed) and told.why == "transport"
    assert not one.alive


def test_17_1_4_in_completed_the_user_has_its_response_and_hears_no_more() -> None:
    """Figure 5 tells it; nobody could do anything (docs/sip.md)."""
    one = Layer()
    one.hears(one.asks(), 404)
    assert one.endpoint.transport_failed(UDP, 0.1) == []
    assert not one.alive


# ---- 17.2.1 INVITE server --------------------------------------------------------------------------------------


def test_17_2_1_a_100_leaves_at_once_unless_the_final_response_does() -> None:
    switch = NullSwitch()
    trying, _ = switch.hears(switch.invite())
    assert isinstance(trying, Response) and trying.status == 100
    assert switch.answer(request(via="SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKanybody")).status == 401


def test_17_2_1_the_100_has_no_to_tag() -> None:
    switch = NullSwitch()
    trying, _ = switch.hears(switch.invite())
    assert trying.to.tag is None


def test_17_2_1_the_request_goes_to_the_user() -> None:
    (arrived,) = Layer().takes()
    assert isinstance(arrived, RequestArrived)


def test_17_2_1_every_provisional_response_is_sent_and_none_repeated() -> None:
    one = Layer()
    one.takes()
    assert [wire(one.says(status)) for status in (100, 180, 183)] == [["100"], ["180"], ["183"]]
    assert one.passes(60) == []


def test_17_2_1_a_repeated_request_gets_the_latest_provisional_response() -> None:
    one = Layer()
    one.takes()
    assert one.takes() == []
    one.says(100)
    one.says(183)
    assert wire(one.takes()) == ["183"]


def test_17_2_1_a_2xx_is_sent_and_not_repeated_here() -> None:
    """The leg does that: section 13.3.1.4."""
    one = Layer()
    one.takes()
    assert wire(one.says(200)) == ["200"]
    assert repeats(one.passes(100)) == []


@pytest.mark.parametrize("status", REFUSALS)
def test_17_2_1_timer_g_repeats_a_refusal_up_to_every_t2_until_timer_h(status: int) -> None:
    one = Layer()
    one.takes()
    assert wire(one.says(status)) == [str(status)]
    assert repeats(one.passes(100)) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert not one.alive


def test_17_2_1_over_a_reliable_transport_timer_g_does_not_run_and_timer_h_does() -> None:
    one = Layer(TCP)
    one.takes()
    one.says(486)
    assert repeats(one.passes(31.9)) == [] and one.alive
    assert one.ends() == 32.0


def test_17_2_1_a_repeated_request_gets_the_refusal_again() -> None:
    one = Layer()
    one.takes()
    one.says(486)
    assert wire(one.takes()) == ["486"]


def test_17_2_1_the_ack_ends_the_repeats() -> None:
    one = Layer()
    one.takes()
    (sent,) = one.says(486)
    assert one.takes(beside(request(), "ACK", sent.message)) == []  # type: ignore[attr-defined]
    assert repeats(one.passes(60)) == []


def test_17_2_1_without_an_ack_it_ends_after_timer_h_and_nobody_needs_to_hear() -> None:
    """The section tells the user; the leg has ended with the refusal (docs/sip.md)."""
    one = Layer()
    one.takes()
    one.says(486)
    said = one.passes(100)
    assert all(isinstance(effect, Send) for _, effect in said) and not one.alive


@pytest.mark.parametrize(("flow", "end"), [(UDP, 6.0), (TCP, 1.0)], ids=["udp", "tcp"])
def test_17_2_1_timer_i_absorbs_acks_for_t4_and_over_a_reliable_transport_not_at_all(flow: object, end: float) -> None:
    one = Layer(flow)  # type: ignore[arg-type]
    one.takes()
    (sent,) = one.says(486)
    ack = beside(request(), "ACK", sent.message)  # type: ignore[attr-defined]
    one.passes(1.0)
    assert one.takes(ack) == []
    if one.alive:
        assert one.takes(ack) == []
    assert one.ends() == end


# ---- 17.2.2 non-INVITE server ----------------------------------------------------------------------------------


@pytest.fixture
def served() -> Layer:
    """It has an INFO that nobody has answered yet."""
    one = Layer()
    one.takes(request("INFO"))
    return one


def test_17_2_2_in_trying_a_repeated_request_is_discarded(served: Layer) -> None:
    assert served.takes(request("INFO")) == []


def test_17_2_2_provisional_responses_are_sent_and_the_latest_repeated_on_request(served: Layer) -> None:
    assert [wire(served.says(status, "INFO")) for status in (100, 183)] == [["100"], ["183"]]
    assert wire(served.takes(request("INFO"))) == ["183"]


@pytest.mark.parametrize("status", [200, *REFUSALS])
def test_17_2_2_the_final_response_is_sent_and_repeated_on_request_only(served: Layer, status: int) -> None:
    assert wire(served.says(status, "INFO")) == [str(status)]
    assert repeats(served.passes(1.0)) == []
    assert wire(served.takes(request("INFO"))) == [str(status)]


def test_17_2_2_a_second_final_response_is_discarded(served: Layer) -> None:
    served.says(200, "INFO")
    assert served.says(500, "INFO") == []
    assert wire(served.takes(request("INFO"))) == ["200"]


@pytest.mark.parametrize(("flow", "end"), [(UDP, 33.0), (TCP, 1.0)], ids=["udp", "tcp"])
def test_17_2_2_timer_j_is_64_t1_and_over_a_reliable_transport_nothing(flow: object, end: float) -> None:
    one = Layer(flow)  # type: ignore[arg-type]
    one.takes(request("INFO"))
    one.now = 1.0
    one.says(200, "INFO")
    assert one.ends() == end


def test_17_2_2_a_request_that_nobody_answers_is_forgotten_after_64_t1(served: Layer) -> None:
    """Not in the section; its client has given up (RFC 4320 section 4.2)."""
    assert served.ends() == 32.0
    assert served.says(200, "INFO") == []


# ---- 17.2.3, 17.2.4 --------------------------------------------------------------------------------------------

COOKIE = "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKabc"
OLD = "SIP/2.0/UDP 10.0.0.1:5060;branch=1"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (request(via=COOKIE, call_id="other", from_tag="other", cseq=9), True),
        (request(via=COOKIE.replace("abc", "abd"), call_id="other"), False),
        (request(via=COOKIE.replace("10.0.0.1", "10.0.0.9"), call_id="other"), False),
        (request(via=COOKIE.replace(":5060", ":5061"), call_id="other"), False),
        (request("OPTIONS", via=COOKIE, call_id="other"), False),
        (request("ACK", via=COOKIE), True),
    ],
)
def test_17_2_3_branch_sent_by_and_method_make_a_match_and_nothing_else(other: Request, same: bool) -> None:
    one = Layer()
    one.takes(request(via=COOKIE))
    effects = one.takes(other)
    assert bool([each for each in effects if isinstance(each, RequestArrived)]) is not same
    if other.method == "ACK":
        assert not [each for each in effects if isinstance(each, AckArrived)]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (request(via=OLD), True),
        (request(via=OLD, from_tag="other"), False),
        (request(via=OLD, call_id="other"), False),
        (request(via=OLD, cseq=2), False),
        (request(via=OLD.replace("branch=1", "branch=2"), cseq=2), False),
    ],
)
def test_17_2_3_without_the_cookie_from_tag_call_id_cseq_and_via_count(other: Request, same: bool) -> None:
    one = Layer()
    one.takes(request(via=OLD))
    assert bool([each for each in one.takes(other) if isinstance(each, RequestArrived)]) is not same


def test_17_2_3_without_the_cookie_another_request_uri_is_another_transaction() -> None:
    """It is a merged request then (section 8.2.2.2), and no repeat."""
    one = Layer()
    one.takes(request(via=OLD))
    assert wire(one.takes(request(via=OLD, uri="sip:9000@10.0.0.2"))) == ["482"]


def test_17_2_3_without_the_cookie_the_ack_is_matched_too() -> None:
    """Whatever its To tag: the section compares that of the response, for forking proxies' sake (docs/sip.md)."""
    one = Layer()
    one.takes(request(via=OLD))
    one.says(486)
    assert one.takes(request("ACK", via=OLD, to_tag="ours")) == []
    assert repeats(one.passes(60)) == []


def test_17_2_3_a_second_ack_is_a_repeat_of_the_first() -> None:
    one = Layer()
    one.takes()
    (sent,) = one.says(486)
    ack = beside(request(), "ACK", sent.message)  # type: ignore[attr-defined]
    assert one.takes(ack) == [] == one.takes(ack)


def test_17_2_4_a_response_that_does_not_get_out_ends_a_transaction_of_no_invite() -> None:
    """Where the other way is closed too (18.2.2). Its user has done what was asked, and is not told (docs/sip.md)."""
    one = Layer(TCP)
    one.takes(request("INFO"))
    assert one.endpoint.transport_failed(TCP, 0.1) == [] and one.alive
    assert one.endpoint.transport_failed(replace(TCP, remote=("10.0.0.1", 5060), connection=0), 0.2) == []
    assert not one.alive
