"""Speech from text by espeak-ng, through ctypes. The library is an optional extra and is looked for when first wanted.

It keeps global state and is not thread-safe: there is one ``Espeak`` per process, and one thread uses it
(softswitch.media.prompts sees to that).
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from softswitch.ivr.speech.language import kin

Pcm = npt.NDArray[np.int16]

log = logging.getLogger(__name__)

VOICES = {"zh": "cmn", "en": "en"}  # by language; others are asked for by their own name: yue, en-us

# Control characters in a text are commands: \x01 sets loudness, pitch and speed, for all texts that follow as well.
_COMMANDS = re.compile("[\x00-\x1f\x7f-\x9f]")
_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback gets the samples, no sound device is opened
_UTF8 = 1
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: an error is returned and does not end our process
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class SpeechError(RuntimeError):
    """The engine cannot say this; the text says why."""


class SpeechEngine(Protocol):
    name: str  # part of the cache key, with its voices: another one sounds different

    def speak(self, text: str, language: str) -> tuple[Pcm, int]:
        """``(samples,)`` and the rate in Hz. Slow. Raises ``SpeechError``."""


class Espeak:
    """The library, initialised. Raises ``SpeechError`` where it is not installed."""

    def __init__(self, voices: Mapping[str, str] = VOICES) -> None:
        """``voices`` by language, beside and before ``VOICES``."""
        self._voices = {**VOICES, **voices}
        self.name = "espeak-ng " + " ".join(f"{language}={voice}" for language, voice in sorted(self._voices.items()))
        try:
            loader: Any = importlib.import_module("espeakng_loader")
        except ImportError:
            raise SpeechError("no speech engine: install softswitch[speech]") from None
        self._library = ctypes.CDLL(loader.get_library_path())
        data = str(Path(loader.get_data_path()).parent).encode()
        self._rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DONT_EXIT)
        if self._rate_hz <= 0:
            raise SpeechError("espeak-ng does not find its data")
        self._heard: list[Pcm] = []
        self._callback = _CALLBACK(self._take)  # the library keeps the pointer: it must live as long
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            # Not by as_array: it makes a type for each length there is, which is never forgotten.
            self._heard.append(np.frombuffer(ctypes.string_at(samples, count * 2), np.int16))
        return 0  # go on

    def speak(self, text: str, language: str) -> tuple[Pcm, int]:
        named = [self._voices.get(one) or one.lower() for one in kin(language)]
        if all(self._library.espeak_SetVoiceByName(voice.encode()) for voice in named):  # 0: this one it is
            raise SpeechError(f"espeak-ng has no voice for {language!r}, none of these: {', '.join(named)}")
        octets = _COMMANDS.sub(" ", text).encode() + b"\0"
        self._heard.clear()
        failed = self._library.espeak_Synth(octets, ctypes.c_size_t(len(octets)), 0, 0, 0, _UTF8, None, None)
        if failed or self._library.espeak_Synchronize() or not self._heard:
            raise SpeechError("espeak-ng said nothing")
        return np.concatenate(self._heard), self._rate_hz


def find_engine(voices: Mapping[str, str] = VOICES) -> SpeechEngine | None:
    """The built-in engine, or None (and a line in the log) where it is not installed."""
    try:
        return Espeak(voices)
    except (SpeechError, OSError) as error:
        log.warning("%s; texts without a sound file cannot be said", error)
        return None
