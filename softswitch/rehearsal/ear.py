"""The media plane of a rehearsal: who hears what, and how long it takes to say it. There is no sound."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from softswitch.call.press import Form
from softswitch.ivr.model import Prompt
from softswitch.rehearsal.happening import Host
from softswitch.sdp.media import Address, Media
from softswitch.switch.ports import Hushed, Played

RECORDING_S = 2.0  # how long a recorded prompt takes
LETTERS_PER_S = 15.0
IDEOGRAPHS_PER_S = 4.0
_IDEOGRAPH = "\u2e80"  # from here on a character is a syllable


def length_s(prompt: Prompt) -> float:
    """About as long as a human would take."""
    if prompt.silence_s or prompt.tone:
        return prompt.silence_s
    if prompt.file:
        return RECORDING_S
    wide = sum(char >= _IDEOGRAPH for char in prompt.text)
    return wide / IDEOGRAPHS_PER_S + (len(prompt.text) - wide) / LETTERS_PER_S


def said(prompt: Prompt) -> str:
    """How a transcript writes it; "" for silence."""
    if prompt.tone:
        return f"tone {prompt.tone}"
    if prompt.language == "tone":
        return prompt.file.rpartition(".")[0]
    return prompt.text or prompt.file


class Ear:
    """``MediaPlane``. ``heard(stream, play, prompts)`` is called as they begin, ``sent(stream, keys)`` for keys."""

    def __init__(
        self,
        host: Host,
        heard: Callable[[str, str, Sequence[Prompt]], None],
        sent: Callable[[str, str], None],
    ) -> None:
        self._host, self._heard, self._sent = host, heard, sent
        self._ports = itertools.count(20000, 2)
        self._plays: dict[str, str] = {}
        self._watched: dict[str, float] = {}  # stream -> s of silence
        self.speaks_until = 0.0  # the caller
        self.streams: dict[str, Media | None] = {}

    def busy(self, stream: str) -> bool:
        """Something is being said there."""
        return stream in self._plays

    def stream_to(self, rtp: Address) -> str | None:
        """The stream whose peer is there."""
        return next((name for name, media in self.streams.items() if media and media.remote == rtp), None)

    # ---- MediaPlane --------------------------------------------------------------------------------------------

    def open(self, stream: str) -> Address:
        self.streams[stream] = None
        return "127.0.0.1", next(self._ports)

    def connect(self, stream: str, media: Media, signalling_host: str, tones: bool = False) -> None:
        if stream in self.streams:
            self.streams[stream] = media

    def close(self, stream: str) -> None:
        self.streams.pop(stream, None)
        self._plays.pop(stream, None)

    def play(self, stream: str, play: str, prompts: Sequence[Prompt]) -> None:
        if stream not in self.streams:
            return
        self._plays[stream] = play
        self._heard(stream, play, prompts)
        self._host.after(sum(length_s(prompt) for prompt in prompts), lambda: self._ended(stream, play))

    def _ended(self, stream: str, play: str) -> None:
        if self._plays.get(stream) == play:
            del self._plays[stream]
            self._host.feed(Played(stream, play))

    def stop(self, stream: str) -> None:
        self._plays.pop(stream, None)

    def press(self, stream: str, digits: str, form: Form) -> None:
        if stream in self.streams:
            self._sent(stream, digits)

    def hold_music(self, stream: str, music: str = "") -> None:
        """Who hears music waits, and a transcript says for what."""

    def group(self, stream: str, group: str) -> None:
        """All of them are in one place."""

    def join(self, room: str, stream: str, heard_by: tuple[str, ...] | None = None) -> None:
        """Who talks to whom is told by the facts."""

    def leave(self, stream: str) -> None:
        """As above."""

    def record(self, recording: str, path: Path, left: str, right: str | None) -> None:
        """Nothing is written to disk."""

    def pause_record(self, recording: str, reason: str | None) -> None:
        """As above."""

    def stop_record(self, recording: str) -> None:
        """As above."""

    def watch_silence(self, stream: str, after_s: float) -> None:
        """Whoever ``speaks`` is not silent; whoever ``waits`` is."""
        self._watched[stream] = after_s
        if after_s:
            self._host.after(after_s, lambda: self._silent(stream, after_s))

    def _silent(self, stream: str, after_s: float) -> None:
        if self._watched.get(stream) != after_s or stream not in self.streams:
            return
        left_s = self.speaks_until + after_s - self._host.now
        if left_s > 0:
            self._host.after(left_s, lambda: self._silent(stream, after_s))
        else:
            del self._watched[stream]
            self._host.feed(Hushed(stream))

    def erase(self, path: Path) -> None:
        """As above."""

    def memory(self, streams: Sequence[str], recordings: Sequence[str]) -> bytes:
        return b""

    def adopt(self, memory: bytes) -> None:
        """No process was before this one."""
