"""A visit to a queue, as the waiting caller lives it: music, position, the offer to be called back.

The position that is spoken never rises: a caller who was third and is overtaken hears nothing rather than "fourth".
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.contact.order import Directory
from softswitch.ivr.model import EnterQueue, Prompt
from softswitch.ivr.speech import sentence

OFFER_S = 15.0  # longer than the offer of a callback takes to be heard
FIRST_ANNOUNCEMENT_S = 5.0  # nobody wants to hear a number while the phone already rings


@dataclass(slots=True)
class Visit:
    """Plain state of one visit; times are monotonic seconds."""

    order: EnterQueue
    joined_at: float
    announce_every_s: float  # 0: never
    announce_at: float | None = None
    offer_at: float | None = None
    offered: bool = False  # the callback offer has been spoken
    lowest: int | None = None  # the best position spoken so far
    promise_token: str = ""  # a promise is being written

    @classmethod
    def begin(cls, order: EnterQueue, directory: Directory, now: float) -> Visit:
        every = directory.announce_every_s(order.queue)
        visit = cls(order, now, every)
        if every:
            visit.announce_at = now + min(every, FIRST_ANNOUNCEMENT_S)
        if order.offer:
            visit.offer_at = now + order.offer.after_s
        return visit

    @property
    def deadline(self) -> float | None:
        return min((at for at in (self.announce_at, self.offer_at) if at is not None), default=None)

    def due(self, position: int | None, now: float) -> tuple[Prompt, ...]:
        """What is to be spoken now; the next moments are set."""
        prompts: list[Prompt] = []
        if self.announce_at is not None and self.announce_at <= now:
            self.announce_at = now + self.announce_every_s
            if position is not None and (self.lowest is None or position <= self.lowest):
                self.lowest = position
                prompts.append(self._say("position", position=position))
        if self.offer_at is not None and self.offer_at <= now and self.order.offer:
            self.offer_at = None
            self.offered = True
            if self.announce_at is not None:  # the offer is not to be cut short
                self.announce_at = max(self.announce_at, now + OFFER_S)
            prompts.append(self._say("callback_offer", key=self.order.offer.key))
        return tuple(prompts)

    def told(self, language: str, now: float) -> Prompt:
        """What the agent hears of it."""
        return sentence("whisper_queue", language, queue=self.order.queue, waited_s=now - self.joined_at)

    def accepts(self, digit: str) -> bool:
        """The caller takes the offer that was spoken."""
        offer = self.order.offer
        return offer is not None and self.offered and digit == offer.key and not self.promise_token

    def _say(self, phrase_key: str, **values: object) -> Prompt:
        return sentence(phrase_key, self.order.language, **values)
