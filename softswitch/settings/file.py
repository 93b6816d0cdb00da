"""A file that people write: read whole, but neither without end nor from what is no file."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 1_000_000  # eight thousand steps of a dialplan, ten thousand users


class Unreadable(Exception):
    """Says why, for people, as what comes after the name of the file."""


def read_text(path: Path, errors: str = "strict") -> str:
    """The file's text. Octets that are no UTF-8: as for ``bytes.decode``. Raises ``Unreadable`` (those too), or
    ``OSError``."""
    if not path.is_file():  # a pipe would be waited for
        if not path.is_symlink() and not path.exists():
            raise FileNotFoundError(2, "No such file or directory", str(path))
        raise Unreadable("is not a file" if path.exists() else "is a link to a file that does not exist")
    with path.open("rb") as file:
        octets = file.read(MOST_BYTES + 1)
    if len(octets) > MOST_BYTES:
        size = path.stat().st_size
        raise Unreadable(f"has {size:,} bytes; {MOST_BYTES:,} are read at most, so divide it")
    try:
        return octets.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise Unreadable(f"cannot be read: {error}") from None
