"""``callback:`` of a queue: who is called back, when, how often, and by which line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from softswitch.callback.model import Policy
from softswitch.core.wrong import once
from softswitch.settings.answer import AnswerSettings
from softswitch.settings.calling_window import CalleeWindow, CallingWindow
from softswitch.settings.dialling import Dialling
from softswitch.settings.kind import CallerId, Country, Name, Pattern, PositiveSeconds, Seconds

# At which a caller can be lost. What was asked for, or happened in the queue, counts unless it is taken out; what
# happened before a queue was reached counts where it is written, for not everybody who hung up there wants a call.
Stage = Literal[
    "abandoned", "queue-full", "accepted-offer", "keyed", "shed", "early-cancel", "ivr", "closed", "voicemail-empty"
]
USUAL_STAGES: tuple[Stage, ...] = ("abandoned", "queue-full", "accepted-offer", "keyed", "shed")


class Callback(Dialling):
    trunk: str
    caller_id: CallerId = ""
    stages: Annotated[tuple[Stage, ...], AfterValidator(once)] = USUAL_STAGES
    window: CallingWindow = CallingWindow()
    callee_window: CalleeWindow | None = None  # besides: by the clock where the number is
    closed_on: Name | None = None  # calendar; nobody is called on days on which it has no hours
    group: Name | None = None  # one open promise per number over all that name it; none: over this one
    priority: Seconds = 0.0  # its promises count as so much older
    stage_priority: dict[Stage, Seconds] = Field(default_factory=dict)  # on top of it, by where somebody was lost
    repeat_priority: Seconds = 0.0  # the same for each further loss of the same customer
    short_abandon: Seconds = 0.0  # an abandon before this is not recorded
    keyed_per_caller: int = Field(
        default=5, ge=0, le=100
    )  # other numbers that one caller may name in 24 h; 0: no limit
    max_attempts: int = Field(default=3, ge=1, le=20)
    most_per_day: int | None = Field(default=None, ge=1, le=20)  # dials of one number in 24 h, over all there is
    expiry: PositiveSeconds = 2 * 86400.0
    ring: PositiveSeconds = 30.0
    reserve: int = Field(default=0, ge=0)  # idle agents kept back for live callers
    numbers: Pattern = ""  # whole numbers that are no outside numbers and yet dialled as they are; "": none
    countries: tuple[Country, ...] = ()  # whose numbers may be dialled; none: those of `region`
    services: bool = False  # may 400, 95588, toll-free numbers and their like be dialled?
    answer: AnswerSettings = AnswerSettings()  # what a customer hears first, and without an agent

    def policy(self, queue: str, settle_s: float) -> Policy:
        policy = Policy(
            queue=queue,
            trunk=self.trunk,
            caller_id=self.caller_id,
            stages=self.stages,
            window=self.window.window(),
            short_abandon_s=self.short_abandon,
            keyed_per_caller=self.keyed_per_caller,
            max_attempts=self.max_attempts,
            most_per_day=self.most_per_day or 0,
            expiry_s=self.expiry,
            ring_s=self.ring,
            settle_s=settle_s,
            reserve=self.reserve,
            numbers=self.numbers,
            countries=self.countries,
            services=self.services,
            group=self.group or "",
            callee_window=self.callee_window.window() if self.callee_window else None,
            priority_s=self.priority,
            stage_priority_s=tuple(sorted(self.stage_priority.items())),
            repeat_priority_s=self.repeat_priority,
        )
        return self.dialled(policy)
