"""How many messages wait in a mailbox (RFC 3842)."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.sip.event.package import Package


@dataclass(frozen=True, slots=True)
class Summary:
    account: str  # URI of the mailbox
    new: int
    old: int  # heard, and kept


def render(summary: Summary, _version: int) -> bytes:
    """Section 3.5. The account is a URI of ours, but no line end in it could ever begin a line."""
    account = "".join(summary.account.split())
    return (
        f"Messages-Waiting: {'yes' if summary.new else 'no'}\r\n"
        f"Message-Account: {account}\r\n"
        f"Voice-Message: {summary.new}/{summary.old} (0/0)\r\n"
    ).encode("utf-8", "replace")


PACKAGE = Package("message-summary", "application/simple-message-summary", 1.0, render)  # section 3.9
