"""The evening: the house is opened, the actors play, the audience looks on, and everybody goes home.

Decided here: in which order things begin and end. Whatever happens, the switch is stopped and no process stays.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from softswitch.audio import tone
from softswitch.cli.demo import summary
from softswitch.cli.demo.board import EVERY_S, Board
from softswitch.cli.demo.call import Call
from softswitch.cli.demo.cast import AGENTS, cast
from softswitch.cli.demo.house import House
from softswitch.cli.demo.people import NOT_FOUND, Agent, Caller, World
from softswitch.cli.demo.phone import Phone
from softswitch.cli.demo.screen import Screen
from softswitch.cli.demo.stage import CALLER_ID, HOST, Pcm, Stage, set_up, spoken
from softswitch.core.ids import Ids
from softswitch.media.speech import find_engine

_DRAIN_S, _DRAIN_PER_CALLER_S = 60.0, 5.0  # when all callers are through: for the promises
_LAST_VISIT_S = 120.0  # whoever has come last has hung up by then: the patience and a talk, twice over
_GREETING_HZ, _STEP_HZ = 400.0, 25.0


@dataclass(frozen=True, slots=True)
class Programme:
    base: Path  # below it a new directory is made
    callers: int
    seconds: float
    seed: int


class Show:
    """One performance; ``run`` returns what was wrong with it."""

    def __init__(self, programme: Programme, console: Console) -> None:
        self._programme = programme
        self._random = random.Random(programme.seed)
        self._began = time.monotonic()
        self._screen = Screen(console, self._clock)
        self._engine = find_engine()
        self._clips: dict[str, Pcm] = {}
        self._troubles: list[str] = []
        self._tasks: asyncio.TaskGroup

    def _clock(self) -> float:
        return time.monotonic() - self._began

    async def run(self) -> list[str]:
        """Raises ``HouseError``, ``OSError``."""
        stage = set_up(self._programme.base, self._programme.callers, self._engine)
        self._screen.say(f"everything about this demo lies in {stage.directory}")
        roles = cast(self._programme.callers, self._programme.seconds, self._random)
        self._speak([role.number for role in roles])
        house = House(stage)
        async with house:
            self._began = time.monotonic()
            board = Board(house, [role.number for role in roles], self._clock, self._screen.line)
            world = World(board, self._clock, self._random, self._troubles)
            callers = [Caller(role, world) for role in roles]
            await self._play(stage, board, callers, [Agent(role, world) for role in AGENTS])
            snapshot = await board.look()
        recorded, silent = summary.recordings(snapshot, stage.recordings)
        for line in summary.told(snapshot, board.longest_wait_s, recorded):
            self._screen.say(line)
        self._screen.say(f"log       {stage.log}")
        return [*self._troubles, *summary.complaints(snapshot, callers), *silent, *house.faults]

    def _speak(self, numbers: list[str]) -> None:
        """What each says on the phone; made before, for speech takes time."""
        for index, number in enumerate(numbers):
            text = f"Hello, this is caller number {index + 1}. I would like to know where my order is."
            self._clips[number] = spoken(text, self._engine, _GREETING_HZ + _STEP_HZ * index)
        for index, agent in enumerate(AGENTS):
            text = f"Good day, my name is {agent.name}. How can I help you? One moment, I will have a look."
            self._clips[agent.user] = spoken(text, self._engine, _GREETING_HZ - _STEP_HZ * (index + 1))

    async def _play(self, stage: Stage, board: Board, callers: list[Caller], agents: list[Agent]) -> None:
        """Until all is quiet, or has had the time to become so."""
        phones: list[Phone] = []
        try:
            async with asyncio.TaskGroup() as self._tasks:
                spectators = [self._start(board.watch()), self._start(self._screen.show(board))]
                scenes = [self._start(scene) for scene in await self._scenes(stage, callers, agents, phones)]
                _, late = await asyncio.wait(scenes, timeout=self._programme.seconds + _LAST_VISIT_S)
                self._troubles += [f"{len(late)} people are still on the phone"] if late else []
                await self._drain(board)
                for task in (*spectators, *late):
                    task.cancel()
        except ExceptionGroup as failures:
            for failure in failures.exceptions:
                raise failure from None  # one is enough to end the evening
        finally:
            for phone in phones:
                await phone.close()

    def _start(self, scene: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(scene)

    async def _scenes(
        self, stage: Stage, callers: list[Caller], agents: list[Agent], phones: list[Phone]
    ) -> list[Coroutine[Any, Any, None]]:
        by_number = {caller.role.number: caller for caller in callers}

        def rings(call: Call) -> None:
            customer = next((one for number, one in by_number.items() if call.called.endswith(number)), None)
            if customer is None or not call.caller.endswith(CALLER_ID[1:]):
                self._troubles.append(f"the switch dialled {call.called} as {call.caller or 'nobody'}")
                call.reject(NOT_FOUND)
            else:
                self._start(customer.answer(call))

        switch = (HOST, stage.sip)
        carrier = Phone(switch, self._ids(), self._clip, rings)
        await carrier.open((HOST, stage.trunk))
        phones.append(carrier)
        scenes = [caller.visit(carrier) for caller in callers]
        for agent in agents:
            phone = Phone(switch, self._ids(), self._clip, partial(self._picked, agent))
            await phone.open()
            phones.append(phone)
            scenes.append(agent.come(phone))
        return scenes

    def _picked(self, agent: Agent, call: Call) -> None:
        self._start(agent.answer(call))

    def _ids(self) -> Ids:
        return Ids(self._random.getrandbits)

    def _clip(self, number: str) -> Pcm:
        known = next((clip for owner, clip in self._clips.items() if number.endswith(owner)), None)
        return tone.sine(_GREETING_HZ, 1.0) if known is None else known

    async def _drain(self, board: Board) -> None:
        ends_s = self._clock() + _DRAIN_S + _DRAIN_PER_CALLER_S * self._programme.callers
        while self._clock() < ends_s:
            await asyncio.sleep(4 * EVERY_S)  # records are written a little later than calls end
            if board.snapshot.quiet:
                return
