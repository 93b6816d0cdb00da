"""Opus: a voice survives it at every rate of the house, in-band repetition mends a loss, and rubbish is refused."""

import numpy as np
import pytest

from softswitch.audio import codec
from softswitch.audio.codec import libopus, opus
from softswitch.audio.codec.coder import Pcm
from softswitch.audio.tone import strength

FEC = "useinbandfec=1"


def voice(rate: int, frames: int = 60) -> Pcm:
    """Something like vowels: a buzz of 140 Hz with formants that wander, ``(frames, samples)``."""
    at = np.arange(frames * rate // 50) / rate
    wander = 1 + 0.3 * np.sin(2 * np.pi * 1.7 * at)
    parts = [np.sin(2 * np.pi * 140 * k * at) / (1 + ((140 * k - 600 * wander) / 250) ** 2) for k in range(1, 20)]
    buzz = np.asarray(np.clip(6000 * np.sum(parts, axis=0), -30000, 30000), np.int16)
    return buzz.reshape(frames, -1)


def coder(rate: int = 8000, fmtp: str = "") -> codec.Coder:
    return codec.make("opus", 48000, 2, fmtp, rate)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_voice_survives(rate: int) -> None:
    said, one = voice(rate), coder(rate)
    heard = np.concatenate([one.decode(one.encode(frame)) for frame in said]).astype(float)
    flat = said.reshape(-1).astype(float)
    likeness = max(np.corrcoef(flat[: len(flat) - lag], heard[lag:])[0, 1] for lag in range(rate // 100))
    assert (one.rate, one.rtp_clock) == (rate, 48000) and len(heard) == len(flat) and likeness > 0.9


def test_each_rate_may_decode_what_another_encoded() -> None:
    said = np.rint(8000 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)).astype(np.int16).reshape(50, -1)
    wide, house = coder(48000), coder(8000)
    heard = np.concatenate([house.decode(wide.encode(frame)) for frame in said])
    assert strength(heard[2000:], 1000) == pytest.approx(8000 / 32767, rel=0.15)


def restored(fmtp: str) -> tuple[float, float]:
    """Noise over the lost packets in relation to the voice: with repetition, and made up by the decoder."""
    speaker, ear, deaf, whole = (coder(fmtp=fmtp) for _ in range(4))
    packets = [speaker.encode(frame) for frame in voice(8000)]
    errors, power = np.zeros(2), 0.0
    for number, packet in enumerate(packets[:-1]):
        right = whole.decode(packet).astype(float)
        if number > 10 and number % 5 == 0:
            repeated, made_up = ear.decode_fec(packets[number + 1], 160), deaf.conceal(160)
            assert repeated is not None and made_up is not None
            errors += [((one - right) ** 2).sum() for one in (repeated, made_up)]
            power += (right**2).sum()
        else:
            ear.decode(packet), deaf.decode(packet)
    return float(errors[0] / power), float(errors[1] / power)


def test_a_lost_packet_is_restored_from_the_next_one() -> None:
    repeated, made_up = restored(FEC)
    assert repeated < 0.25 and repeated < made_up / 2


def test_it_is_not_repeated_for_those_who_do_not_use_it() -> None:
    repeated, made_up = restored("")
    assert repeated == made_up


def test_the_bit_rate_is_what_the_peer_allows_at_most() -> None:
    def octets(fmtp: str) -> float:
        one = coder(fmtp=fmtp)
        return float(np.mean([len(one.encode(frame)) for frame in voice(8000)]))

    assert octets("maxaveragebitrate=10000;cbr=1") == 25
    assert octets("maxaveragebitrate=1; cbr=1") == 15  # RFC 7587: from 6000 bit/s
    assert octets("maxaveragebitrate=510000; cbr=1") == octets("cbr=1") == 60
    assert 20 < octets("") < 60  # of the voice, what it needs


def test_rubbish_is_refused_or_is_some_sound_but_never_more() -> None:
    rng, one, refused = np.random.default_rng(6716), coder(), 0
    for _ in range(2000):
        try:
            assert len(one.decode(rng.bytes(int(rng.integers(0, 1500))))) <= 960  # 120 ms
        except codec.CodecError:
            refused += 1
    assert refused > 100
    restored_at_most, made_up = one.decode_fec(b"\x08" + b"\0" * 40, 10_000), one.conceal(10_000)
    assert restored_at_most is not None and made_up is not None and len(restored_at_most) == len(made_up) == 960


def test_frames_that_opus_does_not_have_are_refused() -> None:
    with pytest.raises(codec.CodecError, match="invalid argument"):
        coder().encode(np.zeros(161, np.int16))


def test_only_its_own_clock_is_ours() -> None:
    with pytest.raises(codec.CodecError, match="opus/8000"):
        codec.make("opus", 8000)


def test_parameters_are_read_however_they_are_spaced() -> None:
    assert opus.parameters(" UseInbandFEC = 1;;stereo=0 ; x") == {"useinbandfec": "1", "stereo": "0", "x": ""}


def test_without_a_library_there_is_an_error_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "_places", lambda: ["/nowhere/libopus.so"])
    libopus.load.cache_clear()
    with pytest.raises(codec.CodecError, match="no libopus"):
        coder()
    libopus.load.cache_clear()
