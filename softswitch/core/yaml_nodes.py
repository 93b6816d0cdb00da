"""YAML text to plain values, with the place of every key, so that a later check can say file:line:column.

Decided here: which scalars are numbers. Telephone people write ``0123``, ``+8613800138000`` and ``09:00``; YAML 1.1
would turn these into other numbers, ``no`` into false and ``2026-10-01`` into a date. Here only ``true`` and ``false``
are booleans, only ``0``, ``12``, ``-3`` and ``1.5`` are numbers, and everything else is text.

Not known here: what the keys mean. ``softswitch.settings`` and ``softswitch.ivr`` check that.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from softswitch.core.errors import Problem

Path = tuple[Any, ...]  # keys of mappings and indices of lists from the root, e.g. ("queues", "orders", "needs", 0)
Positions = Mapping[Path, tuple[int, int]]  # (line, column) from 1; of the key in a mapping, of the item in a list

# libyaml where it is built in: ten times as fast, and it takes YAML 1.2's ``{next: open?, failed: bye}``.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MAX_DEPTH = 50
_MAX_COPIES = 100_000  # values that aliases repeat: eleven lines can stand for ten thousand million of them
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)$")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+$")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_NO_NAMES: Mapping[type, str] = {bool: "a truth value", type(None): "nothing", float: "a fraction"}


def load_yaml(text: str, file: str) -> tuple[Any, dict[Path, tuple[int, int]], list[Problem]]:
    """The plain value of ``text``, where each key and item of it stands, and what is wrong with the YAML itself.

    With a syntax error the value is None and there is one problem; a repeated key is a problem and the first one wins.
    """
    try:
        if _too_deep(text):  # before libyaml, whose recursion Python cannot stop
            return None, {}, [Problem(file, 1, 1, "", "nested too deeply")]
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        return None, {}, [_syntax_problem(_better_told(text, error), file)]
    except yaml.YAMLError as error:  # a character that YAML does not allow: no mark
        return None, {}, [Problem(file, 1, 1, "", f"not readable as YAML: {_one_line(str(error))}")]
    except RecursionError:
        return None, {}, [Problem(file, 1, 1, "", "nested too deeply")]
    reader = _Reader(file)
    try:
        value = None if node is None else reader.read(node, ())
    except _TooManyCopies as error:
        place = locate(reader.positions, error.path)  # of the key that asks for them, not of what it repeats
        return (
            None,
            {},
            [Problem(file, *place, dotted(error.path), f"aliases (*) repeat more than {_MAX_COPIES:,} values")],
        )
    return value, reader.positions, reader.problems


def locate(positions: Positions, path: Path) -> tuple[int, int]:
    """Where ``path`` stands, or else the closest key above it; (1, 1) where nothing of it was written."""
    while path:
        if path in positions:
            return positions[path]
        path = path[:-1]
    return positions.get((), (1, 1))


def dotted(path: Path) -> str:
    """The path as people write it: ``queues.orders.needs[0].skill``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) and not isinstance(part, bool) else f".{part}"
    return text.lstrip(".")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a near miss, else ``; known: a, b``; "" where nothing is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names[:20])}" if names else ""


class _TooManyCopies(Exception):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path[:1]


class _Reader:
    def __init__(self, file: str) -> None:
        self.positions: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._open: set[int] = set()  # ids of the nodes that are being read: an alias inside its own anchor
        self._read: set[int] = set()  # ids of the nodes that have been read once
        self._copies = 0

    def read(self, node: yaml.Node, path: Path) -> Any:
        self._count(node, path)
        self.positions.setdefault(path, _place(node))
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._open or len(path) >= _MAX_DEPTH:
            self._problem(node, path, "refers to itself" if id(node) in self._open else "nested too deeply")
            return None
        self._open.add(id(node))
        value = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self._open.discard(id(node))
        return value

    def _count(self, node: yaml.Node, path: Path) -> None:
        self._copies += id(node) in self._read
        self._read.add(id(node))
        if self._copies > _MAX_COPIES:
            raise _TooManyCopies(path)

    def _list(self, node: yaml.Node, path: Path) -> list[Any]:
        return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str | int, Any]:
        value: dict[str | int, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, path, "a key must be a word or a number; is a quote missing?")
                continue
            key = self._key(key_node, path)
            if str(key) in lines:  # 1 and "1" are the same name
                self._problem(key_node, (*path, str(key)), f"written twice; the first one is in line {lines[str(key)]}")
                continue
            self.positions[(*path, key)] = _place(key_node)
            lines[str(key)] = _place(key_node)[0]
            value[key] = self.read(value_node, (*path, key))
        return value

    def _key(self, node: yaml.ScalarNode, path: Path) -> str | int:
        """What is neither text nor a whole number is told, and taken as the text that is written there."""
        key = _scalar(node)
        if type(key) in _NO_NAMES:
            told = f"{node.value} is read as {_NO_NAMES[type(key)]}; as a name it must be in quotes"
            self._problem(node, (*path, node.value), told)
            return str(node.value)
        assert isinstance(key, (str, int)), "a scalar of YAML"
        return key

    def _problem(self, node: yaml.Node, path: Path, message: str) -> None:
        self.problems.append(Problem(self._file, *_place(node), dotted(path), message))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style:  # quoted or a block: text, whatever it looks like
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.match(text):
        return int(text) if len(text) <= 18 else text
    return float(text) if _DECIMAL.match(text) else text


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    told = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(file, line, column, "", f"not readable as YAML: {_one_line(told)}{_remedy(told)}")


def _too_deep(text: str) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > 4 * _MAX_DEPTH:  # less than that gets a place from the reader
            return True
    return False


def _better_told(text: str, error: yaml.MarkedYAMLError) -> yaml.MarkedYAMLError:
    """The same mistake as the slow loader tells it, which names the character; not where a ``?`` stops it."""
    try:
        yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as slow:
        return error if "got '?'" in str(slow.problem) else slow
    return error


def _remedy(told: str) -> str:
    if "cannot start any token" in told and "\\t" in told:
        return "; indent with spaces, not tabs"
    if "alias" in told:
        return "; put text that begins with * or & in quotes"
    if "mapping values are not allowed" in told:
        return "; put text that contains ': ' in quotes"
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
