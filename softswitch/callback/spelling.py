"""What somebody has written for a number, as keys to press: digits, and a + before those that begin with a country.

Numbers come from caller ids, lists, forms and URIs (RFC 3966 section 3, RFC 3261 section 19.1.6), written as people
and phones write them. Decided here is what is written, not whose number it is: no country is known.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

LONGEST = 256  # characters, of a URI with its parameters
MOST_DIGITS = 24  # E.164 has 15; with prefixes of carriers
WITHHELD = frozenset({"", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld"})
_URI = re.compile(r"(?P<scheme>tel|sips?):(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_EXTENSION = re.compile(r"[+0-9 ().\-/]{5,}(?:,|#|x|ext\.?|extension|转|分机)[ :.]*\d{1,8}", re.IGNORECASE)
_NO_SEPARATORS = str.maketrans("", "", " ().-/")  # RFC 3966 section 5.1.1, and what is written by hand
_KEYS = re.compile(rf"\+?[0-9]{{1,{MOST_DIGITS}}}")


class Spelled(NamedTuple):
    keys: str  # digits, perhaps after a +; "" where there are none
    why: str = ""  # then: "withheld", "invalid", "extension"


def spelled(presented: str) -> Spelled:
    """Never raises, whatever a peer or a file has sent."""
    if len(presented) > LONGEST:
        return Spelled("", "invalid")
    number, parameters = _parts(_plain(presented).strip())
    if number.lower() in WITHHELD:
        return Spelled("", "withheld")
    if "ext" in parameters or _EXTENSION.fullmatch(number):
        return Spelled("", "extension")
    keys = number.translate(_NO_SEPARATORS)
    context = parameters.get("phone-context", "").translate(_NO_SEPARATORS)
    if context and not keys.startswith("+"):
        keys = context + keys if context.startswith("+") else ""  # that of a domain is a private number of there
    return Spelled(keys) if _KEYS.fullmatch(keys) else Spelled("", "invalid")


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """The number and the parameters behind it; of a SIP URI those of its user."""
    uri = _URI.fullmatch(text)
    if uri is not None:
        text = unquote(uri["rest"] if uri["scheme"].lower() == "tel" else _user(uri["rest"]))
    number, *parameters = text.split(";")
    named = (one.partition("=") for one in parameters)
    return number.strip(), {name.strip().lower(): value for name, _, value in named}


def _user(rest: str) -> str:
    """Without the password; a URI that names a host alone is nobody's number."""
    user, at, _ = rest.rpartition("@")
    return user.partition(":")[0] if at else "?"


def _plain(text: str) -> str:
    """In ASCII, where that is meant: full-width and other digits, long dashes, marks that nobody sees."""
    if text.isascii():
        return text
    return "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))


def _plain_character(character: str) -> str:
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.digit(character))
        case "Pd":
            return "-"
        case "Zs":
            return " "
        case "Cf":  # marks of direction and width come along when a number is copied
            return ""
        case _:
            return character
