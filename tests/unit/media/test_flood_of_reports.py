"""RTCP on the port of the sound (RFC 5761) is read packet by packet: so only some of it is."""

from __future__ import annotations

from softswitch.rtp.packet import build
from tests.support.virtual_plane import START_S, VirtualPlane


def test_of_a_flood_of_reports_on_the_port_of_the_sound_some_are_read() -> None:
    plane = VirtualPlane(2)
    plane.open(0, rtcp_mux=True)
    plane.bring(0, START_S + 0.001, build(0, 0, 0, 100, b"\xff" * 160))
    plane.run(1)
    read: list[int] = []
    reporting = plane.engine._receiver.reporting
    assert reporting is not None
    reporting.muxed = lambda row, *_: read.append(row)  # type: ignore[method-assign]
    for _ in range(200):
        plane.bring(0, plane.now + 0.001, b"\x81\xc9\x00\x01" + bytes(4))
    plane.run(1)
    assert 0 < len(read) <= 64
