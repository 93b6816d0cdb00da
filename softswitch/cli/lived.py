"""What a running switch has kept of one call: its path through the dialplan and its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from softswitch.cli.client import Base, Failed, quoted, request
from softswitch.rehearsal.dictation import Call, Walked

MOST_RECORDS = 10_000


def lived(contact: str, base: Base) -> Call:
    """Raises ``Failed`` where it is not known, or what answers is no switch."""
    path = request(base, "GET", f"/api/v1/calls/{quoted(contact)}/path", "path")
    try:
        name = str(path["contact"])
        record = _record(name, base)
        if record.get("kind") == "callback":
            raise Failed(_we_called(name, str(record.get("promise", "")), base))
        agent = str(record.get("agent", ""))
        steps = tuple(_walked(step) for step in path["steps"])
        started_at = float(path["started_at"])
    except (KeyError, TypeError, ValueError):
        raise Failed(f"what answers at {base} does not tell the path of a call") from None
    if any(step.get("missed") for step in path["steps"]):
        raise Failed(f"the path of {name} is too long to be kept whole; no transcript can be written of it")
    caller, called, trunk = (str(record.get(key, "")) for key in ("caller", "called", "trunk"))
    connected_at = record.get("connected_at", 0.0)
    return Call(name, caller, called, trunk, started_at, agent, float(connected_at or 0.0), steps)


def _we_called(contact: str, promise: str, base: Base) -> str:
    """Why no transcript is written of it, and of a campaign's customer the line by which one begins."""
    said = f"{contact} is a call that we made; --record writes calls that came in"
    told = request(base, "GET", f"/api/v1/promises/{quoted(promise)}", "promise") if promise else {}
    if not told.get("campaign"):
        return f"{said}. docs/calls.md tells how those of a campaign are written by hand"
    row = " ".join(f"{name}={_quoted(str(value))}" for name, value in told.get("variables", ()))
    line = f"campaign {told['campaign']} calls {told['number']}{' with ' if row else ''}{row}"
    return f"{said}. Write it by hand, beginning with\n  {line}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _walked(step: Mapping[str, Any]) -> Walked:
    return Walked(
        str(step["step"]), str(step["verb"]), str(step.get("exit", "")), str(step.get("to", "")),
        float(step.get("seconds", 0.0)), tuple(map(str, step.get("inputs", ()))),
        float(step.get("at", 0.0)), dict(step.get("changed", {})),
    )  # fmt: skip


def _record(contact: str, base: Base) -> Mapping[str, Any]:
    """Of a call that has ended, or as far as it has come."""
    ended = request(base, "GET", f"/api/v1/records?limit={MOST_RECORDS}", "records")
    live = request(base, "GET", "/api/v1/calls", "calls")
    for one in (*ended, *live):
        if one.get("contact") == contact:
            found: Mapping[str, Any] = one
            return found
    raise Failed(f"there is no record of {contact}; it may be among the older ones")
