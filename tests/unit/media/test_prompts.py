"""Which file a prompt is, with an engine that counts what it is asked."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softswitch.audio import wav
from softswitch.ivr.model import RECORDING, Prompt
from softswitch.ivr.speech import sentence
from softswitch.media.prompts import BREATH_S, PromptStore, Speaking
from softswitch.media.speech import Espeak, SpeechError
from tests.support.process import eventually


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
    files = ("hello.wav", "only.wav", "digits/7.wav", "digits/0.mp3")
    for name in (*(f"en/{file}" for file in files), "zh/hello.wav", "zh/digits/7.wav"):
        path = tmp_path / "prompts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav.encode(np.zeros(8, np.int16), 8000))
    (tmp_path / "secret.wav").write_bytes(b"")
    return tmp_path / "prompts"


async def test_the_language_s_file_wins_then_the_other_s(prompts: Path, tmp_path: Path) -> None:
    engine = Engine()
    store = PromptStore(prompts, tmp_path / "cache", engine)
    assert store.find(Prompt("zh", "hello.wav", "text")) == (prompts / "zh" / "hello.wav",)
    assert await store.get(Prompt("zh", "only.wav", "text")) == (prompts / "en" / "only.wav",)
    assert engine.said == []


async def test_speech_is_made_once_per_text_and_language(prompts: Path, tmp_path: Path) -> None:
    engine = Engine()
    store = PromptStore(prompts, tmp_path / "cache", engine)
    prompt = Prompt("en", "missing.wav", "one moment")
    assert store.find(prompt) is None
    made = await store.get(prompt)
    assert made is not None
    (path,) = made
    assert isinstance(path, Path)
    pcm, rate = wav.decode(path.read_bytes())
    assert (len(pcm), rate) == (1600, 16000)
    assert store.find(prompt) == (path,) == await store.get(prompt)
    assert await store.get(Prompt("zh", "", "one moment")) not in (None, (path,))
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
    for age, sounds in enumerate(reversed(made)):
        assert sounds is not None
        os.utime(sounds[0], (1e9 - age, 1e9 - age))
    assert store.find(Prompt("en", "", "a")) == made[0]  # so it is the one used last
    await store.get(Prompt("en", "", "d"))
    assert [store.find(Prompt("en", "", text)) is not None for text in "abcd"] == [True, False, True, True]


@pytest.mark.parametrize("coarse", [False, True])
async def test_speech_takes_so_much_room_and_no_more(
    prompts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coarse: bool
) -> None:
    """Also where the disk's clock gives all of them the same time."""
    named = os.replace

    def at_one_time(source: Path, target: Path) -> None:
        os.utime(source, (1e9, 1e9))
        named(source, target)

    if coarse:
        monkeypatch.setattr(os, "replace", at_one_time)
    one = len(wav.encode(np.zeros(1600, np.int16), 16000))
    store = PromptStore(prompts, tmp_path / "cache", Engine(), speaking=Speaking(most_octets=2 * one))
    for text in "abcdef":
        made = await store.get(Prompt("en", "", text))
        assert made is not None and all(isinstance(one, Path) and one.exists() for one in made)
    assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) == 2 * one


NUMBER = Prompt("en", text="seven zero", pieces=("digits/7", "", "digits/0"))


async def test_a_value_is_heard_from_recordings_where_all_of_its_pieces_are_there(
    prompts: Path, tmp_path: Path
) -> None:
    engine = Engine()
    store = PromptStore(prompts, tmp_path / "cache", engine)
    pieces = (prompts / "en/digits/7.wav", BREATH_S, prompts / "en/digits/0.mp3")
    assert store.find(NUMBER) == await store.get(replace(NUMBER, language="en-GB")) == pieces
    assert engine.said == []
    await store.get(replace(NUMBER, language="zh", text="七零"))  # which lacks the 0
    assert engine.said == [("zh", "七零")]


async def test_where_nobody_speaks_another_language_is_heard(prompts: Path, tmp_path: Path) -> None:
    store = PromptStore(prompts, tmp_path / "cache", None)
    chinese = replace(NUMBER, language="zh", text="七零")
    assert await store.get(chinese) == await store.get(NUMBER) is not None
    assert await PromptStore(prompts, tmp_path, None, speaking=Speaking(fallback=("zh",))).get(chinese) is None


async def test_a_standing_sentence_of_a_language_without_words_is_spoken_in_that_of_the_fallback(
    prompts: Path, tmp_path: Path
) -> None:
    engine, path = Engine(), prompts / "fr/phrase/agent_ready.wav"
    store = PromptStore(prompts, tmp_path / "cache", engine)
    await store.get(sentence("agent_ready", "fr"))
    assert engine.said == [("en", "You are ready.")]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert await store.get(sentence("agent_ready", "fr")) == (path,)


async def test_the_engine_runs_off_the_loop(prompts: Path, tmp_path: Path) -> None:
    class Waiting(Engine):
        def speak(self, text: str, language: str) -> tuple[np.ndarray, int]:
            assert asked.wait(5)  # the loop, which sets it, goes on meanwhile
            return super().speak(text, language)

    asked = threading.Event()
    speaking = asyncio.create_task(PromptStore(prompts, tmp_path / "cache", Waiting()).get(Prompt("en", "", "hello")))
    await asyncio.sleep(0)
    asked.set()
    assert await speaking is not None


async def test_what_is_secret_is_made_anew_and_erased(
    prompts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.media.prompts.PRIVATE_S", 0.0)
    engine, secret = Engine(), Prompt("en", text="four one one one", private=True)
    store = PromptStore(prompts, tmp_path / "cache", engine)
    await store.get(replace(secret, private=False))
    kept = sorted((tmp_path / "cache").rglob("*.wav"))
    first, second = await store.get(secret), await store.get(secret)
    assert first is not None and second is not None and first != second
    assert len(engine.said) == 3 and store.find(secret) is None
    made = [path for path in (*first, *second) if isinstance(path, Path)]
    assert {path.parent.stat().st_mode & 0o077 for path in made} == {0}, "nobody else may look in"
    await eventually(lambda: not any(path.exists() for path in made), 5.0, "an empty directory")
    assert sorted((tmp_path / "cache").rglob("*.wav")) == kept


async def test_what_a_killed_process_has_left_of_secrets_is_erased(prompts: Path, tmp_path: Path) -> None:
    await PromptStore(prompts, tmp_path / "cache", Engine()).get(Prompt("en", text="4111", private=True))
    assert list((tmp_path / "cache").rglob("*.wav"))
    PromptStore(prompts, tmp_path / "cache", Engine())
    assert not list((tmp_path / "cache").rglob("*.wav"))


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "x/" * 3000, "\ud800", "../../secret.wav", ""])
async def test_a_name_that_no_file_can_have_is_that_of_a_recording_that_is_missing(
    prompts: Path, tmp_path: Path, name: str
) -> None:
    """A plan may play what a web server has named."""
    engine, recordings = Engine(), tmp_path / "recordings"
    recordings.mkdir()
    store = PromptStore(prompts, tmp_path / "cache", engine, recordings)
    for file in (name, f"{RECORDING}{name}"):
        assert await store.get(Prompt("en", file)) is None
        assert await store.get(Prompt("en", file, "instead")) is not None
    assert engine.said == [("en", "instead")]


async def test_a_text_that_nothing_can_encode_is_spoken_as_far_as_it_goes(prompts: Path, tmp_path: Path) -> None:
    engine = Engine()
    assert await PromptStore(prompts, tmp_path / "cache", engine).get(Prompt("en", text="a\ud800\0b")) is not None
    assert engine.said == [("en", "a\ufffd\ufffdb")]


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


@pytest.mark.parametrize("command", ["\x010A", "\x01400S", "\x0199P", "\x01100F"])
def test_no_text_commands_the_engine(espeak: Espeak, command: str) -> None:
    """Quieter, faster, higher: for all who are spoken to from then on, if a caller's name could say so."""
    before = length(espeak, "hello my friend", "en"), np.abs(espeak.speak("hello my friend", "en")[0]).max()
    espeak.speak(f"{command} hello", "en")
    after = length(espeak, "hello my friend", "en"), np.abs(espeak.speak("hello my friend", "en")[0]).max()
    assert after[0] == alike(before[0]) and 0.8 < after[1] / before[1] < 1.2


def test_another_language_is_another_sound(espeak: Espeak) -> None:
    assert not np.array_equal(espeak.speak("2025", "en")[0], espeak.speak("2025", "zh")[0])
    with pytest.raises(SpeechError, match="nowhere"):
        espeak.speak("hello", "nowhere")


def length(espeak: Espeak, text: str, language: str) -> int:
    return len(espeak.speak(text, language)[0])


def alike(samples: int) -> Any:
    """The engine says the same by up to 2 % longer or shorter, as it comes after one thing or another."""
    return pytest.approx(samples, rel=0.04)


def test_a_region_is_spoken_by_its_own_voice_or_that_of_its_language(espeak: Espeak) -> None:
    british = length(espeak, "tomato", "en-GB")
    assert length(espeak, "tomato", "en-US") < 0.96 * british and length(espeak, "tomato", "en") == alike(british)
    assert length(espeak, "你好", "zh-CN") == alike(length(espeak, "你好", "zh"))


def test_the_voice_of_a_language_is_a_setting_and_part_of_the_name(espeak: Espeak) -> None:
    british = length(espeak, "tomato", "en")
    other = Espeak({"en": "en-us"})  # the library serves one at a time, the last
    assert other.name != espeak.name and length(other, "tomato", "en") < 0.96 * british
