"""Both laws against the ITU-T G.191 sweep, and against each other where rows mix."""

from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import g711

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "g711"


def words(name: str) -> np.ndarray:
    if not VECTORS.is_dir():
        pytest.skip("the ITU-T G.711 vectors are not beside this checkout")
    return np.fromfile(VECTORS / name, dtype="<i2")


@pytest.mark.parametrize(("law", "coded"), [(g711.MU, "sweep-r.u"), (g711.A, "sweep-r.a")])
def test_encoding_is_bit_exact(law: int, coded: str) -> None:
    assert np.array_equal(g711.encode(words("sweep.src"), law), words(coded).astype(np.uint8))


@pytest.mark.parametrize(
    ("law", "coded", "linear"), [(g711.MU, "sweep-r.u", "sweep-r.u-u"), (g711.A, "sweep-r.a", "sweep-r.a-a")]
)
def test_decoding_is_bit_exact(law: int, coded: str, linear: str) -> None:
    assert np.array_equal(g711.decode(words(coded).astype(np.uint8), law), words(linear))


@pytest.mark.parametrize("law", [g711.MU, g711.A])
def test_decoding_and_encoding_again_changes_no_octet(law: int) -> None:
    octets = np.arange(256, dtype=np.uint8)
    again = g711.encode(g711.decode(octets, law), law)
    # mu-law has a second zero (0x7F), which no encoder produces.
    assert [int(code) for code in octets[again != octets]] == ([0x7F] if law == g711.MU else [])


def test_known_values_without_vectors() -> None:
    assert g711.encode(np.array([0, -32768, 32767], np.int16), g711.MU).tolist() == [0xFF, 0x00, 0x80]
    assert g711.encode(np.array([0, -32768, 32767], np.int16), g711.A).tolist() == [0xD5, 0x2A, 0xAA]
    assert g711.decode(np.array([0xFF], np.uint8), g711.MU).tolist() == [0]
    assert g711.decode(np.array([0xD5], np.uint8), g711.A).tolist() == [8]  # A-law has no zero


def test_a_batch_may_mix_the_laws() -> None:
    pcm = np.arange(-16000, 16000, 100, dtype=np.int16).reshape(2, 160)
    coded = g711.encode(pcm, np.array([g711.A, g711.MU]))
    assert np.array_equal(coded[0], g711.encode(pcm[0], g711.A))
    assert np.array_equal(coded[1], g711.encode(pcm[1], g711.MU))
    assert np.array_equal(g711.decode(coded, np.array([g711.A, g711.MU]))[0], g711.decode(coded[0], g711.A))
