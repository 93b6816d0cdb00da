"""The event packages that phones may subscribe to here (RFC 6665 section 4.4.4: Allow-Events says so)."""

from __future__ import annotations

from softswitch.sip.event import dialog_info, message_summary, presence

PACKAGES = {one.name: one for one in (dialog_info.PACKAGE, presence.PACKAGE, message_summary.PACKAGE)}
ALLOW_EVENTS = ", ".join(PACKAGES)
