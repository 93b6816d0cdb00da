"""An office that names the facts it hears, and matches them in ``note``, names all of those and no others."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest

from softswitch.switch.archive import Archive
from softswitch.switch.figures import Figures
from softswitch.switch.lamps import Lamps


def matched(office: type) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(office.note)))
    return {ast.unparse(one.cls) for one in ast.walk(tree) if isinstance(one, ast.MatchClass)}


@pytest.mark.parametrize("office", [Archive, Figures, Lamps])
def test_an_office_hears_what_it_matches(office: type) -> None:
    assert {kind.__name__ for kind in office.hears} == matched(office)
