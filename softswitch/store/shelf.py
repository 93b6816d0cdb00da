"""The texts of dialplans, kept for as long as a call goes by them: what a process that takes over reads them from.

One file for each release, named by what is in it: which version each plan has there, and the text of every file of it,
since a plan may lead into others. A version that several releases have is read from the latest of them.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from softswitch.ivr.plan import Plan

log = logging.getLogger("softswitch.store")

_ENDING, _NEW = ".json", ".new"
_MOST_BYTES = 64_000_000
Read = Callable[[Mapping[str, str]], Mapping[str, Plan]]  # texts by file -> plans by name; none where one is not right


class _Kept(msgspec.Struct, frozen=True):
    versions: dict[str, str]  # by plan
    texts: dict[str, str]  # by file


class PlanShelf:
    """Implements ``Shelf`` of the driver's ports. ``read`` proves the texts anew: what they name may be gone."""

    def __init__(self, directory: Path, read: Read) -> None:
        """A directory that cannot be used is logged; calls then go on with the dialplans of now."""
        self._directory = directory
        self._read = read
        self._versions: dict[str, dict[str, str]] = {}  # file -> plan -> version; the latest release comes last
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for torn in directory.glob(f"*{_NEW}"):  # its writer was killed
                torn.unlink(missing_ok=True)
            found = sorted(directory.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime_ns)
        except OSError as error:
            log.error("%s: former versions of dialplans cannot be kept: %s", directory, error)
            return
        for path in found:
            if (kept := _decoded(path)) is not None:
                self._versions[path.name] = kept.versions

    def write(self, plans: Mapping[str, Plan], texts: Mapping[str, str]) -> str:
        """To the disk; may be called by any thread. Returns the name for ``add``. Raises ``OSError``."""
        versions = {plan.name: plan.version for plan in plans.values()}
        octets = msgspec.json.encode(_Kept(versions, {file: _encodable(text) for file, text in texts.items()}))
        name = hashlib.sha256(octets).hexdigest()[:16] + _ENDING
        new = self._directory / f"{name}{_NEW}"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # a plan may have a secret
            file.write(octets)
        new.rename(self._directory / name)
        return name

    def add(self, name: str, plans: Mapping[str, Plan]) -> None:
        """What was written is the latest release now."""
        self._versions.pop(name, None)
        self._versions[name] = {plan.name: plan.version for plan in plans.values()}

    def latest(self) -> Mapping[str, Plan]:
        """The plans of the latest release; none where there is none, or it is not right any more."""
        kept = _decoded(self._directory / next(reversed(self._versions))) if self._versions else None
        return {} if kept is None else self._read(kept.texts)

    def plan(self, name: str, version: str) -> Plan | None:
        for file in reversed(self._versions):
            if self._versions[file].get(name) == version and (kept := _decoded(self._directory / file)) is not None:
                found = self._read(kept.texts).get(name)
                if found is not None and found.version == version:
                    return found
        return None

    def keep_only(self, versions: Collection[tuple[str, str]]) -> None:
        """Of the releases that have a version that is needed, the latest; the current one is that of its plans."""
        missing, needed = set(versions), set()
        for file in reversed(self._versions):
            has = missing & set(self._versions[file].items())
            if has:
                needed.add(file)
                missing -= has
        for file in [file for file in self._versions if file not in needed]:
            del self._versions[file]
            with suppress(OSError):  # it is found again at the next start
                (self._directory / file).unlink(missing_ok=True)


def _decoded(path: Path) -> _Kept | None:
    try:
        if path.stat().st_size <= _MOST_BYTES:
            return msgspec.json.decode(path.read_bytes(), type=_Kept)
        log.error("%s: is too long to be a release of dialplans", path)
    except (OSError, ValueError, RecursionError) as error:
        log.error("%s: cannot be read; calls that went by it go on with the dialplans of now: %s", path, error)
    return None


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
