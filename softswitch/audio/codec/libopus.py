"""libopus by ctypes: the dozen calls that a telephone needs (opus.h of libopus 1.1 and later).

Bindings that exist either leave out the in-band error correction (FFmpeg's decoders) or want a library of the system
to be installed. PyAV, which we have for files, carries a current libopus in its wheel; that one is taken, and the
system's where PyAV was built without one. What a call of a library is given here is checked before: the length of a
frame is one that Opus has, and a packet is never longer than ``MOST_OCTETS``.
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from functools import cache
from importlib import metadata

import numpy as np

from softswitch.audio.codec.coder import CodecError, Pcm

MOST_OCTETS = 1275  # of one frame (RFC 6716 section 3.4)
LONGEST_MS = 120  # of one packet

_APPLICATION_VOIP = 2048
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_PACKET_LOSS = 4002, 4010, 4012, 4014
_SET_VBR = 4006


@cache
def load() -> ctypes.CDLL:
    """The library. Raises ``CodecError`` where there is none."""
    for path in _places():
        try:
            found = ctypes.CDLL(path)
        except OSError:
            continue  # of another machine, or gone: the next one
        return _declared(found)
    raise CodecError("Opus: no libopus was found, neither in the av package nor in the system")


def _places() -> list[str]:
    """Where it may be, the one that comes with PyAV first."""
    try:
        files = metadata.files("av") or []
    except metadata.PackageNotFoundError:
        files = []
    carried = [str(file.locate()) for file in files if file.name.startswith("libopus") and ".so" in file.name]
    system = find_library("opus")
    return carried + ([system] if system else [])


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in (
        ("opus_encoder_create", pointer, (number, number, number, ctypes.POINTER(number))),
        ("opus_encoder_destroy", None, (pointer,)),
        ("opus_encode", number, (pointer, pointer, number, pointer, ctypes.c_int32)),
        ("opus_decoder_create", pointer, (number, number, ctypes.POINTER(number))),
        ("opus_decoder_destroy", None, (pointer,)),
        ("opus_decode", number, (pointer, ctypes.c_char_p, ctypes.c_int32, pointer, number, number)),
        ("opus_strerror", ctypes.c_char_p, (number,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _checked(result: int) -> int:
    """A count, or ``CodecError`` in the library's words."""
    if result < 0:
        raise CodecError(f"Opus: {load().opus_strerror(result).decode()}")
    return result


class Encoder:
    """One talker, mono, at ``rate`` Hz: one that Opus has (8000, 12000, 16000, 24000, 48000)."""

    def __init__(self, rate: int, bit_rate: int, complexity: int, expected_loss_percent: int, constant: bool) -> None:
        self._library, error = load(), ctypes.c_int()
        self._state = self._library.opus_encoder_create(rate, 1, _APPLICATION_VOIP, ctypes.byref(error))
        _checked(error.value)
        self._packet = ctypes.create_string_buffer(MOST_OCTETS)
        for request, value in (
            (_SET_BITRATE, bit_rate),
            (_SET_COMPLEXITY, complexity),
            (_SET_INBAND_FEC, int(expected_loss_percent > 0)),
            (_SET_PACKET_LOSS, expected_loss_percent),
            (_SET_VBR, int(not constant)),
        ):
            _checked(self._library.opus_encoder_ctl(ctypes.c_void_p(self._state), request, ctypes.c_int32(value)))

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.opus_encoder_destroy(self._state)

    def encode(self, frame: Pcm) -> bytes:
        """``frame`` is 2.5, 5, 10, 20, 40 or 60 ms long. Raises ``CodecError`` for other lengths."""
        samples = np.ascontiguousarray(frame, np.int16)
        size = self._library.opus_encode(self._state, samples.ctypes.data, len(samples), self._packet, MOST_OCTETS)
        return self._packet.raw[: _checked(size)]


class Decoder:
    """One stream as heard at ``rate`` Hz, mono: of a stereo packet the library makes the mean."""

    def __init__(self, rate: int) -> None:
        self._library, error = load(), ctypes.c_int()
        self._state = self._library.opus_decoder_create(rate, 1, ctypes.byref(error))
        _checked(error.value)
        self._room = np.zeros(rate * LONGEST_MS // 1000, np.int16)
        self._at = self._room.ctypes.data

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.opus_decoder_destroy(self._state)

    def decode(self, payload: bytes) -> Pcm:
        """Raises ``CodecError``."""
        return self._decode(payload, len(self._room), 0)

    def decode_fec(self, payload: bytes, samples: int) -> Pcm:
        """``samples`` before ``payload``; made up where it repeats nothing. Raises ``CodecError``."""
        return self._decode(payload, min(samples, len(self._room)), 1)

    def conceal(self, samples: int) -> Pcm:
        return self._decode(None, min(samples, len(self._room)), 0)

    def _decode(self, payload: bytes | None, samples: int, fec: int) -> Pcm:
        if payload == b"":
            raise CodecError("Opus: an empty payload")  # to the library it would mean a lost packet
        made = self._library.opus_decode(self._state, payload, len(payload or b""), self._at, samples, fec)
        return self._room[: _checked(made)].copy()
