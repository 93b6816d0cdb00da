"""A customer of a campaign: the row of its list that a scene says, judged as an import judges rows, and held against
what the campaign's dialplan reads.

When a campaign calls is no part of its dialplan: one that is paused, has not begun or is over is played all the same.
Its hours hold, and that an agent is free.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TypeVar

from softswitch.callback import waits
from softswitch.callback.campaign import Campaign
from softswitch.callback.model import Policy, Promise
from softswitch.callback.number import example
from softswitch.callback.rule import Rules
from softswitch.callback.sheet.header import NUMBER, OURS, header
from softswitch.callback.sheet.mistake import Mistake, SheetError
from softswitch.callback.sheet.row import Rows
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.plan import Plan
from softswitch.ivr.reading import campaign_columns
from softswitch.rehearsal.script import CampaignCalls
from softswitch.switch.campaigns import importing
from softswitch.switch.configuration import Configuration

Span = TypeVar("Span", Campaign, Policy)
ALWAYS_READ = frozenset({"name", "language"})  # ``caller.name``, and in which language he is spoken to
_RIGHT = {
    waits.OUTSIDE_HOURS: "write in the scene when it may, for example   at monday 10:00",
    waits.NO_AGENT: "write in the scene who is there, for example   {agent} is free",
    waits.KEPT_BACK: "its `reserve` stays free for those who call: write in the scene that more agents are free",
    waits.LIVE_CALLERS: "leave out the callers who wait",
}


def begun(one: Span) -> Span:
    """Whatever the day, and though it is paused."""
    days = dataclasses.replace(one, begins_at=0.0, ends_at=float("inf"))
    return dataclasses.replace(days, paused=False) if isinstance(days, Campaign) else days


def customer(called: CampaignCalls, configuration: Configuration, now: float) -> Promise:
    """As the list's import would make it; ``now`` is Unix seconds. Raises ``ValueError`` with all that is wrong."""
    campaign = begun(configuration.campaigns[called.campaign])
    wrong = [*_misfits(called, campaign, configuration.plans.get(campaign.plan))]
    wrong += [
        f"{called.number} is the telephone of {spec.name}, who is to talk to the customer; let it call another number"
        for spec in configuration.agents
        if called.number and called.number in (spec.user, *spec.also)
    ]
    if wrong:
        raise ValueError("; ".join(wrong))
    rules = Rules(map(begun, configuration.policies), configuration.region, configuration.area_code)
    rules.filed = configuration.barred
    row = {NUMBER: called.number or example(configuration.region), **dict(called.row)}
    try:
        rows = Rows(importing(campaign, rules, now), header([*row], campaign.reserved, ()))
    except SheetError as error:
        raise ValueError(str(error)) from None
    judged = rows.row(1, [*row.values()])
    if judged.promise is None:
        raise ValueError("; ".join(map(_told, judged.mistakes)))
    return judged.promise


def _misfits(called: CampaignCalls, campaign: Campaign, plan: Plan | None) -> Iterator[str]:
    """What the row has and nobody reads, and what it lacks."""
    given, known = dict(called.row), dict(campaign.variables)
    reads = campaign_columns(plan) if plan is not None else None
    for name in sorted(campaign.required | ((reads or frozenset()) - known.keys() - ALWAYS_READ)):
        if not given.get(name):
            why = f"{plan.name} reads it" if plan and name in (reads or ()) else f"campaign {campaign.name} requires it"
            yield f'the row has no {name}, and {why}; write   with {name}="..."'
    for name in given:
        if name in OURS:
            right = "the number stands behind `calls`" if name == NUMBER else "leave it out"
            yield f"{name} is no variable, but says when or whom the campaign calls; {right}"
        elif plan is not None and reads is not None and name not in {*reads, *ALWAYS_READ, *campaign.required, *known}:
            yield f"nothing in {plan.name} reads campaign.{name}{did_you_mean(name, {*reads, *ALWAYS_READ})}"


def _told(mistake: Mistake) -> str:
    right = f"; {mistake.right}" if mistake.right else ""
    return f"{mistake.column} {mistake.value!r} {mistake.wrong}{right}"


def nobody_called(why: str, configuration: Configuration) -> str:
    """What would be right where a campaign calls nobody; "" where that is not known."""
    agent = next((spec.name for spec in configuration.agents), "NAME")
    return _RIGHT.get(why, "").format(agent=agent)
