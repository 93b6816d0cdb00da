"""What has happened in a step, as short text for people: the words of the trace.

Nothing secret comes here: whoever asks has left it out (``run.Run``).
"""

from __future__ import annotations

from typing import Any

from softswitch.ivr.model import (
    AwayEnded,
    DialEnded,
    Fetched,
    IvrInput,
    PlayEnded,
    Promised,
    QueueEnded,
    VoicemailEnded,
)

MAX_SHORT = 80  # characters of one value
_MAX_ITEMS = 8  # of a list or mapping that are looked at
_ELLIPSIS = "..."


def said(event: IvrInput, seconds: float) -> str:
    """What came ``seconds`` after the step began; "" where that is nothing that people ask for."""
    match event:
        case PlayEnded(ok):
            return "" if ok else "could not be played"
        case Fetched(status, _, _, taken, kind):
            return f"{status or kind or 'nothing'} after {taken or seconds:.2f} s"
        case QueueEnded(outcome):
            return f"{outcome} after {seconds:.1f} s"
        case Promised(ok):
            return "promised" if ok else "not promised"
        case DialEnded(outcome, status) | AwayEnded(outcome, status):
            return f"{outcome}{f' ({status})' if status else ''} after {seconds:.1f} s"
        case VoicemailEnded(length):
            return f"{length:.1f} s recorded"
        case _:
            return ""


def short(value: Any) -> str:
    """A variable's value on a part of a line."""
    text = _text(value, 2) if isinstance(value, (dict, list)) else _scalar(value)
    return text if len(text) <= MAX_SHORT else text[: MAX_SHORT - len(_ELLIPSIS)] + _ELLIPSIS


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value[: MAX_SHORT + 1]
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: Any, depth: int) -> str:
    """A document down to ``depth``, as far as a line may have room for it."""
    if not isinstance(value, (dict, list)):
        return _scalar(value)
    begin, end = "{}" if isinstance(value, dict) else "[]"
    if not value or not depth:
        return f"{begin}{_ELLIPSIS if value else ''}{end}"
    shown = [
        f"{_scalar(item)}: {_text(value[item], depth - 1)}" if isinstance(value, dict) else _text(item, depth - 1)
        for item, _ in zip(value, range(_MAX_ITEMS), strict=False)
    ]
    return f"{begin}{', '.join(shown + [_ELLIPSIS] * (len(value) > _MAX_ITEMS))}{end}"
