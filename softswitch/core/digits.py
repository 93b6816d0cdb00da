"""Numbers as protocols write them: ASCII digits and nothing else; ``int`` reads signs, spaces and other scripts too."""

from __future__ import annotations


def whole(text: str | None, most_digits: int = 10) -> int | None:
    """None where ``text`` is no such number, or a longer one than anybody needs."""
    if text is None or len(text) > most_digits or not (text.isascii() and text.isdigit()):
        return None
    return int(text)
