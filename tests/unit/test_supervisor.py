"""What the settings say of the media reaches its process."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.media.process import arguments
from softswitch.rtp.jitter import JitterSettings
from softswitch.settings import load
from softswitch.supervisor import media_command


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{}", JitterSettings()),
        ("{jitter: {least: 20ms, first: 20ms, most: 20ms}}", JitterSettings(1, 1, 1)),
        ("{jitter: {least: 60ms, first: 120ms, most: 320ms}}", JitterSettings(3, 6, 16)),
    ],
)
def test_the_jitter_buffer_is_as_it_is_written(tmp_path: Path, written: str, read: JitterSettings) -> None:
    (tmp_path / "softswitch.yaml").write_text(f"media: {written}")
    module, *given = media_command(load(tmp_path, {}))[1:]
    assert module == "softswitch.media" and arguments(given).jitter == read
