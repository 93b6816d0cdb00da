"""The few facts of a session description that the rest of the house needs: codecs, addresses, direction."""

from __future__ import annotations

import msgspec

from softswitch.sdp.crypto import Crypto, Srtp

Address = tuple[str, int]


class Codec(msgspec.Struct, frozen=True, array_like=True):
    """One rtpmap line. ``name`` is the RFC 3551 / IANA encoding name in its registered capitals."""

    name: str
    payload_type: int  # 0..127
    rate_hz: int  # RTP clock
    fmtp: str = ""


PCMU = Codec("PCMU", 0, 8000)
PCMA = Codec("PCMA", 8, 8000)
G722 = Codec("G722", 9, 8000)  # sampled at 16 kHz all the same (RFC 3551 section 4.5.2)
OPUS = Codec("opus", 111, 48000, "useinbandfec=1")
L16 = Codec("L16", 112, 8000)
L16_WIDE = Codec("L16", 113, 16000)


class LocalMedia(msgspec.Struct, frozen=True, array_like=True):
    """Our end of one audio stream, before and during negotiation."""

    address: Address  # where we receive RTP
    codecs: tuple[Codec, ...] = (PCMU, PCMA)  # as offered, without telephone-event
    ranked: bool = False  # their order decides also where the peer offers; else see ``codecs.chosen``
    session_id: int = 1  # the o= line's
    ptime_ms: int = 20
    event_type: int | None = None  # payload type of telephone-event where one was agreed on already
    keys: tuple[Crypto, ...] = ()  # of SRTP, in order of preference; (): never secured
    secured: bool = False  # never without keys
    rtcp_mux: bool = False  # RTCP may share the port of RTP (RFC 5761)


class Media(msgspec.Struct, frozen=True, array_like=True):
    """What an offer/answer exchange (RFC 3264) agreed on, seen from our side."""

    remote: Address  # where we send RTP
    codec: Codec  # ours, with the payload type that we send; its payload type on receive is ``receive_type``
    receive_type: int  # payload type that the peer sends us for this codec
    telephone_event: int | None = None  # payload type both ways, None where not agreed
    event_clock_hz: int = 8000  # as its rtpmap says; events have the timestamps of the codec all the same
    noise_type: int | None = None  # payload type of comfort noise (RFC 3389) that we may get
    fmtp: str = ""  # the peer's of this codec: what it wants to get
    ptime_ms: int = 20  # of the packets that we send: a multiple of 10
    direction: str = "sendrecv"  # ours: sendrecv, sendonly, recvonly, inactive
    srtp: Srtp | None = None  # keys; None: plain RTP
    rtcp_port: int = 0  # of the peer; 0: the one after its RTP port, or that itself with ``rtcp_mux``
    rtcp_mux: bool = False

    @property
    def held(self) -> bool:
        """True where the peer does not want to hear us: it has put the call on hold."""
        return self.direction in ("recvonly", "inactive")
