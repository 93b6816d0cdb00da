"""The process that takes calls has the same records as the tests, but for the guard."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, field, replace
from enum import Enum, StrEnum

import pytest

from softswitch.thaw import thaw


class Colour(StrEnum):
    RED = "red"
    SCARLET = "red"  # the same by another name


@dataclass(frozen=True, slots=True)
class Base:
    name: str
    colour: Colour = Colour.RED
    tags: dict[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Derived(Base):
    level: int = field(default=3, kw_only=True)
    secret: str = field(default="", repr=False)
    length: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.name))


@dataclass
class Free:
    name: str


@pytest.fixture(scope="module")
def thawed() -> int:
    """Once: classes cannot be frozen again."""
    before = Derived("x", level=5)
    with pytest.raises(FrozenInstanceError):
        before.name = "y"  # type: ignore[misc]
    many = thaw(__name__)
    assert replace(before, name="xyz", secret="s") == Derived("xyz", secret="s", level=5)  # made before, and after
    assert hash(before) == hash(Derived("x", level=5))
    return many


def test_those_that_were_frozen_are_counted_and_no_more_are_there_the_second_time(thawed: int) -> None:
    assert thawed == 2
    assert thaw(__name__) == 0


def test_defaults_factories_and_what_is_reckoned_are_as_before(thawed: int) -> None:
    one, other = Derived("abc"), Derived("abc", Colour.RED, {"a": 1}, "hidden", level=3)
    assert (one.level, one.length, one.colour, one.tags) == (3, 3, Colour.RED, {})
    assert one.tags is not Derived("abc").tags
    assert repr(other) == "Derived(name='abc', colour=<Colour.RED: 'red'>, tags={'a': 1}, level=3, length=3)"
    assert Base("abc") != one
    for wrong in ({}, {"name": "x", "length": 2}, {"name": "x", "other": 1}):
        with pytest.raises(TypeError):
            Derived(**wrong)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]
    one.name = "free"  # type: ignore[misc]
    assert one.name == "free"


def test_members_are_attributes_and_the_enumeration_is_what_it_was(thawed: int) -> None:
    assert vars(Colour)["RED"] is vars(Colour)["SCARLET"] is Colour("red") is Colour["RED"]
    assert list(Colour) == [Colour.RED]
    assert (Colour.RED.name, Colour.RED.value) == ("RED", "red")
    assert isinstance(Colour.RED, Enum)
    with pytest.raises(AttributeError):
        Colour.RED = "green"  # type: ignore[misc]


def test_what_was_never_frozen_stays_as_it_is(thawed: int) -> None:
    assert Free("x") == Free("x")
    assert thaw("no.such.package") == 0


ALL_OF_CONTROL = """
import inspect, softswitch.app
from softswitch.thaw import _classes, thaw
from dataclasses import is_dataclass
from enum import Enum
records = [kind for kind in _classes("softswitch") if is_dataclass(kind) and "__setattr__" in vars(kind)]
before = [(inspect.signature(kind), kind.__match_args__, kind.__slots__) for kind in records]
assert thaw("softswitch") == len(set(records)) > 300
assert before == [(inspect.signature(kind), kind.__match_args__, kind.__slots__) for kind in records]
assert all(kind.__setattr__ is object.__setattr__ for kind in records)
for kind in _classes("softswitch"):
    if issubclass(kind, Enum):
        assert all(vars(kind)[name] is member for name, member in kind.__members__.items()), kind
"""


def test_every_record_of_the_control_process_takes_what_it_took() -> None:
    done = subprocess.run([sys.executable, "-c", ALL_OF_CONTROL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
