"""Names of the world outside of the plan: queues, skills, users, trunks, calendars, flows; and called numbers."""

from __future__ import annotations

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
    queue, queues = view.plan.lost_to, view.world.names("queue")
    if queue and queues is not None and queue not in queues and ("lost_to",) in view.draft.sheet.positions:
        view.of_head(("lost_to",), f"there is no queue {queue!r}{view.draft.sheet.hint(queue, queues)}")


def _names(view: View) -> None:
    for name, step in view.plan.steps.items():
        for kind, word, below in step.verb.names():
            known = view.world.names(kind)
            if known is not None and word not in known:
                view.problem(name, below, f"there is no {kind} {word!r}{view.draft.sheet.hint(word, known)}")


CHECKS = (_numbers, _lost_to, _names)
