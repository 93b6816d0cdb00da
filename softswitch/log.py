"""The log: one line per event on stderr, text or JSON, with telephone numbers masked unless the admin says otherwise.

Decided here: what of a fact is worth a line at which level, how many lines strangers may cause, and what a masked
number looks like. What our modules say by structlog, and what they and libraries say by the standard ``logging``, comes
out the same way. What peers wrote steers no terminal: control characters become U+FFFD.
"""

from __future__ import annotations

import dataclasses
import enum
import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from softswitch.core.effect import DomainEvent
from softswitch.core.legible import printable

# By name, so that this module needs nothing of the house but its words for a fact and for what can be shown.
LEVELS: Mapping[str, int] = {
    # What any packet can cause is no line.
    "MessageDropped": logging.DEBUG,
    "Stray": logging.DEBUG,
    "CallShed": logging.DEBUG,
    "ConnectionEnded": logging.DEBUG,
    "Registered": logging.DEBUG,
    "Unregistered": logging.DEBUG,
    "NumbersListed": logging.DEBUG,  # hundreds of them; who has ordered it is told at INFO
    "NumbersUnlisted": logging.DEBUG,
    "StreamMeasured": logging.DEBUG,
    "StreamNoted": logging.DEBUG,
    "SubscriptionBegan": logging.DEBUG,
    "SubscriptionEnded": logging.DEBUG,
    "HttpAnswered": logging.DEBUG,
    "StepEntered": logging.DEBUG,
    "StepLeft": logging.DEBUG,
    "AgentStateChanged": logging.INFO,
    "CallParked": logging.INFO,
    "CallResumed": logging.INFO,
    "CallUnparked": logging.INFO,
    "CertificateChanged": logging.INFO,
    "ConferenceEntered": logging.INFO,
    "ConferenceLeft": logging.INFO,
    "ContactConnected": logging.INFO,
    "ContactDisconnected": logging.INFO,
    "ContactFinished": logging.INFO,
    "ContactStarted": logging.INFO,
    "Decided": logging.INFO,
    "ExpectedWaitRose": logging.INFO,
    "GreetingChanged": logging.INFO,
    "HoldChanged": logging.DEBUG,
    "WebhookTried": logging.INFO,
    "HoursOverridden": logging.INFO,
    "ListImported": logging.INFO,
    "CampaignPaused": logging.INFO,
    "DispositionSet": logging.INFO,
    "DrainOrdered": logging.INFO,
    "DrainTakenBack": logging.INFO,
    "Drained": logging.INFO,
    "LossNotRecorded": logging.INFO,
    "OverrideEnded": logging.INFO,
    "MailboxOpened": logging.INFO,
    "PromiseChanged": logging.INFO,
    "QueueJoined": logging.INFO,
    "QueueLeft": logging.INFO,
    "RecordingStarted": logging.INFO,
    "Reloaded": logging.INFO,
    "AgentForced": logging.INFO,
    "ContactMoved": logging.INFO,
    "PriorityChanged": logging.INFO,
    "SeatLeft": logging.INFO,
    "SeatTaken": logging.INFO,
    "SupervisionBegan": logging.INFO,
    "SupervisionChanged": logging.INFO,
    "SupervisionEnded": logging.INFO,
    "TextEnded": logging.INFO,
    "TransferEnded": logging.INFO,
    "TrunkRegistered": logging.INFO,
    "TrunkTakesCalls": logging.INFO,
    "TrunkUp": logging.INFO,
    "SurveyAnswered": logging.INFO,
    "VoicemailDeleted": logging.INFO,
    "VoicemailHeard": logging.INFO,
    "VoicemailLeft": logging.INFO,
    "AuthenticationFailed": logging.WARNING,
    "Banned": logging.WARNING,
    "ReloadRefused": logging.WARNING,
    "MailboxRefused": logging.WARNING,
    "WebhookDropped": logging.WARNING,
    "StepFailed": logging.WARNING,
    "OversightRefused": logging.WARNING,
    "SeatRefused": logging.WARNING,
    "SupervisionRefused": logging.WARNING,
    "TrunkDown": logging.WARNING,
    "TrunkLeftAlone": logging.WARNING,
    "TrunkNotRegistered": logging.WARNING,
    "UserFull": logging.WARNING,
    "MediaRestarted": logging.ERROR,
    "RecordingFailed": logging.ERROR,
    "Repaired": logging.ERROR,
    "UnitFailed": logging.ERROR,
}
# Whoever can send a datagram can cause these: no more lines in a second; what is left out is told by a number.
_MOST_PER_S: Mapping[str, int] = {"AuthenticationFailed": 20, "UserFull": 20}
# A number stands alone; the digits of an id follow a hyphen or a letter.
_NUMBER = re.compile(r"(?<![\w./-])\+?\d{7,15}(?![\w.])")
_INSIDE = frozenset({"record", "promise", "binding", "message", "greeting", "override"})  # what is flattened
_log = structlog.get_logger("softswitch.fact")
_said: dict[str, tuple[int, int]] = {}  # by name of the fact: the second, and how many there were in it
_threshold = logging.INFO  # of the whole process


def configure(format: str = "text", level: str = "info", mask_numbers: bool = True) -> None:
    """Set up the whole process; ``format`` is "text" (logfmt) or "json"."""
    global _threshold
    _threshold = threshold = logging.getLevelNamesMapping()[level.upper()]
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _printable_all,
    ]
    if mask_numbers:
        processors.append(_mask_all)
    structlog.configure(
        processors=[*processors, _renderer(format)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.root.handlers = [_Bridge()]
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells each start which database it sees
    for peers_fault in ("aiohttp.server", "aiohttp.websocket"):  # what is no HTTP; our own defects are logged by us
        logging.getLogger(peers_fault).setLevel(logging.CRITICAL)
    logging.root.setLevel(max(threshold, logging.INFO))  # what libraries say at debug level is theirs alone


def log_event(event: DomainEvent, at: float) -> None:
    """A listener: one line for one fact. ``at`` is the driver's time of it, Unix seconds."""
    name = type(event).__name__
    level = LEVELS[name]
    if level >= _threshold and (name not in _MOST_PER_S or _may_say(name, at)):
        _log.log(level, _snake(name), **_flat(event))


def _may_say(name: str, at: float) -> bool:
    """Whether one more line of this fact may be written at ``at``."""
    second, most = int(at), _MOST_PER_S[name]
    last, count = _said.get(name, (second, 0))
    if second != last:
        if count > most:
            _log.warning("lines_left_out", fact=_snake(name), count=count - most)
        count = 0
    _said[name] = (second, count + 1)
    return count < most


def mask(text: str) -> str:
    """Numbers of seven digits and more keep their beginning and their last two digits."""
    return _NUMBER.sub(lambda match: f"{match[0][:4]}***{match[0][-2:]}", text)


def _printable_all(logger: Any, method: str, event: EventDict) -> EventDict:
    return {
        key: printable(value).replace("\r", "\ufffd") if isinstance(value, str) else value
        for key, value in event.items()
    }


def _mask_all(logger: Any, method: str, event: EventDict) -> EventDict:
    return {key: mask(value) if isinstance(value, str) and key != "at" else value for key, value in event.items()}


def _renderer(format: str) -> Processor:
    if format == "json":
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(key_order=["at", "level", "event"], bool_as_flag=False)


@lru_cache  # there are as many as kinds of facts
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _flat(value: Any) -> dict[str, Any]:
    """The fields of a fact; those of a record inside it stand beside them, empty ones are left out."""
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        inner = getattr(value, field.name)
        if field.name in _INSIDE and dataclasses.is_dataclass(inner):
            flat.update(_flat(inner))
        elif inner not in ("", None, 0.0, ()):
            # "event" and "level" are structlog's own
            flat[field.name] = inner.value if isinstance(inner, enum.Enum) else _plain(inner)
    return flat


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):  # of names, or of names with what is said of each
        return ", ".join([": ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value])
    return value if isinstance(value, (str, int, float, bool)) else str(value)


class _Bridge(logging.Handler):
    """What is said by the standard ``logging``, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger()
        logger.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None)
