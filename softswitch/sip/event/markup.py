"""Foreign text inside XML 1.0: escaped, legible, and no longer than anybody needs.

Element names come from us; only texts and attribute values pass through here. Characters that XML cannot say at all
(section 2.2: controls) become U+FFFD, since escaping does not make them legal.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from softswitch.core.legible import legible

LONGEST = 128  # characters of one value
PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'

_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def text(value: str) -> str:
    """Fit to stand between two tags, and between double quotes."""
    return escape(_UNSAYABLE.sub("\ufffd", legible(value[:LONGEST])), {'"': "&quot;", "\n": " ", "\r": " ", "\t": " "})
