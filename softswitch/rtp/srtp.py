"""SRTP (RFC 3711, RFC 7714): packets of streams that have keys are secured on their way out, checked on their way in.

A row has a context for each direction, made from its keys; the cipher, the authentication, the replay window and the
rollover counter are libsrtp's. A context lives as long as its key: an offer/answer that repeats a key changes nothing,
for to begin anew with the old key would use its key stream twice (section 9.1).

What a new process cannot know is how often a sender's sequence number has gone round (RFC 3711 section 3.3.1); the
peer goes on from there. So a context that was never right looks for it: a shadow sender with the peer's key leads it
round by round. That is tried a few times and then left alone, lest strangers make us do it.

Where keys come from, SDES now and DTLS (RFC 5764) later, is not known here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pylibsrtp import Error, Policy, Session

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
    """Both directions of one row."""

    def __init__(self, keys: Srtp) -> None:
        self.keys = keys
        self.sender = _session(keys.suite, keys.send_key, Policy.SSRC_ANY_OUTBOUND)
        self._renew()

    def _renew(self) -> None:
        self.receiver = _session(self.keys.suite, self.keys.receive_key, Policy.SSRC_ANY_INBOUND)
        self.right = False  # a packet was found to be right
        self.searches = 0

    def change(self, keys: Srtp) -> None:
        """Take over what differs; what does not goes on."""
        before, self.keys = self.keys, keys
        if (before.suite, before.send_key) != (keys.suite, keys.send_key):
            self.sender = _session(keys.suite, keys.send_key, Policy.SSRC_ANY_OUTBOUND)
        if (before.suite, before.receive_key) != (keys.suite, keys.receive_key):
            self._renew()

    def unprotect(self, packet: bytes) -> bytes | None:
        try:
            plain = self.receiver.unprotect(packet)
        except (Error, ValueError):  # ValueError: longer than libsrtp is asked to take
            if self.right or self.searches >= _SEARCHES or len(packet) < _HEADER:
                return None
            self.searches += 1
            return self._search(packet)
        self.right = True
        return plain

    def _search(self, packet: bytes) -> bytes | None:
        """How often has the peer's sequence number gone round? Each round is led through, and tried."""
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
            self.receiver, self.right = follower, True
            return plain
        return None


class Srtps:
    """The contexts of all rows that have keys."""

    def __init__(self, streams: int) -> None:
        self.rows = np.zeros(streams, np.bool_)  # which have keys
        self.refused = 0  # packets that were not right: forged, repeated, by another key
        self._contexts: dict[int, _Context] = {}

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

    def unprotect(self, table: Octets, lengths: npt.NDArray[Any], rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Open the packets of secured ``rows`` ``(n,)`` in place in ``table`` ``(n, width)``; ``lengths`` shrink.

        Returns which of all the packets are to be refused.
        """
        refused = np.zeros(len(rows), np.bool_)
        for index in np.flatnonzero(self.rows[rows]).tolist():
            plain = self._contexts[int(rows[index])].unprotect(table[index, : lengths[index]].tobytes())
            if plain is None:
                refused[index] = True
                self.refused += 1
            else:
                lengths[index] = len(plain)
                table[index, : len(plain)] = np.frombuffer(plain, np.uint8)
        return refused

    def protect(self, table: Octets, lengths: npt.NDArray[Any], rows: npt.NDArray[Any]) -> None:
        """Secure the packets of secured ``rows`` in place; ``table`` has ``ROOM`` behind each, and ``lengths`` grow.

        A packet that cannot be secured gets the length 0: it must not leave.
        """
        for index in np.flatnonzero(self.rows[rows]).tolist():
            secured = self._secured(int(rows[index]), table[index, : lengths[index]].tobytes())
            lengths[index] = len(secured)
            table[index, : len(secured)] = np.frombuffer(secured, np.uint8)

    def _secured(self, row: int, packet: bytes) -> bytes:
        try:
            return self._contexts[row].sender.protect(packet)
        except (Error, ValueError):  # the key is used up, or the packet too long
            self.refused += 1
            return b""

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
