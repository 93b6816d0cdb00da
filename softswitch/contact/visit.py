"""A visit to a queue, as the waiting caller lives it: music, what is announced, the offer to be called back.

Decided here: when something is said. Nothing in the first seconds, since nobody wants to hear a number while the phone
already rings; nothing while something else is being said, and then music for a while; the offer once, as soon as one of
its conditions holds. The position that is spoken never rises: a caller who was third and is overtaken hears nothing
rather than "fourth". Neither does a wait, unless the estimate has a cause for it, and then it is said that it has. In
which words: ``treatment``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from softswitch.acd.model import Join
from softswitch.acd.skill import from_plain
from softswitch.acd.told import Told
from softswitch.contact.order import Directory
from softswitch.contact.treatment import Treatment, message, told_position, told_wait
from softswitch.core.effect import Effect
from softswitch.core.timers import earliest
from softswitch.ivr.keying import Keying
from softswitch.ivr.model import CallbackOffer, EnterQueue, Prompt
from softswitch.ivr.speech import sentence

FIRST_ANNOUNCEMENT_S = 5.0
LOOK_S = 15.0  # how often an offer that depends on position or wait is thought of
CALLBACK = "callback"  # whose place it is: of somebody whom we have called
LONGEST_SPEECH_S = 300.0  # reached only where the end of what is said was never reported


@dataclass(frozen=True, slots=True)
class Aside:
    """The place of a caller who has left the line for a while, in the same call; and what he was told there."""

    queue: str
    queued_at: float  # monotonic seconds
    named: str = ""  # the queue by which the plan leads there; the caller may have been sent on
    lowest: int | None = None
    wait: Told | None = None
    minutes: tuple[float, float] | None = None
    kind: str = "call"  # as ``Join`` has it


@dataclass(slots=True)
class Said:
    """To the caller, at one moment; and what is to be known of it."""

    prompts: list[Prompt] = field(default_factory=list)
    facts: list[Effect] = field(default_factory=list)


class Visit(msgspec.Struct, omit_defaults=True):
    """Plain state of one visit; times are monotonic seconds."""

    order: EnterQueue
    joined_at: float
    announce_at: float | None = None  # None: never
    offer_at: float | None = None  # whatever position and wait are
    offered: bool = False  # the callback offer has been spoken
    lowest: int | None = None  # the best position spoken so far
    promise_token: str = ""  # a promise is being written
    turned_away: str = ""  # by the queue meanwhile, and why
    been: tuple[str, ...] = ()  # queues that have sent him on
    earlier_s: float = 0.0  # waited before, at a place that was kept
    look_at: float | None = None  # at position and wait, whether they call for the offer
    speaking_until: float | None = None  # something is being said, and this is when it is over at the latest
    said: str = ""  # of the position, last
    wait: Told | None = None  # that was told last
    minutes: tuple[float, float] | None = None  # the same in words: at most, at least
    messages: int = 0  # heard so far
    named: str = ""  # the queue of the plan, whatever the caller was sent on to
    keying: Keying | None = None  # he takes the offer, and says at which number
    kind: str = "call"  # as ``Join`` has it

    @classmethod
    def begin(cls, order: EnterQueue, directory: Directory, now: float, earlier_s: float = 0.0) -> Visit:
        offer = order.offer
        visit = cls(order, now, earlier_s=earlier_s, named=order.queue)
        visit.announce_at = _first_announcement(directory.treatment(order.queue), now)
        if offer is not None:
            visit.offer_at = min((now + after_s for after_s in _moments(offer, earlier_s)), default=None)
        if offer is not None and (offer.position_above is not None or offer.expected_above_s is not None):
            visit.look_at = now + FIRST_ANNOUNCEMENT_S
        return visit

    @classmethod
    def back(cls, aside: Aside, order: EnterQueue, directory: Directory, now: float) -> Visit:
        """At the same place: what was told there may not rise either."""
        visit = cls.begin(order, directory, now, now - aside.queued_at)
        visit.lowest, visit.wait, visit.minutes = aside.lowest, aside.wait, aside.minutes
        visit.kind = aside.kind
        return visit

    @property
    def queued_at(self) -> float:
        """Its age counts from here."""
        return self.joined_at - self.earlier_s

    def join(self, contact: str, again: bool = False) -> Join:
        """Into the line, at its age; ``again``: it was there before a restart."""
        order, needs = self.order, None
        if order.needs is not None:
            needs = tuple(from_plain(need) for need in order.needs)
        return Join(
            contact, order.queue, self.queued_at, needs, order.priority_s, self.kind,
            joined_at=self.joined_at if again else None, preferred=order.prefer, preferred_s=order.prefer_s,
        )  # fmt: skip

    def goes_on(self, queue: str, directory: Directory, now: float) -> None:
        """In another queue, at the same age; how long he may wait there counts from now."""
        if self.announce_at is None:  # in the former one nothing was announced
            self.announce_at = _first_announcement(directory.treatment(queue), now)
        self.order = replace(self.order, queue=queue)
        self.earlier_s, self.joined_at = now - self.queued_at, now

    @property
    def queues(self) -> list[str]:
        """That have had the caller in this visit, each once."""
        return list(dict.fromkeys((self.named, *self.been, self.order.queue)))

    @property
    def place(self) -> Aside:
        queue = self.order.queue
        return Aside(queue, self.queued_at, self.named or queue, self.lowest, self.wait, self.minutes, self.kind)

    @property
    def deadline(self) -> float | None:
        if self.promise_token:
            return None
        if self.keying is not None:
            return self.keying.due
        if self.speaking_until is not None:
            return self.speaking_until
        return earliest(self.announce_at, self.offer_at, self.look_at)

    # ---- what is said --------------------------------------------------------------------------------------------

    def due(self, directory: Directory, contact: str, number: str, now: float) -> Said:
        """What is to be spoken now to who calls from ``number``; the next moments are set. ``ended`` follows, or
        ``speaks``."""
        said = Said()
        speaks = self.speaking_until is not None and self.speaking_until > now
        if speaks or self.promising:
            return said
        if self.announce_at is not None and self.announce_at <= now:
            it = directory.treatment(self.order.queue)
            self.announce_at = now + it.every_s if it.every_s else None
            self._announce(said, it, directory, contact, now)
        if self._offers(directory, contact, number, now):
            said.prompts.append(self._offer())
        self.speaking_until = now + LONGEST_SPEECH_S if said.prompts else None
        return said

    def speaks(self, now: float) -> None:
        """Something else is being said to the caller."""
        self.speaking_until = now + LONGEST_SPEECH_S

    def ended(self, directory: Directory, now: float) -> None:
        """What was being said is over: music, and nothing else for a while but the offer, if its time has come."""
        self.speaking_until = None
        if self.announce_at is not None:
            self.announce_at = max(self.announce_at, now + directory.treatment(self.order.queue).gap_s)

    def _announce(self, said: Said, it: Treatment, directory: Directory, contact: str, now: float) -> None:
        if it.position:
            said.prompts += self._position(it, directory.position(contact))
        if it.wait and (told := directory.told(contact, self.wait, now)) is not None:
            self._wait(said, told, it, contact)
        if (heard := message(it, self.messages, contact)) is not None:
            self.messages += 1
            said.prompts.append(heard.prompt(self.order.language))

    def _position(self, it: Treatment, place: int | None) -> list[Prompt]:
        if place is None or (self.lowest is not None and place > self.lowest):
            return []
        self.lowest = place
        prompt = told_position(place, it.up_to, self.order.language)
        again, self.said = prompt.text == self.said, prompt.text
        return [] if again and not it.unchanged else [prompt]

    def _wait(self, said: Said, told: Told, it: Treatment, contact: str) -> None:
        words = told_wait(told.interval, it.longest_s, self.order.language)
        if words is None:
            return
        risen = self.minutes is not None and words.minutes > self.minutes
        if risen and not told.cause:  # what was told was rounded, or the house tells longer waits now
            return
        if risen:
            said.prompts.append(sentence("wait_longer", self.order.language))
            said.facts += [rose] if (rose := told.rose(contact)) is not None else []
        said.prompts.append(words.prompt)
        self.wait, self.minutes = told, words.minutes

    # ---- the offer -----------------------------------------------------------------------------------------------

    def _offers(self, directory: Directory, contact: str, number: str, now: float) -> bool:
        """Nothing is offered that could not be promised."""
        offer = self.order.offer
        if offer is None or self.offered:
            return False
        due = self.offer_at is not None and self.offer_at <= now
        if not due and (self.look_at is None or self.look_at > now):
            return False
        if self.look_at is not None:
            self.look_at = now + LOOK_S
        if not self._could_promise(directory, number, offer):  # perhaps the queue to which he is sent on can
            self.offer_at = now + LOOK_S if due else self.offer_at
            return False
        return due or _long(offer, directory, contact, now)

    def _could_promise(self, directory: Directory, number: str, offer: CallbackOffer) -> bool:
        queue = self.order.queue
        return directory.can_promise(number, queue) or (offer.another_number and directory.takes_keyed(queue))

    def _offer(self) -> Prompt:
        assert self.order.offer is not None
        self.offered, self.offer_at, self.look_at = True, None, None
        return sentence("callback_offer", self.order.language, key=self.order.offer.key)

    @property
    def promising(self) -> bool:
        """He has taken the offer, and it is not settled yet at which number, or whether it holds."""
        return bool(self.promise_token) or self.keying is not None

    def accepts(self, digit: str) -> bool:
        """The caller takes the offer that was spoken."""
        offer = self.order.offer
        return offer is not None and self.offered and digit == offer.key and not self.promising

    # ---- the rest ------------------------------------------------------------------------------------------------

    def leaves(self, digit: str) -> bool:
        """The caller leaves the line, and keeps his place; not while he is told that he will be called back."""
        return bool(digit) and digit == self.order.exit and not self.promising

    def told(self, language: str, now: float) -> Prompt:
        """What the agent hears of it."""
        return sentence("whisper_queue", language, queue=self.order.queue, waited_s=now - self.queued_at)

    def moved(self, by: float) -> None:
        """Another process goes on, whose clock shows ``by`` more. It hears no end of what is being said, and of no
        promise that was being written: the place is kept."""
        self.joined_at += by
        for moment in ("announce_at", "offer_at", "look_at"):
            at = getattr(self, moment)
            setattr(self, moment, None if at is None else at + by)
        self.promise_token, self.turned_away, self.speaking_until, self.keying = "", "", None, None


def _first_announcement(it: Treatment, now: float) -> float | None:
    return now + min(it.every_s, FIRST_ANNOUNCEMENT_S) if it.every_s else None


def _moments(offer: CallbackOffer, earlier_s: float) -> Iterator[float]:
    """In so many seconds, but not at once."""
    if offer.after_s is not None:
        yield max(offer.after_s - earlier_s, min(offer.after_s, FIRST_ANNOUNCEMENT_S))
    if offer.in_s is not None:
        yield max(offer.in_s, FIRST_ANNOUNCEMENT_S)


def _long(offer: CallbackOffer, directory: Directory, contact: str, now: float) -> bool:
    """Whether position or wait are more than the caller should be asked to bear."""
    place = directory.position(contact)
    if offer.position_above is not None and place is not None and place > offer.position_above:
        return True
    expected = directory.expected(contact, now) if offer.expected_above_s is not None else None
    return expected is not None and offer.expected_above_s is not None and expected.likely_s > offer.expected_above_s
