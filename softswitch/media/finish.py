"""The end of a recording: it is converted if it is to be, its checksum is made, and a file beside it tells of both.

This is done after the call, by a thread of low priority, and again from the beginning where a crash came between; what
is unfinished is found by the name of its sidecar. Each step leaves a recording that can be heard.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from softswitch.media import sidecar
from softswitch.media.sidecar import Sidecar, SidecarError

log = logging.getLogger(__name__)

# By ending: container, codec, options of it. RFC 7845 for .opus.
_CODECS = {".flac": ("flac", "flac", {}), ".opus": ("ogg", "libopus", {"b": "48000", "application": "voip"})}
_BLOCK_S = 5  # seconds that are converted at a time
_STALE_S = 3600.0  # a half-made file that nobody has touched for so long belongs to nobody


def finish(unfinished: Path, keep_free: int = 0) -> Sidecar:
    """Finish one recording; ``keep_free`` octets of the disk are not used.

    Raises ``OSError``, ``SidecarError``, ``EOFError``, ``wave.Error``."""
    note = sidecar.load(unfinished)
    growing = unfinished.with_name(unfinished.name.removesuffix(sidecar.UNFINISHED) + ".wav")
    wanted = unfinished.with_name(note.file)
    done = sidecar.finished(growing)
    if not growing.exists() and done.exists():  # a crash came before the last step
        unfinished.unlink(missing_ok=True)
        return sidecar.load(done)
    with wave.open(str(growing)) as sound:
        note.duration_s = sound.getnframes() / sound.getframerate()
    if note.state == "recording":
        note.state = "cut"
    if wanted != growing and not _converted(growing, wanted, keep_free):
        wanted = growing
    note.file = wanted.name
    note.sha256, note.octets = digest(wanted), wanted.stat().st_size
    sidecar.save(done, note)
    if wanted != growing:
        growing.unlink(missing_ok=True)
    unfinished.unlink(missing_ok=True)
    return note


def _converted(growing: Path, wanted: Path, keep_free: int) -> bool:
    """False where that cannot be done: then the WAVE file is what there is."""
    part = wanted.with_name(f".{wanted.name}.part")
    try:
        if shutil.disk_usage(wanted.parent).free - growing.stat().st_size < keep_free:
            raise OSError("too little room on the disk")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640))  # readable for whom the others are
        convert(growing, part, wanted.suffix)
        os.replace(part, wanted)
    except (OSError, ValueError, av.FFmpegError) as error:
        part.unlink(missing_ok=True)
        log.error("recording %s stays a WAVE file: %s", growing.name, error)
        return False
    return True


def convert(source: Path, target: Path, ending: str) -> None:
    """A WAVE file of ours to FLAC or Ogg Opus. Raises ``OSError``, ``ValueError``, ``av.FFmpegError``."""
    form, codec, options = _CODECS[ending]
    with wave.open(str(source)) as sound, av.open(str(target), "w", format=form) as file:
        layout = ("mono", "stereo")[sound.getnchannels() - 1]
        stream: Any = file.add_stream(codec, rate=sound.getframerate(), layout=layout, options=dict(options))
        at = 0
        while data := sound.readframes(_BLOCK_S * sound.getframerate()):
            frame = av.AudioFrame.from_ndarray(np.frombuffer(data, "<i2").reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.pts = sound.getframerate(), at
            at += frame.samples
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


class Recovered(NamedTuple):
    """How many could be finished, and how many could not."""

    finished: int
    failed: int


def recover(directory: Path, keep_free: int = 0) -> Recovered:
    """Finish what earlier processes have left. What another process is recording is left alone."""
    done: list[bool] = []
    for path in directory.glob(".*.part"):
        with contextlib.suppress(FileNotFoundError):  # it has just got its name
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()
    for path in sorted(directory.glob(f"*{sidecar.UNFINISHED}")):
        growing = path.with_name(path.name.removesuffix(sidecar.UNFINISHED) + ".wav")
        if _alive(growing):
            continue
        done.append(attempt(path, keep_free))
    return Recovered(done.count(True), done.count(False))


def attempt(unfinished: Path, keep_free: int = 0) -> bool:
    """``finish``; False where that cannot be done, which the log explains."""
    try:
        finish(unfinished, keep_free)
    except Exception as error:
        log.error("recording %s cannot be finished: %s", unfinished.name.removesuffix(sidecar.UNFINISHED), error)
        return False
    return True


def _alive(growing: Path) -> bool:
    try:
        with growing.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(directory: Path) -> Iterator[tuple[str, str]]:
    """(file, verdict) of every recording: ``ok``, ``changed``, ``missing``, ``unfinished`` or what is wrong with it."""
    for path in sorted(directory.glob("*.json")):
        try:
            yield _verdict(path)
        except (OSError, SidecarError) as error:
            yield path.name, str(error)


def _verdict(path: Path) -> tuple[str, str]:
    note = sidecar.load(path)
    if path.name.endswith(sidecar.UNFINISHED):
        return note.file, "unfinished"
    sound = path.with_name(note.file)
    if not sound.exists():
        return note.file, "missing"
    return note.file, "ok" if digest(sound) == note.sha256 else "changed"
