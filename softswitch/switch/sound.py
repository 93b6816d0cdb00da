"""Orders of contacts to the media plane and to the web: performed, without consequence in the same unit of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from softswitch.contact.order import (
    EraseRecording,
    FetchUrl,
    HoldMusicTo,
    JoinRoom,
    LeaveRoom,
    PauseRecording,
    PlayTo,
    RecordLegs,
    SilenceTo,
    StopRecording,
    WatchSilence,
)
from softswitch.core.effect import Effect
from softswitch.ivr.model import Prompt
from softswitch.switch.ports import Fetcher, MediaPlane


class Sound:
    def __init__(self, media: MediaPlane, fetcher: Fetcher, recordings: Path, country: Callable[[str], str]) -> None:
        """``country``: that whose tones are heard on a leg."""
        self._media = media
        self._fetcher = fetcher
        self._recordings = recordings
        self._country = country

    def handlers(self) -> dict[type[Effect], Callable[[Any], tuple[Effect, ...]]]:
        media, fetcher = self._media, self._fetcher
        performers: dict[type[Effect], Callable[[Any], None]] = {
            PlayTo: self._play,
            HoldMusicTo: lambda order: media.hold_music(order.leg, order.music),
            SilenceTo: lambda order: media.stop(order.leg),
            JoinRoom: lambda order: media.join(order.room, order.leg, order.heard_by),
            LeaveRoom: lambda order: media.leave(order.leg),
            FetchUrl: lambda order: fetcher.fetch(order.contact, order.request, order.fetch),
            RecordLegs: self._record,
            PauseRecording: lambda order: media.pause_record(order.recording, order.reason),
            StopRecording: lambda order: media.stop_record(order.recording),
            WatchSilence: lambda order: media.watch_silence(order.leg, order.after_s),
            EraseRecording: lambda order: media.erase(self._recordings / order.file),
        }
        return {kind: _alone(perform) for kind, perform in performers.items()}

    def _play(self, order: PlayTo) -> None:
        country = self._country(order.leg)
        self._media.play(order.leg, order.play, [_of(prompt, country) for prompt in order.prompts])

    def _record(self, order: RecordLegs) -> None:
        self._media.record(order.recording, self._recordings / order.file, order.left, order.right)


def _alone(perform: Callable[[Any], None]) -> Callable[[Any], tuple[Effect, ...]]:
    def performed(order: Effect) -> tuple[Effect, ...]:
        perform(order)
        return ()

    return performed


def _of(prompt: Prompt, country: str) -> Prompt:
    return replace(prompt, language=country) if prompt.tone and not prompt.language else prompt
