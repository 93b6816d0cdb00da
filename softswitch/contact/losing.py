"""A call that comes to nothing: the ledger is told of it once, when it ends, with the last stage that it came to.

Nobody is lost who has talked to somebody, left a message, or was promised to be called back; nor who has called nobody
of us: a callback, a call of ours to the outside. A queue tells of those who hang up in it by itself (``queued``); all
the rest is what the plan says (``ivr.lost``), and before the answer it is another stage: a caller who is gone has
cancelled early, one whom we refuse without anybody having wanted it is shed.

A call that was shed and comes again is one call: ``Lost.former`` is as whom it was lost then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from softswitch.callback.model import LossNotRecorded, Lost, ReachedAgent
from softswitch.contact.order import TellLedger
from softswitch.contact.transfer import Transferable
from softswitch.contact.visit import Aside
from softswitch.core.effect import Effect

# Said of callers who had not chosen a queue: they are withdrawn whoever of the plan's agents serves them.
GUESSED = ("shed", "early-cancel", "ivr", "closed", "voicemail-empty")


class Losing(Transferable):
    """What being lost adds to a contact with a script."""

    settled = False  # talked to somebody, left a message, was promised to be called back, or is told as lost
    defective = False  # a defect of ours ends the call
    turned: Aside | None = None  # the place that a queue has taken from him
    asked: Lost | None = None  # a promise that is being written, and is answered with its token
    _refused: tuple[Lost, str] | None = None  # one that was not made, and why: it is counted

    def connect(
        self, left: str, right: str, recorded: bool, waited_s: float, now: float, held: Collection[str] = ()
    ) -> list[Effect]:
        self.settled = True
        return super().connect(left, right, recorded, waited_s, now, held)

    def loss(self, stage: str, queue: str, since: float, now: float, token: str = "", number: str = "") -> Lost:
        """``since``: when he began to wait, monotonic seconds; ``number``: the caller's own, unless he says another."""
        plan = self.script.lost(False)
        return Lost(
            number or self.facts.caller, queue, stage, self.id, self.unix(since), now - since, token,
            step=self.step if plan is None else plan.step, former=self.facts.shed_as,
            caller=self.facts.caller if stage == "keyed" else "",
        )  # fmt: skip

    @property
    def began_at(self) -> float:
        """Monotonic seconds."""
        return self.record.started_at - self.facts.epoch

    def ask(self, loss: Lost) -> TellLedger:
        """For a promise that he waits to hear of."""
        self.asked = loss
        return TellLedger(loss)

    def lost_in_plan(self, gone: bool, now: float) -> list[Effect]:
        """The call ends; ``gone``: not by us. Whatever was being recorded is kept by now."""
        if self.asked is not None:  # nobody waits to hear of it any more, and it is made all the same
            loss, self.asked, self.settled = replace(self.asked, token=""), None, True
            return [TellLedger(loss), *self.keyed_instead(loss)]
        plan = self.script.lost(gone)
        if plan is None or self.settled or self.facts.kind != "inbound":
            return []
        if plan.done and plan.queue:  # what he was lost for before, he has found now
            return [TellLedger(ReachedAgent(self.facts.caller, plan.queue, GUESSED))]
        if not plan.stage:
            return []
        since, queue, stage = self.began_at, plan.queue, plan.stage
        if stage == "ivr" and not self.answered:
            stage = "early-cancel" if gone and not self.defective else "shed"
        if self.turned is not None and stage in ("queue-full", "voicemail-empty"):
            since, queue = self.turned.queued_at, self.turned.queue
        if not queue or (stage in GUESSED and stage not in plan.rule.stages):
            return []
        if stage in GUESSED and now - self.began_at < plan.rule.after_s:
            return [LossNotRecorded(queue, stage, "short", self.id, self.facts.caller)]
        self.settled = True
        return self.tell_loss(self.loss(stage, queue, since, now))

    def cut_off(self) -> tuple[Lost, bool] | None:
        """What he is lost by whose call was not answered when our process died, and whether the plan counts that.

        None where nobody of this plan is lost before the answer.
        """
        plan = self.script.lost(True)
        if plan is None or self.settled or self.facts.kind != "inbound" or plan.done or not plan.queue:
            return None
        counts = "shed" in plan.rule.stages
        if not counts and "early-cancel" not in plan.rule.stages:
            return None
        return self.loss("shed", plan.queue, self.began_at, self.began_at), counts

    def tell_loss(self, loss: Lost) -> list[Effect]:
        """For one that nobody waits to hear of."""
        return [] if self._counted(loss) else [TellLedger(loss)]

    def promise_refused(self, why: str) -> list[Effect]:
        if self.asked is not None and why != "store":  # what the store could not take then it may take later
            self._refused = self.asked, why
        return []

    def _counted(self, loss: Lost) -> bool:
        """Whether the ledger has said already that this comes to no promise."""
        if self._refused is None:
            return False
        former, why = self._refused
        same = (former.number, former.queue) == (loss.number, loss.queue)
        return same and (why != "policy" or former.stage == loss.stage)

    def keyed_instead(self, promised: Lost) -> list[Effect]:
        """Who is called at a number that he has keyed in is not called at his own for what he was lost for before."""
        if promised.stage != "keyed":
            return []
        return [TellLedger(ReachedAgent(self.facts.caller, promised.queue, GUESSED))]

    def found_by(self, queues: Collection[str]) -> list[Effect]:
        """An agent of these queues has answered: they owe nothing, nor does the queue that the plan has guessed; nor is
        he called at a number that was just being promised to him."""
        plan, number = self.script.lost(False), self.facts.caller
        told: list[Effect] = [TellLedger(ReachedAgent(number, queue)) for queue in queues]
        asked, self.asked = self.asked, None
        if asked is not None and asked.number != number:
            told.append(TellLedger(ReachedAgent(asked.number, asked.queue)))
        if plan is not None and plan.queue and plan.queue not in queues:
            told.append(TellLedger(ReachedAgent(number, plan.queue, GUESSED)))
        return told
