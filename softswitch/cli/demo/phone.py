"""A telephone, or the carrier's gateway with all its customers: the house's user agent on a UDP socket.

It knows no script: who takes up a call that comes in is told by ``on_call``, who dials says ``dial``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from softswitch.call.leg import Event, Leg
from softswitch.call.signal import Answered, Dial, Failed, Finished, Offered, Released, Updated
from softswitch.call.user_agent import RegisterDone, UserAgent
from softswitch.cli.demo.call import Call
from softswitch.cli.demo.voice import Pcm, Voice
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.net.udp import UdpListener
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import parse, render


class Phone:
    """``on_call`` is told of each call that comes in; ``clip_for(number)`` is what is said on a call."""

    def __init__(
        self, switch: Address, ids: Ids, clip_for: Callable[[str], Pcm], on_call: Callable[[Call], None]
    ) -> None:
        self._switch = switch
        self._ids = ids
        self._clip_for = clip_for
        self._on_call = on_call
        self._calls: dict[str, Call] = {}  # by leg
        self._registrations: dict[str, asyncio.Future[int]] = {}  # by user
        self._timer: asyncio.TimerHandle | None = None
        self._listener: UdpListener
        self._agent: UserAgent

    async def open(self, local: Address = ("127.0.0.1", 0)) -> None:
        self._listener = await UdpListener.bind(local, self._datagram)
        self._agent = UserAgent(Flow("udp", self._listener.local, self._switch), self._ids)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for call in self._calls.values():
            call.voice.close()
        await self._listener.close()

    # ---- what its user does ------------------------------------------------------------------------------------

    def dial(self, caller: str, called: str, credentials: tuple[str, str] | None = None) -> Call:
        voice = self._voice(caller)
        leg = self._agent.dial(caller, called, LocalMedia(voice.address), credentials)
        call = self._keep(leg, voice, caller, called)
        self._tell(call, Dial())
        return call

    async def register(self, user: str, password: str) -> bool:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._registrations[user] = done
        self._run(self._agent.register(user, password, self._now))
        return await done == 200

    # ---- the wire and the clock --------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _datagram(self, data: bytes, remote: Address) -> None:
        flow = Flow("udp", self._listener.local, remote)
        try:
            effects = self._agent.received(parse(data), flow, self._now)
        except PeerError:
            return  # nothing that a telephone could answer
        self._run(effects)

    def _tell(self, call: Call, event: Event) -> None:
        self._run(self._agent.tell(call.leg, event, self._now))

    def _tick(self) -> None:
        self._run(self._agent.tick(self._now))

    def _run(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        earliest, loop = self._agent.deadline, asyncio.get_running_loop()
        self._timer = None if earliest is None else loop.call_at(earliest + 0.001, self._tick)

    # ---- what has happened -------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(message, flow):
                self._listener.send(render(message), flow.remote)
            case RequestArrived(_, request):
                voice = self._voice(request.target.user)
                leg = self._agent.take(effect, LocalMedia(voice.address))
                self._tell(self._keep(leg, voice), effect)
            case RegisterDone(user, status):
                self._registrations.pop(user).set_result(status)
            case _ if call := self._calls.get(getattr(effect, "leg", "")):
                self._signal(call, effect)

    def _voice(self, number: str) -> Voice:
        return Voice(self._clip_for(number), self._ids.bits(32))

    def _keep(self, leg: Leg, voice: Voice, caller: str = "", called: str = "") -> Call:
        call = self._calls[leg.id] = Call(leg.id, voice, self._tell, caller, "", called)
        return call

    def _signal(self, call: Call, signal: Effect) -> None:
        match signal:
            case Offered(_, caller, caller_name, called):
                call.caller, call.caller_name, call.called = caller, caller_name, called
                self._on_call(call)
            case Answered(_, media) | Updated(_, media):
                call.voice.start(media)
                call.up.set()
            case Failed(_, status, _, by):
                self._over(call, status, by)
            case Released(_, by):
                self._over(call, 0, by)
            case Finished(leg):
                del self._calls[leg]

    def _over(self, call: Call, status: int, by: str) -> None:
        call.status, call.ended_by = status, by
        call.voice.close()
        call.over.set()
