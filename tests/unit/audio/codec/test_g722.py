"""G.722 against the ITU-T G.191 speech: encoder, and decoder in all three modes, to the bit; and as a coder."""

from pathlib import Path

import G722
import numpy as np
import pytest

from softswitch.audio import codec

VECTORS = Path(__file__).parents[5] / "shared" / "vectors" / "g722"


def words(name: str) -> np.ndarray:
    if not VECTORS.is_dir():
        pytest.skip("the ITU-T G.722 vectors are not beside this checkout")
    return np.fromfile(VECTORS / name, "<i2")


def coded() -> bytes:
    """The code words, one in the low octet of each 16 bits."""
    return words("codspw.cod").astype(np.uint8).tobytes()


def test_both_forms_of_the_coded_vector_are_one() -> None:
    assert words("codsp.cod").byteswap().tobytes() == coded()


def test_encoding_is_bit_exact_packet_by_packet() -> None:
    coder = codec.make("G722", 8000)
    said = words("inpsp.bin")
    assert b"".join(coder.encode(said[at : at + 320]) for at in range(0, len(said), 320)) == coded()


def test_decoding_is_bit_exact_packet_by_packet() -> None:
    coder, octets = codec.make("G722", 8000), coded()
    heard = [coder.decode(octets[at : at + 160]) for at in range(0, len(octets), 160)]
    assert np.array_equal(np.concatenate(heard), words("outsp1.bin"))


@pytest.mark.parametrize(("bit_rate", "dropped", "linear"), [(56000, 1, "outsp2.bin"), (48000, 2, "outsp3.bin")])
def test_the_library_is_exact_in_the_modes_that_rtp_has_not(bit_rate: int, dropped: int, linear: str) -> None:
    stolen = (np.frombuffer(coded(), np.uint8) >> dropped).tobytes()  # the low bits are what data would take
    assert np.array_equal(np.asarray(G722.G722(16000, bit_rate).decode(stolen)), words(linear))


def test_both_directions_of_a_coder_have_their_own_memory() -> None:
    rng = np.random.default_rng(722)
    said, octets = rng.integers(-8000, 8000, 320).astype(np.int16), rng.bytes(160)
    one, other = codec.make("g722", 8000), codec.make("G722", 8000)
    heard = one.decode(octets)
    assert (one.rate, one.rtp_clock, len(heard)) == (16000, 8000, 320)
    assert one.encode(said) == other.encode(said) and np.array_equal(other.decode(octets), heard)


def test_it_has_no_way_to_make_up_what_is_lost() -> None:
    coder = codec.make("G722", 8000)
    assert coder.conceal(320) is None and coder.decode_fec(b"\0" * 160, 320) is None


@pytest.mark.parametrize(("name", "clock", "channels"), [("G722", 16000, 1), ("G722", 8000, 2), ("G729", 8000, 1)])
def test_what_we_do_not_have_is_refused(name: str, clock: int, channels: int) -> None:
    with pytest.raises(codec.CodecError, match=name):
        codec.make(name, clock, channels)
