"""The end of a media process that is there and does not answer: stopped, swapped out for good, in an endless loop.

The supervisor restarts what ends, and cannot see what hangs; control can, and ends it. Which process that is, the
kernel says: it is the one that listens at the other end of the Unix socket.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import struct
from typing import Any

log = logging.getLogger(__name__)

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


def process_behind(connection: Any) -> int:
    """The pid of who listens where this socket is connected to; 0 for a process that we cannot see from here."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[0])


def end(pid: int) -> None:
    """SIGKILL, the one signal that a stopped process obeys. Never to ourselves, nor to a process group."""
    if pid <= 0 or pid == os.getpid():
        log.error("media process: no answer; it cannot be ended from here")
        return
    log.error("media process %d does not answer; it is killed, so that the supervisor starts another", pid)
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError as error:
        log.error("media process %d: %s", pid, error.strerror)
