"""A real SIP softphone (PJSIP) for asyncio tests: registers, calls, answers, holds, presses keys, plays, records.

The phone itself runs in ``phone_process``. Everything that it tells is kept, and waiting is waiting for a condition
over what was told. Without a password and registrar it is a peer that answers for every number: the far end of a trunk.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import ports, tone
from tests.support.process import Process

ROOT = Path(__file__).parents[2]
RTP_PORTS = 32  # of each phone


@dataclass
class PhoneCall:
    """One call of the phone, as the phone sees it."""

    phone: Phone
    number: int  # the phone's own handle
    call_id: str
    incoming: bool
    remote: str
    local: str
    began_at: float  # monotonic s
    history: list[str] = field(default_factory=list)  # "calling", "incoming", "ringing", "confirmed", ...
    media: str = "none"  # "active", "local_hold", "remote_hold", ...
    status: int = 0  # the last SIP status
    reason: str = ""
    digits: str = ""  # keys that came from the other side
    transfers: list[int] = field(default_factory=list)  # what was told of our transfer
    ended_at: float | None = None

    @property
    def state(self) -> str:
        return self.history[-1]

    @property
    def over(self) -> bool:
        return self.state == "disconnected"

    def reached(self, state: str) -> bool:
        """An incoming call rings from its INVITE on, whatever provisional answer was given."""
        return state in self.history or (state == "ringing" and "incoming" in self.history)

    async def wait(self, state: str, timeout_s: float = 10.0) -> PhoneCall:
        await self.phone.until(lambda: self.reached(state), timeout_s, f"call {state}")
        return self

    async def wait_media(self, media: str, timeout_s: float = 10.0) -> None:
        await self.phone.until(lambda: self.media == media, timeout_s, f"media {media}")

    async def answer(self, status: int = 200) -> None:
        await self.phone.ask("answer", call=self.number, status=status)

    async def hangup(self, status: int = 0) -> None:
        if not self.over:
            await self.phone.ask("hangup", call=self.number, status=status)

    async def hold(self) -> None:
        await self.phone.ask("hold", call=self.number)
        await self.wait_media("local_hold")

    async def resume(self) -> None:
        await self.phone.ask("resume", call=self.number)
        await self.wait_media("active")

    async def transfer(self, to: str) -> None:
        """Send the other party there (REFER), blind."""
        await self.phone.ask("transfer", call=self.number, to=to, host=self.phone.host)

    async def transfer_to(self, other: PhoneCall) -> None:
        """Join the other parties of two calls of ours (REFER with Replaces)."""
        await self.phone.ask("transfer_to", call=self.number, other=other.number)

    async def transferred(self, status: int, timeout_s: float = 10.0) -> None:
        """Wait until we are told that it came to ``status``."""
        await self.phone.until(lambda: status in self.transfers, timeout_s, f"transfer {status}")

    async def dtmf(self, digits: str, info: bool = False) -> None:
        """Press keys: telephone events (RFC 4733), or SIP INFO."""
        await self.phone.ask("dtmf", call=self.number, digits=digits, info=info)

    async def tones(self, digits: str) -> None:
        """Press keys as tones in the sound."""
        await self.phone.ask("tones", call=self.number, digits=digits)


class Phone:
    """A softphone process; ``async with`` ends it."""

    def __init__(self, process: Process, user: str, host: str, port: int, record: Path, rtp: range) -> None:
        self.process = process
        self.user = user
        self.host = host  # where calls go: the switch's address and port
        self.port = port  # its own SIP port
        self.record = record
        self._rtp = rtp
        self.calls: list[PhoneCall] = []
        self.registrations: list[tuple[int, bool]] = []  # (status, active)
        self.events: list[dict[str, Any]] = []
        self._told = asyncio.Condition()
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._serial = itertools.count(1)
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        user: str,
        password: str | None,
        registrar_host: str,
        port: int,
        *,
        directory: Path,
        transport: str = "udp",
        auto_answer: int | None = None,
        obeys: bool = False,
        play: Path | None = None,
        registers: bool = True,
        own_port: int | None = None,
        expires_s: int = 120,
        ca: Path | None = None,
        mwi: bool = False,
        insists: bool = False,
        srtp: str = "off",
        wide: bool = False,
    ) -> Phone:
        """Start the process. ``port`` is the switch's; its files (recording, log) go into ``directory``.

        ``ca`` signs whom it believes over TLS. One that ``insists`` wants every ringing acknowledged (100rel) and
        every session refreshed; one that ``obeys`` answers by itself where an INVITE asks for it. ``srtp`` is "off",
        "optional" or "required". A ``wide`` one knows G.722 and nothing else, and plays files of 16 kHz: this PJSIP
        cannot change rates.
        """
        own_port = own_port or ports.free_port()
        rtp = ports.claim(RTP_PORTS)
        stem = f"{user}-{own_port}"
        record = directory / f"{stem}.wav"
        options = {
            "user": user,
            "password": password,
            "registrar": f"{registrar_host}:{port}" if registers else None,
            "port": own_port,
            "rtp": [rtp.start, len(rtp)],
            "transport": transport,
            "auto_answer": auto_answer,
            "obeys": obeys,
            "play": str(play) if play else None,
            "record": str(record),
            "expires": expires_s,
            "ca": str(ca) if ca else None,
            "mwi": mwi,
            "insists": insists,
            "srtp": srtp,
            "wide": wide,
            "log": str(directory / f"{stem}.pjsip.log"),
        }
        argv = [sys.executable, "-m", "tests.support.phone_process", json.dumps(options)]
        process = await Process.start(argv, directory / f"{stem}.log", cwd=ROOT, piped=True)
        phone = cls(process, user, f"{registrar_host}:{port}", own_port, record, rtp)
        await phone.until(lambda: any(e["event"] == "started" for e in phone.events), 20, "phone started")
        return phone

    @classmethod
    async def peer(cls, user: str, switch_host: str, switch_port: int, **options: Any) -> Phone:
        """A phone that registers nowhere and answers for every number: the far end of a trunk."""
        return await cls.start(user, None, switch_host, switch_port, registers=False, **options)

    async def __aenter__(self) -> Phone:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.quit()

    # ---- what it tells -------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        assert self.process.child.stdout is not None
        async for line in self.process.child.stdout:
            event = json.loads(line)
            async with self._told:
                self._take(event)
                self._told.notify_all()
        async with self._told:
            self.events.append({"event": "gone"})
            self._told.notify_all()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError(f"phone {self.user} is gone:\n{self.process.tail()}"))

    def _take(self, event: dict[str, Any]) -> None:
        if "reply" in event:
            reply = self._replies.pop(event["reply"])
            if event.get("error"):
                reply.set_exception(RuntimeError(f"phone {self.user}: {event['error']}"))
            else:
                reply.set_result(event.get("value"))
            return
        self.events.append({"at": time.monotonic(), **event})
        if event["event"] == "registration":
            self.registrations.append((event["status"], event["active"]))
        elif "call" in event:
            self._take_call(event)

    def _take_call(self, event: dict[str, Any]) -> None:
        known = [call for call in self.calls if call.number == event["call"] and not call.over]
        if known:
            call = known[-1]
        else:
            texts = {key: event[key] for key in ("call_id", "incoming", "remote", "local")}
            call = PhoneCall(self, event["call"], began_at=time.monotonic(), history=["null"], **texts)
            self.calls.append(call)
        call.media = event.get("media", call.media)
        call.digits += event.get("digit", "")
        call.transfers += [event["transfer"]] if "transfer" in event else []
        if event["event"] == "call":
            call.history.append(event["state"])
            call.status, call.reason = event["status"], event["reason"]
            call.remote = event["remote"]
            call.ended_at = time.monotonic() if call.over else None

    async def until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait until ``condition`` holds over what the phone has told."""
        try:
            async with asyncio.timeout(timeout_s), self._told:
                await self._told.wait_for(lambda: condition() or self.events[-1:] == [{"event": "gone"}])
        except TimeoutError:
            pass
        if not condition():
            told = "\n".join(json.dumps(event) for event in self.events[-12:])
            raise AssertionError(f"phone {self.user}: no {what} in {timeout_s} s; it told:\n{told}")

    # ---- what it is asked ----------------------------------------------------------------------------------------

    async def ask(self, verb: str, **arguments: Any) -> Any:
        serial = next(self._serial)
        reply = self._replies[serial] = asyncio.get_running_loop().create_future()
        assert self.process.child.stdin is not None
        self.process.child.stdin.write(json.dumps({"id": serial, "do": verb, **arguments}).encode() + b"\n")
        return await asyncio.wait_for(reply, 10)

    async def registered(self, timeout_s: float = 10.0) -> None:
        await self.until(lambda: self.registrations[-1:] == [(200, True)], timeout_s, "registration")

    async def register(self, timeout_s: float = 10.0) -> None:
        """Register again, as a phone does whose switch was away."""
        before = len(self.registrations)
        await self.ask("register", on=True)
        await self.until(lambda: (200, True) in self.registrations[before:], timeout_s, "registration")

    async def call(self, to: str, caller: str | None = None, headers: dict[str, str] | None = None) -> PhoneCall:
        """Begin a call through the switch; ``caller`` is the number of a peer that presents many.

        ``headers`` are in its INVITE beside its own.
        """
        number = await self.ask("call", to=to, host=self.host, caller=caller, headers=headers or {})
        await self.until(lambda: any(c.number == number and not c.incoming for c in self.calls), 5, "call")
        return next(c for c in reversed(self.calls) if c.number == number and not c.incoming)

    @property
    def current(self) -> PhoneCall:
        assert self.calls, f"phone {self.user} has no call"
        return self.calls[-1]

    async def wait(self, state: str, timeout_s: float = 10.0) -> PhoneCall:
        """The latest call, once it has come to ``state``; a call that is over counts only for "disconnected"."""

        def there() -> bool:
            return bool(self.calls) and self.current.reached(state) and self.current.over == (state == "disconnected")

        await self.until(there, timeout_s, state)
        return self.current

    async def answer(self, status: int = 200) -> None:
        await self.current.answer(status)

    async def hold(self) -> None:
        await self.current.hold()

    async def resume(self) -> None:
        await self.current.resume()

    async def dtmf(self, digits: str, info: bool = False) -> None:
        await self.current.dtmf(digits, info)

    async def hangup(self, status: int = 0) -> None:
        await self.current.hangup(status)

    async def watch(self, user: str) -> None:
        """Subscribe to the presence of ``user``."""
        await self.ask("watch", user=user, host=self.host)

    async def write(self, to: str, text: str) -> int:
        """A text outside of any call; the final status."""
        before = len(self.told("text_status"))
        await self.ask("text", to=to, host=self.host, text=text)
        await self.until(lambda: len(self.told("text_status")) > before, 10, "answer to its text")
        return int(self.told("text_status")[-1]["outcome"])

    def told(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    @property
    def last_status(self) -> int:
        """Of the last call; of the registration where there was none."""
        return self.current.status if self.calls else self.registrations[-1][0]

    async def auto_answer(self, status: int | None) -> None:
        await self.ask("auto_answer", status=status)

    # ---- what it hears -------------------------------------------------------------------------------------------

    def _heard(self, since: int) -> tone.Samples:
        samples, rate_hz = tone.read_wav(self.record)
        return samples[0][:: rate_hz // tone.RATE_HZ][since:]  # of a wide phone every other one: tones are far below

    def so_far(self) -> tone.Samples:
        """All that it has heard, but for the latest 0.25 s."""
        return self._heard(0)

    async def hears(self, hz: float, for_s: float = 0.6, timeout_s: float = 8.0) -> None:
        """Wait until the tone has been heard for so long, counted from now."""
        since = len(self._heard(0))
        await self._sound(lambda: tone.tone_seconds(self._heard(since), hz) >= for_s, timeout_s, f"tone of {hz} Hz")

    async def hears_something(self, for_s: float = 0.5, timeout_s: float = 8.0) -> None:
        """Wait until there was sound (a prompt, music) for so long, counted from now."""
        since = len(self._heard(0))
        await self._sound(lambda: tone.sound_seconds(self._heard(since)) >= for_s, timeout_s, "sound")

    async def hears_speech(self, for_s: float, tones: Collection[float], timeout_s: float = 8.0) -> None:
        """Wait until there was sound that is none of these tones for so long, counted from now."""
        since = len(self._heard(0))
        await self._sound(lambda: tone.other_seconds(self._heard(since), tones) >= for_s, timeout_s, "speech")

    async def listen(self, for_s: float = 1.0) -> tone.Samples:
        """What is heard during the next ``for_s`` seconds of real time (it is real time that is being tested)."""
        since = len(self._heard(0))
        await asyncio.sleep(for_s)
        return self._heard(since)

    async def _sound(self, found: Callable[[], bool], timeout_s: float, what: str) -> None:
        ends_at = time.monotonic() + timeout_s
        while not found():
            if time.monotonic() > ends_at:
                raise AssertionError(f"phone {self.user} heard no {what} in {timeout_s} s: {self.record}")
            await asyncio.sleep(0.1)

    async def quit(self) -> None:
        """Hang up, end the process."""
        if self.process.running:
            with contextlib.suppress(ConnectionError, BrokenPipeError):
                assert self.process.child.stdin is not None
                self.process.child.stdin.write(b'{"id": 0, "do": "quit"}\n')
                await self.process.child.stdin.drain()
            with contextlib.suppress(TimeoutError):
                await self.process.wait(5)
        await self.process.stop()
        await self._reader
        assert self.process.child.stdin is not None
        self.process.child.stdin.close()
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            await self.process.child.stdin.wait_closed()
        ports.release(self._rtp)
