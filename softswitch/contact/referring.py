"""A caller whose side is asked to call somebody else: it does, and is gone; or it does not, and they are still ours."""

from __future__ import annotations

from typing import ClassVar

from softswitch.call.signal import ReferPeer, Referred
from softswitch.contact.journey import Table
from softswitch.contact.order import HoldMusicTo, SilenceTo, TellLeg
from softswitch.contact.scripted import Scripted
from softswitch.core.effect import Effect
from softswitch.ivr.away import ReferCaller
from softswitch.ivr.model import AwayEnded


class Referring(Scripted):
    """What this adds to a contact with a script."""

    referring = False  # until it is known what came of it, or the plan dials for itself

    def _on_refer_caller(self, order: ReferCaller, now: float) -> list[Effect]:
        self.referring = True
        asked = TellLeg(self.leg, ReferPeer(order.number))
        return [*self._accept(now), HoldMusicTo(self.leg, self.music), asked]

    def _on_referred(self, event: Referred, now: float) -> list[Effect]:
        waits, self.referring = self.referring and event.leg == self.leg, False
        if not waits:  # the plan has not waited so long
            return []
        if event.status >= 300:
            return [SilenceTo(self.leg), *self._tell(AwayEnded("refused", event.status), now)]
        self.record.outcome = "transferred"
        last = self.last_words(self.script, "transfer", now)
        return [*last, *self.release(self.leg), *self.finish("transferred", "us", now)]

    _INPUTS: ClassVar[Table] = {Referred: _on_referred}
    _PERFORM: ClassVar[Table] = {ReferCaller: _on_refer_caller}
