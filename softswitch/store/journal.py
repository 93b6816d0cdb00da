"""A file of the calls in progress: records are appended, and survive whatever kills the process.

What has been written is the kernel's: kill -9 does not lose it, and nothing is flushed to the disk, since a call does
not outlive the machine either. Of each name the last record counts. The file is copied without what is over when it is
opened, and whenever it has become much longer than what lives in it.

A record: mark, length and checksum of its body, body (MessagePack: name, octets or None for "over"). One that is torn
or damaged is counted and passed over: reading goes on at the next mark.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import time
import zlib
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)

_MARK = b"\xf5SwJ"  # an octet that no UTF-8 text has
_HEAD = struct.Struct(">II")  # length of the body, its CRC-32
_AT = len(_MARK) + _HEAD.size
MOST = 1 << 20  # octets of one body
MOST_PENDING = 10_000  # calls that wait for a disk that is full
RETRY_S = 1.0
MOST_DEATHS = 3  # of processes that had begun with the same file
SLACK = 16 << 20  # octets of the file that may be of calls that are over
_Body = tuple[str, bytes | None]
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Body)


class CallFile:
    """Implements ``Journal`` of the driver's ports. ``found`` is what the former process has left, by name."""

    def __init__(self, path: Path, slack: int = SLACK, retry_s: float = RETRY_S, spared: tuple[str, ...] = ()) -> None:
        """A file that cannot be read or written is logged and counted; it keeps nobody from working.

        Of a file that is put aside those records live on whose names begin as ``spared`` says: nobody dies of them.
        """
        self.damaged = 0  # records that could not be read
        self.lost = 0  # times that something could not be written: the disk is full
        self._path, self._slack, self._spared = path, slack, spared
        self._retry_s, self._retry_at = retry_s, 0.0
        self._pending: dict[str, bytes | None] = {}  # to be written, the latest of each name
        self._living: set[str] = set()
        self._size, self._limit = 0, slack
        self._file: int | None = None
        self.found: dict[str, bytes] = {}
        self.away_s = 0.0  # for so long no process was ``alive``
        self.suspect = False  # one more death at the start, and it is put aside
        self._deaths = path.with_suffix(".deaths")  # as many octets
        try:
            self._begin()
            there = path.stat() if path.exists() else None
            if there is not None:
                self.away_s = max(0.0, time.time() - there.st_mtime)
            self.found, self.damaged = self._read()
            self._living = set(self.found)
            self._tidy()
            if there is not None:  # a process that cannot begin, as its database is away, serves nobody
                os.utime(path, ns=(there.st_atime_ns, there.st_mtime_ns))
        except OSError as error:
            self._fail(error)
        if self.damaged:
            log.error("%s: %d records cannot be read; their calls are lost", path, self.damaged)

    def _begin(self) -> None:
        """A file of which one process after the other dies is put aside: whoever starts is not to die for ever."""
        if not self._path.exists():
            return self.proven()
        died = self._deaths.stat().st_size if self._deaths.exists() else 0
        if died >= MOST_DEATHS:
            self.proven()
            found, _ = self._read()
            self._path.replace(self._path.with_suffix(".bad"))
            for name in found:
                if name.startswith(self._spared):
                    self.keep(name, found[name])
            self.flush()
            log.error("%s: %d processes have died at their start; it is put aside as .bad", self._path, died)
        else:
            file = self._open(self._deaths)
            os.write(file, b"x")
            os.close(file)
            self.suspect = died == MOST_DEATHS - 1

    def proven(self) -> None:
        """The process is well."""
        with contextlib.suppress(OSError):
            self._deaths.unlink(missing_ok=True)

    def alive(self) -> None:
        """Every now and then, whether there is anything to write or not."""
        with contextlib.suppress(OSError):
            os.utime(self._path)

    def keep(self, name: str, octets: bytes) -> None:
        self._living.add(name)
        self._pend(name, octets)

    def forget(self, name: str) -> None:
        if name in self._living:
            self._living.remove(name)
            self._pend(name, None)

    def _pend(self, name: str, octets: bytes | None) -> None:
        self._pending.pop(name, None)
        self._pending[name] = octets
        if len(self._pending) > MOST_PENDING:
            del self._pending[next(iter(self._pending))]

    def flush(self) -> None:
        """What cannot be written is written later: the end of a call that is not noted would be a ghost one day."""
        if not self._pending or time.monotonic() < self._retry_at:
            return
        data = b"".join(_record(name, octets) for name, octets in self._pending.items())
        try:
            if self._file is None:
                self._file = self._open(self._path)
            _write(self._file, data)
        except OSError as error:
            self._fail(error)
            self._retry_at = time.monotonic() + self._retry_s
            return
        self._pending.clear()
        self._size += len(data)
        try:
            if self._size > self._limit:
                self._limit *= 2  # where it fails, it is tried again when the file is longer still
                self._tidy()
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Of an orderly end: what lives now is what a next process would find, and nothing else is left behind."""
        self._retry_at = 0.0
        self.flush()
        self.proven()
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if not self._living:
            self._path.unlink(missing_ok=True)

    # ---- the file ----------------------------------------------------------------------------------------------

    def _read(self) -> tuple[dict[str, bytes], int]:
        """What lives in the file, and how many of its records cannot be read."""
        found: dict[str, bytes] = {}
        data = self._path.read_bytes() if self._path.exists() else b""
        at, damaged = 0, 0
        while 0 <= at < len(data):
            end, body = _body(data, at)
            if body is None:
                damaged += 1
                at = data.find(_MARK, at + 1)
                continue
            name, octets = body
            if octets is None:
                found.pop(name, None)
            else:
                found[name] = octets
            at = end
        return found, damaged

    def _tidy(self) -> None:
        """What lives, in a file of its own, in the place of what was there. Raises ``OSError``: that stays."""
        found, _ = self._read()
        data = b"".join(_record(name, octets) for name, octets in found.items() if name in self._living)
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        file = self._open(new)
        try:
            _write(file, data)
            new.rename(self._path)
        except OSError:
            os.close(file)
            raise
        if self._file is not None:
            os.close(self._file)
        self._file, self._size, self._limit = file, len(data), self._slack + 2 * len(data)

    @staticmethod
    def _open(path: Path) -> int:
        """For its owner alone: there are keys of SRTP in it."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _fail(self, error: OSError) -> None:
        if not self.lost:
            log.error("%s: calls in progress will not outlive this process: %s", self._path, error)
        self.lost += 1


def _write(file: int, data: bytes) -> None:
    if os.write(file, data) < len(data):
        raise OSError("the disk is full")  # the next record begins with a mark, so that only this one is lost


def _record(name: str, octets: bytes | None) -> bytes:
    body = _ENCODER.encode((name, octets))
    return _MARK + _HEAD.pack(len(body), zlib.crc32(body)) + body


def _body(data: bytes, at: int) -> tuple[int, _Body | None]:
    """Where the record that begins at ``at`` ends, and what is in it; None where it is none."""
    start = at + _AT
    if data[at : at + len(_MARK)] != _MARK or start > len(data):
        return at, None
    length, checksum = _HEAD.unpack_from(data, at + len(_MARK))
    body = data[start : start + length]
    if length > MOST or len(body) < length or zlib.crc32(body) != checksum:
        return at, None
    try:
        return start + length, _DECODER.decode(body)
    except (ValueError, RecursionError):  # ValueError: also text that is no UTF-8
        return at, None
