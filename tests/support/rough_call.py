"""Two real phones, each behind a box that can spoil its network, and what of the one is heard at the other.

Both speak mu-law and no two frames of their tones within a second are alike. A call of the two is relayed frame by
frame; so what reaches the one and was never said by the other was made up on the way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softswitch.rtp.packet import HEADER
from tests.support import tone
from tests.support.hearing import sound
from tests.support.middlebox import Middlebox, Passed
from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import SwitchProcess

HZ = (437, 1013)
SAID_S = 120  # PJSIP begins anew with a gap
BEAT_S, PAUSE_S = 0.5, 0.1
LEVEL_DB = -15.05  # of the tones, against full scale


@dataclass
class End:
    phone: Phone
    box: Middlebox
    hz: float
    heard_before: int = 0  # samples that its phone had recorded when the call began

    async def packet_time(self, ms: int) -> None:
        """What it asks for from now on, and what it sends, for it believes that the switch asks for the same."""
        await self.phone.ask("ptime", ms=ms)
        self.box.said_ptime_ms = ms


class RoughCall:
    """``near`` calls ``far``."""

    def __init__(self, near: End, far: End) -> None:
        self.near, self.far = near, far
        self.ends = near, far
        self.call: PhoneCall
        self._began = 0.0  # Unix s

    async def begin(self, number: str = "") -> None:
        """Until both are heard; the books begin then. ``number``: what is dialled, where it is not the other's."""
        self._began = time.time()
        self.call = await self.near.phone.call(number or self.far.phone.user)
        await self.call.wait("confirmed")
        await self.both_heard()
        for end in self.ends:
            end.box.forget()
            end.heard_before = len(end.phone.so_far())

    async def both_heard(self, for_s: float = 0.5) -> None:
        await asyncio.gather(self.near.phone.hears(self.far.hz, for_s), self.far.phone.hears(self.near.hz, for_s))

    async def end(self) -> None:
        await self.call.hangup()
        await self.far.phone.wait("disconnected")

    def made_up(self, of: End, since_s: float = 0.0) -> float:
        """The share of what reached the other end, ``since_s`` after its book began, that ``of`` has not said."""
        said = {one.octets[HEADER:] for one in of.box.went_up}
        heard = self._reached(of)
        late = [one.octets[HEADER:] not in said for one in heard if one.at > heard[0].at + since_s]
        return sum(late) / len(late)

    def heard(self, of: End) -> tone.Samples:
        """What of ``of`` reached the other end."""
        return sound(self._reached(of))

    def recorded(self, of: End) -> tone.Samples:
        """What of ``of`` the other phone made audible: also of a call with keys, or with another codec."""
        other = self.far if of is self.near else self.near
        return other.phone.so_far()[other.heard_before :]

    def _reached(self, of: End) -> list[Passed]:
        return (self.far if of is self.near else self.near).box.went_down

    async def quality(self, switch: SwitchProcess) -> dict[str, Any]:
        """By "near" and "far": the numbers of the legs, and under "events" what happened, as the call record has it."""
        record = await self.record(switch)
        first, second = sorted(record["quality"], key=lambda one: not one["leg"].startswith("leg-"))
        return {name: {**leg["quality"], "events": leg["events"]} for name, leg in (("near", first), ("far", second))}

    async def record(self, switch: SwitchProcess) -> dict[str, Any]:
        """That of the latest call, with the numbers of both legs."""

        def ours(record: dict[str, Any]) -> bool:
            recent = record["caller"] == self.near.phone.user and record["started_at"] > self._began
            return recent and len(record["quality"]) == 2

        return await switch.record_of(ours)


@asynccontextmanager
async def rough_call(
    switch: SwitchProcess,
    home: Path,
    users: tuple[str, str],
    nat: bool = False,
    wide: tuple[bool, bool] = (False, False),
    beats: bool = False,
    **options: Any,
) -> AsyncIterator[RoughCall]:
    """The first of the users may be behind a ``nat``, and each ``wide``. ``options`` are those of both phones.

    With ``beats`` each tone is away for ``PAUSE_S`` in each ``BEAT_S``.
    """
    async with AsyncExitStack() as stack:
        ends = []
        for number, (user, hz) in enumerate(zip(users, HZ, strict=True)):
            box = stack.enter_context(Middlebox(switch.sip, nat=nat and not number, seed=int(user)))
            rate_hz = 16000 if wide[number] else 8000
            said = tone.tone(hz, SAID_S, rate_hz)
            if beats:
                said *= np.arange(len(said)) % round(BEAT_S * rate_hz) >= PAUSE_S * rate_hz
            play = tone.write_wav(home / f"{hz}-{rate_hz}-{beats}.wav", said, rate_hz)
            answers = 200 if number else None
            started = Phone.start(
                user,
                f"sample-{user}",
                *box.at,
                directory=home,
                play=play,
                auto_answer=answers,
                wide=wide[number],
                **options,
            )
            ends.append(End(await stack.enter_async_context(await started), box, hz))
        for end in ends:
            await end.phone.registered()
        yield RoughCall(*ends)
