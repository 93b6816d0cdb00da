"""YAML text to plain values, with the place of every key, so that a later check can say file:line:column.

Decided here: which scalars are numbers. Telephone people write ``0123``, ``+8613800138000`` and ``09:00``; YAML 1.1
would turn these into other numbers, ``no`` into false and ``2026-10-01`` into a date. Here only ``true`` and ``false``
are booleans, only ``0``, ``12``, ``-3`` and ``1.5`` are numbers, and everything else is text.

Not known here: what the keys mean. ``softswitch.settings`` and ``softswitch.ivr`` check that.
"""

from __future__ import annotations

import bisect
import difflib
import heapq
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

from softswitch.core.errors import Problem

Path = tuple[Any, ...]  # keys of mappings and indices of lists from the root, e.g. ("queues", "orders", "needs", 0)
Positions = Mapping[Path, tuple[int, int]]  # (line, column) from 1; of the key in a mapping, of the item in a list

# libyaml where it is built in: ten times as fast, and it takes YAML 1.2's ``{next: open?, failed: bye}``.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MAX_DEPTH = 50
_MOST_LIKE = 300  # names that a misspelt one is compared with: 2 ms
_MOST_VALUES = 250_000  # keys, items and scalars of one file
_MAX_COPIES = 100_000  # values that aliases repeat: eleven lines can stand for ten thousand million of them
_NAME = re.compile(r"[\w?*#<.-]*[\w?*#<-]")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)$")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+$")
# Characters that YAML does not have (YAML 1.2 section 5.1), and the sign for octets that could not be decoded.
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffd\ufffe\uffff]")
_BARE_BRACES = re.compile(r"(?:^|[:,\[{-])\s+\{\{")
_QUOTE_BRACES = "; put text that begins with {{ in quotes"
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None}
_LONGEST_WORD = max(map(len, _WORDS))
_DIGITS = "-0123456789"
_NO_NAMES: Mapping[type, str] = {bool: "a truth value", type(None): "nothing", float: "a fraction"}


def load_yaml(text: str, file: str) -> tuple[Any, dict[Path, tuple[int, int]], list[Problem]]:
    """The plain value of ``text``, where each key and item of it stands, and what is wrong with the YAML itself.

    With a syntax error the value is None and there is one problem; a repeated key is a problem and the first one wins.
    """
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        return None, {}, [_syntax_problem(text, _better_told(text, error), file)]
    except _Unreadable as error:
        return None, {}, [Problem(file, *error.place, "", error.told)]
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
    names = [*known]
    near = nearest(word, names)
    return f"; did you mean {near!r}?" if near else listed(names)


def nearest(word: str, known: Collection[str]) -> str | None:
    """The name that is meant by a misspelt ``word``; of very many, one of those next to it in a dictionary."""
    names = sorted(known)
    if len(names) > _MOST_LIKE:
        at = max(0, bisect.bisect(names, word) - _MOST_LIKE // 2)
        names = names[at : at + _MOST_LIKE]
    return next(iter(difflib.get_close_matches(word, names, n=1, cutoff=0.6)), None)


def listed(known: Collection[str]) -> str:
    """``; known: a, b``; "" where nothing is known."""
    return f"; known: {', '.join(heapq.nsmallest(20, known))}" if known else ""


class _Unreadable(Exception):
    """What keeps the text from being read at all, and where."""

    def __init__(self, line: int, column: int, told: str) -> None:
        super().__init__()
        self.place = (line, column)
        self.told = told


class _Collection:
    """A list or a mapping, whose ``items`` are keys and values in turn; a scalar is its event."""

    __slots__ = ("end_mark", "is_mapping", "items", "start_mark")

    def __init__(self, event: yaml.CollectionStartEvent) -> None:
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.items: list[_Node] = []
        self.start_mark, self.end_mark = event.start_mark, event.end_mark


_Node = _Collection | yaml.ScalarEvent  # both have a start_mark and an end_mark


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

    def read(self, node: _Node, path: Path) -> Any:
        self._count(node, path)
        self.positions.setdefault(path, _place(node))
        if isinstance(node, yaml.ScalarEvent):
            return self._text(node, path) if node.style else _scalar(node)
        if id(node) in self._open or len(path) >= _MAX_DEPTH:
            message = "refers to itself" if id(node) in self._open else "nested too deeply"
            self.problems.append(Problem(self._file, *self.positions[path], dotted(path), message))
            return None
        if (expression := _bare_expression(node)) is not None:
            quote = "'" if '"' in expression else '"'
            self._problem(node, path, f"text that begins with {{{{ must be in quotes: {quote}{expression}{quote}")
            return expression
        self._open.add(id(node))
        value = self._mapping(node, path) if node.is_mapping else self._list(node, path)
        self._open.discard(id(node))
        return value

    def _text(self, node: yaml.ScalarEvent, path: Path) -> str:
        """In quotes, ``"\\0"`` is what no file may have as it is: no path and no database takes it."""
        text: str = node.value
        if strange := _STRANGE.search(text):
            told = f"has the control character U+{ord(strange[0]):04X}; take it out"
            self._problem(node, path, told)
            return _STRANGE.sub("", text)
        return text

    def _count(self, node: _Node, path: Path) -> None:
        self._copies += id(node) in self._read
        self._read.add(id(node))
        if self._copies > _MAX_COPIES:
            raise _TooManyCopies(path)

    def _list(self, node: _Collection, path: Path) -> list[Any]:
        return [self.read(item, (*path, index)) for index, item in enumerate(node.items)]

    def _mapping(self, node: _Collection, path: Path) -> dict[str | int, Any]:
        value: dict[str | int, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in zip(node.items[::2], node.items[1::2], strict=True):
            if not isinstance(key_node, yaml.ScalarEvent):
                self._problem(key_node, path, "a key must be a word or a number; is a quote missing?")
                continue
            if _is_rest(key_node, value_node):
                self._problem(key_node, path, f"{key_node.value!r} has no value; put text that contains ', ' in quotes")
                continue
            key = self._key(key_node, path)
            if str(key) in lines:  # 1 and "1" are the same name
                self._problem(key_node, (*path, str(key)), f"written twice; the first one is in line {lines[str(key)]}")
                continue
            self.positions[(*path, key)] = _place(key_node)
            lines[str(key)] = _place(key_node)[0]
            value[key] = self.read(value_node, (*path, key))
        return value

    def _key(self, node: yaml.ScalarEvent, path: Path) -> str | int:
        """What is neither text nor a whole number is told, and taken as the text that is written there."""
        key = _scalar(node)
        if type(key) in _NO_NAMES:
            told = f"{node.value} is read as {_NO_NAMES[type(key)]}; as a name it must be in quotes"
            self._problem(node, (*path, node.value), told)
            return str(node.value)
        assert isinstance(key, (str, int)), "a scalar of YAML"
        return key

    def _problem(self, node: _Node, path: Path, message: str) -> None:
        self.problems.append(Problem(self._file, *_place(node), dotted(path), message))


def _bare_expression(node: _Node) -> str | None:
    """``{{ name }}`` without quotes, which YAML takes for a mapping with a mapping as its key; as it was meant."""
    items = node.items if isinstance(node, _Collection) and node.is_mapping else []
    inner = items[0] if len(items) == 2 and _is_nothing(items[1]) else None
    if not isinstance(inner, _Collection) or not inner.is_mapping or len(inner.items) != 2:
        return None
    key, value = inner.items
    return f"{{{{ {key.value} }}}}" if isinstance(key, yaml.ScalarEvent) and _is_nothing(value) else None


def _is_nothing(node: _Node) -> bool:
    return isinstance(node, yaml.ScalarEvent) and not node.value and not node.style


def _is_rest(key: Any, value: Any) -> bool:
    """``please.`` in ``{say: Hello, please.}``: no name that anybody would give, and no colon behind it."""
    alone = value.start_mark.index == value.end_mark.index == key.end_mark.index
    return alone and not key.style and _NAME.fullmatch(key.value) is None


def _place(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(node: yaml.ScalarEvent) -> Any:
    text: str = node.value
    if node.style:  # quoted or a block: text, whatever it looks like
        return text
    if not text:
        return None
    if text[0] in _DIGITS:
        return _number(text)
    return _WORDS.get(text.lower(), text) if len(text) <= _LONGEST_WORD else text


def _number(text: str) -> Any:
    """The number, or the text where it is none."""
    if _INTEGER.match(text):
        return int(text) if len(text) <= 18 else text
    return float(text) if _DECIMAL.match(text) else text


def _syntax_problem(text: str, error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    told = " ".join(part for part in (error.context, error.problem) if part)
    if "quoted scalar" in told and "end of stream" in told and error.context_mark:
        mark, told = error.context_mark, "the quote that is opened here is never closed"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    written = text.splitlines()[line - 1 : line]
    remedy = _QUOTE_BRACES if written and _BARE_BRACES.search(written[0]) else _remedy(told)
    return Problem(file, line, column, "", f"not readable as YAML: {_one_line(told)}{remedy}")


def _composed(text: str) -> _Node | None:
    """The tree of the one document in the text; None where there is nothing in it. Without recursion, which libyaml's
    own composer cannot stop, and not beyond what the machine can bear.

    Raises ``yaml.MarkedYAMLError`` for what is no YAML, and ``_Unreadable`` for what is too much, or no text.
    """
    _refuse_strange(text)
    root: _Node | None = None
    anchors: dict[str, _Node] = {}
    inside: list[_Collection] = []
    count = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            inside.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise _at(event, "not readable as YAML: expected a single document, but found another one")
            continue
        count += 1
        if count > _MOST_VALUES:
            raise _at(event, f"more than {_MOST_VALUES:,} values; divide the file")
        node = _node(event, anchors)
        if inside:
            inside[-1].items.append(node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent):
            assert isinstance(node, _Collection)
            inside.append(node)
            if len(inside) > 4 * _MAX_DEPTH:  # less than that gets a place from the reader
                raise _at(event, "nested too deeply")
    return root


def _node(event: yaml.NodeEvent, anchors: dict[str, _Node]) -> _Node:
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            told = f"not readable as YAML: found undefined alias {event.anchor!r}"
            raise _at(event, told + _remedy(told))
        return anchors[event.anchor]
    if isinstance(event, yaml.CollectionStartEvent):
        node: _Node = _Collection(event)
    else:
        assert isinstance(event, yaml.ScalarEvent), "the one that is left"
        node = event
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _at(event: Any, told: str) -> _Unreadable:
    return _Unreadable(event.start_mark.line + 1, event.start_mark.column + 1, told)


def _refuse_strange(text: str) -> None:
    strange = _STRANGE.search(text)
    if strange is not None:
        place = strange.start()
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        raise _Unreadable(line, column, _about_character(strange[0]))


def _about_character(character: str) -> str:
    if character == "\ufffd":
        return "here is no UTF-8; save the file in that encoding"
    return f"not readable as YAML: the control character U+{ord(character):04X}; take it out"


def _better_told(text: str, error: yaml.MarkedYAMLError) -> yaml.MarkedYAMLError:
    """The same mistake as the slow loader tells it, which names the character; not where a ``?`` stops it."""
    try:
        for _ in yaml.parse(text, Loader=yaml.BaseLoader):
            pass
    except yaml.MarkedYAMLError as slow:
        return error if "got '?'" in str(slow.problem) else slow
    return error


def _remedy(told: str) -> str:
    if "cannot start any token" in told and "\\t" in told:
        return "; indent with spaces, not tabs"
    if "alias" in told:
        return "; put text that begins with * or & in quotes"
    if "mapping values are not allowed" in told or "got ':'" in told:
        return "; put text that contains ': ' in quotes"
    if "expected <block end>" in told:
        return "; is this line indented as those that it belongs to, and every quote above it closed?"
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
