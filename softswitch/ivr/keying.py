"""At which number does a customer want to be called back? The dialogue, without anybody to play it.

The number that he calls from, or another one: he keys it in, it is read back digit by digit, and he confirms it. A
number that cannot be called is refused at once and asked for again; so is one that nobody finishes. ``*`` begins anew
and ``#`` says that it is whole. It may be written as people write it here: who knows the country is asked
(``takes``), and may still refuse what was confirmed (``refused``).

The same in a step of a dialplan and in a queue: each plays the prompts, and feeds keys, the end of what was played and
the time. ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from softswitch.ivr.model import Prompt
from softswitch.ivr.speech import sentence

OWN, OTHER = "1", "2"  # keys: which number
RIGHT, WRONG = "1", "2"  # keys: is that it?
WHOLE, ANEW = "#", "*"
LONGEST = 20  # digits; E.164 has 15, and a prefix may stand before them
SHORTEST = 3
MOST_ASKED = 10  # nobody holds a line by beginning anew for ever
SPEECH_S = 60.0  # longer than any of these prompts: reached only where the end was never reported

Takes = Callable[[str], bool]  # whether a number, as it was keyed in, can be called


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows: something is said, a number is chosen, it is over, or none of these: the next key is awaited."""

    prompts: tuple[Prompt, ...] = ()  # instead of what is being said
    number: str | None = None  # chosen; "": the one that he calls from
    over: str = ""  # why nothing was chosen


@dataclass(slots=True)
class Keying:
    """Plain state of one dialogue."""

    own: bool  # whether the number that he calls from can be chosen
    language: str
    tries: int = 3  # vain ones of the whole dialogue
    timeout_s: float = 5.0  # for a key
    part: Literal["which", "number", "right", "chosen"] = "which"
    typed: str = ""
    vain: int = 0
    asked: int = 0  # for the number, however often he has begun anew
    due: float | None = None

    def begin(self, now: float) -> Turn:
        """From the start, or once more where he was."""
        if self.part == "chosen":
            return Turn()
        if self.part == "right":
            return self._read_back(now)
        return self._which(now) if self.own and self.part == "which" else self._ask(now)

    def heard(self, now: float) -> Turn:
        """What was said is over."""
        if self.part != "chosen":
            self.due = now + self.timeout_s
        return Turn()

    def pressed(self, digit: str, takes: Takes, now: float) -> Turn:
        self.due = now + self.timeout_s
        match self.part, digit:
            case "chosen", _:
                return Turn()
            case "which", str() if digit == OWN:
                return self._chosen("")
            case "which", str() if digit == OTHER:
                return self._ask(now)
            case "right", str() if digit == RIGHT:
                return self._chosen(self.typed)
            case "right", str() if digit == WRONG:
                return self._ask(now)
            case "number", _:
                return self._typed(digit, takes, now)
        return self._again(now)

    def expired(self, takes: Takes, now: float) -> Turn:
        """No key has come in time."""
        if self.part == "number" and self.typed:
            return self._whole(takes, now)
        return self._again(now)

    def unanswered(self, now: float) -> Turn:
        """Nobody knows whether what was chosen is promised: he chooses once more."""
        self.part = "right" if self.typed else "which"
        return self.begin(now)

    def refused(self, now: float) -> Turn:
        """What was chosen cannot be called after all."""
        self.own, self.part = False, "number"
        return self._in_vain(now)

    # ---- the parts ---------------------------------------------------------------------------------------------

    def _which(self, now: float) -> Turn:
        return self._say(now, sentence("keyed_which", self.language))

    def _ask(self, now: float, *first: Prompt) -> Turn:
        self.part, self.typed, self.asked = "number", "", self.asked + 1
        if self.asked > MOST_ASKED:
            return Turn(over=f"the number was begun {MOST_ASKED} times")
        return self._say(now, *first, sentence("keyed_number", self.language))

    def _typed(self, digit: str, takes: Takes, now: float) -> Turn:
        if digit == ANEW:
            return self._ask(now)
        if digit == WHOLE:
            return self._whole(takes, now)
        self.typed += digit if digit.isdecimal() else ""
        return self._whole(takes, now) if len(self.typed) >= LONGEST else Turn()

    def _whole(self, takes: Takes, now: float) -> Turn:
        if len(self.typed) < SHORTEST or not takes(self.typed):
            return self._in_vain(now)
        return self._read_back(now)

    def _read_back(self, now: float) -> Turn:
        self.part = "right"
        return self._say(now, sentence("keyed_right", self.language, number=self.typed))

    def _chosen(self, number: str) -> Turn:
        self.part, self.due = "chosen", None
        return Turn(number=number)

    def _in_vain(self, now: float) -> Turn:
        self.vain += 1
        return self._give_up() or self._ask(now, sentence("keyed_refused", self.language))

    def _again(self, now: float) -> Turn:
        self.vain += 1
        return self._give_up() or self.begin(now)

    def _give_up(self) -> Turn | None:
        return Turn(over=f"no number was given ({self.tries} tries)") if self.vain >= self.tries else None

    def _say(self, now: float, *prompts: Prompt) -> Turn:
        self.due = now + SPEECH_S
        return Turn(prompts)
