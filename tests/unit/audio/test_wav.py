"""WAVE in and out, odd files included."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.audio import wav


@given(samples=st.integers(0, 50), channels=st.integers(1, 2), rate=st.sampled_from([8000, 16000, 44100]))
def test_what_is_written_is_read_back(samples: int, channels: int, rate: int) -> None:
    pcm = np.arange(samples * channels, dtype=np.int16).reshape(samples, channels)
    again, rate_hz = wav.decode(wav.encode(pcm, rate))
    assert np.array_equal(again, pcm)
    assert rate_hz == rate


def test_another_reader_agrees() -> None:
    pcm = np.array([[1, -2], [3, -4]], np.int16)
    with wave.open(io.BytesIO(wav.encode(pcm, 8000))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 2)
        assert file.readframes(2) == pcm.tobytes()


def test_a_file_that_another_writer_made_with_further_chunks() -> None:
    whole = wav.encode(np.array([5, 6], np.int16), 8000)
    odd = whole[:12] + b"LIST\x03\x00\x00\x00abc\x00" + whole[12:]
    assert wav.decode(odd)[0][:, 0].tolist() == [5, 6]


def test_a_file_longer_than_its_header_says_and_one_that_is_shorter() -> None:
    whole = wav.encode(np.array([1, 2, 3], np.int16), 8000)
    assert wav.decode(whole + b"\x09\x00")[0][:, 0].tolist() == [1, 2, 3]
    assert wav.decode(whole[:-3])[0][:, 0].tolist() == [1]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "RIFF"),
        (b"RIFF\x00\x00\x00\x00AVI ", "RIFF"),
        (wav.header(1, 8000, 0)[:36], "data"),
        (wav.header(1, 8000, 0)[:20] + b"\x07\x00" + wav.header(1, 8000, 0)[22:], "coding 7"),
        (wav.header(0, 8000, 0), "0 channels"),
    ],
)
def test_what_is_no_wave_says_why(octets: bytes, why: str) -> None:
    with pytest.raises(wav.NotWave, match=why):
        wav.decode(octets)
