"""The dialplans of now, which a reload exchanges in one assignment, and the former ones that calls still go by.

Decided here: which version a call gets (a new one the newest; one of a former process its own, while its text is kept),
what a reload has changed, and which versions nobody needs any more. A call holds its ``Plan`` itself, so that nothing
has to be done for it here; what is known of former versions is counted from the calls that are going on.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from softswitch.contact.inbound import InboundContact
from softswitch.core.effect import Effect
from softswitch.core.errors import Problem, SoftswitchError
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.plan import Plan
from softswitch.ivr.plan import route as plan_for
from softswitch.ivr.run import Facts as PlanFacts
from softswitch.switch.event import Reloaded, ReloadRefused
from softswitch.switch.staff import StaffChanges
from softswitch.switch.view import DialplanView

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

LOOK_EVERY_S = 10.0  # whether a former version is still needed
_OWN = ("file", "version", "name", "steps", "flows")  # fields of a plan that are no part of what its head says
_NO_STAFF = StaffChanges()
Version = tuple[str, str]  # name of the plan, version


@dataclass(frozen=True, slots=True)
class Release:
    """Dialplans that were found right together, and what their callers may look up."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    facts: PlanFacts = field(default_factory=PlanFacts)

    @property
    def versions(self) -> set[Version]:
        return {(plan.name, plan.version) for plan in self.plans.values()}


@dataclass(frozen=True, slots=True)
class PlanChange:
    plan: str
    what: str  # "added", "removed", "changed"
    old: str = ""  # versions
    new: str = ""
    added: tuple[str, ...] = ()  # steps; those of a flow as flow/step
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    head: tuple[str, ...] = ()  # what else is different: numbers, start, ...
    calls: int = 0  # that go on by former versions, and end on them


@dataclass(frozen=True, slots=True)
class Changes:
    """What one release has that another had not."""

    plans: tuple[PlanChange, ...] = ()
    calendars: tuple[str, ...] = ()  # added, removed or changed
    prompts: tuple[str, ...] = ()  # added or removed, as language/file

    def __bool__(self) -> bool:
        return bool(self.plans or self.calendars or self.prompts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a reload that was not refused."""

    changes: Changes
    log: tuple[str, ...]  # settings of the log that have changed, and are in force
    calls_on_former: int  # that go on by former versions
    needs_restart: tuple[str, ...]  # settings that have changed, and stay as they were until then
    warnings: tuple[Problem, ...]
    staff: StaffChanges = _NO_STAFF
    version: str = ""  # of the configuration that works now; with "+", but for what needs a restart


class Busy(SoftswitchError):
    """A reload is under way, and enough others wait for their turn."""


class Dialplans:
    """``release`` is the one that new calls get."""

    def __init__(self, switch: Switch) -> None:
        configuration = switch.configuration
        self._switch = switch
        facts = PlanFacts(
            calendars=configuration.calendars,
            prompts=configuration.prompts,
            http_budget_s=configuration.http_budget_s,
            overrides=switch.hours.overrides,
            greetings=switch.mailboxes.greetings,
            fallback=configuration.fallback,
            zone=ZoneInfo(configuration.zone),
            outlook=switch.outlook,
        )
        self.release = Release(configuration.plans, facts)
        self._former: dict[Version, Plan | None] = {}  # that calls of a former process went by; None: it is lost

    def route(self, called: str) -> Plan | None:
        """The plan that this number enters now."""
        return plan_for(self.release.plans, called)

    def exchange(self, release: Release, by: str, staff: StaffChanges = _NO_STAFF) -> Changes:
        """New calls get this from now on. Returns what is different, with how many calls go by what it was.

        ``staff``: what was exchanged with it.
        """
        used = self.in_use()
        changes = differences(self.release, release, used)
        self.release = release
        self.tidy()
        on_former = sum(calls for version, calls in used.items() if version not in release.versions)
        names = tuple(f"{change.plan} {change.what}" for change in changes.plans)
        agents = tuple(f"{change.name} {change.what}" for change in staff.agents)
        queues = tuple(f"{change.name} {change.what}" for change in staff.queues)
        version = self._switch.acd.version
        fact = Reloaded(by, names, changes.calendars, len(changes.prompts), on_former, agents, queues, version)
        self._switch.command(lambda: [fact])
        return changes

    def refused(self, by: str, problems: Sequence[Problem]) -> None:
        """What was to be exchanged is not right."""
        errors = [problem for problem in problems if problem.level == "error"]
        fact = ReloadRefused(by, len(errors), str(errors[0]) if errors else "")
        self._switch.command(lambda: [fact])

    def views(self) -> list[DialplanView]:
        """Those of now, and those that are gone but for their calls."""
        used, plans = self.in_use(), self.release.plans
        gone = sorted({name for name, _ in used} - plans.keys())
        return [self._view(name, plans.get(name), used) for name in (*plans, *gone)]

    def _view(self, name: str, plan: Plan | None, used: Mapping[Version, int]) -> DialplanView:
        calls = {version: count for (owner, version), count in used.items() if owner == name}
        if plan is None:
            return DialplanView(name, "", "", [], "", 0, [], 0, calls)
        now = calls.pop(plan.version, 0)
        return DialplanView(
            name,
            plan.version,
            plan.file,
            list(plan.numbers),
            plan.start,
            len(plan.steps),
            sorted(plan.flows),
            now,
            calls,
        )

    def find(self, name: str, version: str) -> Plan:
        """The plan that a call of a former process went by, or what there is now of that name. Raises ``LookupError``.

        Each version is looked for once, whatever the number of calls.
        """
        now = self.release.plans.get(name)
        if now is not None and version in ("", now.version):
            return now
        wanted = name, version
        if wanted not in self._former:
            self._former[wanted] = self._switch.ports.shelf.plan(name, version)
            if self._former[wanted] is None:
                log.warning("dialplan %s: version %s is not kept, or is not right any more", name, version)
        found = self._former[wanted] or now
        if found is None:
            raise LookupError(f"there is no dialplan {name!r} any more, and version {version} is not kept")
        return found

    @staticmethod
    def of(contact: object) -> Plan | None:
        """The dialplan that leads this contact now."""
        script = contact.script if isinstance(contact, InboundContact) else None
        return script.plan if isinstance(script, Interpreter) else None

    def in_use(self) -> Counter[Version]:
        """How many calls go by each version; who is being transferred, or hears a mailbox, counts for what it
        would come back to."""
        return Counter((plan.name, plan.version) for plan in self._walked())

    def _walked(self) -> Iterator[Plan]:
        for contact in self._switch.calls.contacts.values():
            if isinstance(contact, InboundContact):
                pending = contact.pending.script if contact.pending else None
                scripts = (contact.script, contact.suspended, pending)
                yield from (script.plan for script in scripts if isinstance(script, Interpreter))

    def tidy(self) -> None:
        """Forget what no call and no current plan needs; look again later while calls go by former versions."""
        needed = {*self.in_use(), *self.release.versions}
        self._former = {version: plan for version, plan in self._former.items() if version in needed}
        self._switch.ports.shelf.keep_only(needed)
        waits = needed > self.release.versions
        self._switch.arm(("dialplans", ""), self._switch.now + LOOK_EVERY_S if waits else None)

    def due(self) -> list[Effect]:
        self.tidy()
        return []


# ---- what is different -----------------------------------------------------------------------------------------


def differences(old: Release, new: Release, used: Mapping[Version, int]) -> Changes:
    """``used``: how many calls go by each version."""
    plans = [
        change
        for name in sorted({*old.plans, *new.plans})
        if (change := _plan(name, old.plans.get(name), new.plans.get(name), used)) is not None
    ]
    before, after = old.facts, new.facts
    calendars = {name for name in {*before.calendars, *after.calendars}
                 if before.calendars.get(name) != after.calendars.get(name)}  # fmt: skip
    prompts = _files(before.prompts) ^ _files(after.prompts)
    return Changes(tuple(plans), tuple(sorted(calendars)), tuple(sorted(prompts)))


def _plan(name: str, old: Plan | None, new: Plan | None, used: Mapping[Version, int]) -> PlanChange | None:
    calls = sum(
        count for (plan, version), count in used.items() if plan == name and (not new or version != new.version)
    )
    if old is None or new is None:
        what = "added" if old is None else "removed"
        return PlanChange(name, what, old.version if old else "", new.version if new else "", calls=calls)
    if old.version == new.version:
        return None
    before, after = _steps(old), _steps(new)
    return PlanChange(
        name, "changed", old.version, new.version,
        tuple(step for step in after if step not in before),
        tuple(step for step in before if step not in after),
        tuple(step for step in after if step in before and before[step] != after[step]),
        tuple(one.name for one in fields(Plan)
              if one.name not in _OWN and getattr(old, one.name) != getattr(new, one.name)),
        calls,
    )  # fmt: skip


def _steps(plan: Plan) -> dict[str, tuple[object, ...]]:
    """What the plan's steps do, and those of its flows, as flow/step; wherever they stand in the file."""
    flows = {f"{flow.name}/{name}": step for flow in plan.flows.values() for name, step in flow.steps.items()}
    return {name: (step.verb, step.done, step.lost_to) for name, step in {**plan.steps, **flows}.items()}


def _files(prompts: Mapping[str, frozenset[str]]) -> set[str]:
    return {f"{language}/{file}" for language, files in prompts.items() for file in files}
