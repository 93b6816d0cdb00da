"""SRTP (RFC 3711, RFC 7714): packets of streams that have keys are secured on their way out, checked on their way in.

A row has a context for each direction, made from its keys; the cipher, the authentication, the replay window and the
rollover counter are libsrtp's. A context lives as long as its key: an offer/answer that repeats a key changes nothing,
for to begin anew with the old key would use its key stream twice (section 9.1).

What a new process cannot know is how often a sender's sequence number has gone round (RFC 3711 section 3.3.1); the
peer goes on from there. So a context that was never right looks for it: a shadow sender with the peer's key leads it
round by round. That is tried a few times and then left alone, lest strangers make us do it.

The hot loop calls the C functions of pylibsrtp's binding on the packets where they lie: its ``Session`` copies each one
twice and takes two to three times as long.

Where keys come from, SDES now and DTLS (RFC 5764) later, is not known here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pylibsrtp import Error, Policy, Session
from pylibsrtp._binding import ffi as _ffi
from pylibsrtp._binding import lib as _lib

from softswitch.sdp.crypto import Srtp

Octets = npt.NDArray[np.uint8]

ROOM = 16  # octets that a packet grows by at most
_PROFILE = {
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
_HEADER = 12
_MOST_ROUNDS = 200  # of 65,536 packets: three days
_SEARCHES = 3  # for each context
_LEADS = (0x2AAA, 0x8000, 0xD555)  # each step is less than half a round: else it would count as one back


def _session(suite: str, key: bytes, direction: int) -> Session:
    """Raises ``KeyError`` and ``ValueError`` for what ``sdp.crypto`` would not have agreed on."""
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILE[suite])
    policy.window_size = 1024
    return Session(policy)


class _Context:
    """Both directions of one row. ``send`` and ``receive`` are the C library's own handles of the sessions."""

    def __init__(self, keys: Srtp) -> None:
        self.keys = keys
        self._renew_sender()
        self._renew_receiver()

    def _renew_sender(self) -> None:
        self.sender = _session(self.keys.suite, self.keys.send_key, Policy.SSRC_ANY_OUTBOUND)
        self.send = self.sender._srtp[0]

    def _renew_receiver(self) -> None:
        self._receive_by(_session(self.keys.suite, self.keys.receive_key, Policy.SSRC_ANY_INBOUND))
        self.right = False  # a packet was found to be right
        self.searches = 0

    def _receive_by(self, session: Session) -> None:
        self.receiver, self.receive = session, session._srtp[0]

    def change(self, keys: Srtp) -> None:
        """Take over what differs; what does not goes on."""
        before, self.keys = self.keys, keys
        if (before.suite, before.send_key) != (keys.suite, keys.send_key):
            self._renew_sender()
        if (before.suite, before.receive_key) != (keys.suite, keys.receive_key):
            self._renew_receiver()

    def open_copy(self, octets: Octets, size: Any) -> bool:
        """Open a packet, which stays as it is where it is not right; whether it is. ``size`` is C's ``int *``."""
        packet = octets[: size[0]].tobytes()
        try:
            plain: bytes | None = self.receiver.unprotect(packet)
        except (Error, ValueError):  # ValueError: longer than the library is asked to take
            lost = not self.right and self.searches < _SEARCHES and len(packet) >= _HEADER
            plain = self._search(packet) if lost else None
        if plain is None:
            return False
        self.right = True
        size[0] = len(plain)
        octets[: len(plain)] = np.frombuffer(plain, np.uint8)
        return True

    def _search(self, packet: bytes) -> bytes | None:
        """How often has the peer's sequence number gone round? Each round is led through, and tried."""
        self.searches += 1
        shadow = _session(self.keys.suite, self.keys.receive_key, Policy.SSRC_ANY_OUTBOUND)
        follower = _session(self.keys.suite, self.keys.receive_key, Policy.SSRC_ANY_INBOUND)
        sequence = int.from_bytes(packet[2:4], "big")
        for _ in range(_MOST_ROUNDS):
            for ahead in _LEADS:
                led = b"\x80\x00" + (sequence + ahead & 0xFFFF).to_bytes(2, "big") + packet[4:_HEADER]
                follower.unprotect(shadow.protect(led))
            try:
                plain = follower.unprotect(packet)
            except Error:
                continue
            self._receive_by(follower)
            return plain
        return None


def _start(table: Octets) -> Any:
    """The address of the first octet; each row must lie in one piece."""
    assert table.strides[1] == 1, "rows in pieces"
    return _ffi.cast("char *", table.ctypes.data)


class Srtps:
    """The contexts of all rows that have keys."""

    def __init__(self, streams: int) -> None:
        self.rows = np.zeros(streams, np.bool_)  # which have keys
        self.refused = 0  # packets that were not right: forged, repeated, by another key
        self._contexts: dict[int, _Context] = {}

    @property
    def used(self) -> bool:
        """Whether any row has keys."""
        return bool(self._contexts)

    def agree(self, row: int, keys: Srtp | None) -> None:
        """What an offer/answer came to; None: plain RTP."""
        if keys is None:
            self.forget(row)
        elif row in self._contexts:
            self._contexts[row].change(keys)
        else:
            self._contexts[row] = _Context(keys)
            self.rows[row] = True

    def forget(self, row: int) -> None:
        self._contexts.pop(row, None)
        self.rows[row] = False

    # ---- the hot loop ------------------------------------------------------------------------------------------

    def unprotect(
        self, table: Octets, lengths: npt.NDArray[Any], rows: npt.NDArray[Any], which: npt.NDArray[Any] | None = None
    ) -> npt.NDArray[np.bool_]:
        """Open the packets of secured ``rows`` ``(n,)`` in place in ``table`` ``(n, width)``; ``lengths`` shrink.

        ``which`` are places among them, of secured rows; None: all that have octets. Returns which of all the packets
        are to be refused. One that comes alone stays as it is if it is refused: the next row may be asked whether it is
        its own.
        """
        refused = np.zeros(len(rows), np.bool_)
        if which is None:
            which = np.flatnonzero(self.rows[rows] & (lengths > 0))
        if not len(which):
            return refused
        size, start, step, unprotect = _ffi.new("int *"), _start(table), table.strides[0], _lib.srtp_unprotect
        sizes, wrong, alone = [], [], len(rows) == 1
        for index, row, size[0] in zip(which.tolist(), rows[which].tolist(), lengths[which].tolist(), strict=True):
            context = self._contexts[row]
            if context.right and not alone:
                wrong.append(unprotect(context.receive, start + step * index, size) != 0)
            else:
                wrong.append(not context.open_copy(table[index], size))
            sizes.append(size[0])
        lengths[which], refused[which] = sizes, wrong
        self.refused += sum(wrong)
        return refused

    def protect(self, table: Octets, lengths: npt.NDArray[Any], rows: npt.NDArray[Any]) -> None:
        """Secure the packets of secured ``rows`` in place; ``table`` has ``ROOM`` behind each, and ``lengths`` grow.

        A packet that cannot be secured gets the length 0: it must not leave.
        """
        which = np.flatnonzero(self.rows[rows])
        if not len(which):
            return
        size, start, step, protect = _ffi.new("int *"), _start(table), table.strides[0], _lib.srtp_protect
        most, sizes = table.shape[1] - ROOM, []
        for index, row, length in zip(which.tolist(), rows[which].tolist(), lengths[which].tolist(), strict=True):
            size[0] = length
            if length > most or protect(self._contexts[row].send, start + step * index, size) != 0:
                self.refused += 1  # no room, or the key is used up
                size[0] = 0
            sizes.append(size[0])
        lengths[which] = sizes

    # ---- SRTCP (section 3.4) -----------------------------------------------------------------------------------

    def unprotect_rtcp(self, row: int, packet: bytes) -> bytes | None:
        """The plain compound; None where it must be refused. Of a row without keys, the packet itself."""
        context = self._contexts.get(row)
        if context is None:
            return packet
        try:
            return context.receiver.unprotect_rtcp(packet)
        except (Error, ValueError):
            self.refused += 1
            return None

    def protect_rtcp(self, row: int, packet: bytes) -> bytes:
        context = self._contexts.get(row)
        return packet if context is None else context.sender.protect_rtcp(packet)
