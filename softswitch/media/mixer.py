"""The sound of one tick: from what all rows say to what each of them is sent, as pointers to payloads.

Who is relayed is sent the very octets that came in. Who is mixed has a seat (``audio.mix``): only seats are decoded,
added up and encoded. Who is played something hears that alone. All others are sent silence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, g711
from softswitch.media.keypad import Keypad
from softswitch.media.mmsg import address_of
from softswitch.media.player import Ended, Player
from softswitch.media.rooms import Plan
from softswitch.media.sender import Sender

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Pointers = npt.NDArray[np.uint64]


class Mixer:
    """Buffers and the plan; ``plan`` is replaced by the engine whenever somebody comes, goes or is watched."""

    def __init__(self, streams: int, plan: Plan) -> None:
        self.said: Pcm = np.zeros((streams, FRAME), np.int16)  # 16-bit, of the rows that have a seat; others are 0
        self._voices: Pcm = np.zeros((streams, FRAME), np.int16)  # in the order of seats, 14-bit, like all below
        self._ears: Pcm = np.zeros((streams, FRAME), np.int16)
        self._in: Octets = np.zeros((streams, FRAME), np.uint8)
        self._out: Octets = np.zeros((streams, FRAME), np.uint8)
        self._played: Pcm = np.zeros((streams, FRAME), np.int16)
        self._played_out: Octets = np.zeros((streams, FRAME), np.uint8)
        self._frame = np.arange(streams, dtype=np.uint64) * np.uint64(FRAME)
        self._busy = np.zeros(0, np.bool_)  # rows that something was played to in this tick
        self._seat = np.full(streams, -1)  # by row
        self.take(plan)

    def take(self, plan: Plan) -> None:
        self.plan = plan
        self.said[:] = 0
        self._seat[:] = -1
        self._seat[plan.seating.rows] = np.arange(len(plan.seating.rows))

    def listen(self, frames: Octets, law: npt.NDArray[Any], exact: tuple[npt.NDArray[Any], Pcm]) -> None:
        """Decode those who have a seat, of ``frames`` ``(count, FRAME)``; ``exact`` rows are known better."""
        rows = self.plan.seating.rows
        if len(rows):
            np.take(frames, rows, axis=0, out=self._in[: len(rows)], mode="clip")
            g711.decode14(self._in[: len(rows)], law[rows], self._voices[: len(rows)])
        if len(exact[0]):
            seats = self._seat[exact[0]]
            self._voices[seats[seats >= 0]] = exact[1][seats >= 0] >> 2

    def tell(self) -> None:
        """What the rows with seats say, into ``said``."""
        rows = self.plan.seating.rows
        self.said[rows] = self._voices[: len(rows)] << 2

    def decoded(self, frames: Octets, law: npt.NDArray[Any]) -> Pcm:
        """Everything of ``frames`` ``(count, FRAME)``, whether anybody hears it or not, in 16 bits."""
        said = np.empty(frames.shape, np.int16)
        g711.decode14(frames, law[: len(frames)], said)
        return said << 2

    def payloads(self, frames: Octets, sender: Sender) -> Pointers:
        """What each of the rows of ``frames`` ``(count, FRAME)`` is to be sent, but for what is played to it."""
        plan, seats = self.plan, self.plan.seating.in_rooms
        made = sender.silence(len(frames))
        made[plan.listeners] = address_of(frames) + plan.talkers.astype(np.uint64) * np.uint64(FRAME)
        if seats:
            rows = plan.seating.rows[:seats]
            plan.seating.mix(self._voices[:seats], self._ears[:seats])
            g711.encode14(self._ears[:seats], sender.law[rows], self._out[:seats])
            made[rows] = address_of(self._out) + self._frame[:seats]
        return made

    def play(self, player: Player, keypad: Keypad, made: Pointers, sender: Sender) -> list[Ended]:
        """Put prompts, hold music and keys in the place of everything else; which prompts are over."""
        count = len(made)
        played = np.zeros(count, np.bool_)
        played[player.busy(count)] = True
        played[[row for row in keypad.sounding() if row < count]] = True
        ended = player.render(self._played[:count])
        keypad.render(self._played[:count])
        self._busy = played
        rows = np.flatnonzero(played)
        if len(rows):
            g711.encode14(self._played[rows] >> 2, sender.law[rows], self._played_out[: len(rows)])
            made[rows] = address_of(self._played_out) + self._frame[: len(rows)]
        return ended

    def sound(self, rows: npt.NDArray[Any]) -> Pcm:
        """What these rows hear, as samples ``(rows, FRAME)``; after ``payloads`` and ``play``."""
        seats = self._seat[rows]
        mixed = (seats >= 0) & (seats < self.plan.seating.in_rooms)
        heard = np.zeros((len(rows), FRAME), np.int16)
        heard[mixed] = np.clip(self._ears[seats[mixed]], -8192, 8191) << 2
        busy = self._busy[rows]
        heard[busy] = self._played[rows[busy]]
        return heard
