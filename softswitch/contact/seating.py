"""An agent sits down at a phone: his number and his PIN are asked for, and the phone is his.

A script, as a dialplan is one; what comes of it is a fact (``SeatTaken``, ``SeatRefused``). Whoever dialled his number
after the code is asked for the PIN only. A PIN is asked for whether anybody has the number or not, so that nobody
learns which numbers there are.
"""

from __future__ import annotations

from softswitch.contact.seats import SeatRefused, Seats, SeatTaken
from softswitch.core.effect import Effect
from softswitch.ivr.lost import PlanLoss
from softswitch.ivr.model import AnswerCall, EndCall, IvrInput, PlayEnded, PlayPrompts, Pressed, Start, StopPlaying
from softswitch.ivr.speech import sentence

KEY_S = 8.0  # for the first digit, after what is said
DIGIT_S = 6.0  # for the next one
MOST_DIGITS = 12
LIMIT_S = 60.0  # longer than anything that is said here: reached only where its end was never reported


class Seating:
    """See ``contact.script.Script``. ``user`` is the phone, ``number`` what was dialled after the code."""

    def __init__(self, seats: Seats, user: str, language: str, number: str = "") -> None:
        self._seats = seats
        self._user = user
        self._language = language
        self._dialled = self._number = number
        self._phase = "number"  # or "pin", "bye"
        self._typed = ""
        self._vain = 0
        self._saying = False
        self.deadline: float | None = None

    def handle(self, event: IvrInput, now: float) -> list[Effect]:
        match event:
            case Start():
                return [AnswerCall(), *self._begin(now)]
            case PlayEnded():
                return self._said(now)
            case Pressed(digit) if self._phase != "bye":
                return self._pressed(digit, now)
            case _:
                return []

    def tick(self, now: float) -> list[Effect]:
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        if self._saying:  # its end was never told
            return self._said(now)
        return self._judge(now)

    def lost(self, gone: bool) -> PlanLoss | None:
        return None

    def resume(self, now: float) -> list[Effect]:
        """A new process: he dials once more."""
        return [EndCall()]

    # ---- asking ------------------------------------------------------------------------------------------------

    def _begin(self, now: float, *said: str) -> list[Effect]:
        if self._seats.locked(self._user, now):
            return [SeatRefused(self._user, "", "locked"), *self._say("bye", now, "agent_login_locked")]
        self._number = self._dialled
        return self._ask("pin" if self._number else "number", now, *said)

    def _ask(self, phase: str, now: float, *said: str) -> list[Effect]:
        return self._say(phase, now, *said, f"agent_login_{phase}")

    def _say(self, phase: str, now: float, *keys: str) -> list[Effect]:
        self._phase, self._typed, self._saying, self.deadline = phase, "", True, now + LIMIT_S
        return [PlayPrompts(tuple(sentence(key, self._language) for key in keys))]

    def _said(self, now: float) -> list[Effect]:
        self._saying, self.deadline = False, now + KEY_S
        return [EndCall()] if self._phase == "bye" else []

    def _pressed(self, digit: str, now: float) -> list[Effect]:
        quiet: list[Effect] = [StopPlaying()] if self._saying else []
        self._saying, self.deadline = False, now + DIGIT_S
        if digit == "#":
            return [*quiet, *self._judge(now)]
        self._typed = (self._typed + digit)[:MOST_DIGITS]
        return quiet

    # ---- judging -----------------------------------------------------------------------------------------------

    def _judge(self, now: float) -> list[Effect]:
        typed = self._typed
        if self._seats.locked(self._user, now):  # since the last PIN
            return self._begin(now)
        if not typed:
            return self._in_vain(now)
        if self._phase == "number":
            self._number = typed
            return self._ask("pin", now)
        agent = self._seats.admitted(self._number, typed)
        if not agent:
            known = self._seats.rules.numbers.get(self._number, "")
            return [SeatRefused(self._user, known, "pin"), *self._in_vain(now, "agent_login_wrong")]
        if why := self._seats.refusal(agent, self._user):
            return [SeatRefused(self._user, agent, why), *self._say("bye", now, "agent_login_taken")]
        old = self._seats.desk(agent)
        taken = SeatTaken(agent, self._user, old if old != self._user else "")
        return [taken, *self._say("bye", now, "agent_logged_in")]

    def _in_vain(self, now: float, *said: str) -> list[Effect]:
        self._vain += 1
        if self._vain >= self._seats.rules.tries:
            return self._say("bye", now, *(said or ("agent_login_wrong",)))
        return self._begin(now, *said)
