"""RFC 3261 section 13: initiating a session, as caller and as called."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Accept, Answered, Failed, Offered, Progress, Reject, Release, Released, Ring
from softswitch.sdp import negotiate
from softswitch.sdp.media import PCMA, Codec, LocalMedia
from softswitch.sdp.session import parse_session
from softswitch.sip.message import Message, Request, Response
from tests.rfc.called import Called, dial_offerless, inside, said_to
from tests.rfc.ends import Caller, Lines, NullSwitch
from tests.unit.call.peer import OFFER, SDP, invite
from tests.unit.sip.exchange import TCP, request

OTHER = negotiate.offer(LocalMedia(("10.0.0.9", 9000), (PCMA,)))
G729 = negotiate.offer(LocalMedia(("10.0.0.1", 4000), (Codec("G729", 18, 8000),)))
PHOTO = b"\xff\xd8 a photo"
AS_PHOTO: Lines = (("Content-Type", "image/jpeg"), ("Content-Disposition", "render;handling=optional"))
RELIABLE: Lines = (("Require", "100rel"), ("RSeq", "1"))
REPEATS = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]  # T1, doubled up to T2


def methods(messages: list[Message]) -> list[str]:
    return [message.method if isinstance(message, Request) else str(message.status) for message in messages]


# ---- 13.2.1: our INVITE ----------------------------------------------------------------------------------------


def test_13_2_1_it_says_which_methods_may_be_used_in_the_dialog_and_which_extensions_we_know() -> None:
    made = Caller().dial()
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "PRACK"} <= set(made.headers.all("Allow"))
    assert {"100rel", "timer", "replaces"} <= set(made.headers.all("Supported"))


def test_13_2_1_the_offer_is_in_the_invite_and_the_answer_in_the_2xx() -> None:
    one = Caller()
    made = one.dial()
    assert made.headers.get("Content-Type") == "application/sdp" and b"m=audio 20000" in made.body
    (ack,) = one.answered(made, 200, body=OFFER)
    assert ack.body == b"" and one.leg is not None and one.leg.media is not None
    assert one.leg.media.remote == ("10.0.0.1", 4000)


def test_13_2_1_without_an_offer_in_it_the_2xx_has_it_and_the_ack_the_answer() -> None:
    one = Caller()
    made = dial_offerless(one)
    assert made.body == b""
    (ack,) = one.answered(made, 200, body=OFFER)
    assert ack.headers.get("Content-Type") == "application/sdp" and b"m=audio 20000" in ack.body


def test_13_2_1_the_answer_in_a_provisional_response_is_that_of_the_2xx() -> None:
    one = Called()
    one.invited()
    (progress,) = one.tell(Ring(183))
    (accepted,) = one.tell(Accept())
    assert progress.body == accepted.body != b""


def test_13_2_1_what_a_2xx_describes_counts_more_than_what_a_provisional_response_did() -> None:
    """The section has the first one count. But gateways play a tone from one place and then connect another."""
    one = Caller()
    made = one.dial()
    one.answered(made, 183, body=OFFER)
    one.answered(made, 200, body=OTHER)
    assert [said.media.remote for said in one.told if isinstance(said, Answered) and said.media] == [("10.0.0.9", 9000)]


def test_13_2_1_but_not_more_than_one_that_was_acknowledged() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 183, body=OFFER, more=RELIABLE)
    one.answered(made, 200, body=OTHER)
    assert [said.media.remote for said in one.told if isinstance(said, Answered) and said.media] == [("10.0.0.1", 4000)]


def test_13_2_1_no_further_offer_before_ours_is_answered() -> None:
    one = Called()
    accepted = one.accept(invite(b""))
    assert b"m=audio" in accepted.body
    assert said_to(one, inside(one, "UPDATE", 2, body=OFFER)).status == 491


def test_13_2_1_a_body_that_is_no_description_may_be_in_the_invite_and_the_answer_in_the_ack() -> None:
    one = Called()
    accepted = one.accept(request(body=PHOTO, more=AS_PHOTO))
    one.hears(inside(one, "ACK", 1, body=negotiate.answer(accepted.body, LocalMedia(("10.0.0.1", 4000)))[0]))
    assert one.leg is not None and one.leg.media is not None and one.leg.media.remote == ("10.0.0.1", 4000)


@pytest.mark.parametrize("disposition", [(), (("Content-Disposition", "session"),)])
def test_13_2_1_sdp_without_a_disposition_is_the_session(disposition: Lines) -> None:
    one = Called()
    one.invited(invite(more=disposition))
    assert [said.media.remote for said in one.told if isinstance(said, Offered) and said.media] == [("10.0.0.1", 4000)]


def test_13_2_1_the_acknowledgement_of_our_offer_is_where_its_answer_is() -> None:
    one = Called()
    accepted = one.accept(invite(b""))
    assert isinstance(accepted, Response) and one.leg is not None and one.leg.media is None
    one.hears(inside(one, "ACK", 1, body=OFFER))
    assert one.leg.media is not None and one.leg.media.remote == ("10.0.0.1", 4000)


# ---- 13.2.2: what comes back -----------------------------------------------------------------------------------


def test_13_2_2_no_answer_is_as_a_408() -> None:
    one = Caller()
    one.dial()
    one.passes(40.0)
    assert [end.status for end in one.told if isinstance(end, Failed)] == [408]


def test_13_2_2_1_none_one_or_many_provisional_responses_may_come() -> None:
    for many in range(4):
        one = Caller()
        made = one.dial()
        for number in range(many):
            one.answered(made, 180 + number)
        one.answered(made, 200, body=OFFER)
        assert len([said for said in one.told if isinstance(said, Progress)]) == many
        assert len([said for said in one.told if isinstance(said, Answered)]) == 1


def test_13_2_2_1_each_to_tag_makes_an_early_dialog() -> None:
    one = Caller()
    made = one.dial()
    for tag in ("x", "y", "x"):
        one.answered(made, 180, tag)
    assert one.leg is not None and one.leg.leg.outbound is not None
    assert set(one.leg.leg.outbound.early) == {"x", "y"}


def test_13_2_2_1_what_a_provisional_response_says_holds_for_the_early_dialog() -> None:
    one = Caller()
    one.answered(one.dial(), 180, more=(("Allow", "INVITE, BYE, UPDATE"),))
    assert one.leg is not None and "UPDATE" in one.leg.leg.allows


def test_13_2_2_3_a_second_final_response_is_ignored() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 486)
    said = one.answered(made, 404)
    assert methods(said) == ["ACK"]  # the transaction's
    assert [end.status for end in one.told if isinstance(end, Failed)] == [486]


def test_13_2_2_4_each_2xx_is_a_dialog_of_its_own_and_gets_its_ack() -> None:
    one = Caller()
    made = one.dial()
    (first,) = one.answered(made, 200, "x", body=OFFER)
    second, bye = one.answered(made, 200, "y", body=OFFER)
    assert [each.to.tag for each in (first, second, bye)] == ["x", "y", "y"]
    assert methods([first, second, bye]) == ["ACK", "ACK", "BYE"]  # we do not go on with a second one


def test_13_2_2_4_the_2xx_confirms_its_early_dialog_and_sets_the_routes_anew() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 180, more=(("Record-Route", "<sip:early.example;lr>"),))
    (ack,) = one.answered(made, 200, more=(("Record-Route", "<sip:late.example;lr>"),), body=OFFER)
    assert ack.headers.all("Route") == ["<sip:late.example;lr>"]


def test_13_2_2_4_but_not_the_sequence_numbers() -> None:
    one = Caller()
    made = one.dial()
    (prack,) = one.answered(made, 180, more=RELIABLE)
    (ack,) = one.answered(made, 200, body=OFFER)
    (bye,) = one.tell(Release())
    assert [str(each.cseq) for each in (made, prack, ack, bye)] == ["1 INVITE", "2 PRACK", "1 ACK", "3 BYE"]


def test_13_2_2_4_the_ack_has_the_number_and_the_credentials_of_the_invite() -> None:
    one = Caller(account=("400", "pw"))
    challenge = (("WWW-Authenticate", 'Digest realm="there", nonce="n", qop="auth", algorithm=MD5'),)
    _, made = one.answered(one.dial(), 401, more=challenge)
    assert isinstance(made, Request)
    (ack,) = one.answered(made, 200, body=OFFER)
    assert str(ack.cseq) == "2 ACK"
    assert ack.headers.all("Authorization") == made.headers.all("Authorization") != []


@pytest.mark.parametrize("theirs", [G729, OFFER.replace(b"m=audio", b"m=video")])
def test_13_2_2_4_an_offer_that_we_cannot_take_is_answered_and_then_we_leave(theirs: bytes) -> None:
    one = Caller()
    ack, bye = one.answered(dial_offerless(one), 200, body=theirs)
    assert methods([ack, bye]) == ["ACK", "BYE"]
    assert [section.port for section in parse_session(ack.body).sections] == [0]
    assert [end.status for end in one.told if isinstance(end, Failed)] == [488]


def test_13_2_2_4_the_ack_is_repeated_for_each_repeat_of_the_2xx_and_never_of_itself() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 200, body=OFFER)
    assert one.passes(5.0) == []
    assert methods(one.answered(made, 200, body=OFFER)) == ["ACK"]
    one.tell(Release())
    assert methods(one.answered(made, 200, body=OFFER)) == ["ACK"]


def test_13_2_2_4_64_t1_after_the_first_2xx_no_other_one_is_expected() -> None:
    one = Caller()
    made = one.dial()
    one.answered(made, 200, "x", body=OFFER)
    one.passes(31.0)
    assert methods(one.answered(made, 200, "y", body=OFFER)) == ["ACK", "BYE"]
    one.passes(33.0)
    assert one.answered(made, 200, "z", body=OFFER) == []


def test_13_2_2_4_a_dialog_that_we_do_not_want_is_ended_by_bye() -> None:
    one = Caller()
    made = one.dial()
    assert methods(one.answered(made, 200, body=G729)) == ["ACK", "BYE"]


# ---- 13.3.1: the peer's INVITE ---------------------------------------------------------------------------------


def test_13_3_1_an_invitation_expires_when_it_says_so() -> None:
    one = Called()
    one.invited(invite(more=(("Expires", "20"),)))
    one.tell(Ring())
    assert one.passes(19.9) == []
    (at, refused), *_ = one.passes(20.1)
    assert (at, methods([refused])) == (20.0, ["487"])
    assert [end.status for end in one.told if isinstance(end, Failed)] == [408]


@pytest.mark.parametrize("says", ["0", "soon", "999999"])
def test_13_3_1_one_that_says_nothing_sensible_ends_like_any_other(says: str) -> None:
    one = Called()
    one.invited(invite(more=(("Expires", says),)))
    refused = [at for at, said in one.passes(600.0) if methods([said]) == ["480"]]
    assert refused == [600.0]


def test_13_3_1_once_answered_it_does_not_expire() -> None:
    one = Called()
    one.talk(invite(more=(("Expires", "20"),)))
    assert one.passes(50.0) == []


def test_13_3_1_a_to_tag_of_no_dialog_here_is_481() -> None:
    made = request(to_tag="before", body=OFFER, more=SDP)
    assert NullSwitch().answer(made).status == 481


def test_13_3_1_without_an_offer_ours_comes_in_the_first_reliable_message() -> None:
    one = Called()
    one.invited(invite(b""))
    (ringing,) = one.tell(Ring(183))
    (accepted,) = one.tell(Accept())
    assert ringing.body == b"" and b"m=audio 20000" in accepted.body
    other = Called()
    other.invited(invite(b"", (("Require", "100rel"),)))
    (reliable,) = other.tell(Ring())
    assert "RSeq" in reliable.headers and b"m=audio 20000" in reliable.body


# ---- 13.3.1.1: progress ----------------------------------------------------------------------------------------


def test_13_3_1_1_all_provisional_responses_are_of_one_dialog() -> None:
    one = Called()
    one.invited()
    said = [message for status in (180, 183, 180) for message in one.tell(Ring(status))] + one.tell(Accept())
    assert methods(said) == ["180", "183", "180", "200"]
    assert len({message.to.tag for message in said}) == 1 and None not in {message.to.tag for message in said}
    assert all("Contact" in message.headers for message in said)


def test_13_3_1_1_each_minute_another_one_so_that_no_proxy_gives_up() -> None:
    one = Called()
    one.invited()
    one.tell(Ring())
    assert [(at, *methods([said])) for at, said in one.passes(200.0)] == [(60.0, "180"), (120.0, "180"), (180.0, "180")]


def test_13_3_1_1_also_while_nobody_rings_yet() -> None:
    """100 would not do."""
    one = Called()
    one.invited()
    assert [(at, *methods([said])) for at, said in one.passes(130.0)] == [(60.0, "182"), (120.0, "182")]


# ---- 13.3.1.3: refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [486, 600])
def test_13_3_1_3_a_refusal_is_repeated_by_its_transaction_until_the_ack(status: int) -> None:
    one = Called()
    one.invited()
    (refused,) = one.tell(Reject(status))
    assert methods([refused]) == [str(status)]
    assert [at for at, _ in one.passes(4.0)] == [0.5, 1.5, 3.5]
    one.hears(inside(one, "ACK", 1, via=one.invite.headers.get("Via") or ""))
    assert one.passes(30.0) == []


def test_13_3_1_3_an_offer_that_we_cannot_take_is_488_and_why() -> None:
    (refused,) = Called().invited(invite(G729))
    assert methods([refused]) == ["488"]
    (warning,) = refused.headers.all("Warning")
    assert warning.startswith("305 ") and "G729/8000" in warning


# ---- 13.3.1.4: accepted ----------------------------------------------------------------------------------------


def test_13_3_1_4_the_2xx_says_what_we_can() -> None:
    accepted = Called().accept()
    assert "INFO" in accepted.headers.all("Allow") and "timer" in accepted.headers.all("Supported")


def test_13_3_1_4_an_offer_is_answered_in_it_and_without_one_it_offers() -> None:
    for body in (OFFER, b""):
        accepted = Called().accept(invite(body))
        assert accepted.headers.get("Content-Type") == "application/sdp"
        assert len(parse_session(accepted.body).sections) == 1


@pytest.mark.parametrize("reliable", [False, True], ids=["UDP", "TCP"])
def test_13_3_1_4_it_is_repeated_from_t1_to_t2_over_any_transport_then_comes_a_bye(reliable: bool) -> None:
    one = Called(*([TCP] if reliable else []))
    one.invited(invite(), *([TCP] if reliable else []))
    one.tell(Accept())
    said = one.passes(32.0)
    assert [at for at, message in said if methods([message]) == ["200"]] == REPEATS
    assert [at for at, message in said if methods([message]) == ["BYE"]] == [32.0]
    assert [end.by for end in one.told if isinstance(end, Released)] == ["network"]


def test_13_3_1_4_the_ack_ends_the_repeats() -> None:
    one = Called()
    one.talk()
    assert one.passes(32.0) == []


def test_13_3_1_4_without_an_answer_in_the_ack_to_our_offer_we_leave() -> None:
    one = Called()
    one.accept(invite(b""))
    assert methods(one.hears(inside(one, "ACK", 1))) == ["BYE"]
