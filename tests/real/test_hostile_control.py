"""What no control says, said to a real media process: it is refused by name, counted, and harms no call."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.media import protocol as p
from tests.support import ports
from tests.support.hostile_control import Hostile
from tests.support.raw_control import RawControl
from tests.support.rtp_phone import RtpPhone

pytestmark = pytest.mark.real

LEFT_HZ, RIGHT_HZ = 440.0, 1000.0
FRAMES, ROUND = 2000, 100
MOST_GROWTH_KB = 30_000


@pytest.fixture
def control(tmp_path: Path) -> Iterator[RawControl]:
    with RawControl(tmp_path) as control:
        yield control


def hear_each_other(control: RawControl, left: RtpPhone, right: RtpPhone) -> None:
    end = time.monotonic() + 8
    while not (left.strength(RIGHT_HZ) > 0.2 and right.strength(LEFT_HZ) > 0.2):
        assert time.monotonic() < end, f"the call is silent:\n{control.log()}"
        control.stats()
        time.sleep(0.05)


def connected(control: RawControl, claimed: range, *phones: RtpPhone) -> None:
    for number, phone in enumerate(phones):
        name, port = f"good-{number}", claimed[2 * number]
        control.say(
            p.Open(name, ports.LOOPBACK, port),
            p.Connect(name, 1, *phone.address, ports.LOOPBACK, "PCMU", 0, 0, 101, "sendrecv"),
            p.Join("good", name),
        )
        phone.send_to = (ports.LOOPBACK, port)


def test_nothing_that_control_may_say_stops_the_loop(control: RawControl, tmp_path: Path) -> None:
    claimed = ports.claim(60)
    frames = Hostile(4, tmp_path / "recordings", claimed[20:]).frames()
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        connected(control, claimed, left, right)
        hear_each_other(control, left, right)
        memory = []
        for _ in range(FRAMES // ROUND):
            control.throw(itertools.islice(frames, ROUND))
            counters = control.stats().counters
            assert counters["errors"] == 0, control.log()
            memory.append(control.memory_kb())
        assert FRAMES / 5 < counters["commands_refused"] < FRAMES, "half of them are right"
        assert memory[-1] - memory[len(memory) // 2] < MOST_GROWTH_KB, memory
        hear_each_other(control, left, right)
    assert "Traceback" not in control.log(1 << 24)


@pytest.mark.parametrize("octets", [b"\x7f\xff\xff\xff", b"\xff" * 64, b"\x00\x10\x00\x01" + b"x" * 100])
def test_who_loses_step_is_dropped_and_may_come_again(control: RawControl, octets: bytes) -> None:
    control.stats()
    control.throw([octets])
    with pytest.raises((AssertionError, OSError), match=r"dropped us|reset"):
        control.stats()
    control.connect_again()
    assert control.stats().counters["errors"] == 0
