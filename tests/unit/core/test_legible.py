import json
import math
from dataclasses import dataclass, field

import pytest

from softswitch.core.legible import legible, to_json

ODD = "a\udcff\x00\ud800忙"
FINE = "a\ufffd\ufffd\ufffd忙"


@dataclass(frozen=True, slots=True)
class Inner:
    text: str
    at: float = math.inf


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    path: tuple[str, ...] = ()
    length: int = field(init=False, default=0)


@pytest.mark.parametrize(
    ("odd", "fine"),
    [
        (ODD, FINE),
        ((ODD, 1), (FINE, 1)),
        ([ODD, [ODD]], [FINE, [FINE]]),
        ({ODD: {"x": ODD}}, {FINE: {"x": FINE}}),
        (Outer(Inner(ODD), (ODD,)), Outer(Inner(FINE), (FINE,))),
        (None, None),
    ],
)
def test_all_text_in_a_value_is_made_legible(odd: object, fine: object) -> None:
    assert legible(odd) == fine


@pytest.mark.parametrize("value", ["忙 😀", Outer(Inner("忙"), ("a",)), 7, Outer])
def test_what_is_legible_stays_what_it_is(value: object) -> None:
    assert legible(value) is value


@pytest.mark.parametrize("octet", ["\udcff", "\x00"])
def test_json_is_always_written(octet: str) -> None:
    odd, fine = f"a{octet}", "a\ufffd"
    value = {odd: [Outer(Inner(odd), (odd,)), {odd}, ValueError(odd)]}
    outer = {"inner": {"text": fine, "at": None}, "path": [fine], "length": 0}
    assert json.loads(to_json(value)) == {fine: [outer, [fine], fine]}


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert json.loads(to_json("\\u0000")) == "\\u0000"
