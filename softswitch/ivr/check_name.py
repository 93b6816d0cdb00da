"""Names of the world outside of the plan: queues, skills, users, trunks, calendars, flows; and called numbers."""

from __future__ import annotations

from softswitch.core.yaml_nodes import Path
from softswitch.ivr.verb.callback import KEYED_STAGE, PROMISE_STAGE
from softswitch.ivr.view import View


def _numbers(view: View) -> None:
    """Numbers that somebody else has too: features come before plans, and plans before phones."""
    for index, number in enumerate(view.plan.numbers):
        if number in (view.world.features or ()):
            message = f"{number!r} is a feature code too; our own phones never come here by it"
        elif number in (view.world.users or ()):
            message = f"{number!r} is a user too; who calls it comes here and never to that phone"
        else:
            continue
        view.of_head(("numbers", index), message, "warning")


def _lost_to(view: View) -> None:
    """By which queues those are called back whose call comes to nothing in the plan."""
    told: list[tuple[Path, str]] = [(path, view.plan.lost.to) for path in (("lost_to",), ("lost", "to"))]
    told += [((*view.draft.at(name)[:2], "lost_to"), step.lost_to) for name, step in view.plan.steps.items()]
    queues = view.world.names("queue")
    for path, queue in told:
        if queue and queues is not None and queue not in queues and path in view.draft.sheet.positions:
            view.of_head(path, f"there is no queue {queue!r}{view.draft.sheet.hint(queue, queues)}")


def _names(view: View) -> None:
    for name, step in view.plan.steps.items():
        for kind, word, below in step.verb.names():
            known = view.world.names(kind)
            if known is not None and word not in known:
                view.problem(name, below, f"there is no {kind} {word!r}{view.draft.sheet.hint(word, known)}")


def _promises(view: View) -> None:
    """Queues that there are, and that call nobody back: what they offer is not said, what they promise fails."""
    queues, promising, keyed = view.world.queues, view.world.promising, view.world.keyed
    for name, step in view.plan.steps.items():
        for queue, below in step.verb.promises():
            if queues is not None and promising is not None and queue in queues - promising:
                view.problem(name, below, _silent(queue, "", PROMISE_STAGE), "warning")
        for queue, below in step.verb.asks():
            if queues is not None and keyed is not None and queue in queues - keyed:
                view.problem(name, below, _silent(queue, " at a number that is keyed in", KEYED_STAGE), "warning")


def _silent(queue: str, where: str, stage: str) -> str:
    return f"queue {queue!r} calls nobody back{where}: its callback: is missing, or its stages lack {stage}"


CHECKS = (_numbers, _lost_to, _names, _promises)
