"""SRTP by rows (RFC 3711, RFC 7714), held against the vectors of RFC 3711 appendix B and of libsrtp."""

import hmac
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from softswitch.rtp.packet import build
from softswitch.rtp.srtp import ROOM, Srtps
from softswitch.sdp.crypto import SUITES, Srtp

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "srtp.json"
WIDTH = 300
SECOND = "AES_CM_128_HMAC_SHA1_80"


def pair(suite: str = SECOND, send: int = 1, receive: int = 2) -> tuple[Srtp, Srtp]:
    one, other = bytes([send]) * SUITES[suite], bytes([receive]) * SUITES[suite]
    return Srtp(suite, one, other), Srtp(suite, other, one)


def ends(suite: str = SECOND) -> tuple[Srtps, Srtps]:
    """Row 3 of one process talks to row 5 of another."""
    us, them = Srtps(8), Srtps(8)
    ours, theirs = pair(suite)
    us.agree(3, ours)
    them.agree(5, theirs)
    return us, them


def table(*packets: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    octets = np.zeros((len(packets), WIDTH), np.uint8)
    for row, packet in zip(octets, packets, strict=True):
        row[: len(packet)] = np.frombuffer(packet, np.uint8)
    return octets, np.array([len(packet) for packet in packets])


def rtp(sequence: int, ssrc: int = 7, payload: bytes = bytes(range(160))) -> bytes:
    return build(0, sequence, 160 * sequence, ssrc, payload)


def secured(srtps: Srtps, row: int, *packets: bytes) -> list[bytes]:
    octets, lengths = table(*packets)
    srtps.protect(octets, lengths, np.full(len(packets), row))
    return [octets[index, : lengths[index]].tobytes() for index in range(len(packets))]


def opened(srtps: Srtps, row: int, *packets: bytes) -> list[bytes | None]:
    octets, lengths = table(*packets)
    refused = srtps.unprotect(octets, lengths, np.full(len(packets), row))
    return [None if refused[index] else octets[index, : lengths[index]].tobytes() for index in range(len(packets))]


@pytest.fixture(scope="module")
def vectors() -> Any:
    if not VECTORS.exists():
        pytest.skip("the vectors of RFC 3711 are not at hand")
    return json.loads(VECTORS.read_text())


@pytest.mark.parametrize("suite", SUITES)
def test_what_is_secured_can_be_opened_by_the_peer_alone(suite: str) -> None:
    us, them = ends(suite)
    packets = [rtp(sequence) for sequence in range(5)]
    sent = secured(us, 3, *packets)
    assert all(len(packet) < len(one) <= len(packet) + ROOM for packet, one in zip(packets, sent, strict=True))
    assert all(packet[12:40] not in one for packet, one in zip(packets, sent, strict=True))
    assert opened(us, 3, sent[0]) == [None]
    assert opened(them, 5, *sent) == packets
    assert (us.refused, them.refused) == (1, 0)


def test_the_reference_packet(vectors: Any) -> None:
    known = vectors["srtp_packet"]
    key = bytes.fromhex(known["master_key"] + known["master_salt"])
    srtps = Srtps(1)
    srtps.agree(0, Srtp(known["profile"], key, key))
    plain, protected = bytes.fromhex(known["plain"]), bytes.fromhex(known["protected"])
    assert secured(srtps, 0, plain) == [protected]
    assert opened(srtps, 0, protected) == [plain]


def test_a_packet_is_what_the_key_derivation_of_the_rfc_says(vectors: Any) -> None:
    """Appendix B.3's session keys, its AES counter mode and HMAC by another library: the same octets."""
    known = vectors["key_derivation"]
    srtps = Srtps(1)
    master = bytes.fromhex(known["master_key"] + known["master_salt"])
    srtps.agree(0, Srtp(SECOND, master, master))
    cipher_key, salt = bytes.fromhex(known["cipher_key"]), bytes.fromhex(known["cipher_salt"])
    packet = rtp(0x1234, 0xCAFEBABE)
    iv = (int.from_bytes(salt, "big") << 16) ^ (0xCAFEBABE << 64) ^ (0x1234 << 16)
    coded = Cipher(algorithms.AES(cipher_key), modes.CTR(iv.to_bytes(16, "big"))).encryptor().update(packet[12:])
    tag = hmac.new(bytes.fromhex(known["auth_key_first20"]), packet[:12] + coded + bytes(4), "sha1").digest()[:10]
    assert secured(srtps, 0, packet) == [packet[:12] + coded + tag]


def test_the_key_stream_of_the_rfc(vectors: Any) -> None:
    """Appendix B.2 has session keys; that our reckoning above is the RFC's is shown by its first blocks."""
    known = vectors["aes_cm_keystream"]
    key, salt = bytes.fromhex(known["session_key"]), bytes.fromhex(known["session_salt"])
    iv = (int.from_bytes(salt, "big") << 16).to_bytes(16, "big")
    stream = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(bytes(48))
    assert stream.hex().upper() == "".join(known["blocks"][index] for index in ("0000", "0001", "0002"))


def test_rows_without_keys_stay_as_they_are() -> None:
    us, _ = ends()
    assert secured(us, 2, rtp(1)) == [rtp(1)]
    assert opened(us, 2, rtp(1)) == [rtp(1)]


@pytest.mark.parametrize("suite", SUITES)
def test_forged_repeated_and_cut_packets_are_refused(suite: str) -> None:
    us, them = ends(suite)
    (sent,) = secured(us, 3, rtp(9))
    forged = bytes([*sent[:20], sent[20] ^ 1, *sent[21:]])
    hostile = [forged, sent[:-1], sent[:12], sent[:3], b"\x80", b"\xff" * 300]
    assert opened(them, 5, *hostile) == [None] * len(hostile)
    assert opened(them, 5, sent, sent) == [rtp(9), None]
    assert them.refused == len(hostile) + 1


def test_the_sequence_number_goes_round_while_packets_are_lost_and_turned() -> None:
    us, them = ends()
    order = [65530, 65535, 65534, 2, 0, 40000, 3000, 3001]  # the last two are of the round after
    sent = secured(us, 3, *[rtp(sequence) for sequence in sorted(order[:5], key=lambda n: n < 100)])
    by_sequence = {int.from_bytes(one[2:4], "big"): one for one in sent}
    assert opened(them, 5, *[by_sequence[sequence] for sequence in order[:5]]) == [rtp(one) for one in order[:5]]
    for sequence in (20000, *order[5:]):
        assert opened(them, 5, *secured(us, 3, rtp(sequence))) == [rtp(sequence)]
    assert them.refused == 0


@pytest.mark.parametrize("sequence", [0, 5, 0x2AAA, 0x7FFF, 0x8000, 0xD556, 0xFFFF])
@pytest.mark.parametrize("suite", SUITES)
def test_a_new_process_finds_out_how_often_the_peers_number_went_round(suite: str, sequence: int) -> None:
    us, _ = ends(suite)
    for _round in range(7):
        for place in (0x3000, 0x8000, 0xD000):
            secured(us, 3, rtp(place))
    secured(us, 3, *[rtp(place) for place in (0x3000, 0x8000) if place < sequence])
    restarted = Srtps(8)
    restarted.agree(5, pair(suite)[1])
    for step in range(3):
        one = (sequence + step) & 0xFFFF
        assert opened(restarted, 5, *secured(us, 3, rtp(one))) == [rtp(one)]


def test_who_has_no_key_cannot_make_us_search_for_ever() -> None:
    _, them = ends()
    assert opened(them, 5, *[rtp(sequence, payload=bytes(90)) for sequence in range(50)]) == [None] * 50
    context = them._contexts[5]
    assert context.searches == 3


def test_a_new_key_of_the_peer_is_taken_over_and_ours_goes_on() -> None:
    us, them = ends()
    ours, _ = pair()
    assert opened(them, 5, *secured(us, 3, rtp(60000))) == [rtp(60000)]
    changed = b"\x09" * 30
    us.agree(3, Srtp(SECOND, ours.send_key, changed))
    them.agree(5, Srtp(SECOND, changed, ours.send_key))
    assert opened(us, 3, *secured(them, 5, rtp(1))) == [rtp(1)]
    wrapped = secured(us, 3, rtp(10))  # the rollover counter is 1 now, at both ends
    assert opened(them, 5, *wrapped) == [rtp(10)]
    assert opened(them, 5, *wrapped) == [None]


def test_a_change_of_suite_begins_anew_and_none_means_plain() -> None:
    us, them = ends()
    for suite in ("AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_32"):
        ours, theirs = pair(suite)
        us.agree(3, ours)
        them.agree(5, theirs)
        assert opened(them, 5, *secured(us, 3, rtp(1))) == [rtp(1)]
    us.agree(3, None)
    assert not us.rows.any() and secured(us, 3, rtp(2)) == [rtp(2)]


def test_several_sources_use_one_key() -> None:
    us, them = ends()
    for ssrc in (7, 8):
        assert opened(them, 5, *secured(us, 3, rtp(100, ssrc))) == [rtp(100, ssrc)]


@pytest.mark.parametrize("suite", SUITES)
def test_rtcp_is_secured_with_the_same_keys(suite: str) -> None:
    us, them = ends(suite)
    report = bytes.fromhex("80c90001cafebabe")
    sent = us.protect_rtcp(3, report)
    assert sent[:8] == report and len(sent) > len(report)
    assert them.unprotect_rtcp(5, sent) == report
    for hostile in (sent, sent[:-1], report, b"", b"\x80" * 2000):
        assert them.unprotect_rtcp(5, hostile) is None
    assert us.unprotect_rtcp(2, report) == report and us.protect_rtcp(2, report) == report


def test_a_packet_without_room_for_its_tag_does_not_leave_in_the_clear() -> None:
    us, _ = ends()
    octets, lengths = table(rtp(1), rtp(2, payload=bytes(WIDTH - 12 - ROOM + 1)))
    us.protect(octets, lengths, np.array([3, 3]))
    assert lengths.tolist() == [182, 0] and us.refused == 1


def test_all_rows_are_opened_and_secured_in_one_go_wherever_they_lie() -> None:
    us, them = Srtps(8), Srtps(8)
    for row, suite in enumerate((*SUITES, SECOND)):
        ours, theirs = pair(suite, row + 1, row + 11)
        us.agree(row, ours)
        them.agree(row, theirs)
    packets = [rtp(7, row, bytes([row]) * (20 * row)) for row in range(6)]
    for _ in range(2):  # the first packet of a context goes another way
        octets, lengths = table(*packets)
        wide = np.zeros((12, WIDTH + 50), np.uint8)
        part = wide[::2, :WIDTH]
        part[:] = octets
        us.protect(part, lengths, np.arange(6))
        assert (part[1:4, 12:32] != octets[1:4, 12:32]).any(axis=1).all() and (part[4:] == octets[4:]).all()
        refused = them.unprotect(part, lengths, np.arange(6))
        assert not refused.any() and (wide[1::2] == 0).all()
        assert [part[row, : lengths[row]].tobytes() for row in range(6)] == packets
        packets = [rtp(8, row, bytes([row]) * (20 * row)) for row in range(6)]


@pytest.mark.parametrize("suite", SUITES)
def test_forged_packets_in_a_stream_that_was_right_are_refused(suite: str) -> None:
    us, them = ends(suite)
    assert opened(them, 5, *secured(us, 3, rtp(1))) == [rtp(1)]
    (sent,) = secured(us, 3, rtp(2))
    hostile = [bytes([*sent[:30], sent[30] ^ 1, *sent[31:]]), sent[:-1], sent[:12], sent[:3], b"\x80", b"\xff" * 300]
    assert opened(them, 5, *hostile) == [None] * len(hostile)
    assert opened(them, 5, sent, sent) == [rtp(2), None]
    assert them.refused == len(hostile) + 1


@pytest.mark.parametrize("suite", SUITES)
def test_a_packet_alone_may_be_tried_on_one_row_after_the_other(suite: str) -> None:
    """As long as it is not known whose a source is; GCM would leave garbage where the seal was wrong."""
    us, them = ends(suite)
    them.agree(6, pair(suite, 3, 4)[1])
    us.agree(6, pair(suite, 3, 4)[0])
    for row in (3, 6):
        assert opened(them, row if row == 6 else 5, *secured(us, row, rtp(1))) == [rtp(1)]
    (sent,) = secured(us, 6, rtp(2))
    octets, lengths = table(sent)
    before = octets.copy()
    assert them.unprotect(octets, lengths, np.array([5])).all() and (octets == before).all()
    assert not them.unprotect(octets, lengths, np.array([6])).any()
    assert octets[0, : lengths[0]].tobytes() == rtp(2)
