"""A file like Asterisk's ``queue_log``. It is opened anew for each fact, so that it can be moved away at any time."""

from __future__ import annotations

import os
from pathlib import Path

from softswitch.contact.queue_log import QueueLog, Serving, line
from softswitch.core.effect import DomainEvent


class QueueLogFile:
    """A listener of the switch. Raises ``OSError`` where it cannot write, which the switch counts as a lost fact."""

    def __init__(self, path: Path, serving: Serving) -> None:
        self._path = path
        self._log = QueueLog(serving)
        self._begun = False

    def observe(self, event: DomainEvent, unix: float) -> None:
        lines = self._log.lines(event, unix)
        if not lines:
            return
        if not self._begun:
            lines.insert(0, line(unix, "NONE", "NONE", "NONE", "QUEUESTART", ""))
        octets = "".join(f"{one}\n" for one in lines).encode("utf-8", "replace")
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # it has numbers of callers
        try:
            os.write(file, octets)
        finally:
            os.close(file)
        self._begun = True
