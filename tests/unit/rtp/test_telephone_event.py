"""One report per press, whatever the network or the phone does (RFC 4733)."""

import struct

import numpy as np
import pytest

from softswitch.rtp.telephone_event import DIGITS, EventPacket, KeyListener, KeySender, press


def heard(*packets: tuple[int, bytes]) -> str:
    listener = KeyListener()
    return "".join(filter(None, (listener.hear(timestamp, payload) for timestamp, payload in packets)))


def event(code: int, duration: int, end: bool = False) -> bytes:
    return struct.pack(">BBH", code, 0x80 if end else 0, duration)


def at(timestamp: int, digit: str, **how: int) -> list[tuple[int, bytes]]:
    return [(timestamp, payload) for payload in press(digit, **how)]


@pytest.mark.parametrize("digit", DIGITS)
def test_each_key_is_reported_once(digit: str) -> None:
    assert heard(*at(1000, digit)) == digit


def test_a_press_is_sent_each_20_ms_and_ends_three_times() -> None:
    payloads = list(press("5", hold_ms=100))
    assert [struct.unpack(">BBH", p)[2] for p in payloads] == [160, 320, 480, 640, 800, 800, 800]
    assert [bool(p[1] & 0x80) for p in payloads] == [False] * 4 + [True] * 3


def test_the_same_key_twice_is_two_presses() -> None:
    assert heard(*at(1000, "7"), *at(3000, "7")) == "77"


def test_only_an_end_packet_came_through() -> None:
    assert heard(*at(1000, "7")[-1:], *at(3000, "8")[-2:]) == "78"


def test_all_ends_lost_between_two_presses() -> None:
    assert heard(*at(1000, "7")[:4], *at(3000, "7")) == "77"


def test_late_packets_of_the_press_before_report_nothing() -> None:
    first, second = at(1000, "7"), at(3000, "8")
    assert heard(*first[:4], *second[:2], *first[4:], *second[2:]) == "78"


def test_a_press_longer_than_its_duration_field_goes_on_in_a_new_segment() -> None:
    assert heard((1000, event(5, 65535)), (66535, event(5, 160)), (66535, event(5, 320, end=True))) == "5"


def test_back_to_back_presses_with_no_gap() -> None:
    assert heard((1000, event(5, 800, end=True)), (1800, event(5, 160))) == "55"


def test_a_phone_that_moves_the_timestamp_within_a_press() -> None:
    moving = [(1000 + 160 * n, event(3, 160 * (n + 1), end=n >= 4)) for n in range(7)]
    assert heard(*moving, *[(stamp + 8000, payload) for stamp, payload in moving]) == "33"


def test_the_timestamp_wraps() -> None:
    assert heard(*at(2**32 - 100, "1"), *at(2000, "1")) == "11"


def test_a_sender_that_starts_its_clock_afresh() -> None:
    assert heard(*at(10_000_000, "1"), *at(500, "2")) == "12"


def test_flash_tones_and_fragments_are_no_keys() -> None:
    assert heard((1, event(16, 160)), (2, event(70, 160)), (3, b"\x01\x00")) == ""


# ---- at any clock rate -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_press_of_ten_seconds_is_one_whatever_is_lost_at_the_segments_borders(rate_hz: int) -> None:
    """At 48 kHz a segment has 1.4 s (section 2.5.1.3)."""
    sender = KeySender(rate_hz, hold_s=10.0)
    sender.press("5")
    packets = sent(sender, rate_hz)
    assert len({packet.timestamp for packet in packets}) == -(-10 * rate_hz // 65535)
    for lose in range(3):
        kept = [p for n, p in enumerate(packets) if not lose or n % 5 not in (1, lose + 1)]
        listener = KeyListener(rate_hz)
        assert "".join(filter(None, (listener.hear(p.timestamp, p.payload) for p in kept))) == "5"


def sent(sender: KeySender, rate_hz: int) -> list[EventPacket]:
    packets = []
    timestamp = 2**32 - 5 * rate_hz  # it wraps on the way
    while not sender.idle:
        packet = sender.tick(timestamp & 0xFFFFFFFF)
        timestamp += rate_hz // 50
        packets += [packet] if packet else []
    return packets


def test_what_is_sent_for_a_press() -> None:
    sender = KeySender(48000, hold_s=0.06)
    sender.press("#")
    packets = sent(sender, 48000)
    assert [struct.unpack(">BBH", p.payload) for p in packets] == [
        (11, 10, 960),
        (11, 10, 1920),
        (11, 0x8A, 2880),
        (11, 0x8A, 2880),
        (11, 0x8A, 2880),
    ]
    assert [p.marker for p in packets] == [True, False, False, False, False]
    assert len({p.timestamp for p in packets}) == 1


def test_between_two_keys_there_is_the_pause() -> None:
    sender = KeySender(hold_s=0.1, pause_s=0.1)
    sender.press("12")
    said = [sender.tick(160 * n) for n in range(22)]
    began = [n for n, packet in enumerate(said) if packet and packet.marker]
    assert began == [0, 10]
    assert sender.idle


@pytest.mark.parametrize("moved", [False, True])
def test_ends_that_come_again_and_again(moved: bool) -> None:
    end = event(7, 800, end=True)
    again = [(1000 + 160 * n * moved, end) for n in range(5)]
    assert heard(*at(1000, "7"), *again) == "7"


def test_the_same_key_again_at_once_on_a_phone_that_moves_the_timestamp() -> None:
    """The second press begins nearer to the first one's last timestamp than the first one was long."""
    moving = [(1000 + 160 * n, event(9, 160 * (n + 1), end=n == 9)) for n in range(10)]
    again = [(stamp + 1600 + 320, payload) for stamp, payload in moving]
    assert heard(*moving, moving[-1], moving[-1], *again) == "99"


def test_a_phone_that_moves_the_timestamp_and_loses_packets() -> None:
    moving = [(1000 + 160 * n, event(3, 160 * (n + 1), end=n >= 9)) for n in range(10)]
    assert heard(*[packet for n, packet in enumerate(moving) if n not in (2, 3, 5, 6, 7)]) == "3"


# ---- another SSRC -------------------------------------------------------------------------------------------------


def test_a_press_goes_on_under_another_ssrc() -> None:
    listener = KeyListener()
    packets = [(1 if n < 3 else 2, payload) for n, payload in enumerate(press("4"))]
    stamps = {1: 1000, 2: 7_000_000}
    told = [listener.hear(stamps[ssrc], payload, ssrc, n * 0.02) for n, (ssrc, payload) in enumerate(packets)]
    assert told == ["4"] + [None] * 6


def test_the_same_key_under_another_ssrc_is_a_press_of_its_own() -> None:
    listener = KeyListener()
    for ssrc, began in ((1, 0.0), (2, 0.3)):
        told = [listener.hear(1000, payload, ssrc, began + n * 0.02) for n, payload in enumerate(press("4"))]
        assert told == ["4"] + [None] * 6


def test_late_packets_under_the_ssrc_before() -> None:
    listener = KeyListener()
    old, new = list(press("4")), list(press("5"))
    order = [(1, p) for p in old[:5]] + [(2, new[0]), (1, old[5]), (2, new[1]), (1, old[6])] + [(2, p) for p in new[2:]]
    told = [listener.hear(ssrc * 5000, payload, ssrc, n * 0.02) for n, (ssrc, payload) in enumerate(order)]
    assert [digit for digit in told if digit] == ["4", "5"]


def test_a_flood_of_ssrcs_is_not_remembered() -> None:
    listener = KeyListener()
    for ssrc in range(1000):
        listener.hear(1000, event(ssrc % 16, 160), ssrc, ssrc * 1.0)
    assert len(listener._presses) <= 3


def test_rubbish_is_no_key_and_stops_nothing() -> None:
    """Whatever a hostile peer sends: no exception, no memory, and the next real press counts."""
    random = np.random.default_rng(7)
    listener = KeyListener(48000)
    for _ in range(5000):
        payload = random.bytes(int(random.integers(0, 12)))
        stamp, ssrc = int(random.integers(2**32)), int(random.integers(2**32))
        told = listener.hear(stamp, payload, ssrc, float(random.random()))
        assert told is None or told in DIGITS
    assert len(listener._presses) <= 3
    assert [d for d in (listener.hear(5, p, 99, 10 + n / 50) for n, p in enumerate(press("8"))) if d] == ["8"]


def test_a_flood_of_presses_is_believed_at_the_pace_of_a_hand() -> None:
    listener = KeyListener()
    told = [listener.hear(1000 * n, event(n % 2, 160), now=0.001 * n) for n in range(1000)]
    assert 32 <= sum(digit is not None for digit in told) <= 32 + 20
    assert listener.hear(2_000_000, event(5, 160), now=3.0) == "5"
