"""A telephone without signalling: sends a tone as G.711 each 20 ms and keeps what it hears. One thread each."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType

import numpy as np

from softswitch.audio import FRAME, RATE_HZ, dtmf, g711, tone
from softswitch.rtp import packet
from softswitch.rtp.telephone_event import KeyListener, press

PAYLOAD = {"PCMU": 0, "PCMA": 8}
EVENT = 101


class RtpPhone:
    """``with RtpPhone(440) as phone:`` sends to ``phone.send_to`` once that is set."""

    def __init__(self, hz: float, codec: str = "PCMU", ssrc: int = 1, host: str = "127.0.0.1") -> None:
        self.hz, self.codec, self.ssrc = hz, codec, ssrc
        self.send_to: tuple[str, int] | None = None
        self.sources: set[tuple[str, int]] = set()  # who sent to us
        self._law = g711.LAWS[codec]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.address: tuple[str, int] = self._socket.getsockname()
        self._heard: list[np.ndarray] = []
        self._events: list[bytes] = []
        self._said: list[np.ndarray] = []  # frames that are said in place of the tone
        self.said_at: list[float] = []  # monotonic s, by our clock of frames, of each frame that was said
        self.keys = ""  # heard as telephone events
        self._listener = KeyListener()
        self._going = True
        self._frame = self._sequence = 0
        self._started = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> RtpPhone:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._going = False
        self._thread.join()
        self._socket.close()

    def press(self, digit: str) -> None:
        """Send this key in place of the tone, from the next frame on."""
        self._events += list(press(digit))

    def say(self, samples: np.ndarray) -> None:
        """Say this in place of the tone."""
        padded = np.append(samples, np.zeros(-len(samples) % FRAME, np.int16))
        self._said += list(padded.reshape(-1, FRAME))

    def tones(self) -> str:
        """The keys that were heard as tones so far."""
        detector = dtmf.Detector(1)
        detector.listen(0)
        return "".join(key.digit for frame in list(self._heard) for key in detector.hear(frame[None]))

    def heard(self, seconds: float) -> np.ndarray:
        """The last ``seconds`` that arrived, linear samples."""
        frames = self._heard[-round(seconds * RATE_HZ / FRAME) :]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)

    def strength(self, hz: float, seconds: float = 0.4) -> float:
        return tone.strength(self.heard(seconds), hz)

    def _run(self) -> None:
        started = self._started = time.monotonic()
        press_at = 0
        while self._going:
            if self.send_to is not None:
                stamp = self._frame * FRAME
                press_at = press_at or stamp if self._events else 0
                self._socket.sendto(self._packet(stamp, press_at), self.send_to)
                self._sequence += 1
            self._frame += 1
            self._listen()
            time.sleep(max(0.0, started + self._frame * 0.02 - time.monotonic()))

    def _packet(self, stamp: int, press_at: int) -> bytes:
        if self._events:
            return packet.build(EVENT, self._sequence, press_at, self.ssrc, self._events.pop(0))
        if self._said:
            self.said_at.append(self._started + self._frame * 0.02)
        said = self._said.pop(0) if self._said else tone.sine(self.hz, 0.02, start=stamp)
        payload = g711.encode(said, self._law).tobytes()
        return packet.build(PAYLOAD[self.codec], self._sequence, stamp, self.ssrc, payload)

    def _listen(self) -> None:
        while True:
            try:
                octets, source = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            self.sources.add(source)
            if octets[1] & 0x7F == EVENT:
                self.keys += self._listener.hear(int.from_bytes(octets[4:8], "big"), octets[packet.HEADER :]) or ""
            if octets[1] & 0x7F == PAYLOAD[self.codec]:
                self._heard.append(g711.decode(np.frombuffer(octets[packet.HEADER :], np.uint8), self._law))
