"""One report per press, whatever the network or the phone does (RFC 4733)."""

import struct

import pytest

from softswitch.rtp.telephone_event import DIGITS, KeyListener, press


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
