"""Real phones of every codec, in two sets: those that call and those that are called, each with a tone of its own.

PJSIP has G.711 and G.722, and SRTP with AES in counter mode; baresip has Opus and L16, and AES in Galois mode where it
is called (of what is offered to it, it takes the first; what it offers itself is AES_CM_128_HMAC_SHA1_80). What a PJSIP
speaks is set before each call. A ``Side`` is what one end of a call is to have; ``Exchange.talk`` makes the call.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.support import ports, tone
from tests.support.baresip import Baresip
from tests.support.phone import Phone, PhoneCall
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess, Tree, sample_users

PLAIN, LONG_TAG, SHORT_TAG, GALOIS = "", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM"
SUITES = (PLAIN, LONG_TAG, SHORT_TAG, GALOIS)
CODECS = ("PCMU", "PCMA", "G722", "opus", "L16")
CODED = CODECS[2:]
_OF_PJSIP = {"PCMU": "PCMU/8000/1", "PCMA": "PCMA/8000/1", "G722": "G722/16000/1"}
_OF_BARESIP = "opus/48000/2,pcmu,pcma,G722/16000/1,L16/16000/1"
_IN_SETTINGS = {"L16": "L16/16000"}


@dataclass(frozen=True)
class Side:
    """Its codec, and its suite of SRTP."""

    codec: str
    suite: str = PLAIN

    def __str__(self) -> str:
        return f"{self.codec}+{self.suite}" if self.suite else self.codec

    @property
    def kind(self) -> str:
        """Which phone it is."""
        if self.codec in ("opus", "L16") or self.suite == GALOIS:
            return "baresip secured" if self.suite else "baresip"
        return "wide" if self.codec == "G722" else "narrow"


def possible(side: Side, calls: bool) -> bool:
    """Whether the phones have that."""
    if side.suite == GALOIS:
        return not calls
    if side.codec == "L16":
        return not calls and side.suite == PLAIN
    return side.codec != "opus" or side.suite == PLAIN or (calls and side.suite == LONG_TAG)


KINDS = ("narrow", "wide", "baresip", "baresip secured")
CALLERS = dict(zip(KINDS, (1000, 500, 700, 300), strict=True))  # Hz
CALLED = dict(zip(KINDS, (800, 400, 600, 900), strict=True))
_CALLER = dict(zip(KINDS, ("3001", "3002", "3003", "3004"), strict=True))  # users
_CALLED = dict(zip(KINDS, ("4001", "4002", "4003", "4004"), strict=True))


def _hz(user: str, kind: str) -> int:
    return CALLED[kind] if user in _CALLED.values() else CALLERS[kind]


def _number(side: Side) -> str:
    """What is dialled for that: the switch offers this codec there, and keys or none."""
    return _CALLED[side.kind] + f"{CODECS.index(side.codec)}{int(bool(side.suite))}"


class Exchange:
    """The switch and its phones."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.at = (ports.LOOPBACK, ports.free_port())
        self.switch: SwitchProcess
        self.callers: dict[str, Phone | Baresip] = {}
        self.called: dict[str, Phone | Baresip] = {}

    async def __aenter__(self) -> Self:
        phones = [self._baresip(user, kind) for kind in KINDS[2:] for user in (_CALLER[kind], _CALLED[kind])]
        phones += [self._pjsip(_CALLER[kind], kind) for kind in KINDS[:2]]
        phones += [self._pjsip(_CALLED[kind], kind, auto_answer=200) for kind in KINDS[:2]]
        started = {phone.user: phone for phone in await asyncio.gather(*phones)}
        self.callers = {kind: started[user] for kind, user in _CALLER.items()}
        self.called = {kind: started[user] for kind, user in _CALLED.items()}
        users: Tree = sample_users()
        users |= {user: {"password": f"sample-{user}", "srtp": "optional"} for user in _CALLER.values()}
        for side in [Side(codec, suite) for codec in CODECS for suite in SUITES]:
            users[_number(side)] = {
                "password": f"sample-{_number(side)}",
                "contact": f"sip:{_CALLED[side.kind]}@{ports.LOOPBACK}:{self.called[side.kind].port}",
                "srtp": "required" if side.suite else "off",
                "codecs": [_IN_SETTINGS.get(side.codec, side.codec)],
            }
        settings = {"sip": {"listen": [f"udp:{self.at[0]}:{self.at[1]}"]}}
        self.switch = await SwitchProcess(self._home / "switch", users=users, settings=settings).start()
        return self

    async def __aexit__(self, *error: Any) -> None:
        phones = [*self.callers.values(), *self.called.values()]
        await asyncio.gather(*(phone.__aexit__(*error) for phone in phones))
        await self.switch.__aexit__(*error)

    async def _baresip(self, user: str, kind: str) -> Phone | Baresip:
        """It plays its file once in each call. One that calls has nothing but Opus; one with keys would have long
        packets."""
        keys = "srtp-mand" if kind == "baresip secured" else ""
        codecs = _OF_BARESIP if user in _CALLED.values() else _OF_BARESIP.partition(",")[0]
        password, play = f"sample-{user}", tone.tone_wav(self._home / f"{user}.wav", _hz(user, kind), seconds=60)
        ptime_ms = 60 if keys else 20
        return await Baresip.start(
            user, password, self.at, self._home, play, codecs=codecs, mediaenc=keys, ptime_ms=ptime_ms
        )

    async def _pjsip(self, user: str, kind: str, **options: Any) -> Phone | Baresip:
        wide = kind == "wide"
        play = tone.tone_wav(self._home / f"{user}.wav", _hz(user, kind), rate_hz=16000 if wide else 8000)
        options |= {"directory": self._home, "play": play, "wide": wide, "registers": False}
        return await Phone.start(user, f"sample-{user}", *self.at, **options)

    # ---- a call ------------------------------------------------------------------------------------------------

    async def talk(self, near: Side, far: Side, for_s: float = 0.7) -> None:
        """``near`` calls ``far``: each has what it is to have, and hears the other's tone for so long.

        A PJSIP keeps up to 0.25 s back of what it records, which may be of the call before.
        """
        caller, called = self.callers[near.kind], self.called[far.kind]
        await _prepare(caller, near)
        await _prepare(called, far)
        before = _closed(called)
        call = await self._dial(caller, _number(far))
        try:
            await asyncio.gather(self._streams(near, far), _speaks(caller, near), _speaks(called, far))
            await asyncio.gather(_hears(caller, CALLED[far.kind], for_s), _hears(called, CALLERS[near.kind], for_s))
        finally:
            await (call.hangup() if call else caller.command("hangup"))  # type: ignore[union-attr]
        await _over(called, before)

    async def _dial(self, caller: Phone | Baresip, number: str) -> PhoneCall | None:
        if isinstance(caller, Phone):
            return await (await caller.call(number)).wait("confirmed")
        caller.events.clear()
        await caller.command("dial", f"sip:{number}@{self.at[0]}:{self.at[1]}")
        await caller.wait("CALL_ESTABLISHED")
        return None

    async def _streams(self, *sides: Side) -> None:
        """Wait until so many streams have keys, and are coded one by one, as there should."""
        wanted = {
            "softswitch_media_streams_secured": sum(bool(side.suite) for side in sides),
            "softswitch_media_streams_coded": sum(side.codec in CODED for side in sides),
        }

        async def so() -> Any:
            metrics = await self.switch.metrics()
            return all(metrics.get(name) == count for name, count in wanted.items())

        await eventually(so, 5.0, f"streams of {' and '.join(map(str, sides))}")


async def _prepare(phone: Phone | Baresip, side: Side) -> None:
    if isinstance(phone, Phone):
        await phone.ask("codecs", wanted=[_OF_PJSIP[side.codec]])
        suites = [side.suite] if side.suite else []
        await phone.ask("srtp", srtp="required" if suites else "off", suites=suites)


async def _speaks(phone: Phone | Baresip, side: Side) -> None:
    """It has that codec, and that suite."""
    if isinstance(phone, Phone):
        call = await phone.wait("confirmed")
        await phone.until(lambda: call.media == "active", 5, "active media")
        name = str(await phone.ask("codec", call=call.number))
        assert name.partition("/")[0] == side.codec, f"{name} instead of {side}"
    elif side.suite:

        async def so() -> Any:
            return f"cryptosuite={side.suite}" in phone.process.text()

        await eventually(so, 5.0, f"{side} in the log of a baresip")


async def _hears(phone: Phone | Baresip, hz: float, for_s: float) -> None:
    if isinstance(phone, Phone):
        await phone.hears(hz, for_s)
        return

    def found() -> bool:
        samples, rate_hz = tone.read_wav(phone.heard())
        return tone.tone_seconds(samples[0], hz, rate_hz) >= for_s

    await eventually(found, 8.0, f"tone of {hz} Hz at a baresip")


def _closed(phone: Phone | Baresip) -> int:
    return phone.closed() if isinstance(phone, Baresip) else 0


async def _over(phone: Phone | Baresip, before: int) -> None:
    if isinstance(phone, Phone):
        await phone.wait("disconnected")
    else:
        await phone.until(lambda: phone.closed() > before, 5, "end of its call")
