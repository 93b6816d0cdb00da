"""What is kept of messages, and who is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.build import configuration
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load
from softswitch.settings.kind import HostPort
from softswitch.switch.tracebook import Room


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "softswitch.yaml").write_text(text)
    return load(tmp_path, {})


def test_calls_are_traced_and_nobody_is_told_by_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert configuration(settings, {}, (), b"").trace == Room(500, 500, 32_000_000)
    assert settings.hep.to is None


def test_all_of_it_can_be_set(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        "trace: {messages: 0, contacts: 7, bytes: 9}\nhep: {to: '[::1]:9060', id: 4294967295, key: hush}\n",
    )
    assert configuration(settings, {}, (), b"").trace == Room(0, 7, 9)
    assert (settings.hep.to, settings.hep.id, settings.hep.key) == (HostPort("::1", 9060), 4294967295, "hush")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hep: {to: collector}", "write for example 127.0.0.1:9060"),
        ("hep: {id: 0}", "hep.id"),
        ("trace: {messages: -1}", "trace.messages"),
        ("trace: {octets: 1}", "trace.octets"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, text)
