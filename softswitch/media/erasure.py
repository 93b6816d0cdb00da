"""A recording that nobody needs any more: its files go once it is finished, and not while somebody writes them."""

from __future__ import annotations

import asyncio
import glob
import logging
from pathlib import Path

from softswitch.media import sidecar

log = logging.getLogger(__name__)

WAIT_S = 2.0  # for the process that records to begin, to end, to convert
TRIES = 60


async def erased(path: Path) -> None:
    """The recording, its other segments, and what lies beside them."""
    for _ in range(TRIES):
        await asyncio.sleep(WAIT_S)
        if await asyncio.to_thread(_erase, path):
            return
    log.error("recording %s is not erased: it is never finished", path.name)


def _erase(path: Path) -> bool:
    """False where it is not finished yet."""
    files = [Path(name) for name in glob.glob(f"{glob.escape(str(path.with_suffix('')))}.*")]
    if any(file.name.endswith(sidecar.UNFINISHED) for file in files):
        return False
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.error("recording %s cannot be erased: %s", file.name, error)
    return True
