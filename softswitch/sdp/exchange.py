"""The descriptions of one session, one after the other (RFC 3264 section 8).

Decided here: what a later description takes over from those before it. Its version rises only if it says something
new; m-lines are neither dropped nor moved; a payload type means what it meant. What one description says is
``negotiate``'s.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from softswitch.core.errors import PeerError
from softswitch.sdp import codecs, negotiate
from softswitch.sdp.media import LocalMedia, Media
from softswitch.sdp.session import Section, parse_session


class Exchange(msgspec.Struct, array_like=True):
    """Our side of a session: plain values."""

    version: int = 1  # of ``said``
    said: bytes = b""  # our latest description; empty before the first
    direction: str = "sendrecv"  # what we would have
    spoken: str = "sendrecv"  # what we would have had when we last said something
    agreed: Media | None = None  # what stands

    def offer(self, local: LocalMedia) -> bytes:
        """Our next offer."""
        known, former = continued(local, self.agreed), self._lines()
        timing = parse_session(self.said).timing if self.said else "0 0"
        return self._say(lambda version: negotiate.offer(known, version, self.direction, former, timing))

    def answer(self, offer: bytes, local: LocalMedia) -> bytes:
        """Our answer; what it agrees on stands from now. Raises ``PeerError``: the session stays what it is."""
        former, agreement = self.agreed, []

        def make(version: int) -> bytes:
            body, media = negotiate.answer(offer, local, version, self.direction, former)
            agreement.append(media)
            return body

        body = self._say(make)
        self.agreed = agreement[-1]
        return body

    def refuse(self, offer: bytes, local: LocalMedia) -> bytes:
        """An answer that takes none of its streams; nothing where it cannot be read."""
        try:
            return self._say(lambda version: negotiate.refusal(offer, local, version))
        except PeerError:
            return b""

    def accept(self, answer: bytes, local: LocalMedia) -> Media:
        """What an answer to our latest offer would agree on: of a fork there may be several. Raises ``PeerError``."""
        alone = self.said.count(b"\r\nm=") == 1  # as nearly always: not worth reading it again
        place = 0 if alone else negotiate.stream_of(self._lines())
        return negotiate.accept(answer, continued(local, self.agreed), self.spoken, place)

    def unsay(self) -> None:
        """What we have said was never sent."""
        self.said = b""

    def _lines(self) -> list[Section]:
        return parse_session(self.said).sections if self.said else []

    def _say(self, make: Callable[[int], bytes]) -> bytes:
        body = make(self.version)
        if self.said and body != self.said:
            self.version += 1
            body = make(self.version)
        self.said, self.spoken = body, self.direction
        return body


def continued(local: LocalMedia, agreed: Media | None) -> LocalMedia:
    """Our codecs as they are to be offered again: the one in use first, on the payload types in use."""
    if agreed is None:
        return local
    first = replace(agreed.codec, payload_type=agreed.receive_type)
    taken = {first.payload_type, agreed.telephone_event}
    others = [codec for codec in local.codecs if not codecs.same(codec, first) and codec.payload_type not in taken]
    return replace(local, codecs=(first, *others), event_type=agreed.telephone_event)
