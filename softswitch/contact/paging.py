"""A page: phones answer by themselves and hear one voice, that of the caller or of a recording, and nobody hears them.

Phones in a call are left alone. A phone that does not answer by itself stops ringing after a while, and misses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from softswitch.call.signal import Answered, Failed, Released, Updated
from softswitch.contact.hunt import Hunt
from softswitch.contact.journey import Table
from softswitch.contact.order import HoldMusicTo, JoinRoom, Key, LeaveRoom, PlayTo, PromptEnded, SilenceTo
from softswitch.contact.transfer import Transferable
from softswitch.core.effect import Effect
from softswitch.ivr.away import PageUsers
from softswitch.ivr.model import AwayEnded, Prompt

END = "#"
BEEP_S = 0.3  # the caller hears that somebody listens


@dataclass(slots=True)
class Page:
    order: PageUsers
    until: float  # monotonic seconds
    legs: list[str] = field(default_factory=list)  # that hear it
    reached: bool = False  # somebody has heard it


class Paging(Transferable):
    """What pages add to a contact with a script. The hunt for the phones is one that everybody wins."""

    page: Page | None = None

    def handle(self, event: object, now: float) -> list[Effect]:
        page = self.page
        if page is None or self.over:
            return super().handle(event, now)
        match event:
            case Key(leg, digit) if leg == self.leg:
                return self._page_over(now) if digit == END else []
            case Updated(leg, media) if leg == self.leg and not page.order.prompts:  # his music is for nobody
                return [JoinRoom(self.room, self.leg, () if media.held else None)]
            case Answered() | Failed() | Released() | PromptEnded() | Updated() if event.leg != self.leg:
                self.hear_causes(event)
                orders = self._paged(page, event, now)
                hunted = self.hunt is None or self.hunt.exhausted
                return [*orders, *self._page_over(now)] if hunted and not page.legs else orders
        return super().handle(event, now)

    def _on_page(self, order: PageUsers, now: float) -> list[Effect]:
        there = [user for user in order.users if user != self.facts.caller and not self.directory.in_call(user)]
        targets = tuple(target for user in there for target in self.directory.user_targets(user))
        accept = self._accept(now)
        if not targets:
            return [*accept, *self._tell(AwayEnded("nobody"), now)]
        self.record.outcome = self.record.outcome or "paged"
        self.page = Page(order, now + order.most_s)
        prefix = self.new_prefix("page")
        caller, name = self.facts.caller, self.facts.caller_name
        self.hunt = Hunt("page", prefix, targets, caller, name, order.ring_s, by_itself=True)
        heard = HoldMusicTo(self.leg, self.music) if order.prompts else JoinRoom(self.room, self.leg)
        return [*accept, heard, *self.hunt.start()]

    def _paged(
        self, page: Page, event: Answered | Failed | Released | PromptEnded | Updated, now: float
    ) -> list[Effect]:
        leg, hunt = event.leg, self.hunt
        match event:
            case Answered():
                return self._listens(page, leg) if hunt is not None and leg in hunt.ringing else self.release(leg)
            case Failed():
                orders, _ = self.hunt_on(event)
                return orders
            case Released() if leg in page.legs:
                page.legs.remove(leg)
            case PromptEnded() if leg in page.legs:
                page.legs.remove(leg)
                page.reached = True
                return self.release(leg)
        return []

    def _listens(self, page: Page, leg: str) -> list[Effect]:
        assert self.hunt is not None
        del self.hunt.ringing[leg]
        page.legs.append(leg)
        if page.order.prompts:
            return [PlayTo(leg, f"{leg}.paged", page.order.prompts)]
        first, page.reached = not page.reached, True
        beep = self._play_to_caller((Prompt("", tone="beep", silence_s=BEEP_S),), "page") if first else []
        return [JoinRoom(self.room, leg, ()), *beep]

    def _page_over(self, now: float) -> list[Effect]:
        page = self.page
        if page is None:
            return []
        outcome = "next" if page.reached else "nobody"
        return [*self.end_page(), SilenceTo(self.leg), *self._tell(AwayEnded(outcome), now)]

    def end_page(self) -> list[Effect]:
        """Let all of them go; nothing where there is no page."""
        page, self.page = self.page, None
        if page is None:
            return []
        return [*self.cancel_hunt(), *self.release(*page.legs), LeaveRoom(self.leg)]

    _PERFORM: ClassVar[Table] = {PageUsers: _on_page}
