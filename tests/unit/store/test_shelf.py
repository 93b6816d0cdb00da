"""The texts of former dialplans are there as long as somebody needs them, and not longer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from softswitch.ivr.load import load_plans
from softswitch.ivr.plan import Plan
from softswitch.store.shelf import PlanShelf


def text(plan: str, number: int, remark: str = "") -> str:
    return f"dialplan: {plan}\nnumbers: ['{number}']\nstart: a\nsteps:\n  a: {{hangup: normal}}\n# {remark}\n"


def read(texts: Mapping[str, str]) -> Mapping[str, Plan]:
    return load_plans(texts)[0]


def kept(shelf: PlanShelf, **files: str) -> Mapping[str, Plan]:
    """One more release, the latest."""
    texts = {f"{name}.yaml": content for name, content in files.items()}
    plans = read(texts)
    name = shelf.write(plans, texts)
    os.utime(next(path for path in _files(shelf) if path.name == name), ns=(0, 10**18 + len(_files(shelf))))
    shelf.add(name, plans)
    return plans


def _files(shelf: PlanShelf) -> list[Path]:
    return sorted(shelf._directory.glob("*"))


@pytest.fixture
def shelf(tmp_path: Path) -> PlanShelf:
    return PlanShelf(tmp_path / "dialplans", read)


def versions(plans: Mapping[str, Plan]) -> set[tuple[str, str]]:
    return {(plan.name, plan.version) for plan in plans.values()}


def test_the_next_process_finds_what_was_kept(shelf: PlanShelf, tmp_path: Path) -> None:
    old = kept(shelf, shop=text("shop", 1), night=text("night", 2))
    new = kept(shelf, shop=text("shop", 1, "new"), night=text("night", 2))
    (tmp_path / "dialplans" / "torn.json.new").write_text("{")
    again = PlanShelf(tmp_path / "dialplans", read)
    assert len(_files(again)) == 2
    for plans in (old, new):
        for plan in plans.values():
            assert again.plan(plan.name, plan.version) == plan
    assert again.latest() == new
    assert again.plan("shop", "none") is None and again.plan("none", old["shop"].version) is None
    assert {path.stat().st_mode & 0o777 for path in _files(again)} == {0o600}, "a plan may have a secret"


def test_what_nobody_needs_is_removed(shelf: PlanShelf) -> None:
    old = kept(shelf, shop=text("shop", 1), night=text("night", 2))
    middle = kept(shelf, shop=text("shop", 1, "middle"), night=text("night", 2))
    new = kept(shelf, shop=text("shop", 1, "new"), night=text("night", 2))
    shelf.keep_only(versions(new) | {("shop", old["shop"].version)})
    assert len(_files(shelf)) == 2
    assert shelf.plan("shop", middle["shop"].version) is None
    assert shelf.plan("shop", old["shop"].version) == old["shop"]
    shelf.keep_only(versions(new))
    assert len(_files(shelf)) == 1
    assert shelf.latest() == new


def test_who_goes_back_to_what_was_has_it_last(shelf: PlanShelf) -> None:
    old = kept(shelf, shop=text("shop", 1))
    kept(shelf, shop=text("shop", 1, "new"))
    kept(shelf, shop=text("shop", 1))
    assert shelf.latest() == old and len(_files(shelf)) == 2


@pytest.mark.parametrize("octets", [b"", b"{", b"[1]", b'{"versions": {}, "texts": {"a": "\xff"}}', b"[" * 100_000])
def test_a_file_that_is_no_release_is_passed_over(shelf: PlanShelf, tmp_path: Path, octets: bytes) -> None:
    plans = kept(shelf, shop=text("shop", 1))
    (path,) = _files(shelf)
    (tmp_path / "dialplans" / "bad.json").write_bytes(octets)
    assert PlanShelf(tmp_path / "dialplans", read).plan("shop", plans["shop"].version) == plans["shop"]
    path.write_bytes(octets)
    assert shelf.plan("shop", plans["shop"].version) is None
    assert shelf.latest() == {}


def test_a_place_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "dialplans").write_text("a file")
    shelf = PlanShelf(tmp_path / "dialplans", read)
    with pytest.raises(OSError):  # noqa: PT011
        shelf.write({}, {})
    shelf.keep_only(set())
    assert shelf.latest() == {} and shelf.plan("shop", "1") is None
