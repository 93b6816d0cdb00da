"""Which columns of a campaign's list a dialplan reads, its flows included."""

from __future__ import annotations

from collections.abc import Iterator

from softswitch.ivr import template
from softswitch.ivr.plan import Plan

CAMPAIGN = "campaign"


def campaign_columns(plan: Plan) -> frozenset[str] | None:
    """By their names; None: it takes the row as a whole, so that any may be read. The column ``name`` is
    ``caller.name``, and ``campaign.name`` that of the campaign."""
    found: set[str] = set()
    for used in (names for part in (plan, *plan.flows.values()) for names in _read(part)):
        columns = {field for of, field in used.fields if of == CAMPAIGN}
        if CAMPAIGN in used.mentioned and not columns:
            return None
        found |= columns
    return frozenset(found - {"name"})


def _read(plan: Plan) -> Iterator[template.Names]:
    for step in plan.steps.values():
        written = step.verb.model_dump(mode="json")
        yield from map(template.analyse, template.templates(written))
        for condition in written.get("conditions", ()) if step.verb.verb == "when" else ():
            yield template.analyse_condition(condition["condition"])
