"""What queues and agents ask of each other: skills that somebody has, queues that somebody serves, overflow that ends.

A skill that nobody has, and a queue that nobody serves, are warnings: an admin may prepare either before the people are
there, and its callers wait, or go where ``join_unless`` and ``overflow`` say. A circle is an error, since nobody means
it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from softswitch.acd.model import Condition, QueueSpec
from softswitch.acd.skill import meets
from softswitch.core.yaml_nodes import Path, did_you_mean
from softswitch.settings.model import Configuration

Finding = tuple[Path, str, str]
_CONDITIONS = {"no_agents": Condition.NO_AGENTS, "all_paused": Condition.ALL_PAUSED, "long_wait": Condition.LONG_WAIT}


def queue_findings(settings: Configuration) -> Iterator[Finding]:
    yield from _nobody(settings)
    yield from _reserved(settings)
    yield from _overflow(settings)
    yield from _circles(settings)


def _nobody(settings: Configuration) -> Iterator[Finding]:
    """Somebody is there, and none of them suits; a skill that nobody has is told apart."""
    levels = [agent.skills for agent in settings.agents.values()]
    for name, queue in settings.queues.items():
        spec = queue.spec(name)
        sets = (spec.needs, *(one.needs for one in spec.relaxations))
        served = any(meets(own, needs) for own in levels for needs in sets)
        each = all(any(meets(own, (need,)) for own in levels) for need in spec.needs)  # else that has been said
        if levels and each and not served:
            yield ("queues", name), "no agent meets its needs, relaxed or not: nobody serves it", "warning"


def _reserved(settings: Configuration) -> Iterator[Finding]:
    """Callers of no rank wait for ever where all who could serve them are kept for others."""
    levels = [agent.skills for agent in settings.agents.values()]
    for name, queue in settings.queues.items():
        spec = queue.spec(name)
        if spec.reserve is None:
            continue
        sets = (spec.needs, *(one.needs for one in spec.relaxations))
        most = max(sum(meets(own, needs) for own in levels) for needs in sets)
        if 0 < most <= spec.reserve.agents:
            said = f"keeps all who can serve the queue ({most}): callers without that priority are offered to nobody"
            yield ("queues", name, "reserve", "agents"), said, "warning"


def _overflow(settings: Configuration) -> Iterator[Finding]:
    for name, queue in settings.queues.items():
        spec = queue.spec(name)
        asked = spec.join_unless | spec.leave_if
        for key, onward in queue.overflow.written().items():
            path = ("queues", name, "overflow", key)
            if onward.queue is not None and onward.queue not in settings.queues:
                near = did_you_mean(onward.queue, settings.queues)
                yield (*path, "queue"), f"queues.yaml has no queue {onward.queue!r}{near}", "error"
            if onward.callback and queue.callback is None:
                message = "nobody of this queue is called back; write its callback:, or another way"
                yield (*path, "callback"), message, "error"
            if onward.callback and queue.callback is not None:
                for stage in _stages(key, spec):
                    if stage not in queue.callback.stages:
                        message = f"nobody is called back for it: the stages of callback: lack {stage}"
                        yield (*path, "callback"), message, "warning"
            if key in _CONDITIONS and _CONDITIONS[key] not in asked:
                written = "{expected: 10m}" if key == "long_wait" else key.replace("_", "-")
                yield path, f"never comes true; write join_unless: [{written}], or leave_if", "warning"


def _stages(key: str, spec: QueueSpec) -> Iterator[str]:
    """At which callers are lost whom it sends away for this: before they were in, or after."""
    if key == "full" or (key in _CONDITIONS and _CONDITIONS[key] in spec.join_unless):
        yield "queue-full"
    if key == "timeout" or (key in _CONDITIONS and _CONDITIONS[key] in spec.leave_if):
        yield "accepted-offer"


def _circles(settings: Configuration) -> Iterator[Finding]:
    """Each circle once, where its first queue sends callers on."""
    onward: dict[str, dict[str, str]] = defaultdict(dict)  # by queue: where to, and by which key
    for name, queue in settings.queues.items():
        for key, way in queue.overflow.written().items():
            if way.queue in settings.queues:
                onward[name].setdefault(way.queue, key)
    told: set[frozenset[str]] = set()
    around_in = _endless(onward)
    for name in (one for one in settings.queues if one in around_in):
        circle = _circle(name, onward)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            around = " -> ".join((*circle, circle[0]))
            message = f"sends callers around in a circle: {around}; let one of them lead elsewhere"
            yield ("queues", name, "overflow", onward[name][(*circle, circle[0])[1]], "queue"), message, "error"


def _circle(start: str, onward: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """The shortest way from a queue back to it; () none."""
    came_from: dict[str, str] = {start: ""}
    reached = [start]
    for here in reached:
        for there in onward.get(here, {}):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            if there not in came_from:
                came_from[there] = here
                reached.append(there)
    return ()


def _endless(onward: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The queues from which one can be sent on for ever; the others are in no circle."""
    left = {name: set(ways) for name, ways in onward.items()}
    before: dict[str, list[str]] = defaultdict(list)
    for name, ways in onward.items():
        for there in ways:
            before[there].append(name)
    ends = [name for name in before if name not in left]
    for end in ends:
        for name in before[end]:
            left[name].discard(end)
            if not left[name]:
                ends.append(name)
    return {name for name, ways in left.items() if ways}
