"""``/etc/hosts``: names that no name server is asked about."""

from __future__ import annotations

from pathlib import Path

from softswitch.sip.flow import numeric

HOSTS = Path("/etc/hosts")
_MOST_BYTES = 1 << 20
_LOCALHOST = ("127.0.0.1", "::1")  # RFC 6761 section 6.3


def addresses(name: str, path: Path = HOSTS) -> tuple[str, ...]:
    """The numeric hosts that the file has for ``name``, in its order; none where it does not know it."""
    wanted = name.rstrip(".").lower()
    found = [address for address, names in _lines(path) if wanted in names]
    if not found and (wanted == "localhost" or wanted.endswith(".localhost")):
        return _LOCALHOST
    return tuple(found)


def _lines(path: Path) -> list[tuple[str, list[str]]]:
    try:
        with path.open(errors="replace") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        return []
    rows = [line.partition("#")[0].lower().split() for line in text.splitlines()]
    return [(row[0], row[1:]) for row in rows if len(row) > 1 and numeric(row[0])]
