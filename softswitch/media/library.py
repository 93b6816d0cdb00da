"""Sound files in memory: decoded once for each rate at which somebody hears them, for all who do.

Reading, decoding and resampling are done by two worker threads of low priority, for both may take longer than a tick.
Whoever plays gets a future at once, and is silent until it is done. The cache is bounded by octets; the longest unused
goes first. Hold music is not part of it: it is always needed, and lives as long as the process.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, SOUND_FILES, progress
from softswitch.media.sound import Limits, SoundError, read

Pcm = npt.NDArray[np.int16]
Sound = Callable[[int], Future[Pcm]]  # by the rate in Hz: samples now or later
_Key = tuple[str, int, int, int]  # path, time of change in ns, octets of the file, Hz

log = logging.getLogger(__name__)

MAX_OCTETS = 64 << 20  # 70 minutes of sound at 8 kHz
MOST_MUSIC_S = 3600.0  # of one class
MOST_PAUSE_S = 60.0
_NICE = 10  # the workers' priority: whoever talks comes first


class Library:
    """Decoded files by path, size and time of change, so that a prompt that was recorded anew is heard anew."""

    def __init__(self, max_octets: int = MAX_OCTETS) -> None:
        self.loads = 0
        self.octets = 0  # of what is kept
        self._max = max_octets
        self._limits = Limits(seconds=max_octets / 2 / RATE_HZ)
        self._known: OrderedDict[_Key, Future[Pcm]] = OrderedDict()
        self._kept: dict[_Key, int] = {}  # octets of each that is loaded; 0: it cannot be read
        self._lock = threading.Lock()  # of what is above, which a worker changes when it is done
        self._workers = ThreadPoolExecutor(2, "sound-files", step_back)

    def get(self, path: str, rate_hz: int = RATE_HZ) -> Future[Pcm]:
        """``(samples,)``, now or later; what cannot be had fails in the future. A tone may stand in place of a path."""
        if path.startswith(progress.PREFIX):
            return self._workers.submit(progress.named, path, rate_hz)
        try:
            found = Path(path).stat()
        except OSError as error:
            missing: Future[Pcm] = Future()
            missing.set_exception(error)
            return missing
        key = (path, found.st_mtime_ns, found.st_size, rate_hz)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            self.loads += 1
            self._known[key] = self._workers.submit(self._load, key)
            return self._known[key]

    def _load(self, key: _Key) -> Pcm:
        (path, *_, rate_hz), octets = key, 0
        try:
            pcm = read(Path(path), rate_hz, self._limits)
            octets = pcm.nbytes
            return pcm
        except (OSError, SoundError) as error:
            log.error("sound file %s: %s", path, error)  # once: until it changes, it is not read again
            raise
        finally:
            self._make_room(key, octets)

    def _make_room(self, loaded: _Key, octets: int) -> None:
        """Before anybody has it. What is still being played stays with its player; only the memory of it goes."""
        with self._lock:
            self._kept[loaded] = octets
            self.octets += octets
            for key in [key for key in self._known if key in self._kept]:
                if self.octets <= self._max:
                    return
                del self._known[key]
                self.octets -= self._kept.pop(key)

    def music(self, files: Sequence[Path]) -> Sound:
        """Files in a row as ``(frames, samples)``, to be played in a loop; those that cannot be read are left out.

        As many frames at every rate, so that all hear the same moment. Another rate than 8 kHz is had when it is asked
        for.
        """
        loop = self._workers.submit(_loop, files)

        @cache
        def at(rate_hz: int) -> Future[Pcm]:
            return loop if rate_hz == RATE_HZ else self._workers.submit(_in_step, files, rate_hz, loop)

        return at

    def close(self) -> None:
        self._workers.shutdown(cancel_futures=True)


def pause(seconds: float) -> Sound:
    """Silence between two prompts; it takes no memory."""

    def at(rate_hz: int) -> Future[Pcm]:
        made: Future[Pcm] = Future()
        made.set_result(np.broadcast_to(np.int16(0), (round(min(max(seconds, 0.0), MOST_PAUSE_S) * rate_hz),)))
        return made

    return at


def music_files(directory: Path | None) -> dict[str, list[Path]]:
    """Class -> its files in the order of their names.

    Files of the directory itself are the class ``default``, those of a directory in it the class of its name.
    """
    if directory is None or not directory.is_dir():
        return {}
    inner = {path.name: path for path in sorted(directory.iterdir()) if path.is_dir() and not path.name.startswith(".")}
    found = {name: _sounds(path) for name, path in {**inner, "default": directory}.items()}
    return {name: files for name, files in found.items() if files}


def _sounds(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix.lower() in SOUND_FILES and path.is_file())


def _loop(files: Sequence[Path]) -> Pcm:
    whole = _in_a_row(files, RATE_HZ)
    return np.resize(whole, (len(whole) // FRAME, FRAME))


def _in_step(files: Sequence[Path], rate_hz: int, loop: Future[Pcm]) -> Pcm:
    """The same at another rate. ``loop`` was begun before, and is not waited for in vain."""
    whole, frames, samples = _in_a_row(files, rate_hz), len(loop.result()), FRAME * rate_hz // RATE_HZ
    return np.resize(whole, (frames if len(whole) else 0, samples))


def _in_a_row(files: Sequence[Path], rate_hz: int) -> Pcm:
    pieces = [np.zeros(0, np.int16)]
    for path in files:
        try:
            pieces.append(read(path, rate_hz, Limits(seconds=MOST_MUSIC_S)))
        except (OSError, SoundError) as error:
            log.warning("hold music %s: %s", path, error)
    return np.concatenate(pieces)[: round(MOST_MUSIC_S * rate_hz)]


def step_back() -> None:
    """Give this thread a low priority (on Linux a thread has one of its own)."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
