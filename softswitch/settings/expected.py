"""What a queue takes for granted of waits until it has seen some, as it is written in ``queues.yaml``."""

from __future__ import annotations

from softswitch.settings.kind import PositiveSeconds, Strict


class Expected(Strict):
    handling: PositiveSeconds = 180.0  # of one call: conversation and wrap-up
    patience: PositiveSeconds = 600.0  # of callers, on average, before they give up
