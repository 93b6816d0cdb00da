"""A queue's or campaign's policy made ready for use: its hours, and how it reads numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from softswitch.callback.calendar import Hours
from softswitch.callback.manners import Manners
from softswitch.callback.model import Lost, Policy, Promise
from softswitch.callback.number import Number, identified, normalise
from softswitch.callback.reading import Reading
from softswitch.callback.zone import zones

DO_NOT_CALL = "do-not-call"


class Rule:
    """How one queue calls back, or one campaign calls."""

    def __init__(self, policy: Policy, common: Reading) -> None:
        self.policy = policy
        self.reading = replace(common, countries=policy.countries, services=policy.services, internal=policy.numbers)
        self._own = Hours(policy.window)
        self._hours: dict[tuple[str, ...], Hours] = {}  # by the zones in which the other may be

    def hours(self, number: str) -> Hours:
        """Those of the queue, and of each place in which that number may ring."""
        theirs, own = self.policy.callee_window, self.policy.window
        there = () if theirs is None else (theirs.zone,) if theirs.zone else zones(number) or (own.zone,)
        found = self._hours.get(there)
        if found is None:
            windows = [replace(theirs, zone=zone) for zone in there] if theirs else []
            found = self._hours[there] = Hours(own, *windows)
        return found

    def calls(self, now: float) -> bool:
        """May anybody be called?"""
        return self.policy.begins_at <= now < self.policy.ends_at and self._own.open(now)

    def open(self, number: str, now: float) -> bool:
        """Within the days of a campaign, and the hours."""
        return self.policy.begins_at <= now < self.policy.ends_at and self.hours(number).open(now)

    def changes_at(self, number: str, now: float) -> float:
        """Not after that changes (Unix s)."""
        policy = self.policy
        if now < policy.begins_at:
            return policy.begins_at
        return min(self.hours(number).changes_at(now), policy.ends_at) if now < policy.ends_at else float("inf")

    def opens_at(self, number: str, at: float) -> float | None:
        """The first moment from ``at`` on (Unix s) at which it may be dialled; None: there is none for a month."""
        opens = self.hours(number).opens_at(max(at, self.policy.begins_at))
        return opens if opens is not None and opens < self.policy.ends_at else None

    def refuses(self, loss: Lost) -> str:
        """Why this loss leads to no promise, or ""."""
        if loss.stage not in self.policy.stages:
            return "policy"
        if loss.stage == "abandoned" and loss.waited_s < self.policy.short_abandon_s:
            return "short"
        return ""


@lru_cache(maxsize=1024)
def _without(name: str) -> Policy:
    """Each call in a queue that calls nobody back asks for it, more than once."""
    return Policy(name, trunk="")


class Rules:
    """The rules of all queues and campaigns. A promise that has none any more waits; it is never dialled by guess."""

    def __init__(self, policies: Iterable[Policy], region: str, area_code: str = "") -> None:
        self._common = Reading(region, area_code)
        self.listed: set[str] = set()  # never to be called, by somebody's order
        self.filed: frozenset[str] = frozenset()  # the same, by a file
        self.paused: frozenset[str] = frozenset()  # campaigns that an admin has stopped for now
        self.manners = Manners()
        self.take(policies)

    def take(self, policies: Iterable[Policy]) -> None:
        """These from now on, and no others."""
        self._rules = {policy.name: Rule(policy, self._common) for policy in policies}
        self._readings = {rule.reading for rule in self._rules.values()}
        self.counts = any(
            rule.policy.most_per_day for rule in self._rules.values()
        )  # is it asked who was dialled when?

    def policy(self, name: str) -> Policy:
        """Of a queue or campaign; where it has none, the common one, for its times alone."""
        rule = self._rules.get(name)
        return rule.policy if rule else _without(name)

    def calling(self, queue: str, now: float) -> list[Policy]:
        """Those by which agents of that queue may call somebody at this hour."""
        rules = [rule for name, rule in self._rules.items() if rule.policy.queue == queue and name not in self.paused]
        return [rule.policy for rule in rules if rule.calls(now)]

    def known(self, name: str) -> bool:
        """Is there one?"""
        return name in self._rules

    def queue(self, promise: Promise) -> str:
        """Whose agents talk, as it is now; without a campaign, or where that is configured no more, as it was."""
        rule = self._rules.get(promise.name)
        return rule.policy.queue if rule and promise.campaign else promise.queue

    def key(self, promise: Promise) -> str:
        """Its group, as it is now."""
        rule = self._rules.get(promise.name)
        return rule.policy.key if rule else promise.key

    def overdue_at(self, promise: Promise) -> float:
        """From when on it is not kept any more (Unix s)."""
        policy = self.policy(promise.name)
        return min(promise.expires_at or promise.recorded_at + policy.expiry_s, policy.ends_at)

    def refuses(self, loss: Lost) -> str:
        """Why it leads to no promise, or ""."""
        rule = self._rules.get(loss.queue)
        if why := rule.refuses(loss) if rule else "policy":
            return why
        number = self.number(loss.number, loss.queue)
        return number.why or (DO_NOT_CALL if self.barred(number.dial) else "")

    def refused(self, promise: Promise) -> str:
        """Why its number is not dialled any more, by the policy of now and whatever it was recorded by, or ""."""
        return DO_NOT_CALL if self.barred(promise.number) else self.number(promise.number, promise.name).why

    def barred(self, number: str) -> bool:
        """Is it never to be called?"""
        return any(one in self.listed or one in self.filed for one in {number, self._outside(number)})

    def _outside(self, number: str) -> str:
        """In E.164, also where a queue dials it as it is presented."""
        return number if number.startswith("+") else identified(number, self._common).dial

    def opens(self, name: str, now: float) -> bool:
        """Whoever is called: does the queue or campaign call at this hour?"""
        rule = self._rules.get(name)
        return rule is not None and rule.open("", now)

    def opens_at(self, name: str, now: float) -> float:
        """When it does so again (Unix s)."""
        rule = self._rules.get(name)
        return rule.changes_at("", now) if rule else float("inf")

    def open(self, promise: Promise, now: float) -> bool:
        """May its number be dialled at this hour?"""
        rule = self._rules.get(promise.name)
        if rule is None or promise.name in self.paused or not rule.open(promise.number, now):
            return False
        return not self.manners.closed_until(promise.number, rule.policy, now)

    def left_alone_until(self, promise: Promise, now: float) -> float:
        """As it was dialled lately, for this promise or others (Unix s); 0: it is not."""
        return self.manners.closed_until(promise.number, self.policy(promise.name), now)

    def changes_at(self, promise: Promise, now: float) -> float:
        """When that changes next (Unix s)."""
        rule = self._rules.get(promise.name)
        if rule is None or promise.name in self.paused:
            return float("inf")
        return min(rule.changes_at(promise.number, now), self.left_alone_until(promise, now) or float("inf"))

    def next_at(self, promise: Promise, now: float) -> float | None:
        """The first moment (Unix s) at which pauses, hours and days allow a call; None: there is none for a month."""
        rule = self._rules.get(promise.name)
        at = max(now, promise.not_before, self.left_alone_until(promise, now))
        return rule.opens_at(promise.number, at) if rule else None

    def number(self, presented: str, name: str) -> Number:
        """As the queue or campaign calls it."""
        return normalise(presented, self.reading(name))

    def reading(self, name: str) -> Reading:
        """How it reads numbers."""
        rule = self._rules.get(name)
        return rule.reading if rule else self._common

    def spellings(self, presented: str) -> set[str]:
        """What the queues call this number: E.164, or as presented where a pattern takes it so."""
        return {normalise(presented, reading).dial for reading in self._readings} - {""}
