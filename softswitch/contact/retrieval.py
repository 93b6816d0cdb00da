"""Somebody hears the messages of a mailbox by phone: the PIN, the messages and what is done with them, the greeting.

A script, as a dialplan is one: it orders in the interpreter's words, and what it says of mailboxes are facts. The
feature code leads here at once; the verb ``mailbox`` puts it in the plan's place until ``MailboxLeft``.

    main      1 new messages   2 kept ones   3 greeting   * the end
    message   1 again   2 keep   3 delete   4 the one before   5 call back   6 the next   # to the sound   * main
    greeting  1 record   2 hear   3 delete   * main;  what was recorded:  1 use   2 again   * throw away

A key is taken while something is said as well. A message has been heard when it was played to its end, or kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from softswitch.contact.mailbox import (
    Greeting,
    GreetingChanged,
    Mailboxes,
    MailboxOpened,
    MailboxRefused,
    Message,
)
from softswitch.contact.order import EraseRecording, MailboxLeft
from softswitch.contact.reading import Reading
from softswitch.contact.routing import is_outside
from softswitch.contact.sentences import counted, envelope, sentence
from softswitch.core.effect import Effect
from softswitch.ivr.behind import RecordCaller
from softswitch.ivr.lost import PlanLoss
from softswitch.ivr.model import (
    RECORDING,
    AnswerCall,
    DialEnded,
    DialOut,
    HungUp,
    IvrInput,
    PlayEnded,
    PlayPrompts,
    Pressed,
    Prompt,
    RecordEnded,
    Start,
    StopPlaying,
)

KEY_S = 8.0  # for a key, after what is said
PIN_S = 6.0  # for the next digit
MOST_PIN = 12
ASKED = 3  # times, before somebody who presses nothing is let go
LIMIT_S = 3900.0  # longer than any message: reached only where the end was never reported
GREETING_S = 120.0
RING_S = 30.0

Act = Callable[["Retrieval", float], list[Effect]]


class Retrieval:
    """See ``contact.script.Script``."""

    def __init__(self, state: Reading, boxes: Mailboxes) -> None:
        self.state = state
        self._boxes = boxes

    @property
    def deadline(self) -> float | None:
        return self.state.due

    def handle(self, event: IvrInput, now: float) -> list[Effect]:
        return self._timed(self._handled(event, now), now)

    def begin(self, now: float) -> list[Effect]:
        return self._timed(self._begun(now), now)

    def _timed(self, effects: list[Effect], now: float) -> list[Effect]:
        """Nobody waits for ever for the end of what is said."""
        if self.state.saying and self.state.due is None:
            self.state.due = now + LIMIT_S
        return effects

    def _handled(self, event: IvrInput, now: float) -> list[Effect]:
        match event:
            case Start(contact=contact, wall=wall):
                self.state.contact, self.state.epoch = contact, wall.timestamp() - now
                return [AnswerCall(), *self._begun(now)]
            case PlayEnded(ok):
                return self._said(ok, now)
            case Pressed(digit):
                return self._pressed(digit, now)
            case RecordEnded(file):
                return self._recorded(file, now)
            case DialEnded() if self.state.phase == "calling":
                return self._choose(now)
            case HungUp():
                return []  # see ``abandoned``
            case _:
                return []

    def abandoned(self, recorded: str) -> list[Effect]:
        """The caller is gone; ``recorded``: a file that was just being recorded, or ""."""
        self.state.draft = self.state.draft or recorded
        return self._throw_away()

    def tick(self, now: float) -> list[Effect]:
        state = self.state
        if state.due is None or now < state.due:
            return []
        state.due = None
        return self._timed(self._too_late(now), now)

    def _too_late(self, now: float) -> list[Effect]:
        state = self.state
        if state.saying:  # its end was never told
            return self._said(False, now)
        if state.phase == "pin":
            return self._judge(now)
        state.vain += 1
        return self._bye() if state.vain >= ASKED else self._ask(now)

    def lost(self, gone: bool) -> PlanLoss | None:
        return None

    def resume(self, now: float) -> list[Effect]:
        """A new process asks once more; a greeting that was being recorded already is the contact's business."""
        return self._timed(self._resumed(now), now)

    def _resumed(self, now: float) -> list[Effect]:
        match self.state.phase:
            case "start":
                return self._begun(now)
            case "pin":
                return self._ask_pin(now)
            case "message":
                return self._play(now)
            case "speak":
                return self._say("speak", self._sentence("speak"))
            case "bye":
                return [MailboxLeft(self.state.outcome)]
            case "calling":
                return self._choose(now)
            case _:
                return self._ask(now)

    # ---- who it is ---------------------------------------------------------------------------------------------

    def _begun(self, now: float) -> list[Effect]:
        """Strangers are asked for a PIN whether there is such a mailbox or not, and do not learn which there are."""
        state, rules = self.state, self._boxes.rules
        if state.own and state.mailbox in rules.boxes and rules.own_phone_free:
            return self._open(now)
        if state.own and not rules.pins.get(state.mailbox):
            return self._refuse("no pin", "closed")
        return self._ask_pin(now)

    def _ask_pin(self, now: float, *first: Prompt) -> list[Effect]:
        if self._boxes.locked(self.state.mailbox, self.state.own, now):
            return self._refuse("locked", "locked")
        self.state.typed = ""
        return self._say("pin", *first, self._sentence("pin"))

    def _judge(self, now: float) -> list[Effect]:
        state, rules = self.state, self._boxes.rules
        typed, state.typed = state.typed, ""
        if self._boxes.locked(state.mailbox, state.own, now):
            return self._refuse("locked", "locked")
        if typed and typed == rules.pins.get(state.mailbox):
            return self._open(now)
        state.vain += 1
        wrong: list[Effect] = [MailboxRefused(state.mailbox, state.contact, self._wrong, state.own)] if typed else []
        if state.vain >= rules.tries:
            return [*wrong, *self._leave("failed", "wrong")]
        return [*wrong, *self._ask_pin(now, *([self._sentence("wrong")] if typed else []))]

    @property
    def _wrong(self) -> str:
        rules = self._boxes.rules
        if self.state.mailbox not in rules.boxes:
            return "unknown"
        return "pin" if rules.pins.get(self.state.mailbox) else "no pin"

    def _open(self, now: float) -> list[Effect]:
        self.state.vain = 0
        return [MailboxOpened(self.state.mailbox, self.state.contact, self.state.own), *self._main(now)]

    def _refuse(self, why: str, said: str) -> list[Effect]:
        state = self.state
        return [MailboxRefused(state.mailbox, state.contact, why, state.own), *self._leave("failed", said)]

    # ---- what is said and asked --------------------------------------------------------------------------------

    def _say(self, phase: str, *prompts: Prompt) -> list[Effect]:
        self.state.phase, self.state.saying, self.state.due = phase, True, None
        return [PlayPrompts(prompts)]

    def _sentence(self, key: str) -> Prompt:
        return sentence(key, self.state.language)

    def _main(self, now: float, *first: Prompt) -> list[Effect]:
        new, old = self._boxes.counts(self.state.mailbox)
        told = () if first else (counted(new, old, self.state.language),)
        return self._say("main", *first, *told, self._sentence("main"))

    def _ask(self, now: float) -> list[Effect]:
        """The menu once more."""
        match self.state.phase:
            case "choice":
                return self._choose(now)
            case "greeting" | "draft":
                return self._say(self.state.phase, self._sentence(self.state.phase))
            case _:
                return self._main(now)

    def _said(self, ok: bool, now: float) -> list[Effect]:
        state = self.state
        state.saying = False
        match state.phase:
            case "message":
                message = self._message
                heard = self._boxes.heard(message.id) if ok and message is not None else []
                return [*heard, *self._choose(now, *([] if ok else [self._sentence("unheard")]))]
            case "speak":
                state.due = None
                return [RecordCaller("greeting", GREETING_S)]
            case "bye":
                return [MailboxLeft(state.outcome)]
            case phase:
                state.due = now + (PIN_S if phase == "pin" else KEY_S)
                return []

    def _bye(self) -> list[Effect]:
        return self._leave("next", "bye")

    def _leave(self, outcome: str, said: str) -> list[Effect]:
        self.state.outcome = outcome
        return [*self._throw_away(), *self._say("bye", self._sentence(said))]

    # ---- keys --------------------------------------------------------------------------------------------------

    def _pressed(self, digit: str, now: float) -> list[Effect]:
        phase = self.state.phase
        if phase == "pin":
            return self._typed(digit, now)
        if phase not in self._KEYS:
            return []
        self.state.vain = 0
        act = self._KEYS[phase].get(digit)
        if act is None:
            return self._say(phase, self._sentence("wrong key")) if phase != "message" else []
        return act(self, now)

    def _typed(self, digit: str, now: float) -> list[Effect]:
        state = self.state
        quiet: list[Effect] = [StopPlaying()] if state.saying else []
        state.saying = False
        if digit == "#":
            return [*quiet, *self._judge(now)]
        state.typed, state.due = (state.typed + digit)[:MOST_PIN], now + PIN_S
        return quiet

    # ---- messages ----------------------------------------------------------------------------------------------

    @property
    def _message(self) -> Message | None:
        """The one that is heard; None where it was deleted meanwhile."""
        ids, place = self.state.ids, self.state.place
        return self._boxes.get(ids[place]) if place < len(ids) else None

    def _list(self, now: float, heard: bool) -> list[Effect]:
        self.state.ids, self.state.place = self._boxes.ids(self.state.mailbox, heard), 0
        return self._play(now) if self.state.ids else self._main(now, self._sentence("none"))

    def _play(self, now: float, *first: Prompt, bare: bool = False) -> list[Effect]:
        state, message = self.state, self._message
        while message is None and state.place < len(state.ids):
            state.place += 1
            message = self._message
        if message is None:
            return self._main(now, *first, self._sentence("no more"))
        local = self._boxes.local
        told = envelope(message, local(message.left_at), local(now + state.epoch), state.place + 1, state.language)
        prompts = (*first, *(() if bare else (told,)), _sound(message.file, state.language))
        return self._say("message", *prompts)

    def _choose(self, now: float, *first: Prompt) -> list[Effect]:
        if self._message is None:
            return self._go(now, 1)
        return self._say("choice", *first, self._sentence("message"))

    def _go(self, now: float, by: int, *first: Prompt) -> list[Effect]:
        state = self.state
        state.place = max(0, state.place + by)
        while by < 0 and state.place and self._message is None:
            state.place -= 1
        return self._play(now, *first)

    def _keep(self, now: float) -> list[Effect]:
        message = self._message
        return [*(self._boxes.heard(message.id) if message else []), *self._go(now, 1, self._sentence("kept"))]

    def _delete(self, now: float) -> list[Effect]:
        message = self._message
        return [*(self._boxes.delete(message.id) if message else []), *self._go(now, 1, self._sentence("deleted"))]

    def _call_back(self, now: float) -> list[Effect]:
        message, rules = self._message, self._boxes.rules
        number = message.caller if message else ""
        if number in rules.boxes:
            order = DialOut(users=(number,), ring_s=RING_S)
        elif rules.trunk and is_outside(number):
            order = DialOut(number=number, trunk=rules.trunk, ring_s=RING_S)
        else:
            return self._choose(now, self._sentence("no callback"))
        self.state.phase, self.state.saying, self.state.due = "calling", False, None
        return [StopPlaying(), order]

    # ---- the greeting ------------------------------------------------------------------------------------------

    def _greeting(self, now: float, *first: Prompt) -> list[Effect]:
        return self._say("greeting", *first, self._sentence("greeting"))

    def _hear_greeting(self, now: float) -> list[Effect]:
        file = self._boxes.greetings.get(self.state.mailbox)
        sound = _sound(file, self.state.language) if file else self._sentence("no greeting")
        return self._greeting(now, sound)

    def _speak(self, now: float) -> list[Effect]:
        return [*self._throw_away(), *self._say("speak", self._sentence("speak"))]

    def _recorded(self, file: str, now: float) -> list[Effect]:
        if not file:
            return self._greeting(now, self._sentence("too short"))
        self.state.draft = file
        return self._say("draft", _sound(file, self.state.language), self._sentence("draft"))

    def _use(self, now: float) -> list[Effect]:
        file, self.state.draft = self.state.draft, ""
        return [self._greets(file, now), *self._main(now, self._sentence("in use"))]

    def _no_greeting(self, now: float) -> list[Effect]:
        return [self._greets("", now), *self._greeting(now, self._sentence("deleted"))]

    def _greets(self, file: str, now: float) -> GreetingChanged:
        return GreetingChanged(Greeting(self.state.mailbox, file, now + self.state.epoch))

    def _throw_away(self) -> list[Effect]:
        draft, self.state.draft = self.state.draft, ""
        return [EraseRecording(draft)] if draft else []

    _MESSAGE: ClassVar[dict[str, Act]] = {
        "1": lambda self, now: self._play(now),
        "2": _keep,
        "3": _delete,
        "4": lambda self, now: self._go(now, -1),
        "5": _call_back,
        "6": lambda self, now: self._go(now, 1),
        "*": lambda self, now: self._main(now),
    }
    _KEYS: ClassVar[dict[str, dict[str, Act]]] = {
        "main": {
            "1": lambda self, now: self._list(now, heard=False),
            "2": lambda self, now: self._list(now, heard=True),
            "3": lambda self, now: self._greeting(now),
            "*": lambda self, now: self._bye(),
        },
        "message": {**_MESSAGE, "#": lambda self, now: self._play(now, bare=True)},
        "choice": _MESSAGE,
        "greeting": {
            "1": _speak,
            "2": _hear_greeting,
            "3": _no_greeting,
            "*": lambda self, now: self._main(now),
        },
        "draft": {
            "1": _use,
            "2": _speak,
            "*": lambda self, now: [*self._throw_away(), *self._main(now)],
        },
    }


def _sound(file: str, language: str) -> Prompt:
    return Prompt(language, file=f"{RECORDING}{file}")
