"""How a customer whom we have called is spoken to when he answers, as the house wants it.

It is a rule of one queue's callbacks, or of one campaign. What is done with it is ``opening``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from softswitch.contact.treatment import Sound


class Follows(enum.Enum):
    """What becomes of the promise where the customer did not press the key that was asked for."""

    MACHINE = "machine"  # it was one: as after every machine
    HUNG_UP = "hung up"  # as if the customer had hung up
    DECLINED = "declined"  # nobody calls any more


@dataclass(frozen=True, slots=True)
class Answering:
    greeting: Sound | None = None  # the first that is heard
    press_1: bool = False  # only who presses 1 is put through
    press_s: float = 10.0  # for that, from the end of what is said
    unpressed: Follows = Follows.MACHINE  # no key in time
    otherwise: Follows = Follows.HUNG_UP  # another key
    never_again: bool = False  # who presses 9 is not called any more, by nobody here
    machines: bool = False  # a machine is told by how long it speaks, and hung up on
    apology: Sound | None = None  # to whom nobody was there in time; None: the standing sentence
    auto_answer: bool = False  # the agent's phone is asked to answer by itself


PLAIN = Answering()
