"""Keys in descriptions (RFC 4568), and when a stream may do without (RFC 8643)."""

import dataclasses
import random
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from softswitch.core.errors import PeerError
from softswitch.sdp import crypto
from softswitch.sdp.crypto import Srtp, read
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import LocalMedia, Media
from softswitch.sdp.negotiate import accept, answer, offer
from softswitch.sip.secret import masked

KEYS = crypto.fresh(random.Random(4).getrandbits)
THEIR_KEYS = crypto.fresh(random.Random(5).getrandbits)
OPTIONAL = LocalMedia(("192.0.2.1", 4000), keys=KEYS)
REQUIRED = replace(OPTIONAL, secured=True)
OFF = LocalMedia(("192.0.2.1", 4000))
HEAD = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
KEY = bytes(range(30))
INLINE = "inline:" + b64encode(KEY).decode()
LINE = f"a=crypto:7 AES_CM_128_HMAC_SHA1_80 {INLINE}"


def theirs(local: LocalMedia) -> LocalMedia:
    return replace(local, address=("198.51.100.7", 5000), keys=THEIR_KEYS if local.keys else ())


def offered(*lines: str, proto: str = "RTP/SAVP") -> bytes:
    return (HEAD + "".join(line + "\r\n" for line in (f"m=audio 5000 {proto} 0", *lines))).encode()


def agreed(body: bytes, local: LocalMedia) -> Media:
    return answer(body, local)[1]


def refusal(body: bytes, local: LocalMedia) -> str:
    with pytest.raises(PeerError) as caught:
        answer(body, local)
    assert caught.value.status == 488
    return caught.value.warning or ""


@pytest.mark.parametrize(("ours", "profile"), [(OPTIONAL, b"RTP/AVP "), (REQUIRED, b"RTP/SAVP ")])
@pytest.mark.parametrize("peer", [OPTIONAL, REQUIRED])
def test_two_that_can_agree_on_the_best_suite_and_a_key_for_each_direction(
    ours: LocalMedia, profile: bytes, peer: LocalMedia
) -> None:
    said = offer(ours)
    assert b"m=audio 4000 " + profile in said
    body, seen = answer(said, theirs(peer))
    assert profile in body and body.count(b"a=crypto") == 1
    best = "AEAD_AES_128_GCM"
    assert seen.srtp == Srtp(best, THEIR_KEYS[0].key, KEYS[0].key)
    assert accept(body, ours).srtp == Srtp(best, KEYS[0].key, THEIR_KEYS[0].key)


def test_each_suite_has_a_key_of_its_own_and_of_its_size() -> None:
    assert [len(one.key) for one in KEYS] == [28, 30, 30]
    assert len({one.key[:16] for one in KEYS}) == 3


def test_who_may_do_without_keys_does() -> None:
    body, seen = answer(offer(OPTIONAL), theirs(OFF))
    assert seen.srtp is None and b"crypto" not in body
    assert accept(body, OPTIONAL).srtp is None
    assert agreed(offer(OFF), OPTIONAL).srtp is None


def test_who_must_have_keys_refuses_and_says_why() -> None:
    assert "SRTP is required here" in refusal(offer(OFF), REQUIRED)
    assert "SRTP is off here" in refusal(offer(REQUIRED), OFF)
    assert "we have AEAD_AES_128_GCM" in refusal(offered("a=crypto:1 F8_128_HMAC_SHA1_80 " + INLINE), OPTIONAL)
    with pytest.raises(PeerError, match="Not Acceptable"):
        accept(answer(offer(OPTIONAL), OFF)[0], REQUIRED)


def test_keys_in_the_plain_profile_will_do_where_they_are_required() -> None:
    assert agreed(offered(LINE, proto="RTP/AVP"), REQUIRED).srtp is not None


def test_the_offerers_tag_and_order_are_kept() -> None:
    short = f"a=crypto:9 AES_CM_128_HMAC_SHA1_32 {INLINE}"
    body, media = answer(offered(short, LINE), OPTIONAL)
    assert b"a=crypto:9 AES_CM_128_HMAC_SHA1_32 inline:" + b64encode(KEYS[2].key) in body
    assert media.srtp == Srtp("AES_CM_128_HMAC_SHA1_32", KEYS[2].key, KEY)


def test_a_secured_stream_goes_before_a_plain_one() -> None:
    plain = "m=audio 5000 RTP/AVP 0\r\n"
    both = (HEAD + plain + f"m=audio 5002 RTP/SAVP 0\r\n{LINE}\r\n").encode()
    assert agreed(both, OPTIONAL).remote[1] == 5002
    assert agreed(both, OFF).remote[1] == 5000


@pytest.mark.parametrize("tag", [2, 8])
def test_an_answer_must_name_a_line_of_ours(tag: int) -> None:
    made_up = f"a=crypto:{tag} AES_CM_128_HMAC_SHA1_80 {INLINE}"
    body = offered(made_up)
    if tag == 2:
        assert accept(body, OPTIONAL).srtp == Srtp("AES_CM_128_HMAC_SHA1_80", KEYS[1].key, KEY)
    else:
        with pytest.raises(PeerError, match="Not Acceptable"):
            accept(body, OPTIONAL)


@pytest.mark.parametrize(
    "rest", ["", "|2^31", "|2^48", "|4194304", " WSH=64", " -X-OWN=1", "|2^31 WSH=128", "  wsh=64 "]
)
def test_lines_that_can_be_met(rest: str) -> None:
    found = read(f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}{rest}")
    assert found is not None and found.key == KEY


@pytest.mark.parametrize(
    "rest",
    ["|2^20", "|1000", "|2^31|1:4", "|1:4", ";" + INLINE, " KDR=3", " UNENCRYPTED_SRTP", " UNAUTHENTICATED_SRTP",
     " FEC_ORDER=FEC_SRTP", " WSH=64 KDR=1", "AA=="],
)  # fmt: skip
def test_what_cannot_be_met_is_not_ignored(rest: str) -> None:
    assert read(f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}{rest}") is None


@pytest.mark.parametrize(
    "text", ["", "1", "1 AES_CM_128_HMAC_SHA1_80", "x " + LINE[9:], "1 AEAD_AES_128_GCM " + INLINE]
)
def test_lines_that_are_none(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=120))
def test_any_text_is_read_or_not(text: str) -> None:
    found = read("1 AES_CM_128_HMAC_SHA1_80 inline:" + text)
    assert found is None or len(found.key) == 30


def test_a_re_invite_changes_the_keys_of_who_asks_and_keeps_ours() -> None:
    exchange = Exchange()
    exchange.answer(offered(LINE), OPTIONAL)
    first = exchange.agreed
    other = "inline:" + b64encode(KEY[::-1]).decode()
    exchange.answer(offered(f"a=crypto:7 AES_CM_128_HMAC_SHA1_80 {other}"), OPTIONAL)
    second = exchange.agreed
    assert first is not None and second is not None and first.srtp is not None
    assert second.srtp == dataclasses.replace(first.srtp, receive_key=KEY[::-1])


def test_a_hold_keeps_profile_and_keys() -> None:
    exchange = Exchange()
    exchange.answer(offered(LINE), OPTIONAL)
    exchange.direction = "sendonly"
    again = exchange.offer(OPTIONAL)
    assert b" RTP/SAVP " in again and b"a=sendonly" in again
    assert all(one.line().encode() in again for one in KEYS)


def test_no_key_is_seen_by_who_looks_at_calls() -> None:
    said = b"INVITE sip:a@b SIP/2.0\r\n\r\n" + offered(LINE, LINE.replace("inline", "INLINE"))
    assert b64encode(KEY) not in masked(said) and len(masked(said)) == len(said)
    media = agreed(offered(LINE), OPTIONAL)
    assert repr(KEY)[2:-1] not in repr((media, OPTIONAL, read(LINE[9:])))


def test_rtcp_shares_the_port_where_both_want_it() -> None:
    shared = replace(OFF, rtcp_mux=True)
    body, media = answer(offer(shared), theirs(shared))
    assert media.rtcp_mux and b"a=rtcp-mux\r\n" in body and accept(body, shared).rtcp_mux
    assert not agreed(offer(OFF), shared).rtcp_mux
    assert agreed(offered("a=rtcp:6001 IN IP4 198.51.100.7", proto="RTP/AVP"), OFF).rtcp_port == 6001
