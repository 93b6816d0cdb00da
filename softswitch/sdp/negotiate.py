"""Offer and answer (RFC 3264) for one audio stream, telephone-event beside it (RFC 4733 section 2.4).

Decided here: which stream, which packet time, which direction; which codec is ``codecs``'s. The offerer's payload types
are kept (section 6.1). An answer names one codec only, though the section would allow all in common:
a stream of ours is decoded as what was agreed on, so that nobody may change it behind our back. Every other m-line is
refused with port 0. RFC 2543's hold, an address of 0.0.0.0, is read as "do not send to me", and so is port 0 for the
stream of a session that stands. What follows from earlier descriptions is ``exchange``'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msgspec.structs import replace

from softswitch.core.errors import PeerError
from softswitch.sdp import codecs, crypto
from softswitch.sdp.crypto import Crypto, Srtp
from softswitch.sdp.media import Codec, LocalMedia, Media
from softswitch.sdp.session import Section, Session, connection, family, first, number, parse_session, render, unicast

HOLD_ADDRESSES = ("0.0.0.0", "::")
_SEND = {"sendrecv", "sendonly"}
_RECEIVE = {"sendrecv", "recvonly"}
_SHORTEST_MS, _LONGEST_MS = 10, 60  # packets that we send


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was found in the peer's description."""

    place: int  # which m-line
    ours: Codec
    theirs: Codec
    beside: tuple[Codec, ...]  # telephone-event, comfort noise
    key: Crypto | None  # the line that we answer with
    srtp: Srtp | None


def offer(
    local: LocalMedia,
    version: int = 1,
    direction: str = "sendrecv",
    former: Sequence[Section] = (),
    timing: str = "0 0",
) -> bytes:
    """Everything that we have. ``version`` rises by one with each changed description (section 8).

    ``former`` are the m-lines of the description before: none may go, and none may change its place.
    """
    sections, place = [_refused(section) for section in former], stream_of(former)
    proto = former[place].proto if former else _profile(local)
    named = (*local.codecs, *codecs.events(local.codecs, local.event_type))
    sections[place : place + 1] = [_stream(local, named, direction, local.keys, local.rtcp_mux, proto)]
    return render(_described(local, version, sections, timing))


def answer(
    offer: bytes, local: LocalMedia, version: int = 1, direction: str = "sendrecv", agreed: Media | None = None
) -> tuple[bytes, Media]:
    """Our answer, and what it agrees on. ``direction`` is what we would have if the peer had no wish.

    ``agreed`` is what has been agreed on before, in a session that stands. Raises ``PeerError``: 400 where the offer
    cannot be read, 488 where there is nothing in common.
    """
    session = parse_session(offer)
    sections = [_refused(section) for section in session.sections]
    if agreed is not None and _parked(session):
        return render(_described(local, version, sections, session.timing)), replace(agreed, direction="inactive")
    choice = _choose(session, local)
    media = _agreed(session, choice, local, direction)
    keys = () if choice.key is None else (choice.key,)
    proto = session.sections[choice.place].proto
    named = (media.codec, *choice.beside)
    sections[choice.place] = _stream(local, named, media.direction, keys, media.rtcp_mux, proto)
    return render(_described(local, version, sections, session.timing)), media  # section 6: the offer's t=


def refusal(offer: bytes, local: LocalMedia, version: int = 1) -> bytes:
    """An answer to what we cannot serve, for where there is no other way to refuse it. Raises ``PeerError`` (400)."""
    session = parse_session(offer)
    return render(_described(local, version, [_refused(section) for section in session.sections], session.timing))


def accept(answer: bytes, local: LocalMedia, direction: str = "sendrecv", place: int | None = None) -> Media:
    """What the answer to our offer agrees on; ``direction`` is the one that we offered. Raises ``PeerError``.

    ``place`` is the m-line in which we offered our stream; None: whichever it may be.
    """
    session = parse_session(answer)
    choice = _choose(session, local, place, answered=True)
    return _agreed(session, choice, local, direction, choice.ours.payload_type)


def stream_of(sections: Sequence[Section]) -> int:
    """The place of our stream among the m-lines that we have written: the one with a port, else the first of audio."""
    places = [place for place, section in enumerate(sections) if section.port]
    places += [place for place, section in enumerate(sections) if section.kind == "audio"]
    return places[0] if places else 0


# ---- what we write ---------------------------------------------------------------------------------------------


def _described(local: LocalMedia, version: int, sections: list[Section], timing: str) -> Session:
    # A name, not "-": scenarios of test tools (that of sipp with regular expressions) look for letters and digits.
    origin = f"softswitch {local.session_id} {version} {connection(local.address[0])}"
    return Session(origin, local.address[0], timing, (), sections)


def _refused(section: Section) -> Section:
    return Section(section.kind, 0, section.proto, section.formats)


def _profile(local: LocalMedia) -> str:
    return crypto.SECURE[0] if local.secured else crypto.PLAIN[0]


def _stream(
    local: LocalMedia, named: tuple[Codec, ...], direction: str, keys: Sequence[Crypto], mux: bool, proto: str
) -> Section:
    known = _audio(named, local.ptime_ms, direction, mux)
    if not keys:
        return Section("audio", local.address[1], proto, known.formats, None, known.attributes, known.readings)
    attributes = (*known.attributes, *crypto.attributes(keys))
    return Section("audio", local.address[1], proto, known.formats, None, attributes)


@lru_cache(maxsize=256)
def _audio(named: tuple[Codec, ...], ptime_ms: int, direction: str, mux: bool) -> Section:
    """What is the same of our stream in all calls by the same codecs."""
    attributes = [*codecs.attributes(named), ("ptime", str(ptime_ms)), (direction, "")]
    if mux:
        attributes.append(("rtcp-mux", ""))
    formats = tuple([str(codec.payload_type) for codec in named])
    return Section("audio", 0, crypto.PLAIN[0], formats, None, tuple(attributes))


# ---- what we read ----------------------------------------------------------------------------------------------


def _parked(session: Session) -> bool:
    """True where audio is given up for the time being, and nothing else wanted in its place: a hold of some phones."""
    sections = session.sections
    return any(section.kind == "audio" for section in sections) and not any(section.port for section in sections)


def _choose(session: Session, local: LocalMedia, at: int | None = None, answered: bool = False) -> _Choice:
    """The first audio stream that is wanted and has a codec of ours.

    One with keys goes before those without, where we have any.
    """
    wanted = [
        (place, section, crypto.taken(section.attributes_of("crypto"), local.keys, answered) if local.keys else None)
        for place, section in enumerate(session.sections)
        if section.kind == "audio" and section.port and at in (None, place)
    ]
    fit = [one for one in wanted if crypto.fit(one[1].proto, one[2] is not None, local.secured)]
    if wanted and not fit:
        raise _unfit(wanted[0][1], local)
    fit.sort(key=lambda one: one[2] is None)
    for place, section, keys in fit:
        found = codecs.found(section, local.codecs, local.ranked, answered)
        if found is not None:
            return _Choice(place, *found, *(keys or (None, None)))
    raise _nothing_in_common([codec for _, section, _ in fit for codec in codecs.of(section)], local)


def _unfit(section: Section, local: LocalMedia) -> PeerError:
    """Its profile is none of ours, or what there is of keys does not meet."""
    if section.proto.upper() not in (*crypto.PLAIN, *crypto.SECURE):
        why = "no audio stream over RTP/AVP is offered"
    elif not local.keys:
        why = "SRTP is off here: offer RTP/AVP"
    elif section.attribute("crypto") is None:
        why = "SRTP is required here, and no a=crypto is offered"
    else:
        why = f"no a=crypto can be used; we have {', '.join(key.suite for key in local.keys)}"
    return PeerError(488, "Not Acceptable Here", f'302 softswitch "{why}"')


def _nothing_in_common(theirs: list[Codec], local: LocalMedia) -> PeerError:
    listed = codecs.legible(theirs)
    if not listed:
        return PeerError(488, "Not Acceptable Here", '304 softswitch "no audio stream over RTP/AVP is offered"')
    ours = ", ".join(codec.name for codec in local.codecs)
    warning = f'305 softswitch "no common codec: offered {listed}; we have {ours}"'
    return PeerError(488, "Not Acceptable Here", warning)


def _agreed(
    session: Session, choice: _Choice, local: LocalMedia, direction: str, receive_type: int | None = None
) -> Media:
    """``receive_type`` None: what we receive has the payload type of what we send."""
    section = session.sections[choice.place]
    said = section.said
    address = unicast(section.address or session.address)
    _check_family(address, local)
    theirs = choice.theirs.payload_type
    codec = choice.ours if choice.ours.payload_type == theirs else replace(choice.ours, payload_type=theirs)
    beside = {codec.name: codec for codec in choice.beside}
    event, noise = beside.get(codecs.EVENT), beside.get(codecs.NOISE)
    return Media(
        remote=(address, section.port),
        codec=codec,
        receive_type=theirs if receive_type is None else receive_type,
        telephone_event=event.payload_type if event else None,
        event_clock_hz=event.rate_hz if event else codec.rate_hz,
        noise_type=noise.payload_type if noise else None,
        fmtp=choice.theirs.fmtp,
        ptime_ms=_packet_time_ms(said.get("ptime"), said.get("maxptime"), local.ptime_ms),
        direction=_our_direction(_their_direction(session, section, address), direction),
        srtp=choice.srtp,
        rtcp_port=(number(said["rtcp"].partition(" ")[0], 65535) or 0) if "rtcp" in said else 0,  # RFC 3605
        rtcp_mux=local.rtcp_mux and "rtcp-mux" in said,
    )


@lru_cache(maxsize=16)
def _packet_time_ms(ptime: str | None, maxptime: str | None, ours_ms: int) -> int:
    """What the peer would like, never more than it can take (RFC 8866 sections 6.4, 6.5), in whole 10 ms."""
    wished, most = number(ptime, 1000), number(maxptime, 1000)
    wanted = min(wished if wished and wished >= _SHORTEST_MS else ours_ms, most or _LONGEST_MS, _LONGEST_MS)
    return max(_SHORTEST_MS, wanted // 10 * 10)


def _check_family(address: str, local: LocalMedia) -> None:
    """Media do not cross from IPv4 to IPv6: the call would be silent. Raises ``PeerError``."""
    theirs, ours = family(address), family(local.address[0])
    if theirs != ours and address not in HOLD_ADDRESSES:
        warning = f'301 softswitch "no media over IPv{theirs}: ours are over IPv{ours}"'
        raise PeerError(488, "Not Acceptable Here", warning)


def _their_direction(session: Session, section: Section, address: str) -> str:
    """What they say of their stream goes before what they say of the whole session."""
    named = _direction(section.said) or _direction(first(session.attributes)) or "sendrecv"
    return _without_receiving(named) if address in HOLD_ADDRESSES else named


def _direction(said: Mapping[str, str]) -> str | None:
    for name in ("sendrecv", "sendonly", "recvonly", "inactive"):
        if name in said:
            return name
    return None


def _without_receiving(direction: str) -> str:
    return "sendonly" if direction in _SEND else "inactive"


def _our_direction(theirs: str, wanted: str) -> str:
    """Section 6.1: we send only if they receive, and the other way round; and never more than we want."""
    send = theirs in _RECEIVE and wanted in _SEND
    receive = theirs in _SEND and wanted in _RECEIVE
    if send:
        return "sendrecv" if receive else "sendonly"
    return "recvonly" if receive else "inactive"
