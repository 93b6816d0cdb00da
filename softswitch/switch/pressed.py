"""Messages of a quiet call, pressed: what the same few parties say to each other is a fifth of its size then."""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.sip.flow import Flow

Seen = tuple[float, bool, Flow, bytes, str]  # Unix seconds, sent by us, by which way, octets, Call-ID
# What is in nearly every call need not be kept with each: half of what else would be left.
_USUAL = b"""a=fmtp:101 0-16\r
a=rtpmap:9 G722/8000\r
SIP/2.0 401 Unauthorized\r
WWW-Authenticate: Digest realm="softswitch", algorithm=SHA-256, qop="auth", nonce="\r
Authorization: Digest username="", uri="sip:", response="", algorithm=MD5, qop=auth, nc=00000001, cnonce="\r
ACK sip:BYE sip:P-Asserted-Identity: Record-Route: <sip:;lr>\r
Reason: Q.850;cause=16;text="SIP/2.0 180 Ringing\r
Server: softswitch\r
SIP/2.0 100 Trying\r
;rport=5060;received=127.0.0.1\r
SIP/2.0 200 OK\r
INVITE sip:@ SIP/2.0\r
Via: SIP/2.0/UDP ;branch=z9hG4bK;rport\r
Max-Forwards: 70\r
From: "" <sip:>;tag=\r
To: <sip:>;tag=\r
Call-ID: \r
CSeq: 1 INVITE\r
Contact: <sip:softswitch@127.0.0.1:5060;transport=udp>\r
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY, SUBSCRIBE, MESSAGE\r
Supported: 100rel, timer, replaces, norefersub\r
User-Agent: softswitch\r
Session-Expires: 1800\r
Min-SE: 90\r
Content-Type: application/sdp\r
Content-Length: 0\r
\r
v=0\r
o=softswitch 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio 20000 RTP/AVP 0 8 101\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=ptime:20\r
a=sendrecv\r
"""
_LEVEL = 3  # as fast as the fastest: the gain is in what is repeated


@dataclass(frozen=True, slots=True)
class Pressed:
    flows: tuple[Flow, ...]
    packed: bytes

    @classmethod
    def of(cls, messages: Iterable[Seen]) -> Pressed:
        places: dict[Flow, int] = {}
        rows = [
            (at, sent, places.setdefault(flow, len(places)), octets, call_id)
            for at, sent, flow, octets, call_id in messages
        ]
        press = zlib.compressobj(_LEVEL, zdict=_USUAL)
        return cls(tuple(places), press.compress(marshal.dumps(rows)) + press.flush())

    def messages(self) -> list[Seen]:
        rows: list[tuple[float, bool, int, bytes, str]] = marshal.loads(
            zlib.decompressobj(zdict=_USUAL).decompress(self.packed)
        )
        return [(at, sent, self.flows[place], octets, call_id) for at, sent, place, octets, call_id in rows]
