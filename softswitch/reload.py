"""What was written is read again while the switch works: found right and taken over whole, or refused whole.

Decided here: what can change without a restart (agents, queues, campaigns, dialplans, calendars, the list of prompt
files, what the log says), and that all of it is proven in the world in which it will work: a user who is only written,
and not there before the next start, is an error where an agent or a dialplan names him.
Reading and proving is done by a thread; the loop only exchanges the result.

Files that somebody writes meanwhile are read again. One reload at a time; a few may wait for their turn.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from softswitch.build import Dialplans, configuration, load_dialplans
from softswitch.core.errors import ConfigError, Problem
from softswitch.ivr.calendar import Calendar
from softswitch.ivr.load import load_plans
from softswitch.log import configure
from softswitch.settings import Settings
from softswitch.settings.kept import former, keep, latest
from softswitch.settings.load import load_beside
from softswitch.settings.model import MADE
from softswitch.store.shelf import PlanShelf
from softswitch.switch.configuration import Configuration
from softswitch.switch.dialplans import Busy, Outcome, Release
from softswitch.switch.driver import Switch
from softswitch.switch.staff import StaffChange, StaffChanges

log = logging.getLogger("softswitch.reload")

LIVE = ("agents", "queues", "campaigns", "calendars", "log", "do_not_call")  # parts of the settings that are taken over
SWITCH_S = 0.0005
READINGS = 3  # of files that change while they are read
MOST_WAITING = 4
MOST_LOGGED = 50  # problems; the answer to who has asked has all

Mark = tuple[str, int, int, int]  # path, inode, size, time of the last change


@dataclass(frozen=True, slots=True)
class Proof:
    """All of it is right."""

    settings: Settings  # the running ones, with what is taken over
    dialplans: Dialplans
    staff: Configuration  # of which the agents and queues are taken over
    changes: StaffChanges  # of those
    calendars: Mapping[str, Calendar]
    log: tuple[str, ...]  # its settings that have changed
    needs_restart: tuple[str, ...]
    warnings: tuple[Problem, ...]


def prove(config_dir: Path, running: Settings) -> Proof:
    """Read everything; may take seconds. Raises ``ConfigError`` with every problem in all files."""
    places = (config_dir, running.paths.dialplans)
    for _ in range(READINGS):
        before = _marks(*places)
        try:
            proof: Proof | ConfigError = _proven(config_dir, running)
        except ConfigError as error:
            proof = error
        if before == _marks(*places):
            if isinstance(proof, ConfigError):
                raise proof
            return proof
    raise ConfigError([Problem(str(config_dir), 0, 1, "", "changes while it is read; reload when all is written")])


def _proven(config_dir: Path, running: Settings) -> Proof:
    written, settings = load_beside(running, LIVE, config_dir)
    restart = tuple(sorted(changed(running, written)))
    if restart:  # what is at work is not what is written
        settings = settings.model_copy(update={"version": f"{settings.version}+"})
    dialplans = load_dialplans(settings)
    if not dialplans.right:
        later = [
            Problem(str(config_dir), 0, 1, key, "has changed, which needs a restart", "warning") for key in restart
        ]
        raise ConfigError([*dialplans.problems, *later])
    logged = tuple(changed(running.log, written.log, "log."))
    return Proof(
        settings, dialplans, configuration(settings, {}, (), b""), staff_changes(running, settings),
        settings.office_calendars(), logged, restart, (*written.warnings, *dialplans.problems),
    )  # fmt: skip


def changed(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """The keys at which two settings differ, but for what is taken over. Values are not told: they may be secrets."""
    if old == new:
        return
    if isinstance(old, BaseModel) and type(old) is type(new):
        for name, field in type(old).model_fields.items():
            if at or name not in (*LIVE, *MADE):
                yield from changed(getattr(old, name), getattr(new, name), f"{at}{field.alias or name}.")
    elif isinstance(old, dict) and isinstance(new, dict) and (old.keys() | new.keys()):
        for key in old.keys() | new.keys():
            yield from changed(old.get(key), new.get(key), f"{at}{key}.")
    else:
        yield at.rstrip(".")


def staff_changes(old: Settings, new: Settings) -> StaffChanges:
    return StaffChanges(
        tuple(_members(old.agents, new.agents)), tuple(_members(old.queues, new.queues)),
        tuple(_members(old.campaigns, new.campaigns)),
    )  # fmt: skip


def _members(old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterator[StaffChange]:
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            yield StaffChange(name, "added" if name in new else "removed")
        elif old[name] != new[name]:
            keys = (key.strip(".") for key in changed(old[name], new[name], "."))
            yield StaffChange(name, "changed", tuple(sorted(keys)))


def _marks(*directories: Path) -> frozenset[Mark]:
    """What tells that a file has changed; of what is not there, nothing."""
    found: set[Mark] = set()
    for directory in directories:
        with suppress(OSError):
            for path in directory.glob("*.yaml"):
                status = path.stat()
                found.add((str(path), status.st_ino, status.st_size, status.st_mtime_ns))
    return frozenset(found)


@contextmanager
def _yielding() -> Iterator[None]:
    """The loop gets the interpreter back within half a millisecond, not five, each time that it has something to do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a process begins with; ``problems`` are those of what is written, where the settings were kept."""

    settings: Settings
    dialplans: Dialplans
    shelf: PlanShelf
    problems: Sequence[Problem] = ()


def begin(config_dir: Path, kept: Path) -> Beginning:
    """What is written; what was kept, where that has problems, or no dialplans go with it. The log works.

    Raises ``ConfigError``.
    """
    settings, problems = latest(config_dir, kept)
    configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
    try:
        found = Beginning(settings, *first(settings), problems)
    except ConfigError as error:
        before = None if problems else former(config_dir, kept)
        if before is None:
            raise
        found = _as_before(before, error)
    for problem in found.problems[:MOST_LOGGED]:
        log.error("%s", problem)
    if found.problems:
        log.error("the configuration that is written is not right; the one that worked before serves on")
        return found
    try:
        keep(settings)
    except OSError as error:
        log.error("the configuration of now cannot be kept for a process that outlives a mistake: %s", error)
    return found


def _as_before(settings: Settings, error: ConfigError) -> Beginning:
    """Each file is right by itself, and the dialplans use what is written no more."""
    try:
        return Beginning(settings, *first(settings), error.problems)
    except ConfigError:
        raise error from None


def first(settings: Settings) -> tuple[Dialplans, PlanShelf]:
    """The dialplans to begin with, and the shelf where former ones are. Raises ``ConfigError``.

    Where what is written is not right, and it was when a former process began or read it last, that serves on: whoever
    writes a mistake at night, and then has a control process die, has lost nobody.
    """
    written = load_dialplans(settings)
    # A call can do without a sound, or a column of a list that was taken out since, but not without a queue.
    there = replace(written.world, prompts=None, speech=True, columns=None)
    shelf = PlanShelf(settings.paths.var / "dialplans", lambda texts: load_plans(texts, there)[0])
    if not written.right:
        latest = shelf.latest()
        if not latest:
            raise ConfigError(list(written.problems))
        for problem in written.problems[:MOST_LOGGED]:
            log.error("%s", problem)
        log.error("the dialplans that are written are not right; those that worked before serve on")
        return replace(written, plans=latest), shelf
    try:
        shelf.add(shelf.write(written.plans, written.texts), written.plans)
    except OSError as error:
        log.error("the dialplans of now cannot be kept for calls that outlive this process: %s", error)
    return written, shelf


class Reloader:
    """Of a running switch; ``settings`` are those that it was started with."""

    def __init__(
        self,
        config_dir: Path,
        settings: Settings,
        switch: Switch,
        shelf: PlanShelf,
        problems: Sequence[Problem] = (),
    ) -> None:
        """``problems``: of what was written at the start; where there are errors, something else serves on."""
        self._config_dir = config_dir
        self._settings = settings
        self._switch = switch
        self._shelf = shelf
        self._problems = problems
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def reload(self, by: str) -> Outcome:
        """``by``: whoever wants it. Raises ``ConfigError`` or ``Busy``: then nothing has changed."""
        if self._waiting >= MOST_WAITING:
            raise Busy(f"{self._config_dir} is being read, and {MOST_WAITING - 1} others wait for that")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._reload(by)
        finally:
            self._waiting -= 1

    async def follow(self, wanted: asyncio.Event, by: str) -> None:
        """Reload each time that it is wanted; what is wrong is in the log. Wanted many times meanwhile: once more."""
        if any(problem.level == "error" for problem in self._problems):
            self._switch.dialplans.refused("start", self._problems)
        while True:
            await wanted.wait()
            wanted.clear()
            with suppress(ConfigError, Busy):
                await self.reload(by)

    async def _reload(self, by: str) -> Outcome:
        try:
            with _yielding():
                proof = await asyncio.to_thread(prove, self._config_dir, self._settings)
        except ConfigError as error:
            self._switch.dialplans.refused(by, error.problems)
            for problem in error.problems[:MOST_LOGGED]:
                log.warning("reload: %s", problem)
            if len(error.problems) > MOST_LOGGED:
                log.warning("reload: and %d more", len(error.problems) - MOST_LOGGED)
            raise
        unkept = await self._keep(proof)
        self._settings = proof.settings
        now = self._switch.dialplans
        facts = replace(
            now.release.facts,
            calendars=proof.calendars,
            prompts=proof.dialplans.world.prompts or {},
        )
        staff = self._switch.staff.exchange(proof.staff, proof.changes)
        changes = now.exchange(Release(proof.dialplans.plans, facts), by, staff)
        if proof.log:
            wanted = proof.settings.log
            configure(wanted.format, wanted.level, wanted.mask_numbers)
        on_former = sum(sum(plan.former.values()) for plan in now.views())
        if proof.needs_restart:
            log.warning("reload: what has changed here needs a restart: %s", ", ".join(proof.needs_restart))
        version = proof.settings.version
        return Outcome(changes, proof.log, on_former, proof.needs_restart, (*proof.warnings, *unkept), staff, version)

    async def _keep(self, proof: Proof) -> list[Problem]:
        dialplans = proof.dialplans
        try:
            await asyncio.to_thread(keep, proof.settings)
            name = await asyncio.to_thread(self._shelf.write, dialplans.plans, dialplans.texts)
        except OSError as error:
            message = f"cannot be kept for calls that outlive this process: {error.strerror or error}"
            return [Problem(str(self._settings.paths.dialplans), 0, 1, "", message, "warning")]
        self._shelf.add(name, dialplans.plans)
        return []
