"""Text that came from outside, where it leaves the machine that reads it.

Octets that are not UTF-8 are lone surrogates in a message, so that they can be sent back as they came. Nobody else can
use them: no encoder takes a lone surrogate, and a database no NUL.
"""

from __future__ import annotations

import re

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def printable(text: str) -> str:
    """``text`` with U+FFFD in the place of each NUL and each lone surrogate."""
    return _NO_TEXT.sub("\ufffd", text)
