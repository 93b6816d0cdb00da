"""Sound files in memory: decoded once, at 8 kHz, kept while they are used.

Reading and resampling is done by a worker thread, for a disk may take longer than a tick. Whoever plays gets a future
at once, and is silent until it is done. The cache is bounded by octets; the longest unused goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from softswitch.audio import RATE_HZ, wav
from softswitch.audio.resample import resample

Pcm = npt.NDArray[np.int16]

_MAX_OCTETS = 64 << 20  # 70 minutes of sound
_MAX_FILE_OCTETS = 64 << 20


def load(path: Path) -> Pcm:
    """``(samples,)`` at 8 kHz. Raises ``OSError``, ``NotWave``."""
    if path.stat().st_size > _MAX_FILE_OCTETS:
        raise wav.NotWave(f"{path.name} is larger than {_MAX_FILE_OCTETS >> 20} MB")
    pcm, rate_hz = wav.decode(path.read_bytes())
    return resample(wav.mono(pcm), rate_hz, RATE_HZ)


class Library:
    """Decoded files by path and time of change, so that a prompt that was recorded anew is heard anew."""

    def __init__(self, max_octets: int = _MAX_OCTETS) -> None:
        self.loads = 0
        self._max = max_octets
        self._known: OrderedDict[tuple[str, int], Future[Pcm]] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, "sound-files")

    def get(self, path: str) -> Future[Pcm]:
        try:
            key = (path, Path(path).stat().st_mtime_ns)
        except OSError as error:
            missing: Future[Pcm] = Future()
            missing.set_exception(error)
            return missing
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        self.loads += 1
        self._known[key] = self._worker.submit(load, Path(path))
        self._make_room()
        return self._known[key]

    def _make_room(self) -> None:
        """What is still being played stays with its player; only the memory of it goes."""
        held = sum(_octets(future) for future in self._known.values())
        while held > self._max and len(self._known) > 1:
            _, gone = self._known.popitem(last=False)
            held -= _octets(gone)

    def close(self) -> None:
        self._worker.shutdown(cancel_futures=True)


def _octets(future: Future[Pcm]) -> int:
    return future.result().nbytes if future.done() and not future.exception() else 0
