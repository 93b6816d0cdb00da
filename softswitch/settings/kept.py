"""The seven files as they were when they were last found right: what serves on when control dies under a mistake that
has been written since.

Decided here: where their texts are, that only their owner may read them (they have passwords), and that what is written
comes first wherever it is right.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from softswitch.core.errors import ConfigError, Problem
from softswitch.settings.load import load
from softswitch.settings.model import Settings


def kept_file(var: Path) -> Path:
    return var / "configuration.json"


def keep(settings: Settings) -> None:
    """What is written is what would serve on. Raises ``OSError``."""
    path = kept_file(settings.paths.var)
    new = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(settings.texts))
    new.replace(path)


def former(directory: Path, kept: Path, environment: Mapping[str, str] | None = None) -> Settings | None:
    """What was kept; None where nothing was, or it is not right any more."""
    try:
        texts = msgspec.json.decode(kept.read_bytes(), type=dict[str, str])
        return load(directory, environment, texts)
    except (OSError, ValueError, RecursionError, ConfigError):
        return None


def latest(
    directory: Path, kept: Path, environment: Mapping[str, str] | None = None
) -> tuple[Settings, Sequence[Problem]]:
    """What is written, or else what was kept, and the problems of what is written. Raises ``ConfigError`` with those
    where nothing was kept, or that is not right any more."""
    try:
        return load(directory, environment), ()
    except ConfigError as error:
        found = former(directory, kept, environment)
        if found is None:
            raise
        return found, error.problems
