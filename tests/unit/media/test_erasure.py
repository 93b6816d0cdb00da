"""Recordings that nobody needs any more, and those that are heard again."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.ivr.model import RECORDING, Prompt
from softswitch.media import erasure
from softswitch.media.prompts import PromptStore


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def test_a_recording_goes_with_all_that_belongs_to_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "WAIT_S", 0.0)
    for name in ("vm-1.flac", "vm-1.json", "vm-1.2.flac", "vm-1.2.json", "vm-1-2.flac", "vm-10.flac"):
        (tmp_path / name).touch()
    await erasure.erased(tmp_path / "vm-1.flac")
    assert names(tmp_path) == ["vm-1-2.flac", "vm-10.flac"]
    await erasure.erased(tmp_path / "vm-1.flac")  # it is gone already


async def test_one_that_is_still_written_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(erasure, "WAIT_S", 0.0)
    monkeypatch.setattr(erasure, "TRIES", 3)
    for name in ("vm-1.wav", "vm-1.unfinished.json"):
        (tmp_path / name).touch()
    await erasure.erased(tmp_path / "vm-1.wav")
    assert (tmp_path / "vm-1.wav").exists() and "never finished" in caplog.text


def test_a_recording_is_found_converted_or_not_and_nothing_outside_of_the_directory(tmp_path: Path) -> None:
    recordings, prompts = tmp_path / "recordings", tmp_path / "prompts"
    (prompts / "en").mkdir(parents=True)
    recordings.mkdir()
    (tmp_path / "secret.wav").touch()
    (recordings / "a.wav").touch()
    store = PromptStore(prompts, tmp_path / "cache", None, recordings)

    def found(name: str) -> object:
        return store.find(Prompt("en", file=f"{RECORDING}{name}"))

    assert found("a.opus") == (recordings / "a.wav",), "it is not converted yet"
    (recordings / "a.opus").touch()
    assert found("a.opus") == (recordings / "a.opus",)
    assert found("../secret.wav") is None and found(str(tmp_path / "secret.wav")) is None and found("b.wav") is None
    assert PromptStore(prompts, tmp_path / "cache", None).find(Prompt("en", file=f"{RECORDING}a.wav")) is None
