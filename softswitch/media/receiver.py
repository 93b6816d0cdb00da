"""Receiving: batches of packets become frames in the jitter buffer, and keys.

In this order: is it RTP, whose is it, is its seal right, is it of a payload type that was agreed on. What a row says in
a tick is the frame of the ring that all rows share (``softswitch.rtp.jitter``): octets of the row's law of G.711. Gaps
are filled in place, so that what is relayed, mixed and recorded is the same.

Both laws of G.711 are heard in any stream, packet by packet. We offer both, and a peer whose answer has both may speak
either (RFC 3264 sections 5.1, 7); where the answer turns our order around, what it says and what it speaks differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.audio.conceal import FADE_FRAMES, HISTORY, RAMP, Concealer
from softswitch.media.bands import Bands
from softswitch.media.demux import NOBODY, Demux
from softswitch.media.ear import Packet
from softswitch.media.hush import Hushes
from softswitch.media.linear import Linear
from softswitch.media.reporting import Reporting
from softswitch.media.sockets import Batch
from softswitch.media.transcode import Transcoder
from softswitch.rtp.jitter import SLOTS, SPAN, Jitter, JitterSettings
from softswitch.rtp.packet import HEADER, Headers, parse
from softswitch.rtp.rtcp import FIRST_TYPE, LAST_TYPE
from softswitch.rtp.srtp import Srtps
from softswitch.rtp.telephone_event import KeyListener

Rows = npt.NDArray[Any]
Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_NONE = 255  # no payload type of RTP
_LAW_OF = np.full(256, _NONE, np.uint8)  # by payload type, where that alone says it (RFC 3551 table 4)
_LAW_OF[[0, 8]] = g711.MU, g711.A
_PAST_FRAMES = HISTORY // FRAME
_MOST_REPORTS = 64  # that are read of a batch of 256: a flood costs two milliseconds
_ALL = np.arange(256, dtype=np.uint8)
_OTHER_LAW = np.stack(  # by the law of a row: an octet of the other law as one of its own
    [g711.encode(g711.decode(_ALL, g711.A), g711.MU), g711.encode(g711.decode(_ALL, g711.MU), g711.A)]
)


class Key(NamedTuple):
    row: int
    digit: str


OnSound = Callable[[npt.NDArray[np.int64], npt.NDArray[np.uint32], npt.NDArray[np.float64]], None]


class Receiver:
    """The incoming state of all rows."""

    def __init__(
        self,
        streams: int,
        demux: Demux,
        settings: JitterSettings | None = None,
        srtp: Srtps | None = None,
        coders: Transcoder | None = None,
    ) -> None:
        self.demux = demux
        self.coders = Transcoder(streams) if coders is None else coders
        self.hushes = Hushes()
        self.srtp = srtp or Srtps(streams)
        self.jitter = Jitter(streams, settings)
        self.concealer = Concealer(streams)
        self.bands = Bands(streams)
        self.linear = Linear(streams, self.jitter, self.bands, self.concealer.missing, self.coders.make_up)
        self.reporting: Reporting | None = None
        self.on_sound: OnSound | None = None  # is told when packets of sound came
        self.now = 0.0  # monotonic s, of this tick
        self.law = np.zeros(streams, np.uint8)  # of a row's frames
        self.present = np.zeros(streams, np.bool_)  # rows whose frame of the last ``speak`` had arrived
        self.heard = np.zeros(streams, np.bool_)  # the same, without what a codec has made up
        self._blended: tuple[Rows, Pcm] | None = None  # rows whose gap is over, and their heads as they came
        self.packets = 0
        self.malformed = 0  # no RTP, or of a type that nobody agreed on
        self._keys: dict[int, KeyListener] = {}
        self._audio_type = np.full(streams, _NONE, np.uint8)
        self._event_type = np.full(streams, _NONE, np.uint8)
        self._noise_type = np.full(streams, _NONE, np.uint8)

    def allow(
        self,
        row: int,
        law: int,
        audio_type: int,
        event_type: int | None,
        clock_rate: int = 8000,
        noise_type: int | None = None,
    ) -> None:
        self.law[row], self._audio_type[row] = law, audio_type
        self._event_type[row] = _NONE if event_type is None else event_type
        self._noise_type[row] = _NONE if noise_type is None else noise_type
        self.jitter.expect(row, int(g711.SILENCE[law]))
        if row not in self._keys or self._keys[row].rate_hz != clock_rate:
            self._keys[row] = KeyListener(clock_rate)

    def forbid(self, row: int) -> None:
        self._audio_type[row] = self._event_type[row] = self._noise_type[row] = _NONE

    def forget(self, row: int) -> None:
        self.forbid(row)
        self.law[row] = g711.MU
        self._keys.pop(row, None)
        self.hushes.forget(row)
        self.jitter.forget(row)
        self.concealer.forget(row)
        self.bands.forget(row)

    # ---- in ----------------------------------------------------------------------------------------------------

    def take(self, batch: Batch) -> Iterator[Key]:
        """Take in one batch of packets; the keys that were pressed in it."""
        table, lengths = batch.table, batch.lengths
        self.packets += len(lengths)
        looks = (lengths >= HEADER) & (table[:, 0] >> 6 == 2)
        reports = (table[:, 1] - np.uint8(FIRST_TYPE) <= LAST_TYPE - FIRST_TYPE) & (lengths >= HEADER - 4)
        opened: set[int] = set()
        rows = self.demux.find(
            batch.ports, batch.sources, looks & ~reports, lambda row, at: self._speaks(row, at, batch, opened)
        )
        if reports.any():
            self._report(batch, rows, reports)
        if self.srtp.used:
            self._unlock(batch, rows, opened)
        headers = parse(table, lengths)
        self.malformed += int(np.count_nonzero(~headers.valid & ~reports))
        good = headers.valid & (rows != NOBODY)
        mine = None if good.all() else np.flatnonzero(good)
        for turn in turns(rows if mine is None else rows[mine]):
            which = turn if mine is None else mine if turn is None else mine[turn]
            if which is None:
                yield from self._turn(rows, headers, table, batch.came_s)
            else:
                yield from self._turn(rows[which], headers.at(which), table[which], batch.came_s[which])

    def _speaks(self, row: int, index: int, batch: Batch, opened: set[int]) -> bool:
        """Whether this packet can be for a row whose peer is not known yet: by its type, and by its seal."""
        kind = int(batch.table[index, 1]) & 0x7F
        either = self._audio_type[row] != _NONE and _LAW_OF[kind] != _NONE
        if not either and kind not in (self._audio_type[row], self._event_type[row], self._noise_type[row]):
            return False
        if self.srtp.rows[row] and index not in opened:
            one = slice(index, index + 1)
            if self.srtp.unprotect(batch.table[one], batch.lengths[one], np.array([row]))[0]:
                return False
            opened.add(index)
        return True

    def _report(self, batch: Batch, rows: Rows, reports: Mask) -> None:
        """RTCP that shares the port (RFC 5761 section 4) is not RTP; it is left without octets."""
        if self.reporting is not None:
            for index in np.flatnonzero(reports & (rows != NOBODY))[:_MOST_REPORTS].tolist():
                packet = batch.table[index, : batch.lengths[index]].tobytes()
                came_s = float(batch.came_s[index])
                self.reporting.muxed(int(rows[index]), batch.sources.address(index), packet, came_s)
        batch.lengths[reports] = 0

    def _unlock(self, batch: Batch, rows: Rows, opened: set[int]) -> None:
        """Open what came for secured rows; what cannot be opened has no octets any more."""
        sealed = np.flatnonzero((rows != NOBODY) & self.srtp.rows[rows] & (batch.lengths > 0))
        closed = np.array([index for index in sealed.tolist() if index not in opened], np.int64)
        if len(closed):
            batch.lengths[self.srtp.unprotect(batch.table, batch.lengths, rows, closed)] = 0

    def _turn(self, rows: Rows, headers: Headers, table: Octets, came_s: Rows) -> Iterator[Key]:
        """Packets of which no two are of one row."""
        types, wanted = headers.payload_type, self._audio_type[rows]
        agreed = types == wanted
        octets = table[:, HEADER : HEADER + max(FRAME, int(headers.size.max(initial=0)))]
        if agreed.all():
            self._note(rows, headers, agreed, came_s)
            self._hear(rows, headers, octets, came_s, agreed)
            return
        audio = agreed | ((wanted != _NONE) & (_LAW_OF[types] != _NONE))
        events = (types == self._event_type[rows]) & ~audio
        noise = (types == self._noise_type[rows]) & ~audio & ~events
        known = audio | events | noise
        self.malformed += len(rows) - int(np.count_nonzero(known))
        self._note(rows[known], headers.at(known), audio[known], came_s[known])
        self._hear(rows[audio], headers.at(audio), octets[audio], came_s[audio], agreed[audio])
        self._hush(rows, headers, octets, np.flatnonzero(noise).tolist())
        yield from self._press(rows, headers, octets, np.flatnonzero(events).tolist())

    def _note(self, rows: Rows, headers: Headers, timed: Mask, at: Rows) -> None:
        if self.reporting is not None:
            self.reporting.reception.note(rows, headers.sequence, headers.timestamp, headers.ssrc, timed, at)

    def _hear(
        self, rows: Rows, headers: Headers, octets: Octets, came_s: npt.NDArray[np.float64], agreed: Mask
    ) -> None:
        """``agreed`` ``(n,)``: packets of the type that was agreed on, and not of the other law of G.711."""
        if not len(rows):
            return
        self.hushes.sound(rows, headers.timestamp)
        coded = self.coders.rows[rows]
        any_coded = bool(coded.any())
        if self.on_sound is not None:
            times = self.coders.house_times(rows, headers.timestamp) if any_coded else headers.timestamp
            self.on_sound(rows, times, came_s)
        if any_coded:
            for index in np.flatnonzero(coded & agreed).tolist():
                self.coders.take(int(rows[index]), _packet(headers, octets, index))
            self._hear_laws(rows, headers, octets, coded & ~agreed)
            rows, headers, octets, agreed = rows[~coded], headers.at(~coded), octets[~coded], agreed[~coded]
        other = np.flatnonzero(~agreed & (_LAW_OF[headers.payload_type] != self.law[rows]))
        if len(other):
            octets[other] = _OTHER_LAW[self.law[rows[other]][:, None], octets[other]]
        self.jitter.push(rows, headers, octets, headers.size)

    def _hear_laws(self, rows: Rows, headers: Headers, octets: Octets, which: Mask) -> None:
        """G.711 on rows with another codec, which are linear, and wide."""
        for index in np.flatnonzero(which).tolist():
            one, size = slice(index, index + 1), int(headers.size[index])
            said = g711.decode(octets[one, :size], int(_LAW_OF[headers.payload_type[index]]))
            wide = self.bands.wide(rows[one], said)
            self.jitter.push(rows[one], headers.at(np.array([index])), wide, headers.size[one])

    def _hush(self, rows: Rows, headers: Headers, octets: Octets, which: list[int]) -> None:
        for index in which:
            self.hushes.take(int(rows[index]), *_packet(headers, octets, index)[1::2])
            self._no_sound(rows, headers, octets, index)

    def _no_sound(self, rows: Rows, headers: Headers, octets: Octets, index: int) -> None:
        """A packet among those of a coder is of another kind, and must not be waited for."""
        if self.coders.rows[rows[index]]:
            self.coders.take(int(rows[index]), _packet(headers, octets, index)._replace(payload=b""))

    def _press(self, rows: Rows, headers: Headers, octets: Octets, which: list[int]) -> Iterator[Key]:
        for index in which:
            self._no_sound(rows, headers, octets, index)
            row, packet = int(rows[index]), _packet(headers, octets, index)
            digit = self._keys[row].hear(packet.timestamp, packet.payload, packet.ssrc, self.now)
            if digit is not None:
                yield Key(row, digit)

    # ---- out ---------------------------------------------------------------------------------------------------

    def frames(self, count: int) -> Octets:
        """What the first ``count`` rows say in this tick: a piece of the ring itself, ``(count, FRAME)``."""
        return self.jitter.ring[self.jitter.slot, :count]

    def speak(self, count: int) -> Mask:
        """Make ``frames`` right for this tick, gaps filled; which rows have really said something, ``(count,)``."""
        self.coders.hand_over(self.jitter)
        present = self.jitter.play(count)
        if len(self.hushes):
            self._hush_frames(count, present)
        self.present[:count] = self.heard[:count] = present
        if self.coders.mended:
            self._tell_mended()
        missing = self.concealer.missing[:count]
        if len(self.coders) or len(self.linear.rows):
            present, missing = self._speak_linear(count, present)
        if not present.all():
            self._fill(~present, missing, self.frames(count))
        back = (present & (missing > 0)).nonzero()[0]
        self._blended = None
        if len(back):
            heads = g711.decode(self.frames(count)[back, :RAMP], self.law[back])
            self._blended = back, heads
            self.frames(count)[back, :RAMP] = g711.encode(self.concealer.rejoin(back, heads), self.law[back])
        return self.present[:count]

    def unblended(self, rows: Rows | slice, said: Pcm) -> Pcm:
        """What these rows say ``(n, FRAME)``, the first samples after a gap as they came: of a short key each counts.

        ``rows`` ascend, of those of the last ``speak``; ``said`` is changed.
        """
        if self._blended is not None:
            back, heads = self._blended
            chosen = np.arange(len(self.present))[rows]
            mine = np.isin(back, chosen)
            said[np.searchsorted(chosen, back[mine]), :RAMP] = heads[mine]
        return said

    def _tell_mended(self) -> None:
        """What is being played and was lost is no evidence of a key, nor of talk."""
        waiting = []
        for one in self.coders.mended:
            ahead = self.jitter.ahead(one.row, one.timestamp)
            if ahead is not None and -one.samples < ahead < SPAN:
                self.heard[one.row] &= ahead >= FRAME
                waiting.append(one)
        self.coders.mended = waiting

    def soothe(self, rows: Rows, said: Pcm) -> None:
        """These rows, of which nothing comes, say ``(rows, FRAME)`` in this tick."""
        self.jitter.ring[self.jitter.slot, rows] = g711.encode(said, self.law[rows])
        self.linear.replace(rows, said)

    def _hush_frames(self, count: int, present: Mask) -> None:
        """Rows that send comfort noise are present."""
        noise, before = np.zeros((count, FRAME), np.int16), present.copy()
        self.hushes.fill(noise, present, self.jitter)
        rows = np.flatnonzero(present & ~before)
        self.frames(count)[rows] = g711.encode(noise[rows], self.law[rows])
        coded = rows[self.coders.rows[rows]]
        if len(coded):
            self.linear.frames[coded] = self.bands.wide(coded, noise[coded])

    def _speak_linear(self, count: int, present: Mask) -> tuple[Mask, Rows]:
        """Rows with a codec of their own: their frames as octets too.

        Who is present, and for how many frames others are missing, from here on: these rows are done.
        """
        rows = self.coders.rows[:count].nonzero()[0]
        self.linear.speak(rows, present)
        self.frames(count)[rows] = g711.encode(self.linear.narrow, self.law[rows])
        present, missing = present.copy(), self.concealer.missing[:count].copy()
        present[rows], missing[rows] = True, 0
        return present, missing

    def _fill(self, absent: Mask, missing: Rows, frames: Octets) -> None:
        silent = (absent & (missing >= FADE_FRAMES)).nonzero()[0]
        self.concealer.stay_away(silent)
        frames[silent] = g711.SILENCE[self.law[silent]][:, None]
        gaps = (absent & (missing < FADE_FRAMES)).nonzero()[0]
        if not len(gaps):
            return
        first = gaps[missing[gaps] == 0]
        if len(first):
            self.concealer.begin(first, g711.decode(self._past(first), self.law[first]))
        frames[gaps] = g711.encode(self.concealer.next(gaps), self.law[gaps])

    def _past(self, rows: Rows) -> Octets:
        """What these rows said last, ``(rows, HISTORY)``."""
        slots = (self.jitter.slot - np.arange(_PAST_FRAMES, 0, -1)) % SLOTS
        return self.jitter.ring[slots[:, None], rows].transpose(1, 0, 2).reshape(len(rows), HISTORY)


def turns(rows: Rows) -> Iterator[Rows | None]:
    """Cut a batch so that no row is twice in a piece, each row's packets in order; None: all of it at once."""
    if len(rows) < 2 or int(np.bincount(rows).max()) == 1:
        yield None
        return
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0])
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    for turn in range(int(place.max()) + 1):
        yield np.sort(order[place == turn])


def _packet(headers: Headers, octets: Octets, index: int) -> Packet:
    payload = octets[index, : int(headers.size[index])].tobytes()
    return Packet(int(headers.sequence[index]), int(headers.timestamp[index]), int(headers.ssrc[index]), payload)
