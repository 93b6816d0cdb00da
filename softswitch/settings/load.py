"""From a directory to ``Settings``, or to every problem at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from softswitch.core.errors import ConfigError, Problem
from softswitch.settings.check import findings, music_findings
from softswitch.settings.complaint import complaint
from softswitch.settings.model import Configuration, Settings
from softswitch.settings.system import Paths, Store
from softswitch.settings.transport import certificate_findings
from softswitch.settings.written import Written

_SQLITE = "sqlite:///"


def load(directory: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read ``directory``; ``environment`` (None: the process's) fills ``${NAME}`` and ``SOFTSWITCH__A__B`` overrides.

    Raises ``ConfigError`` with every problem in all files. Warnings do not raise; they are in ``Settings.warnings``.
    """
    if not directory.is_dir():
        raise ConfigError([Problem(str(directory), 0, 1, "", "is not a directory; name one with --config")])
    written = Written(directory, os.environ if environment is None else environment)
    written.read()
    settings = _validated(written)
    root = directory.resolve().parent
    if settings is not None:
        on_disk = (*certificate_findings(settings, root), *music_findings(settings, root))
        for path, message, level in (*findings(settings), *on_disk):
            written.problem(path, message, level)
    errors = [problem for problem in written.problems if problem.level == "error"]
    if settings is None or errors:
        raise ConfigError(_in_order(written.problems))
    values = {name: getattr(settings, name) for name in Configuration.model_fields} | _absolute(settings, root)
    return Settings(root=root, warnings=tuple(written.problems), **values)


def _validated(written: Written) -> Configuration | None:
    try:
        return Configuration.model_validate(written.tree)
    except ValidationError as error:
        for details in error.errors():
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
