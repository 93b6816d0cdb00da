"""A row that another stream gets has nothing of the one before: no sound, no state of a codec, no room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import codec, g711
from softswitch.media import protocol as p
from softswitch.rtp.packet import build
from tests.support.virtual_plane import START_S, VirtualPlane

OPUS: dict[str, Any] = {"codec": "opus", "send_type": 111, "receive_type": 111, "clock_rate": 48000}
G722: dict[str, Any] = {"codec": "G722", "send_type": 9, "receive_type": 9, "clock_rate": 8000}
SINE = (np.sin(np.arange(320 * 60) * 2 * np.pi * 440 / 16000) * 8000).astype(np.int16)
TICK_S = 0.02


def say_opus(plane: VirtualPlane, number: int, packets: int) -> None:
    coder = codec.make("opus", 48000, fmtp="", rate=16000)
    for k in range(packets):
        packet = build(111, k, 960 * k, 5, coder.encode(SINE[320 * k : 320 * k + 320]))
        plane.bring(number, START_S + TICK_S * (k + 1) - 0.001, packet)


def loudest_sent(plane: VirtualPlane, since: int, number: int) -> int:
    """To the stream ``number``, which has mu-law."""
    of_it = [packet.payload for packet in plane.sockets.sent[since:] if packet.port == number]
    sent = [payload for payload in of_it if len(payload) == 160]
    assert sent
    heard: npt.NDArray[np.int16] = g711.decode(np.frombuffer(b"".join(sent), np.uint8)[None], 0)
    return int(np.abs(heard.astype(int)).max())


def test_comfort_noise_after_somebody_elses_gap_in_opus_ends_no_tick() -> None:
    plane = VirtualPlane(4)
    plane.open(0, **OPUS)
    plane.obey(p.Join("r", "s0", None, 1.0))
    say_opus(plane, 0, 10)
    plane.run(13)
    row = plane.engine._rows.row("s0")
    plane.obey(p.Close("s0"))
    plane.open(1, **G722, noise_type=13)
    assert plane.engine._rows.row("s1") == row
    plane.bring(1, plane.now + 0.01, build(13, 1, 160, 77, bytes([40])))
    plane.run(5)


def test_a_new_stream_is_sent_nothing_of_the_room_that_its_row_was_in() -> None:
    plane = VirtualPlane(8)
    for number in range(3):
        plane.open(number)
        plane.obey(p.Join("r", f"s{number}", None, 1.0))
    for k in range(40):
        voice = g711.encode(SINE[160 * k : 160 * k + 160][None], 0)[0].tobytes()
        for number in (1, 2):
            plane.bring(number, START_S + TICK_S * (k + 1) - 0.001, build(0, k, 160 * k, 100 + number, voice))
    plane.bring(0, START_S + TICK_S - 0.001, build(0, 0, 0, 100, b"\xff" * 160))
    plane.run(20)
    row = plane.engine._rows.row("s0")
    plane.obey(p.Close("s0"))
    plane.open(3)
    assert plane.engine._rows.row("s3") == row
    plane.bring(3, plane.now + 0.001, build(0, 0, 0, 9, b"\xff" * 160))
    since = len(plane.sockets.sent)
    plane.run(3)
    assert loudest_sent(plane, since, 3) < 100


def test_a_full_table_with_a_recorded_listener_is_mixed(tmp_path: Path) -> None:
    plane = VirtualPlane(4)
    for number in range(4):
        plane.open(number)
        plane.obey(p.Join("r", f"s{number}", () if number == 3 else None, 1.0))
    plane.obey(p.Record("rec", str(tmp_path / "x.wav"), "s3", None))
    for number in range(4):
        plane.bring(number, START_S + TICK_S - 0.001, build(0, 0, 0, 100 + number, b"\x10" * 160))
    since = len(plane.sockets.sent)
    plane.run(5)
    assert loudest_sent(plane, since, 0) > 1000


def test_half_a_frame_is_not_filled_up_with_the_call_before() -> None:
    plane = VirtualPlane(4)
    plane.open(0, **OPUS)
    plane.open(1)
    for number in (0, 1):
        plane.obey(p.Join("r", f"s{number}", None, 1.0))
    plane.bring(1, START_S + TICK_S - 0.001, build(0, 0, 0, 100, b"\xff" * 160))
    say_opus(plane, 0, 50)
    plane.run(50)
    row = plane.engine._rows.row("s0")
    plane.obey(p.Close("s0"))
    plane.open(2, **G722)
    assert plane.engine._rows.row("s2") == row
    plane.obey(p.Join("r", "s2", None, 1.0))
    quiet, began = codec.make("G722", 8000, fmtp="", rate=16000), plane.now
    for k in range(20):
        payload = quiet.encode(np.zeros(480, np.int16))
        if k != 3:  # is lost: of the frames of 20 ms around it, one is known in half
            plane.bring(2, began + 0.03 * k + 0.021, build(9, k, 240 * k, 77, payload))
    plane.run(2)  # the voice of before falls, for who has heard it
    since = len(plane.sockets.sent)
    plane.run(22)
    assert loudest_sent(plane, since, 1) < 200
