"""How it is spoken: voices, which language stands in for another, and where the time comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.build import configuration, speaking
from softswitch.core.errors import ConfigError
from softswitch.media.prompts import Speaking
from softswitch.settings import Settings, load


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "softswitch.yaml").write_text(text)
    return load(tmp_path, {})


def test_by_default_the_two_languages_stand_in_for_each_other(tmp_path: Path) -> None:
    assert speaking(loaded(tmp_path, "")) == Speaking({}, ("en", "zh"), 500_000_000)


def test_all_of_it_can_be_set(tmp_path: Path) -> None:
    text = (
        "speech: {voices: {en: en-us, yue: yue}, fallback: [yue, zh], cache: 20}\nzone: Europe/London\nlanguage: zh-HK"
    )
    settings = loaded(tmp_path, text)
    assert speaking(settings) == Speaking({"en": "en-us", "yue": "yue"}, ("yue", "zh"), 20_000_000)
    built = configuration(settings, {}, (), b"")
    assert (built.fallback, built.zone, built.language) == (("yue", "zh"), "Europe/London", "zh-HK")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speech: {voices: {klingon: a}}", "'klingon' is not a language that is spoken here; write zh or en"),
        ("speech: {voices: {en: 'a b'}}", "a voice of espeak-ng, such as en-us or cmn"),
        ("speech: {fallback: [fr]}", "'fr' is not a language that is spoken here"),
        ("speech: {fallback: zh}", "speech.fallback"),
        ("speech: {cache: 1}", "speech.cache"),
        ("speech: {engine: x}", "speech.engine"),
        ("zone: Mars", "'Mars' is not a time zone"),
        ("language: Chinese", "a language such as zh or en-GB"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, text)
