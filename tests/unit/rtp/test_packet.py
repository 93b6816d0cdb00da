"""Headers, the rare forms included."""

import numpy as np
import pytest

from softswitch.rtp import packet


def table(*packets: bytes) -> tuple[np.ndarray, np.ndarray]:
    rows = np.zeros((len(packets), packet.WIDTH), np.uint8)
    for row, octets in zip(rows, packets, strict=True):
        row[: len(octets)] = np.frombuffer(octets, np.uint8)
    return rows, np.array([len(octets) for octets in packets])


def payload(rows: np.ndarray, headers: packet.Headers, index: int) -> bytes:
    return rows[index, packet.HEADER : packet.HEADER + headers.size[index]].tobytes()


def test_what_is_built_is_read() -> None:
    rows, lengths = table(
        packet.build(8, 65536 + 7, 2**32 + 5, 0xDEADBEEF, b"abc", marker=True), packet.build(101, 1, 2, 3, b"")
    )
    headers = packet.parse(rows, lengths)
    assert headers.valid.tolist() == [True, True]
    assert headers.payload_type.tolist() == [8, 101]
    assert headers.marker.tolist() == [True, False]
    assert headers.sequence.tolist() == [7, 1]
    assert headers.timestamp.tolist() == [5, 2]
    assert headers.ssrc.tolist() == [0xDEADBEEF, 3]
    assert payload(rows, headers, 0) == b"abc"
    assert headers.size[1] == 0


def test_a_batch_that_is_written_is_read() -> None:
    rows = np.zeros((2, 20), np.uint8)
    packet.write_headers(rows, np.array([0x80, 8]), np.array([65535, 0]), np.array([2**32 - 1, 0]), np.array([1, 2]))
    headers = packet.parse(rows, np.array([20, 20]))
    assert rows[0, :2].tolist() == [0x80, 0x80]
    assert headers.marker.tolist() == [True, False]
    assert headers.sequence.tolist() == [65535, 0]
    assert headers.timestamp.tolist() == [2**32 - 1, 0]
    assert headers.size.tolist() == [8, 8]


PLAIN = packet.build(0, 1, 2, 3, b"voice")


@pytest.mark.parametrize(
    ("octets", "heard"),
    [
        pytest.param(b"\x81" + PLAIN[1:12] + b"CSRC" + b"voice", b"voice", id="contributing source"),
        pytest.param(b"\x90" + PLAIN[1:12] + b"\xbe\xde\x00\x01extn" + b"voice", b"voice", id="extension"),
        pytest.param(b"\xa0" + PLAIN[1:12] + b"voice" + b"\x00\x00\x03", b"voice", id="padding"),
        pytest.param(b"\xb1" + PLAIN[1:12] + b"CSRC" + b"\x00\x00\x00\x00" + b"voice\x01", b"voice", id="all three"),
        pytest.param(b"\x9f" + PLAIN[1:12], None, id="sources that are not there"),
        pytest.param(b"\x90" + PLAIN[1:12] + b"\xbe\xde\x00\x09", None, id="extension longer than the packet"),
        pytest.param(b"\x90" + PLAIN[1:12] + b"\xbe", None, id="extension header cut off"),
        pytest.param(b"\xa0" + PLAIN[1:12] + b"v\x09", None, id="more padding than packet"),
        pytest.param(b"\xa0" + PLAIN[1:12] + b"v\x00", None, id="padding of nothing"),
        pytest.param(b"\x40" + PLAIN[1:], None, id="version 1"),
        pytest.param(PLAIN[:11], None, id="too short"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_longer_headers_and_nonsense(octets: bytes, heard: bytes | None) -> None:
    rows, lengths = table(PLAIN, octets, PLAIN)
    headers = packet.parse(rows, lengths)
    assert headers.valid.tolist() == [True, heard is not None, True]
    assert payload(rows, headers, 1) == (heard or b"")
    assert payload(rows, headers, 2) == b"voice"
