"""Which file a prompt is, with an engine that counts what it is asked."""

import os
from pathlib import Path

import numpy as np
import pytest

from softswitch.audio import wav
from softswitch.ivr.model import Prompt
from softswitch.media.prompts import PromptStore
from softswitch.media.speech import Espeak, SpeechError


class Engine:
    name = "counting"

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def speak(self, text: str, language: str) -> tuple[np.ndarray, int]:
        self.said.append((language, text))
        if text == "unspeakable":
            raise SpeechError("no")
        return np.full(1600, 100, np.int16), 16000


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    for name in ("en/hello.wav", "zh/hello.wav", "en/only.wav"):
        path = tmp_path / "prompts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav.encode(np.zeros(8, np.int16), 8000))
    (tmp_path / "secret.wav").write_bytes(b"")
    return tmp_path / "prompts"


async def test_the_language_s_file_wins_then_the_other_s(prompts: Path, tmp_path: Path) -> None:
    engine = Engine()
    store = PromptStore(prompts, tmp_path / "cache", engine)
    assert store.find(Prompt("zh", "hello.wav", "text")) == prompts / "zh" / "hello.wav"
    assert await store.get(Prompt("zh", "only.wav", "text")) == prompts / "en" / "only.wav"
    assert engine.said == []


async def test_speech_is_made_once_per_text_and_language(prompts: Path, tmp_path: Path) -> None:
    engine = Engine()
    store = PromptStore(prompts, tmp_path / "cache", engine)
    prompt = Prompt("en", "missing.wav", "one moment")
    assert store.find(prompt) is None
    path = await store.get(prompt)
    assert path is not None
    pcm, rate = wav.decode(path.read_bytes())
    assert (len(pcm), rate) == (1600, 16000)
    assert store.find(prompt) == path == await store.get(prompt)
    assert await store.get(Prompt("zh", "", "one moment")) not in (None, path)
    assert engine.said == [("en", "one moment"), ("zh", "one moment")]
    assert {one.suffix for one in (tmp_path / "cache").iterdir()} == {".wav"}


@pytest.mark.parametrize("prompt", [Prompt("en", "no.wav"), Prompt("en"), Prompt("en", "", " ")])
async def test_nothing_to_play(prompts: Path, tmp_path: Path, prompt: Prompt) -> None:
    assert await PromptStore(prompts, tmp_path / "cache", Engine()).get(prompt) is None


async def test_without_an_engine_or_with_one_that_fails(prompts: Path, tmp_path: Path) -> None:
    assert await PromptStore(prompts, tmp_path / "cache", None).get(Prompt("en", "", "hello")) is None
    assert await PromptStore(prompts, tmp_path / "cache", Engine()).get(Prompt("en", "", "unspeakable")) is None


@pytest.mark.parametrize("file", ["../../secret.wav", "../en/../../secret.wav", "/etc/hostname"])
def test_no_file_outside_of_the_prompts_is_played(prompts: Path, tmp_path: Path, file: str) -> None:
    assert PromptStore(prompts, tmp_path / "cache", None).find(Prompt("en", file)) is None


async def test_the_longest_unused_speech_goes(prompts: Path, tmp_path: Path) -> None:
    engine = Engine()
    store = PromptStore(prompts, tmp_path / "cache", engine, most=3)
    made = [await store.get(Prompt("en", "", text)) for text in "abc"]
    for age, path in enumerate(reversed(made)):
        assert path is not None
        os.utime(path, (1e9 - age, 1e9 - age))
    assert store.find(Prompt("en", "", "a")) == made[0]  # so it is the one used last
    await store.get(Prompt("en", "", "d"))
    assert [store.find(Prompt("en", "", text)) is not None for text in "abcd"] == [True, False, True, True]


async def test_what_is_spoken_is_not_logged(prompts: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = PromptStore(prompts, tmp_path / "cache", Engine())
    assert await store.get(Prompt("en", "", "unspeakable")) is None
    assert "no" in caplog.text
    assert "unspeakable" not in caplog.text


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    pytest.importorskip("espeakng_loader", reason="the speech extra is not installed")
    return Espeak()


@pytest.mark.parametrize(("language", "text"), [("en", "Please hold the line."), ("zh", "请稍候。")])
def test_the_built_in_engine_speaks_both_languages(espeak: Espeak, language: str, text: str) -> None:
    pcm, rate = espeak.speak(text, language)
    assert 0.5 < len(pcm) / rate < 5
    assert np.abs(pcm.astype(int)).max() > 3000


def test_another_language_is_another_sound(espeak: Espeak) -> None:
    assert not np.array_equal(espeak.speak("2025", "en")[0], espeak.speak("2025", "zh")[0])
    with pytest.raises(SpeechError, match="nowhere"):
        espeak.speak("hello", "nowhere")
