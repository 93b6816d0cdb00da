"""What a process asks of the system when it starts."""

import gc
import mmap
import os
import re
import resource
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from softswitch import app, process
from softswitch.process import (
    PAUSE_S,
    ClockWatch,
    call_itself,
    lay_on_huge_pages,
    raise_file_limit,
    spare_the_long_lived,
)
from softswitch.settings import Settings


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Left as it was; and no thread goes on for the tests that come after, whose CPU is measured."""
    before, over = gc.get_threshold(), threading.Event()
    monkeypatch.setattr(process, "_gather", over.wait)
    yield
    over.set()
    gc.unfreeze()
    gc.set_threshold(*before)


def test_as_many_files_as_the_system_allows() -> None:
    raise_file_limit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard


@pytest.mark.usefixtures("collector")
def test_what_is_there_is_not_walked_again() -> None:
    spare_the_long_lived()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] > 700
    assert "pages" in {thread.name for thread in threading.enumerate()}, "and it is laid on huge pages, while we work"


@pytest.mark.usefixtures("collector")
async def test_nothing_is_walked_while_a_start_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[int] = []

    class Starts:
        def __init__(self, *_: object) -> None:
            pass

        async def start(self) -> None:
            self.promises = [[n] for n in range(100_000)]
            raise OSError("as far as it goes")

    def told(phase: str, info: Mapping[str, int]) -> None:
        walks.append(info["generation"])

    monkeypatch.setattr(app, "Control", Starts)
    gc.callbacks.append(told)
    try:
        with pytest.raises(OSError, match="as far as it goes"):
            await app.run(Settings(), Path())
    finally:
        gc.callbacks.remove(told)
    assert walks == [] and gc.isenabled(), "and it works from now on"
    assert gc.get_freeze_count() > 1000


def no_rest(_: float) -> None:
    """Nobody waits for us here."""


def _has_huge_pages() -> bool:
    """Does the system give some to who asks for them at once?"""
    with mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as some:
        some.write(b"x" * len(some))
        try:
            some.madvise(25)  # MADV_COLLAPSE, Linux 6.1
        except OSError:
            return False
    return True


def test_what_is_there_lies_on_huge_pages_where_the_system_has_them() -> None:
    there = bytearray(range(256)) * (1 << 15)  # 8 MB
    laid = {0}
    lay_on_huge_pages(laid, no_rest)
    assert 0 not in laid, "nothing is there any more"
    assert there == bytearray(range(256)) * (1 << 15)
    found = re.search(r"AnonHugePages: +(\d+) kB", Path("/proc/self/smaps_rollup").read_text())
    assert found is not None
    assert int(found[1]) >= 4096 or not _has_huge_pages()


def test_each_page_is_asked_for_once_and_followed_by_a_pause() -> None:
    laid: set[int] = set()
    rests: list[float] = []
    there = mmap.mmap(-1, 12 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    lay_on_huge_pages(laid, rests.append)
    assert rests == [PAUSE_S] * len(laid)
    before = set(laid)
    there.close()
    rests.clear()
    lay_on_huge_pages(laid, rests.append)
    assert len(rests) == len(laid - before), "of those that were there none again"
    assert len(before - laid) >= 5, "where something comes to lie again, it is asked for again"


def test_a_file_of_any_name_may_be_mapped(tmp_path: Path) -> None:
    """As where the switch is installed below a directory that is named in Latin-1."""
    laid: set[int] = set()
    for name in (b"B\xfcro", "a\u2028b c\x0cd\x85".encode(), b"a\rb", b"a\nb"):
        file = os.path.join(os.fsencode(tmp_path), name)
        with open(file, "wb+") as written:
            written.write(b"x" * mmap.PAGESIZE)
            written.flush()
            with mmap.mmap(written.fileno(), 0):
                lay_on_huge_pages(laid, no_rest)


def test_a_process_is_named_in_the_list_of_processes() -> None:
    comm = Path(f"/proc/{os.getpid()}/comm")
    before = comm.read_text().strip()
    try:
        call_itself("a name of more than 15")
        assert comm.read_text().strip() == "a name of more"
    finally:
        call_itself(before)


def test_a_clock_that_somebody_sets_is_told_once_for_each_step() -> None:
    now = {"wall": 1.79e9, "monotonic": 100.0}
    watch = ClockWatch(1.79e9 - 100.0, lambda: now["wall"], lambda: now["monotonic"])
    steps = []
    for wall_s in (60, 3660, 60, -3540, 90, -3540):  # while a minute passes
        now["wall"] += wall_s
        now["monotonic"] += 60
        steps.append(round(watch.stepped()))
    assert steps == [0, 3600, 0, 0, 0, -3570], "right again is no news, and half a minute is none"
