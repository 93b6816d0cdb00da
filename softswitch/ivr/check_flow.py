"""What is proven about plans that call flows, and flows that call flows; and the plans with all that they call.

A call of a flow is held against the flow's own file: the arguments that it takes and the outcomes that it returns. That
flows do not call one another in a circle is an error here, so that no caller can go down for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.graph import beginning, edges, reachable, unheard
from softswitch.ivr.parse import Draft
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import MAX_FLOWS
from softswitch.ivr.scope import scopes
from softswitch.ivr.template import is_template
from softswitch.ivr.verb.subplan import Flow, Return
from softswitch.ivr.world import Columns

_Languages = frozenset[str]


def ordered(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The plans, then the flows, callers first; each one with what is known of its callers' languages by then."""
    flows = {draft.plan.name: draft for draft in drafts if draft.plan.is_flow}
    leaving = {name: _languages_set(draft, flows) for name, draft in flows.items()}
    arriving: dict[str, _Languages] = {}
    quick = _quick(flows)
    for draft in [
        *(one for one in drafts if not one.plan.is_flow),
        *(flows[name] for name in reversed(_callees_first(flows))),
    ]:
        draft.leaving, draft.quick = leaving, quick
        draft.arriving = arriving.get(draft.plan.name) if draft.plan.is_flow else None
        yield draft
        if any(isinstance(step.verb, Flow) for step in draft.plan.steps.values()):
            for name, languages in _sent(draft):
                arriving[name] = arriving.get(name, frozenset()) | languages


def led_on(drafts: Sequence[Draft], columns: Columns) -> Columns:
    """With the flows, to which a campaign leads whose dialplan calls them."""
    flows = {draft.plan.name: draft for draft in drafts if draft.plan.is_flow}
    found = {name: dict(lists) for name, lists in columns.items()}
    for draft in drafts:
        if draft.plan.name in columns and not draft.plan.is_flow:
            for name in _below(draft.plan, flows):
                found.setdefault(name, {}).update(columns[draft.plan.name])
    return found


def link(drafts: Sequence[Draft]) -> dict[str, Plan]:
    """The plans that callers can enter, by name, with their flows; what is wrong with the calls is added to the drafts'
    sheets."""
    flows = {draft.plan.name: draft for draft in drafts if draft.plan.is_flow}
    if not _cycles(flows):
        _depths(flows)
    called: set[str] = set()
    for draft in drafts:
        for step, verb in _calls(draft):
            called.add(verb.name)
            if verb.name in flows:
                _call(draft, step, verb, flows[verb.name].plan)
        _returns(draft)
    for name, draft in flows.items():
        if name not in called:
            draft.sheet.problem(("flow",), "no plan calls this flow", "warning")
    return {draft.plan.name: _whole(draft.plan, flows) for draft in drafts if not draft.plan.is_flow}


def _calls(draft: Draft) -> Iterator[tuple[str, Flow]]:
    for name, step in draft.plan.steps.items():
        if isinstance(step.verb, Flow):
            yield name, step.verb


def _called(plan: Plan) -> list[str]:
    return list(dict.fromkeys(step.verb.name for step in plan.steps.values() if isinstance(step.verb, Flow)))


# ---- one call --------------------------------------------------------------------------------------------------


def _call(draft: Draft, step: str, verb: Flow, flow: Plan) -> None:
    takes = flow.needs | flow.arguments.keys()
    for name in verb.given:
        if name not in takes:
            message = f"flow {flow.name} has no argument {name!r}{did_you_mean(name, takes)}"
            draft.sheet.problem(draft.at(step, ("with", name)), message)
    lacking = sorted(flow.needs - verb.given.keys())
    if lacking:
        message = f"flow {flow.name} needs with: {{{', '.join(f'{name}: ...' for name in lacking)}}}"
        draft.sheet.problem(draft.at(step), message)
    _outcomes(draft, step, verb, flow)


def _outcomes(draft: Draft, step: str, verb: Flow, flow: Plan) -> None:
    returns = {one.verb.outcome for one in flow.steps.values() if isinstance(one.verb, Return)}
    for name in verb.outcomes:
        if name not in returns:
            message = f"flow {flow.name} never returns {name!r}{did_you_mean(name, returns)}"
            draft.sheet.problem(draft.at(step, ("outcomes", name)), message)
    lost = sorted(returns - verb.outcomes.keys() - {"failed"})
    if lost and verb.next is None:
        message = f"flow {flow.name} may return {', '.join(lost)}; write a step for it under outcomes:, or next:"
        draft.sheet.problem(draft.at(step), message)


def _returns(draft: Draft) -> None:
    for name, step in draft.plan.steps.items():
        if isinstance(step.verb, Return) and not draft.plan.is_flow:
            draft.sheet.problem(draft.at(name), "return belongs in a flow; a dialplan ends with hangup")


# ---- all of them -----------------------------------------------------------------------------------------------


def _cycles(flows: Mapping[str, Draft]) -> bool:
    """Whether there are any; each is told at the call that closes it."""
    found = False
    done: set[str] = set()
    for root in flows:
        way = [root]
        waiting = [_calls_within(flows[root], flows)] if root not in done else []
        while waiting:
            step, name = next(waiting[-1], ("", ""))
            if not name:
                waiting.pop()
                done.add(way.pop())
            elif name in way:
                found = True
                circle = " -> ".join([*way[way.index(name) :], name])
                here = flows[way[-1]]
                here.sheet.problem(here.at(step, ("name",)), f"flows call one another in a circle: {circle}")
            elif name not in done:
                way.append(name)
                waiting.append(_calls_within(flows[name], flows))
    return found


def _calls_within(draft: Draft, flows: Mapping[str, Draft]) -> Iterator[tuple[str, str]]:
    return ((step, verb.name) for step, verb in _calls(draft) if verb.name in flows)


def _callees_first(flows: Mapping[str, Draft]) -> list[str]:
    """As in the files, where they call one another in a circle."""
    known = {name: [one for one in _called(draft.plan) if one in flows] for name, draft in flows.items()}
    try:
        return list(TopologicalSorter(known).static_order())
    except CycleError:
        return list(flows)


def _depths(flows: Mapping[str, Draft]) -> None:
    """How many flows call one another. Only where there is no circle."""
    depths: dict[str, int] = {}
    for name in _callees_first(flows):
        depths[name] = 1
        for step, inner in _calls_within(flows[name], flows):
            depths[name] = max(depths[name], depths[inner] + 1)
            if depths[inner] == MAX_FLOWS:
                message = f"more than {MAX_FLOWS} flows call one another from here on"
                flows[name].sheet.problem(flows[name].at(step, ("name",)), message)


def _below(plan: Plan, flows: Mapping[str, Draft]) -> dict[str, Plan]:
    """All the flows that the plan and they call."""
    found: dict[str, Plan] = {}
    waiting = _called(plan)
    while waiting:
        name = waiting.pop()
        if name in flows and name not in found:
            found[name] = flows[name].plan
            waiting += _called(found[name])
    return found


def _whole(plan: Plan, flows: Mapping[str, Draft]) -> Plan:
    """The plan with its flows, under one version."""
    found = _below(plan, flows)
    if not found:
        return plan
    parts = [plan.version, *(f"{name} {found[name].version}" for name in sorted(found))]
    return replace(plan, flows=found, version=hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12])


def _quick(flows: Mapping[str, Draft]) -> frozenset[str]:
    """Those through which some way leads without a wait: who only goes round through these is never waited for."""
    found: set[str] = set()
    for name in _callees_first(flows):
        draft = flows[name]
        draft.quick = frozenset(found)
        passed = reachable(beginning(draft), unheard(draft, edges(draft), at_once=False))
        steps = (draft.plan.steps.get(step) for step in passed)
        if any(step is not None and isinstance(step.verb, Return) for step in steps):
            found.add(name)
    return frozenset(found)


# ---- languages -------------------------------------------------------------------------------------------------


def _languages_set(draft: Draft, flows: Mapping[str, Draft]) -> _Languages:
    """Languages that a caller may have got in the flow, or in those that it calls."""
    plans = [draft.plan, *_below(draft.plan, flows).values()]
    set_there = (step.verb.sets().get("language") for plan in plans for step in plan.steps.values())
    return frozenset(language for language in set_there if isinstance(language, str) and not is_template(language))


def _sent(draft: Draft) -> Iterator[tuple[str, _Languages]]:
    """The flows that are called, and the languages of those who come there."""
    scope = scopes(draft, edges(draft))
    for name, verb in _calls(draft):
        yield verb.name, scope.languages.get(name, frozenset())
