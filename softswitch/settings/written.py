"""The seven files as one tree, with the place of every key, before anybody asks whether it makes sense.

Decided here: which file holds which key, what ``${NAME}`` and ``file:PATH`` stand for, and how the environment
overrides a key. A secret that was fetched never appears in a problem.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from softswitch.core.errors import Problem
from softswitch.core.yaml_nodes import Path as KeyPath
from softswitch.core.yaml_nodes import did_you_mean, dotted, load_yaml, locate
from softswitch.settings.file import Unreadable, read_text

MAIN_FILE = "softswitch.yaml"
LISTS = ("users", "trunks", "agents", "queues", "calendars", "campaigns")  # each is the one key of NAME.yaml
OVERRIDE_PREFIX = "SOFTSWITCH__"
MOST_PROBLEMS = 500
LONGEST_MESSAGE = 600  # characters; what is written may be any length
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Written:
    """The merged tree and its problems so far."""

    def __init__(self, directory: Path, environment: Mapping[str, str], kept: Mapping[str, str] | None = None) -> None:
        """``kept``: texts by file, to be read in place of those that are there now."""
        self.texts: dict[str, str] = {}  # by file, as they were read
        self.tree: dict[Any, Any] = {}
        self.problems: list[Problem] = []
        self._told: Counter[str] = Counter()  # by level, those that are left out included
        self.directory = directory
        self._environment = environment
        self._kept = kept
        self._positions: dict[str, dict[KeyPath, tuple[int, int]]] = {}
        self._overridden: dict[KeyPath, str] = {}
        self._digest = sha256()
        self._fetched: dict[str, list[tuple[str, str]]] = {}  # at a key: (what was fetched, how that is written)

    def read(self) -> None:
        """Read all files that exist; ``softswitch.yaml`` must."""
        self._read_file(MAIN_FILE)
        for key in LISTS:
            self._read_file(f"{key}.yaml", key)
        self._override()
        self.tree = self._fill(self.tree, ())

    @property
    def version(self) -> str:
        """Of the files as they were read, short; a remark more is another one."""
        return self._digest.hexdigest()[:12]

    def problem(self, path: KeyPath, message: str, level: str = "error") -> None:
        """Add a problem at the place where ``path`` is written; of very many errors, and of very many warnings, the
        first ones only."""
        self._told[level] += 1
        if self._told[level] > MOST_PROBLEMS:
            return
        path = self._written(path)
        key = _key(path)
        told = self._as_written(key, message)
        if len(told) > LONGEST_MESSAGE:
            told = f"{told[:LONGEST_MESSAGE]}..."
        problem = Problem(*self._place(path), key, told, level)
        known = {(other.file, other.key) for other in self.problems}
        if (problem.file, problem.key) not in known:  # the first complaint about a key is the cause of the others
            self.problems.append(problem)
        if self._told[level] == MOST_PROBLEMS:
            message = f"{MOST_PROBLEMS} {level}s so far; there may be more, mend those first"
            self.problems.append(Problem(str(self.directory), 0, 1, "", message, level))

    @property
    def full(self) -> bool:
        """So much is wrong that nobody asks for more."""
        return self._told["error"] >= MOST_PROBLEMS

    def _file(self, path: KeyPath) -> str:
        return f"{path[0]}.yaml" if path and path[0] in LISTS else MAIN_FILE

    def _written(self, path: KeyPath) -> KeyPath:
        """Without the places in lists where one thing is written in place of a list of one."""
        positions = self._positions.get(self._file(path), {})
        found: KeyPath = ()
        for part in path:
            if not (isinstance(part, int) and found in positions and (*found, part) not in positions):
                found = (*found, part)
        return found

    def _as_written(self, key: str, message: str) -> str:
        """The message without what was fetched for this key: it may be a secret."""
        for text, written in self._fetched.get(key, ()):
            for shown in (text, repr(text)[1:-1]):
                message = message.replace(shown, written)
        return message

    def _place(self, path: KeyPath) -> tuple[str, int, int]:
        for depth in range(len(path), 0, -1):
            if variable := self._overridden.get(path[:depth]):
                return f"environment {variable}", 1, 1
        file = self._file(path)
        return self._shown(file), *locate(self._positions.get(file, {}), path)

    def _shown(self, file: str) -> str:
        return str(self.directory / file)

    def _read_file(self, file: str, only_key: str = "") -> None:
        try:
            text = self._text(file)
        except FileNotFoundError:
            if file == MAIN_FILE:
                self.problems.append(
                    Problem(self._shown(file), 0, 1, "", "is missing; it may be empty, but must be there")
                )
            return
        except (OSError, Unreadable) as error:
            why = str(error) if isinstance(error, Unreadable) else f"cannot be read: {error}"
            self.problems.append(Problem(self._shown(file), 0, 1, "", why))
            return
        self.texts[file] = text
        self._digest.update(f"{file}\0{text}\0".encode())
        value, self._positions[file], problems = load_yaml(text, self._shown(file))
        self.problems += problems
        if value is None:
            return
        if not isinstance(value, dict):
            self.problems.append(Problem(self._shown(file), 1, 1, "", "must be a mapping of keys to values"))
            return
        for key, inner in value.items():
            self._take(file, only_key, key, inner)

    def has(self, name: str) -> bool:
        """Is it to be read? Of texts that are given, nothing is but these."""
        return self._kept is None or name in self._kept

    def kept(self, name: str) -> str | None:
        """Of the texts that were kept, if it is they that are read."""
        return None if self._kept is None else self._kept.get(name)

    def _text(self, file: str) -> str:
        if self._kept is None:
            return read_text(self.directory / file)
        if file not in self._kept:
            raise FileNotFoundError(file)
        return self._kept[file]

    def _take(self, file: str, only_key: str, key: Any, value: Any) -> None:
        if (only_key and key != only_key) or (not only_key and key in LISTS):
            line, column = self._positions[file][(key,)]
            home = f"it belongs into {key}.yaml" if key in LISTS else f"this file holds {only_key}: only"
            self.problems.append(Problem(self._shown(file), line, column, str(key), f"unknown key; {home}"))
        elif value is not None:  # a key with nothing under it means the default
            self.tree[key] = value

    def _override(self) -> None:
        for variable, text in sorted(self._environment.items()):
            if not variable.startswith(OVERRIDE_PREFIX):
                continue
            path = tuple(variable.removeprefix(OVERRIDE_PREFIX).lower().split("__"))
            value, _, problems = load_yaml(text, f"environment {variable}")
            self.problems += problems
            self._overridden[path] = variable
            self._put(path, value)

    def _put(self, path: KeyPath, value: Any) -> None:
        branch = self.tree
        for part in path[:-1]:
            inner = branch.setdefault(part, {})
            if not isinstance(inner, dict):
                return  # a mistake in the file, which is reported as such
            branch = inner
        branch[path[-1]] = value

    def _fill(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._fill(inner, (*path, index)) for index, inner in enumerate(value)]
        return self._fill_text(value, path) if isinstance(value, str) else value

    def _fill_text(self, text: str, path: KeyPath) -> str:
        if text.startswith("file:"):
            return self._first_line(text.removeprefix("file:").strip(), path)
        return _VARIABLE.sub(lambda match: self._variable(match[1], path), text)

    def _variable(self, name: str, path: KeyPath) -> str:
        if name not in self._environment:
            near = did_you_mean(name, self._environment)
            remedy = near if "mean" in near else "; set it before the start"
            self.problem(path, f"the environment has no {name}{remedy}")
        return self._noted(self._environment.get(name, ""), f"${{{name}}}", path)

    def _first_line(self, name: str, path: KeyPath) -> str:
        try:
            lines = read_text(self.directory / name).splitlines()
        except (OSError, Unreadable):
            self.problem(path, f"the file {name!r} (relative to the directory of the configuration) cannot be read")
            return ""
        return self._noted(lines[0].strip() if lines else "", f"file:{name}", path)

    def _noted(self, text: str, written: str, path: KeyPath) -> str:
        if text:
            self._fetched.setdefault(_key(path), []).append((text, written))
        return text


def _key(path: KeyPath) -> str:
    """The key as people write it. A user may be written 1001: or "1001":, it is a name all the same."""
    return dotted(tuple(str(part) if depth == 1 else part for depth, part in enumerate(path)))
