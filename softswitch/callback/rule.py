"""A queue's or campaign's policy made ready for use: its hours and its number pattern, compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from softswitch.callback.calendar import Hours
from softswitch.callback.model import Lost, Policy, Promise
from softswitch.callback.number import Number, normalise


class Rule:
    """How one queue calls back, or one campaign calls."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.hours = Hours(policy.window)
        self.taken = re.compile(policy.numbers) if policy.numbers else None

    def refuses(self, loss: Lost) -> str:
        """Why this loss leads to no promise, or ""."""
        if loss.stage not in self.policy.stages:
            return "policy"
        if loss.stage == "abandoned" and loss.waited_s < self.policy.short_abandon_s:
            return "short"
        return ""


class Rules:
    """The rules of all queues and campaigns. A promise that has none any more waits; it is never dialled by guess."""

    def __init__(self, policies: Iterable[Policy], region: str) -> None:
        self._region = region
        self.take(policies)

    def take(self, policies: Iterable[Policy]) -> None:
        """These from now on, and no others."""
        self._rules = {policy.name: Rule(policy) for policy in policies}

    def policy(self, name: str) -> Policy:
        """Of a queue or campaign; where it has none, the common one, for its times alone."""
        rule = self._rules.get(name)
        return rule.policy if rule else Policy(name, trunk="")

    def overdue_at(self, promise: Promise) -> float:
        """From when on it is not kept any more (Unix s)."""
        return promise.expires_at or promise.recorded_at + self.policy(promise.name).expiry_s

    def refuses(self, loss: Lost) -> str:
        """Why it leads to no promise, or ""."""
        rule = self._rules.get(loss.queue)
        return (rule.refuses(loss) if rule else "policy") or self.number(loss.number, loss.queue).why

    def open(self, promise: Promise, now: float) -> bool:
        """May its number be dialled at this hour?"""
        rule = self._rules.get(promise.name)
        return rule is not None and rule.hours.open(now)

    def changes_at(self, promise: Promise, now: float) -> float:
        """When that changes next (Unix s)."""
        rule = self._rules.get(promise.name)
        return rule.hours.changes_at(now) if rule else float("inf")

    def number(self, presented: str, name: str) -> Number:
        """As the queue or campaign calls it."""
        rule = self._rules.get(name)
        taken, countries = (rule.taken, rule.policy.countries) if rule else (None, ())
        return normalise(presented, self._region, taken, countries)

    def spellings(self, presented: str) -> set[str]:
        """What the queues call this number: E.164, or as presented where a pattern takes it so."""
        numbers = {self.number(presented, name).dial for name in self._rules}
        return numbers - {""}
