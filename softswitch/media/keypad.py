"""Keys towards the peers: telephone events in place of a row's packets, or tones over what it hears."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from softswitch.audio import FRAME, RATE_HZ, WIDE_HZ, dtmf
from softswitch.media.player import Heard
from softswitch.rtp.packet import build
from softswitch.rtp.telephone_event import DIGITS, KeySender

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]

HOLD_S = PAUSE_S = 0.1  # Q.24 asks for 40 ms of each
_MOST_WAITING = 64  # keys of one row; who presses faster is not followed
_FRAMES = round((HOLD_S + PAUSE_S) * RATE_HZ) // FRAME  # of a key


def _tone(digit: str, rate_hz: int) -> Pcm:
    """``(_FRAMES, samples)``."""
    pause = np.zeros(round(PAUSE_S * rate_hz), np.int16)
    return np.concatenate([dtmf.tones(digit, HOLD_S, rate_hz=rate_hz), pause]).reshape(_FRAMES, -1)


_TONES = {
    FRAME * rate_hz // RATE_HZ: {digit: _tone(digit, rate_hz) for digit in dtmf.KEYS} for rate_hz in (RATE_HZ, WIDE_HZ)
}  # by samples of a frame


class Keypad:
    """The keys that are being pressed, by row. Rows without any cost nothing."""

    def __init__(self) -> None:
        self._agreed: dict[int, tuple[int, int]] = {}  # payload type and RTP clock rate of events
        self._events: dict[int, KeySender] = {}
        self._tones: dict[int, list[tuple[str, int]]] = {}  # frames of keys still to be heard, the next one last
        self.pressed = 0

    def agree(self, row: int, event_type: int | None, rate_hz: int) -> None:
        if event_type is None:
            self._agreed.pop(row, None)
            self._events.pop(row, None)
        else:
            self._agreed[row] = event_type, rate_hz

    def press(self, row: int, digits: str, form: str) -> None:
        """As events where ``form`` is "event" and they were agreed on, else as tones; unknown keys are left out."""
        wanted = [digit for digit in digits if digit in DIGITS]
        if form == "event" and row in self._agreed:
            sender = self._events.setdefault(row, KeySender(self._agreed[row][1], HOLD_S, PAUSE_S))
            wanted = wanted[: max(0, _MOST_WAITING - sender.waiting)]
            sender.press("".join(wanted))
        elif wanted:
            waiting = self._tones.setdefault(row, [])
            wanted = wanted[: max(0, _MOST_WAITING - len(waiting) // _FRAMES)]
            waiting[:0] = [(digit, frame) for digit in wanted[::-1] for frame in reversed(range(_FRAMES))]
        self.pressed += len(wanted)

    def sounding(self) -> list[int]:
        """Rows that hear a tone."""
        return list(self._tones)

    def signalling(self) -> list[int]:
        """Rows whose packets may be events."""
        return list(self._events)

    def forget(self, row: int) -> None:
        for table in (self._agreed, self._events, self._tones):
            table.pop(row, None)

    def render(self, heard: Heard) -> None:
        """Put tones in place of what the first rows hear."""
        for row, waiting in list(self._tones.items()):
            if row < len(heard):
                (digit, number), frame = waiting.pop(), heard.of(row)
                frame[:] = _TONES[len(frame)][digit][number]
            if not waiting:
                del self._tones[row]

    def write(
        self,
        table: Octets,
        lengths: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int64],
        sequence: npt.NDArray[np.uint16],
        timestamp: npt.NDArray[np.uint32],
        ssrc: npt.NDArray[np.uint32],
    ) -> None:
        """Put events in place of the sound in the packets of a tick: ``table`` and ``lengths`` are of ``rows``.

        ``rows`` ascend; ``sequence``, ``timestamp`` and ``ssrc`` are those of the sound, of all rows.
        """
        for row, sender in list(self._events.items()):
            packet = sender.tick(int(timestamp[row]))
            if sender.idle:
                del self._events[row]
            place = int(np.searchsorted(rows, row))
            if packet is None or place == len(rows) or rows[place] != row:
                continue
            event_type, _ = self._agreed[row]
            octets = build(
                event_type, int(sequence[row]), packet.timestamp, int(ssrc[row]), packet.payload, packet.marker
            )
            table[place, : len(octets)] = np.frombuffer(octets, np.uint8)
            lengths[place] = len(octets)
