"""Errors by blame: who broke the rule decides who hears of it.

``PeerError``: the other side did; it becomes a SIP status. ``UsageError``: we did; a test crashes, the driver counts
it and drops the one unit of work. ``ConfigError``: the admin did; it names file, line, column, key and the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class SoftswitchError(Exception):
    """Base of every error that this project raises on purpose."""


class PeerError(SoftswitchError):
    """A peer broke the rules of its protocol.

    ``status`` is the SIP status that answers it (0: nothing can be answered, drop it); ``reason`` goes into the
    status line and the log; ``warning`` becomes a Warning header (RFC 3261 section 20.43) where there is one;
    ``headers`` are the lines that the answer must have (Unsupported with 420, Accept with 415).
    """

    def __init__(
        self, status: int, reason: str, warning: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.warning = warning
        self.headers = headers


class UsageError(SoftswitchError):
    """We used one of our own machines wrongly: a missing table cell, an unknown id."""


class PortsExhausted(SoftswitchError):
    """No RTP port is free: the call at hand is refused, the rest go on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file or dialplan, as ``file:line:column: key: message``."""

    file: str
    line: int  # from 1; 0 where the whole file is meant
    column: int  # from 1
    key: str  # dotted path, e.g. steps.menu.keys
    message: str  # what is wrong, and what would be right
    level: str = "error"  # or "warning"

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        level = "warning: " if self.level == "warning" else ""
        return f"{self.file}:{self.line}:{self.column}: {level}{key}{self.message}"


@dataclass
class ConfigError(SoftswitchError):
    """Everything that is wrong with what the admin wrote, all at once."""

    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
