"""The process's end of the control connection: a listening Unix socket and at most one control, never waited for.

The newest connection wins, because an old one that was not closed belongs to a control that is gone.
"""

from __future__ import annotations

import logging
import select
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path

from softswitch.media import protocol as p

log = logging.getLogger(__name__)

_MOST_UNSENT = 1 << 20  # octets; a control that reads so little is not alive
_MOST_MISSED = 4096  # events
_READ = 1 << 12  # octets: some 40 commands, two milliseconds, so that a burst of them makes no tick late
_MOST_LAST = 1 << 8  # readings while another control waits: more than the socket of one that is gone can hold


class Channel:
    """``obey`` takes each command; ``greeting`` is the answer to ``Hello``."""

    def __init__(self, path: Path, greeting: p.Welcome, obey: Callable[[p.Command], None]) -> None:
        self.greeting, self._obey = greeting, obey
        self._peer: socket.socket | None = None
        self._deaf = False  # it is gone, and what it had said before is still being read
        self.refused = 0  # commands that were none
        self._frames = p.Frames(self._refuse)
        self._last = 0  # readings since another control waits
        self._unsent = bytearray()
        self._missed: deque[bytes] = deque(maxlen=_MOST_MISSED)  # the latest events while no control was there
        path.unlink(missing_ok=True)  # of a process that was killed
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(4)
        self._poll = select.poll()
        self._poll.register(self._listener.fileno(), select.POLLIN)

    def serve(self, wait_s: float) -> None:
        """Obey what arrives within ``wait_s``; returns early after each piece of work."""
        ready = [fd for fd, _ in self._poll.poll(max(0, int(wait_s * 1000)))]
        if speaks := self._peer is not None and self._peer.fileno() in ready:
            self._read()
        waits = self._listener.fileno() in ready
        self._last = self._last + 1 if waits and speaks and self._peer else 0
        if waits and not 0 < self._last <= _MOST_LAST:
            self._accept()  # what a control said before it went is heard to its end before the next one is let in
        self._write()

    def tell(self, event: p.Event) -> None:
        """To the control that is there, or to the next one: a key that was pressed meanwhile is not lost."""
        if self._peer is None or self._deaf:
            self._missed.append(p.pack(event))
            return
        self._unsent += p.pack(event)
        if len(self._unsent) > _MOST_UNSENT:
            self.drop("control does not read")

    def _accept(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except OSError:
            return  # it has gone again
        self.drop("a newer control came")
        peer.setblocking(False)
        self._peer, self._frames = peer, p.Frames(self._refuse)
        self._poll.register(peer.fileno(), select.POLLIN)

    def _read(self) -> None:
        assert self._peer is not None
        try:
            octets = self._peer.recv(_READ)
            for command in self._frames.commands(octets):
                self._take(command)
        except BlockingIOError:
            return
        except (OSError, p.ProtocolError) as error:
            self.drop(str(error))
            return
        if not octets:
            self.drop("control closed the connection")

    def _refuse(self, why: str) -> None:
        self.refused += 1
        log.error("refused: %s", why)

    def _take(self, command: p.Command) -> None:
        if type(command) is p.Hello and not self._deaf:
            self._unsent += b"".join(self._missed)  # before it says what it wants, which may be over
            self._missed.clear()
            self.tell(self.greeting)
        self._obey(command)

    def _write(self) -> None:
        if self._peer is None or not self._unsent:
            return
        try:
            del self._unsent[: self._peer.send(self._unsent)]
        except BlockingIOError:
            return
        except ConnectionError:
            self._deaf = True
            self._unsent.clear()
        except OSError as error:
            self.drop(str(error))

    def drop(self, why: str) -> None:
        """Hear this control no more."""
        if self._peer is None:
            return
        log.info("control connection dropped: %s", why)
        self._poll.unregister(self._peer.fileno())
        self._peer.close()
        self._peer, self._deaf = None, False
        self._unsent.clear()

    def close(self) -> None:
        self._write()  # the last words tell of recordings that are not on disk
        self.drop("shutting down")
        self._listener.close()
