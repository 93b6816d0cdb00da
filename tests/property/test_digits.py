"""10,000 presses over a network that loses 2 % of its packets: none missed, none doubled (seeded)."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from softswitch.audio import FRAME, dtmf, g711
from softswitch.media.demux import Demux
from softswitch.media.receiver import Receiver
from softswitch.rtp.packet import build
from softswitch.rtp.telephone_event import DIGITS, KeyListener, KeySender
from tests.support.arrival import batch
from tests.support.repair import Repair

PRESSES = 10_000
LOSS = 0.02


@pytest.mark.parametrize("rate_hz", [8000, 48000])
def test_telephone_events(rate_hz: int) -> None:
    """Presses of 40 to 200 ms, 60 to 200 ms apart; of the packets, 2 % are lost, 2 % come late and 2 % twice."""
    random = np.random.default_rng(rate_hz)
    pressed = "".join(DIGITS[code] for code in random.integers(0, 16, PRESSES))
    timestamp, now, listener, told = int(random.integers(2**32)), 0.0, KeyListener(rate_hz), ""
    for digit in pressed:
        sender = KeySender(rate_hz, hold_s=random.integers(2, 11) * 0.02, pause_s=random.integers(3, 11) * 0.02)
        sender.press(digit)
        arrivals = []
        while not sender.idle:
            packet = sender.tick(timestamp)
            if packet is not None and random.random() >= LOSS:
                at = now + 0.05 * (random.random() < LOSS)
                arrivals += [(at, packet)] * (1 + int(random.random() < LOSS))
            timestamp, now = (timestamp + rate_hz // 50) & 0xFFFFFFFF, now + 0.02
        for at, packet in sorted(arrivals):
            told += listener.hear(packet.timestamp, packet.payload, 1, at) or ""
    assert told == pressed


def test_tones() -> None:
    """100 streams with 100 presses each of 100 to 160 ms; frames that are lost are concealed, as for a listener.

    Of presses of 80 ms, some 1 in 10,000 is missed: two of their four frames are lost. A lost tone is not sent again.
    """
    random = np.random.default_rng(4)
    streams, each = 100, PRESSES // 100
    pressed = ["".join(dtmf.KEYS[key] for key in random.integers(0, 16, each)) for _ in range(streams)]
    sound = np.zeros((streams, each * 2 * FRAME * 8), np.int16)  # 160 ms of key and of pause at most
    for row, digits in enumerate(pressed):
        at = int(random.integers(FRAME))
        for digit in digits:
            key = dtmf.tones(digit, random.integers(100, 161) / 1000)
            sound[row, at : at + len(key)] = key
            at += len(key) + int(random.integers(80, 161)) * 8
    frames = g711.decode(g711.encode(sound, g711.A), g711.A).reshape(streams, -1, FRAME)
    detector, concealer = dtmf.Detector(streams), Repair(streams)
    for row in range(streams):
        detector.listen(row)
    told = [""] * streams
    for number in range(frames.shape[1]):
        present = random.random(streams) >= LOSS
        said = np.where(present[:, None], frames[:, number], 0)
        concealer.conceal(said, present)
        for heard in detector.hear(said, present):
            told[heard.row] += heard.digit
    assert told == pressed


def test_through_the_receiver() -> None:
    """The same over 100 streams of the media plane at once, sound and keys taking turns in one sequence of packets."""
    random, streams = np.random.default_rng(3), 100
    receiver = Receiver(streams, Demux(streams))
    pressed, senders = [], []
    for row in range(streams):
        receiver.allow(row, g711.MU, 0, 101)
        receiver.demux.open(row, 0, socket.AF_INET)
        receiver.demux.signal(row, ("127.0.0.1", 5000 + row), "127.0.0.1")
        receiver.demux.resume(row, ("127.0.0.1", 5000 + row))
        pressed.append("".join(DIGITS[code] for code in random.integers(0, 16, PRESSES // streams)))
        senders.append(KeySender())
        senders[-1].press(pressed[-1])
    sequence, stamps = random.integers(0, 1 << 16, streams), random.integers(0, 1 << 32, streams)
    told = [""] * streams
    while not all(sender.idle for sender in senders):
        packets = []
        for row, sender in enumerate(senders):
            key = sender.tick(int(stamps[row]))
            at = (101, key.timestamp, key.payload) if key else (0, int(stamps[row]), b"\xff" * 160)
            octets = build(at[0], int(sequence[row]), at[1], row, at[2])
            if random.random() >= LOSS:
                packets.append((octets, ("127.0.0.1", 5000 + row)))
        for heard in receiver.take(batch(packets)):
            told[heard.row] += heard.digit
        receiver.speak(streams)
        receiver.jitter.advance(streams)
        sequence += 1
        stamps = (stamps + FRAME) & 0xFFFFFFFF
    assert told == pressed
