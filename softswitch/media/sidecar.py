"""What is known of a recording besides its sound: NAME.json beside NAME.wav.

While the recording goes on, and until its checksum is made, it is NAME.unfinished.json: a process that starts after a
crash looks for these. Both are always whole: a new text takes the place of the old one in one step.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FINISHED, UNFINISHED = ".json", ".unfinished.json"


class SidecarError(ValueError):
    """The file does not describe a recording."""


class Pause(msgspec.Struct):
    """Both channels are silent from here to there; seconds from the beginning."""

    from_s: float
    to_s: float | None  # None: to the end
    reason: str


class Sidecar(msgspec.Struct, kw_only=True):
    file: str  # in the same directory
    state: str  # "recording", "finished", "cut" (by a crash), "failed"
    why: str = ""  # it failed
    started_at: str  # RFC 3339, UTC
    left: str | None  # stream on the left channel, or on the only one; None: silence
    right: str | None = None
    rate_hz: int
    channels: int
    duration_s: float = 0.0
    pauses: list[Pause] = []
    octets: int = 0  # of the file
    sha256: str = ""  # of the file, in hexadecimal; "" until it is finished


def unfinished(recording: Path) -> Path:
    return recording.with_suffix(UNFINISHED)


def finished(recording: Path) -> Path:
    return recording.with_suffix(FINISHED)


def load(path: Path) -> Sidecar:
    """Raises ``OSError``, ``SidecarError``."""
    try:
        note = msgspec.json.decode(path.read_bytes(), type=Sidecar)
    except (ValueError, RecursionError) as error:  # ValueError: also text that is no UTF-8
        raise SidecarError(f"{path.name}: {error}") from error
    if Path(note.file).name != note.file:
        raise SidecarError(f"{path.name}: file: {note.file!r} is not in its directory")
    return note


def save(path: Path, note: Sidecar) -> None:
    """Raises ``OSError``."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(note), indent=1) + b"\n")
    os.chmod(part, 0o640)
    os.replace(part, path)
