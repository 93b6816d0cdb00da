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

    def handlers(self) -> dict[type[Effect], Callable[[Any], list[Effect]]]:
        heard = (PlayTo, HoldMusicTo, SilenceTo, JoinRoom, LeaveRoom, FetchUrl)
        recorded = (RecordLegs, PauseRecording, StopRecording, WatchSilence, EraseRecording)
        return {**dict.fromkeys(heard, self._perform), **dict.fromkeys(recorded, self._record)}

    def _perform(self, order: Effect) -> list[Effect]:
        match order:
            case PlayTo(leg, play, prompts):
                country = self._country(leg)
                self._media.play(leg, play, [_of(prompt, country) for prompt in prompts])
            case HoldMusicTo(leg, music):
                self._media.hold_music(leg, music)
            case SilenceTo(leg):
                self._media.stop(leg)
            case JoinRoom(room, leg, heard_by):
                self._media.join(room, leg, heard_by)
            case LeaveRoom(leg):
                self._media.leave(leg)
            case FetchUrl(contact, request, fetch):
                self._fetcher.fetch(contact, request, fetch)
        return []

    def _record(self, order: Effect) -> list[Effect]:
        match order:
            case RecordLegs(recording, file, left, right):
                self._media.record(recording, self._recordings / file, left, right)
            case PauseRecording(recording, reason):
                self._media.pause_record(recording, reason)
            case StopRecording(recording):
                self._media.stop_record(recording)
            case WatchSilence(leg, after_s):
                self._media.watch_silence(leg, after_s)
            case EraseRecording(file):
                self._media.erase(self._recordings / file)
        return []


def _of(prompt: Prompt, country: str) -> Prompt:
    return replace(prompt, language=country) if prompt.tone and not prompt.language else prompt
