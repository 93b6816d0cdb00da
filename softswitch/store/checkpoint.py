"""The log of an SQLite file is brought into the file by a thread of its own: no commit waits for it.

SQLite does it within the commit by which the log has grown long enough. That commit takes ten times as long as others,
and so does whatever waits for it, a claim or a caller. Here it is done beside the writer (PASSIVE), which goes on; only
where that does not keep up, and the log has ``MOST_PAGES``, a commit does it after all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress

EVERY = 2000  # rows that were changed: some 5,000 pages
MOST_PAGES = 32_768  # 128 MiB


class Checkpoints:
    """``connect`` opens the file anew; all but ``close`` is called by the thread that writes."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._changed = 0
        self._going: Future[None] | None = None

    def committed(self, rows: int) -> None:
        self._changed += rows
        if self._changed >= EVERY and (self._going is None or self._going.done()):
            self._changed = 0
            with suppress(RuntimeError):  # there is no thread to be had: what is committed is committed all the same
                self._going = self._thread.submit(self._bring)

    def close(self) -> None:
        self._thread.shutdown()

    def _bring(self) -> None:
        """What cannot be brought now stays in the log; a disk that is full the writer finds out by itself."""
        try:
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            return
