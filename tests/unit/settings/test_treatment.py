"""What callers hear while they wait, as it is written; and what is wrong, by line and with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.contact.treatment import Sound, Treatment
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load
from softswitch.settings.treatment import prompt_files

Load = Callable[[str], Settings]


@pytest.fixture
def queue(tmp_path: Path) -> Load:
    """The settings of a queue ``a``, of which this is written."""

    def written(options: str) -> Settings:
        config = tmp_path / "config"
        config.mkdir(exist_ok=True)
        prompts = tmp_path / "media/prompts/en"
        prompts.mkdir(parents=True, exist_ok=True)
        (prompts / "thanks.wav").touch()
        (config / "softswitch.yaml").write_text("")
        (config / "queues.yaml").write_text(f"queues:\n  a:\n    {options}\n", "utf-8")
        return load(config, {})

    return written


def treatment(settings: Settings) -> Treatment:
    return settings.treatments({"en": {"thanks.wav"}})["a"]


def test_the_directory_of_a_language_may_be_a_link(tmp_path: Path, queue: Load) -> None:
    (tmp_path / "bought/digits").mkdir(parents=True)
    for name in ("hello.wav", "digits/1.wav", "licence.txt"):
        (tmp_path / "bought" / name).touch()
    prompts = tmp_path / "media/prompts"
    prompts.mkdir(parents=True)
    (prompts / "en-GB").symlink_to(tmp_path / "bought")
    (prompts / "zh").symlink_to(tmp_path / "nothing")
    assert not queue("announce: {every: 45s, messages: [hello.wav]}").warnings
    assert prompt_files(prompts) == {"en": {"thanks.wav"}, "en-GB": {"hello.wav", "digits/1.wav"}}


def test_everything_that_can_be_written(queue: Load) -> None:
    settings = queue(
        "announce: {every: 45s, gap: 15s, position: when-changed, up_to: 20, wait: true, longest: 15m, "
        "messages: [thanks.wav, {say: {zh: 谢谢。, en: Thank you.}}, {play: thanks.wav, say: Thanks.}], "
        "order: random}\n"
        "    tell_caller: {say: '{agent} is here.'}\n    resume: 5m"
    )
    assert settings.warnings == ()
    thanks = frozenset({"en"})
    messages = (
        Sound("thanks.wav", {}, thanks), Sound("", {"zh": "谢谢。", "en": "Thank you."}),
        Sound("thanks.wav", {"": "Thanks."}, thanks),
    )  # fmt: skip
    answered = Sound("", {"": "{agent} is here."})
    assert treatment(settings) == Treatment(
        45.0, 15.0, True, False, 20, True, 900.0, messages, True, answered, 300.0
    )  # fmt: skip


def test_what_is_not_written_is_the_position_each_half_minute(queue: Load) -> None:
    assert treatment(queue("record: true")) == Treatment(30.0, 10.0, True, True)


@pytest.mark.parametrize("off", ["{position: false}", "{every: 0s}"])
def test_nothing_is_announced_where_nothing_is_wanted(queue: Load, off: str) -> None:
    assert treatment(queue(f"announce: {off}")).every_s == 0.0


@pytest.mark.parametrize(
    ("written", "key", "said"),
    [
        (
            "announce: {messages: [Thank you]}",
            "announce.messages[0].play",
            "'Thank you' is no sound file; write a file",
        ),
        ("announce: {messages: [{}]}", "announce.messages[0]", "says nothing; write a file such as thanks.wav"),
        ("announce: {messages: [/etc/x.wav]}", "announce.messages[0].play", "must lie below media/prompts"),
        ("announce: {messages: [../x.wav]}", "announce.messages[0].play", "must lie below media/prompts"),
        ("announce: {messages: [{say: 'Hello {name}'}]}", "announce.messages[0].say", "'{name}' is nothing that is"),
        ("announce: {messages: [{say: {fr: Merci}}]}", "announce.messages[0].say", "fr"),
        ("announce: {every: 0s, messages: [thanks.wav]}", "announce", "never said with every: 0s"),
        ("announce: {position: sometimes}", "announce.position", "when-changed"),
        ("announce: {every: 10ms}", "announce.every", "must be 0s (never), or at least 1s"),
        ("announce: {messages: [{say: [x]}]}", "announce.messages[0].say", "a text for each language, such as"),
        ("announce: {longest: 30s}", "announce.longest", "60"),
        ("announce: {up_to: -1}", "announce.up_to", "0"),
        ("announce: {order: shuffled}", "announce.order", "random"),
        ("tell_caller: true", "tell_caller", "write a file such as thanks.wav"),
        ("resume: 5", "resume", "no unit"),
    ],
)
def test_what_is_wrong_is_told_in_its_place(queue: Load, written: str, key: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        queue(written)
    problems = caught.value.problems
    assert {problem.line for problem in problems} == {3}
    assert all(problem.key.startswith(f"queues.a.{key}") for problem in problems), problems
    assert any(said in problem.message for problem in problems), problems
    assert not any(theirs in problem.key for problem in problems for theirs in ("function-", "dict[", "literal["))
    assert len(problems) == 1


def test_a_file_that_no_language_has_is_told_before_any_caller_misses_it(queue: Load) -> None:
    (warning,) = queue("announce: {messages: [thank.wav, thanks.wav, {play: none.wav, say: Thanks.}]}").warnings
    assert (warning.key, warning.line) == ("queues.a.announce.messages[0]", 3)
    assert "has 'thank.wav'" in warning.message and "did you mean 'thanks.wav'" in warning.message
    (warning,) = queue("tell_caller: connecting.wav").warnings
    assert warning.key == "queues.a.tell_caller"
