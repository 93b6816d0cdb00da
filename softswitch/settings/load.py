"""From a directory to ``Settings``, or to every problem at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from softswitch.callback.reading import Reading
from softswitch.core.errors import ConfigError, Problem
from softswitch.settings.check import findings, music_findings
from softswitch.settings.complaint import complaint
from softswitch.settings.do_not_call import read_list
from softswitch.settings.model import Configuration, Settings
from softswitch.settings.system import Paths, Store
from softswitch.settings.transport import certificate_findings
from softswitch.settings.treatment import sound_findings
from softswitch.settings.written import MOST_PROBLEMS, Written

KEPT_LIST = "do_not_call"  # among the texts that are kept: the numbers of that file
_SQLITE = "sqlite:///"


def load(
    directory: Path, environment: Mapping[str, str] | None = None, kept: Mapping[str, str] | None = None
) -> Settings:
    """Read ``directory``; ``environment`` (None: the process's) fills ``${NAME}`` and ``SOFTSWITCH__A__B`` overrides.
    Of ``kept``, texts by file, nothing is read but these.

    Raises ``ConfigError`` with every problem in all files. Warnings do not raise; they are in ``Settings.warnings``.
    """
    written, settings = _read(directory, environment, kept)
    return _right(written, settings)


def load_beside(
    running: Settings, live: Collection[str], directory: Path, environment: Mapping[str, str] | None = None
) -> tuple[Settings, Settings]:
    """What is written, and ``running`` with those parts of it that are ``live``; both are right in themselves.

    Raises ``ConfigError`` as ``load`` does, also where a live part needs what else is new in the files.
    """
    written, settings = _read(directory, environment)
    mixed = running
    if settings is not None:
        mixed = running.model_copy(update={part: getattr(settings, part) for part in live})
        for path, message, level in findings(mixed):
            if level == "error" and path[0] in live:
                written.problem(path, f"{message} of those at work: what has changed there needs a restart")
    loaded = _right(written, settings)
    made = {name: getattr(loaded, name) for name in ("version", "texts", "barred")}
    return loaded, mixed.model_copy(update=made)


def _read(
    directory: Path, environment: Mapping[str, str] | None, kept: Mapping[str, str] | None = None
) -> tuple[Written, Configuration | None]:
    """The files with their problems, and the settings, unless they make no sense. Raises ``ConfigError``."""
    if not directory.is_dir():
        raise ConfigError([Problem(str(directory), 0, 1, "", "is not a directory; name one with --config")])
    written = Written(directory, os.environ if environment is None else environment, kept)
    written.read()
    settings = _validated(written)
    root = directory.resolve().parent
    if settings is not None:
        on_disk = (
            *certificate_findings(settings, root), *music_findings(settings, root), *sound_findings(settings, root)
        )  # fmt: skip
        for path, message, level in chain(findings(settings), on_disk):
            if written.full:
                break
            written.problem(path, message, level)
    return written, settings


def _right(written: Written, settings: Configuration | None) -> Settings:
    """Raises ``ConfigError`` where there are errors."""
    root = written.directory.resolve().parent
    barred = _barred(written, settings, root) if settings is not None else frozenset()
    errors = [problem for problem in written.problems if problem.level == "error"]
    if settings is None or errors:
        raise ConfigError(_in_order(written.problems))
    values: dict[str, Any] = {name: getattr(settings, name) for name in Configuration.model_fields} | _absolute(
        settings, root
    )
    values |= {"version": written.version, "texts": written.texts, "barred": barred}
    return Settings(root=root, directory=written.directory, warnings=tuple(written.problems), **values)


def _barred(written: Written, settings: Configuration, root: Path) -> frozenset[str]:
    if settings.do_not_call is None or not written.has(KEPT_LIST):
        return frozenset()
    calling = [*settings.campaigns.values(), *(one.callback for one in settings.queues.values() if one.callback)]
    common = Reading(settings.region, settings.area_code)
    numbers, problems = read_list(root / settings.do_not_call, common, [one.numbers for one in calling])
    if any(problem.level == "error" for problem in problems) and (former := written.kept(KEPT_LIST)) is not None:
        numbers, problems = frozenset(former.split()), [replace(one, level="warning") for one in problems]
    written.problems += problems
    written.texts[KEPT_LIST] = "\n".join(sorted(numbers))
    return numbers


def _validated(written: Written) -> Configuration | None:
    try:
        return Configuration.model_validate(written.tree)
    except ValidationError as error:
        for details in error.errors()[:MOST_PROBLEMS]:
            written.problem(*complaint(Configuration, details))
        return None


def _absolute(settings: Configuration, root: Path) -> dict[str, object]:
    paths = {name: root / path for name, path in settings.paths.model_dump().items()}
    update: dict[str, object] = {"paths": Paths(**paths)}
    if settings.store.url.startswith(_SQLITE):
        update["store"] = Store(url=f"{_SQLITE}{root / settings.store.url.removeprefix(_SQLITE)}")
    for name, part in (("sip", settings.sip), ("http", settings.http)):
        if part.tls is not None:
            files = {key: root / path for key, path in part.tls if isinstance(path, Path)}
            update[name] = part.model_copy(update={"tls": part.tls.model_copy(update=files)})
    return update


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
