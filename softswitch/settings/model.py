"""All settings in one value, and the specifications that the deciding packages are given from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from softswitch.acd.model import AgentSpec, QueueSpec
from softswitch.callback.campaign import Campaign
from softswitch.callback.model import Policy, Window
from softswitch.contact.answering import Answering
from softswitch.contact.treatment import Treatment
from softswitch.core.errors import Problem
from softswitch.ivr.calendar import Calendar
from softswitch.settings.calendar import CalendarSettings
from softswitch.settings.callback import Callback
from softswitch.settings.calling_window import ClosedOn
from softswitch.settings.campaign import CampaignSettings
from softswitch.settings.kind import Name
from softswitch.settings.people import Agent, User
from softswitch.settings.queue import Queue
from softswitch.settings.system import System
from softswitch.settings.trunk import Trunk


class Configuration(System):
    """What the seven files may hold. Attributes have the names of the YAML keys; durations are seconds."""

    users: dict[Name, User] = Field(default_factory=dict)
    trunks: dict[Name, Trunk] = Field(default_factory=dict)
    agents: dict[Name, Agent] = Field(default_factory=dict)
    queues: dict[Name, Queue] = Field(default_factory=dict)
    calendars: dict[Name, CalendarSettings] = Field(default_factory=dict)
    campaigns: dict[Name, CampaignSettings] = Field(default_factory=dict)

    def calling(self) -> list[tuple[tuple[str, ...], Callback]]:
        """Whoever calls somebody: ``callback`` of queues, and campaigns, each with where it is written."""
        queues = [(("queues", name, "callback"), one.callback) for name, one in self.queues.items() if one.callback]
        return [*queues, *((("campaigns", name), one) for name, one in self.campaigns.items())]


def days_off(written: Callback, window: Window, calendars: Mapping[str, CalendarSettings]) -> Window:
    """The window, without the days on which ``closed_on`` has no hours."""
    calendar = calendars.get(written.closed_on) if written.closed_on else None
    return replace(window, days_off=ClosedOn(calendar.calendar(""))) if calendar else window


class Settings(Configuration):
    """A configuration that was found right, with absolute paths."""

    root: Path = Path()  # of the project: what relative paths were relative to
    directory: Path = Path()  # of the files, as it was named
    warnings: tuple[Problem, ...] = ()
    barred: frozenset[str] = Field(default=frozenset(), repr=False)  # the numbers of ``do_not_call``
    version: str = ""  # of the files, short: what a decision was made by
    texts: dict[str, str] = Field(default_factory=dict, repr=False)  # by file, as they were read; passwords included

    def agent_specs(self) -> list[AgentSpec]:
        return [agent.spec(name) for name, agent in self.agents.items()]

    def queue_specs(self) -> list[QueueSpec]:
        return [queue.spec(name) for name, queue in self.queues.items()]

    def policies(self) -> list[Policy]:
        """Of the queues whose lost callers are called back, and of the campaigns."""
        queues = [(name, one.callback) for name, one in self.queues.items() if one.callback is not None]
        policies = [(one, one.policy(name, self.callbacks.settle)) for name, one in (*queues, *self.campaigns.items())]
        return [replace(made, window=days_off(one, made.window, self.calendars)) for one, made in policies]

    def outbound(self) -> dict[str, Campaign]:
        """By name."""
        return {name: one.campaign(name) for name, one in self.campaigns.items()}

    def answering(self, prompts: Mapping[str, Collection[str]]) -> dict[str, Answering]:
        """What customers hear whom we call, by queue or campaign."""
        queues = {name: one.callback for name, one in self.queues.items() if one.callback is not None}
        return {name: one.answer.answering(prompts) for name, one in {**queues, **self.campaigns}.items()}

    def treatments(self, prompts: Mapping[str, Collection[str]]) -> dict[str, Treatment]:
        """What is said to who waits, by queue; ``prompts`` are the sound files that there are, by language."""
        return {
            name: queue.announce.treatment(prompts, queue.tell_caller, queue.resume)
            for name, queue in self.queues.items()
        }

    def office_calendars(self) -> dict[str, Calendar]:
        """By name, for the ``hours`` step of dialplans."""
        return {name: written.calendar(name) for name, written in self.calendars.items()}


MADE = Settings.model_fields.keys() - Configuration.model_fields.keys()  # by ``load``, and written by nobody
