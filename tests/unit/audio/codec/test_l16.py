"""Linear samples in network order (RFC 3551 section 4.5.11)."""

import numpy as np
import pytest

from softswitch.audio import codec


@pytest.mark.parametrize("rate", [8000, 16000])
def test_samples_are_16_bits_in_network_order(rate: int) -> None:
    coder = codec.make("L16", rate)
    assert (coder.rate, coder.rtp_clock) == (rate, rate)
    assert coder.encode(np.array([1, -2, 32767], np.int16)) == b"\x00\x01\xff\xfe\x7f\xff"
    assert coder.decode(b"\x00\x01\xff\xfe\x80\x00").tolist() == [1, -2, -32768]


def test_half_a_sample_is_no_payload() -> None:
    with pytest.raises(codec.CodecError, match="3 octets"):
        codec.make("L16", 8000).decode(b"\0\0\0")


@pytest.mark.parametrize(("rate", "channels"), [(44100, 1), (8000, 2), (48000, 1)])
def test_only_what_fits_is_ours(rate: int, channels: int) -> None:
    with pytest.raises(codec.CodecError, match="L16/8000"):
        codec.make("L16", rate, channels)
