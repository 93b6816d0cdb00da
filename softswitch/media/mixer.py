"""The sound of one tick: from what all rows say to what each of them is sent, as pointers to payloads.

Who is relayed is sent the very octets that came in. Who is mixed has a seat (``audio.mix``): only seats are decoded,
added up and encoded, at 8 kHz in rooms of G.711 and at 16 kHz in all others (``media.wide``). Who hears the same as
another, in the same form, is sent the same octets. Who is played something hears that alone. All others are sent
silence.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, WIDE_FRAME, g711
from softswitch.media.bands import Bands
from softswitch.media.crossing import Crossing
from softswitch.media.keypad import Keypad
from softswitch.media.linear import Linear
from softswitch.media.mmsg import address_of
from softswitch.media.player import Ended, Heard, Player
from softswitch.media.rooms import Plan, Rooms
from softswitch.media.sender import Sender
from softswitch.media.wide import WideRooms

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Pointers = npt.NDArray[np.uint64]
Rows = npt.NDArray[Any]

_NO_ROWS = np.zeros(0, np.int64)


class Mixer:
    """Buffers and the plan; ``plan`` is replaced by the engine whenever somebody comes, goes or is watched."""

    def __init__(self, streams: int, bands: Bands) -> None:
        self.said: Pcm = np.zeros((streams, FRAME), np.int16)  # 16-bit, of the rows that have a seat; others are 0
        seats = 2 * streams  # a recorded row that nobody hears has two
        self._voices: Pcm = np.zeros((seats, FRAME), np.int16)  # in the order of seats, 14-bit, like all below
        self._ears: Pcm = np.zeros((streams, FRAME), np.int16)
        self._in: Octets = np.zeros((seats, FRAME), np.uint8)
        self._out: Octets = np.zeros((streams, FRAME), np.uint8)
        self._late_out: Octets = np.zeros((streams, FRAME), np.uint8)  # by row: what is not encoded seat by seat
        self._played = Heard(
            np.zeros((streams, FRAME), np.int16),
            np.zeros((streams, WIDE_FRAME), np.int16),
            np.zeros(streams, np.bool_),
        )
        frame = np.arange(streams, dtype=np.uint64) * np.uint64(FRAME)
        self._out_at: Pointers = address_of(self._out) + frame
        self._late_at: Pointers = address_of(self._late_out) + frame
        self._busy = np.zeros(0, np.bool_)  # rows that something was played to in this tick
        self._seat = np.full(streams, -1)  # by row
        self._bands = bands
        self._wide = WideRooms(streams, self._bands)
        self._crossing: Crossing | None = None
        self._coded = np.zeros(streams, np.bool_)
        self.plan: Plan = Rooms().plan((), np.zeros(0, np.int64))

    def take(self, plan: Plan, coded: npt.NDArray[np.bool_], closed: Collection[int] = ()) -> None:
        """From the next tick on; ``coded`` ``(streams,)``: rows that are given samples, and 16 kHz.

        ``closed``: rows that were given back since the last plan.
        """
        crossing = Crossing(self.plan, plan, coded, closed)
        self._crossing = crossing if len(crossing) else None
        before = self.plan.seating.rows
        self.said[before], self._seat[before] = 0, -1
        self.plan, self._coded = plan, coded.copy()
        self._seat[plan.seating.rows] = np.arange(len(plan.seating.rows))
        self._wide.take(plan, coded)

    def listen(self, frames: Octets, law: Rows, linear: Linear) -> None:
        """Decode those who have a seat, of ``frames`` ``(count, FRAME)``; ``linear`` rows are known better."""
        rows = self.plan.seating.rows
        if len(rows):
            np.take(frames, rows, axis=0, out=self._in[: len(rows)], mode="clip")
            g711.decode14(self._in[: len(rows)], law[rows], self._voices[: len(rows)])
        if len(linear.rows):
            seats = self._seat[linear.rows]
            self._voices[seats[seats >= 0]] = linear.narrow[seats >= 0] >> 2
        if self._mixes_wide:
            gone = self._crossing.wide.rows if self._crossing else _NO_ROWS
            self._wide.listen(np.union1d(self.plan.wide.rows, gone), frames, law, linear)

    def tell(self) -> None:
        """What the rows with seats say, into ``said``."""
        rows = self.plan.seating.rows
        self.said[rows] = self._voices[: len(rows)] << 2

    def said_wide(self, rows: Rows) -> Pcm:
        """What rows that have a seat at 16 kHz say, ``(rows, WIDE_FRAME)`` in 16 bits."""
        return self._wide.voices[rows] << 2

    def decoded(self, frames: Octets, law: Rows) -> Pcm:
        """Everything of ``frames`` ``(count, FRAME)``, whether anybody hears it or not, in 16 bits."""
        said = np.empty(frames.shape, np.int16)
        g711.decode14(frames, law[: len(frames)], said)
        return said << 2

    def payloads(self, frames: Octets, law: Rows, sender: Sender) -> Pointers:
        """What each of the rows of ``frames`` ``(count, FRAME)`` is to be sent, but for what is played to it."""
        plan, seats = self.plan, self.plan.seating.in_rooms
        made = sender.silence(len(frames))
        if len(plan.listeners):
            made[plan.listeners] = address_of(frames) + plan.talkers.astype(np.uint64) * np.uint64(FRAME)
        if seats:
            rows = plan.seating.rows[:seats]
            plan.seating.mix(self._voices[:seats], self._ears[:seats])
            g711.encode14(self._ears[:seats], sender.law[rows], self._out[:seats])
            made[rows] = self._out_at[:seats]
        if self._mixes_wide:
            self._payloads_wide(made, sender)
        made[plan.followers] = made[plan.leaders]
        if self._crossing:
            self._cross(self._crossing, frames, law, made, sender)
        return made

    @property
    def _mixes_wide(self) -> bool:
        return bool(self._wide) or (self._crossing is not None and self._crossing.mixes_wide)

    def _payloads_wide(self, made: Pointers, sender: Sender) -> None:
        wide = self._wide
        wide.mix()
        if self._crossing:
            self._crossing.lead_wide(wide, self._bands)
        wide.narrowed(wide.listeners)
        self._encode(wide.listeners, wide.narrow[wide.listeners], made, sender)

    def _cross(self, crossing: Crossing, frames: Octets, law: Rows, made: Pointers, sender: Sender) -> None:
        """In the first tick of a plan some hear something between the last one's and its own."""
        rows = crossing.narrow_rows
        self._encode(rows, crossing.lead_narrow(frames, law, self._narrow_ears(rows, frames, law)), made, sender)

    def _narrow_ears(self, rows: Rows, frames: Octets, law: Rows) -> Pcm:
        """What these rows of G.711 are to hear by the plan, ``(rows, FRAME)``."""
        plan, highest = self.plan, max(len(frames), int(rows.max(initial=-1)) + 1)  # who has left may be above all
        heard = np.zeros((highest, FRAME), np.int16)
        seated = plan.seating.rows[: plan.seating.in_rooms]
        heard[seated] = np.clip(self._ears[: len(seated)], -8192, 8191)
        heard[self._wide.listeners] = self._wide.narrow[self._wide.listeners]
        wanted = np.zeros(highest, np.bool_)
        wanted[rows] = True
        relayed = wanted[plan.listeners]
        talkers = plan.talkers[relayed]
        heard[plan.listeners[relayed]] = g711.decode(frames[talkers], law[talkers]) >> 2
        heard[plan.followers] = heard[plan.leaders]
        return heard[rows]

    def _encode(self, rows: Rows, heard: Pcm, made: Pointers, sender: Sender) -> None:
        """``heard`` ``(rows, FRAME)`` is what these rows of G.711 are sent."""
        there = rows < len(made)
        rows, heard = rows[there], heard[there]
        if len(rows):
            self._late_out[rows] = _encoded(heard, sender.law[rows])
            made[rows] = self._late_at[rows]

    def play(self, player: Player, keypad: Keypad, made: Pointers, sender: Sender) -> list[Ended]:
        """Put prompts, hold music and keys in the place of everything else; which prompts are over."""
        count = len(made)
        played = player.busy(count)
        if sounding := keypad.sounding():
            played[[row for row in sounding if row < count]] = True
        heard = Heard(self._played.narrow, self._played.wide, self._coded[:count])
        ended = player.render(heard)
        keypad.render(heard)
        self._busy = played
        rows = (played & ~heard.wants_wide).nonzero()[0]
        if len(rows):
            self._encode(rows, heard.narrow[rows] >> 2, made, sender)
        return ended

    def sound(self, rows: Rows) -> Pcm:
        """What these rows with a coder hear, as samples ``(rows, WIDE_FRAME)``; after ``payloads`` and ``play``."""
        heard = self._wide.heard[rows] << 2
        busy = self._busy[rows]
        heard[busy] = self._played.wide[rows[busy]]
        if self._crossing:
            self._wide.heard[self._crossing.wide_rows] = 0  # of who has left; others are written in each tick
            self._crossing = None
        return heard


def _encoded(heard: Pcm, law: Rows) -> Octets:
    made = np.empty(heard.shape, np.uint8)
    g711.encode14(heard, law, made)
    return made
