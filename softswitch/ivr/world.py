"""The names outside of a plan that it may use: what is configured, and what can be heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Columns = Mapping[str, Mapping[str, frozenset[str]]]  # dialplan -> campaign that leads there -> what its list says


@dataclass(frozen=True, slots=True)
class World:
    """The names that a plan may use. None: not known, so not checked."""

    queues: frozenset[str] | None = None
    promising: frozenset[str] | None = None  # queues that call back whom they have promised it
    keyed: frozenset[str] | None = None  # queues that call back at numbers that callers key in
    skills: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    users: frozenset[str] | None = None
    trunks: frozenset[str] | None = None
    calendars: frozenset[str] | None = None
    features: frozenset[str] | None = None  # codes that our own phones dial
    mailboxes: frozenset[str] | None = None  # None: every user and queue has one
    webhooks: frozenset[str] | None = None
    flows: frozenset[str] | None = None
    columns: Columns | None = None
    hosts: frozenset[tuple[str, int]] | None = None  # that http steps may ask, and their ports; 0: any
    prompts: Mapping[str, frozenset[str]] | None = None  # language -> files
    speech: bool = True  # an engine can say texts

    def names(self, kind: str) -> frozenset[str] | None:
        known = {
            "queue": self.queues,
            "skill": self.skills,
            "agent": self.agents,
            "user": self.users,
            "trunk": self.trunks,
            "calendar": self.calendars,
            "mailbox": self.mailboxes,
            "webhook": self.webhooks,
            "flow": self.flows,
        }[kind]
        if kind == "mailbox" and known is None and self.users is not None:
            return self.users | (self.queues or frozenset())
        return known
