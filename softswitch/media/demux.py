"""Which stream a packet belongs to: by the port at which it came in and the source from which it came.

Streams share ports, so the source decides. One sorted array holds a key for each address that is known to be a
stream's: the one that it was heard from, and the signalled one, which may take over (``source.py``). A whole batch is
looked up at once, by where in the array the keys of a beginning start, and what is found is compared in full; so a
flood of strangers costs array operations and no Python. Only a packet whose host is one of the two that an unlatched
stream of that very port waits for is looked at by itself, at most ``MOST_CANDIDATES`` in a batch. The hash is keyed:
nobody can aim at a collision.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.media.address import NAME, Address, Host, Sources, host_of, sockaddr
from softswitch.media.source import Source

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

NOBODY = -1
MOST_CANDIDATES = 64  # packets per batch that are judged one by one

_BEGINNING = 14  # bits of a key by which its place is found; with 2,000 streams few share one
_SHIFT = np.uint64(64 - _BEGINNING)


@dataclass(slots=True)
class _Entry:
    """An address of a row in the table; ``waits`` where it was signalled and is not the one that speaks."""

    key: int
    waits: bool


class _Known:
    """The addresses of streams by their keys, in the order of these; one array per part, the same place in each."""

    def __init__(self) -> None:
        self.key: Keys = np.zeros(0, np.uint64)
        self.high: Keys = np.zeros(0, np.uint64)
        self.low: Keys = np.zeros(0, np.uint64)
        self.end = np.zeros(0, np.uint64)  # the port of the source, and ours beside it
        self.row: Ints = np.zeros(0, np.int64)
        self.waits = np.zeros(0, np.bool_)
        self._first = np.zeros((1 << _BEGINNING) + 1, np.int32)  # by beginning: how many keys are less

    def __len__(self) -> int:
        return len(self.key)

    def _place(self, key: int) -> int:
        return int(np.searchsorted(self.key, np.uint64(key)))

    def __contains__(self, key: int) -> bool:
        at = self._place(key)
        return at < len(self.key) and int(self.key[at]) == key

    def add(self, key: int, host: Host, end: int, row: int, waits: bool) -> None:
        at = self._place(key)
        for name, value in zip(_PARTS, (key, *host, end, row, waits), strict=True):
            old = getattr(self, name)
            new = np.empty(len(old) + 1, old.dtype)  # six times as fast as np.insert
            new[:at], new[at], new[at + 1 :] = old[:at], value, old[at:]
            setattr(self, name, new)
        self._first[(key >> int(_SHIFT)) + 1 :] += 1

    def remove(self, key: int) -> None:
        at = self._place(key)
        for name in _PARTS:
            setattr(self, name, np.delete(getattr(self, name), at))
        self._first[(key >> int(_SHIFT)) + 1 :] -= 1

    def places(self, keys: Keys) -> Ints:
        """Where each of ``keys`` is, if it is anywhere: somewhere, then, where another key is."""
        beginning = keys >> _SHIFT
        at = self._first[beginning].astype(np.int64)
        last = self._first[beginning + np.uint64(1)] - 1
        while len(more := np.flatnonzero((at < last) & (self.key[np.minimum(at, len(self.key) - 1)] != keys))):
            at[more] += 1
        return np.asarray(np.minimum(at, len(self.key) - 1))


_PARTS = ("key", "high", "low", "end", "row", "waits")


class Demux:
    """The peers of all rows. ``port`` below is the number that ``Sockets`` gave to a local port."""

    def __init__(self, streams: int) -> None:
        self.strangers = 0  # packets from nobody's peer
        self.clashes = 0  # addresses that two streams of one port claim
        self.learnt: list[int] = []  # rows that were latched since somebody last looked here
        self.names = np.zeros((streams, NAME), np.uint8)  # struct sockaddr of whom a row sends to
        self.name_size = np.zeros(streams, np.uint32)  # its octets; 0: nobody
        self._secret = [secrets.randbits(64) | 1 for _ in range(4)]
        self._known = _Known()
        self._source: dict[int, Source] = {}
        self._place: dict[int, tuple[int, int]] = {}  # (port, address family) of a row
        self._zone: dict[int, str] = {}  # of a row's link-local peer, with its "%"
        self._own: dict[int, dict[Address, _Entry]] = {}
        self._waiting: dict[int, set[int]] = {}  # by port: the rows that have learnt nobody yet
        self._watched: Keys | None = None  # hosts that may be first, with their ports; None: to be made anew

    # ---- what control wants ------------------------------------------------------------------------------------

    def open(self, row: int, port: int, family: int) -> None:
        self._source[row], self._place[row], self._own[row] = Source(), (port, family), {}

    def close(self, row: int) -> None:
        if row in self._source:
            self._zone.pop(row, None)
            del self._source[row]
            self.name_size[row] = 0
            for entry in self._own.pop(row).values():
                self._known.remove(entry.key)
            port, _ = self._place.pop(row)
            if port in self._waiting:
                self._waiting[port].discard(row)
            self._watched = None

    def signal(self, row: int, address: Address | None, signalling_host: str) -> None:
        if address is not None:
            host, percent, zone = address[0].partition("%")
            self._zone[row], address = percent + zone, (host, address[1])
        self._source[row].signal(address, signalling_host.partition("%")[0])
        self._settle(row)

    def resume(self, row: int, address: Address) -> None:
        self._source[row].resume(address)
        self._settle(row)

    def latched(self) -> list[int]:
        """Rows whose peer has been heard since the last offer/answer."""
        return [row for row, source in self._source.items() if source.learnt is not None]

    def moved(self, row: int) -> bool:
        """Whether its peer was heard from another address than was signalled."""
        source = self._source[row]
        return source.learnt is not None and source.learnt != source.signalled

    def peer(self, row: int) -> Address | None:
        """Whom the row sends to."""
        return self._source[row].send_to

    def _settle(self, row: int) -> None:
        """Bring the tables up to what the row's source says."""
        source, (port, family), zone = self._source[row], self._place[row], self._zone.get(row, "")
        name = sockaddr(family, (source.send_to[0] + zone, source.send_to[1])) if source.send_to else b""
        self.names[row, : len(name)] = np.frombuffer(name, np.uint8)
        self.name_size[row] = len(name)
        wanted: dict[Address, bool] = {}
        if source.signalled is not None and source.learnt is not None:
            wanted = {source.signalled: True} | {source.learnt: False}
        own = self._own[row]
        for address in [known for known, entry in own.items() if wanted.get(known) is not entry.waits]:
            self._known.remove(own.pop(address).key)
        for address, waits in wanted.items():
            if address not in own:
                self._add(row, port, address, waits)
        waiting = self._waiting.setdefault(port, set())
        if source.signalled is not None and source.learnt is None:
            waiting.add(row)
        else:
            waiting.discard(row)
        self._watched = None

    def _add(self, row: int, port: int, address: Address, waits: bool) -> None:
        host = host_of(address[0])
        if host is None:
            return
        key = int(self._hash(_one(host, address[1]), np.array([port]))[0])
        if key in self._known:
            self.clashes += 1
            return
        self._known.add(key, host, port << 16 | address[1], row, waits)
        self._own[row][address] = _Entry(key, waits)

    # ---- what arrives ------------------------------------------------------------------------------------------

    def find(
        self, ports: Ints, sources: Sources, valid: npt.NDArray[np.bool_], speaks: Callable[[int, int], bool]
    ) -> Ints:
        """The row of each packet, ``NOBODY`` where it is no peer's.

        ``speaks(row, index)``: whether packet ``index`` is one that this row could be sent; only such a one is learnt.
        """
        rows, waits = self._look_up(ports, sources)
        for index in np.flatnonzero(waits & valid)[:MOST_CANDIDATES].tolist():
            self._learn([int(rows[index])], index, sources, speaks)
        unknown = valid & (rows == NOBODY)
        watched = self._watch() if self._watched is None else self._watched
        if len(watched) and unknown.any():
            judged = [
                self._learn(self._in_turn(int(ports[index]), index, sources), index, sources, speaks)
                for index in self._candidates(np.flatnonzero(unknown), ports, sources, watched)
            ]
            if judged and max(judged) != NOBODY:
                rows, _ = self._look_up(ports, sources)
        self.strangers += int(np.count_nonzero(valid & (rows == NOBODY)))
        return rows

    def _look_up(self, ports: Ints, sources: Sources) -> tuple[Ints, npt.NDArray[np.bool_]]:
        known = self._known
        if not len(known):
            return np.full(len(ports), NOBODY), np.zeros(len(ports), np.bool_)
        ends = _ends(sources, ports)
        at = known.places(self._hash(sources, ports))
        same = (known.low[at] == sources.low) & (known.end[at] == ends) & (known.high[at] == sources.high)
        return np.where(same, known.row[at], NOBODY), same & known.waits[at]

    def _watch(self) -> Keys:
        hosts: list[Host] = []
        ports: list[int] = []
        for port, rows in self._waiting.items():
            for row in rows:
                source = self._source[row]
                texts = (source.signalled[0] if source.signalled else "", source.signalling_host)
                found = [host for text in texts if text and (host := host_of(text)) is not None]
                hosts += found
                ports += [port] * len(found)
        pairs = np.array(hosts, np.uint64).reshape(-1, 2)
        sources = Sources(pairs[:, 0], pairs[:, 1], np.zeros(len(pairs), np.uint16))
        self._watched = np.unique(self._hash(sources, np.array(ports, np.int64)))
        return self._watched

    def _candidates(self, unknown: Ints, ports: Ints, sources: Sources, watched: Keys) -> Iterator[int]:
        """Packets of hosts that are waited for."""
        anyone = np.zeros(len(unknown), np.uint16)
        hosts = Sources(sources.high[unknown], sources.low[unknown], anyone)
        mine = unknown[np.isin(self._hash(hosts, ports[unknown]), watched)]
        yield from mine[:MOST_CANDIDATES].tolist()

    def _in_turn(self, port: int, index: int, sources: Sources) -> list[int]:
        """The rows that could learn it: first the one that was heard from there before its last offer/answer."""
        address = sources.address(index)
        return sorted(self._waiting.get(port, ()), key=lambda row: (self._source[row].send_to != address, -row))

    def _learn(self, rows: list[int], index: int, sources: Sources, speaks: Callable[[int, int], bool]) -> int:
        address = sources.address(index)
        for row in rows:
            if speaks(row, index) and self._source[row].accepts(address):
                self._settle(row)
                self.learnt.append(row)
                return row
        return NOBODY

    def _hash(self, sources: Sources, ports: Ints) -> Keys:
        a, b, c, d = (np.uint64(secret) for secret in self._secret)
        key = (sources.high ^ a) * b + sources.low * c
        key ^= key >> np.uint64(29)
        key += _ends(sources, ports) * d
        return np.asarray(key * b ^ key >> np.uint64(32))


def _ends(sources: Sources, ports: Ints) -> Keys:
    """Both ports in one number."""
    return ports.astype(np.uint64) << np.uint64(16) | sources.port


def _one(host: Host, port: int) -> Sources:
    return Sources(np.array([host.high], np.uint64), np.array([host.low], np.uint64), np.array([port], np.uint16))
