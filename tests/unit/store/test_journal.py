"""The file of calls in progress: what survives, what a damage costs, and that it does not grow."""

from __future__ import annotations

import logging
import os
import random
import stat
from pathlib import Path

import pytest

from softswitch.store.journal import MOST_DEATHS, MOST_PENDING, CallFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.journal"


def written(path: Path, **calls: bytes) -> None:
    file = CallFile(path)
    for name, octets in calls.items():
        file.keep(name, octets)
    file.flush()
    os.close(file._file or 0)  # the process is killed


def test_the_last_record_of_a_name_counts_and_what_is_over_is_not_found(path: Path) -> None:
    file = CallFile(path)
    assert file.found == {}
    file.keep("a", b"1")
    file.keep("b", b"1")
    file.keep("a", b"2")
    file.flush()
    file.forget("b")
    file.forget("never there")
    file.flush()
    file.keep("c", b"not flushed")
    assert CallFile(path).found == {"a": b"2"}


def test_for_how_long_nobody_has_written_to_it_is_known(path: Path) -> None:
    assert CallFile(path).away_s == 0.0
    written(path, a=b"1")
    then = path.stat().st_mtime - 100.0
    os.utime(path, (then, then))
    assert 100.0 <= CallFile(path).away_s < 160.0
    after = CallFile(path)
    assert 100.0 <= after.away_s < 160.0, "the one before could not begin"
    after.alive()
    assert CallFile(path).away_s < 60.0, "the one before has lived since then"


def test_nobody_else_may_read_it(path: Path) -> None:
    written(path, a=b"keys")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    CallFile(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_orderly_end_leaves_nothing_of_calls_that_are_over(path: Path) -> None:
    file = CallFile(path)
    file.keep("a", b"1")
    file.close()
    assert CallFile(path).found == {"a": b"1"}
    file = CallFile(path)
    file.forget("a")
    file.close()
    assert not path.exists()


def test_a_torn_last_record_costs_itself(path: Path) -> None:
    written(path, a=b"a" * 100, b=b"b" * 100)
    whole = path.read_bytes()
    for cut in (1, 50, 108):
        path.write_bytes(whole[:-cut])
        file = CallFile(path)
        assert (file.found, file.damaged) == ({"a": b"a" * 100}, 1)


@pytest.mark.parametrize("seed", range(20))
def test_damage_costs_only_the_records_that_it_meets(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    calls = {f"call-{number}": rng.randbytes(rng.randrange(10, 400)) for number in range(30)}
    written(path, **calls)
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data) - 20)
    data[at : at + 20] = rng.randbytes(20)
    path.write_bytes(data)
    file = CallFile(path)
    assert file.damaged and len(file.found) >= 27
    assert all(calls[name] == octets for name, octets in file.found.items())


@pytest.mark.parametrize("octets", [b"", b"no journal at all", b"\xf5SwJ", b"\xf5SwJ" + bytes(8), bytes(1000)])
def test_a_file_of_something_else_is_an_empty_one(path: Path, octets: bytes) -> None:
    path.write_bytes(octets)
    file = CallFile(path)
    assert file.found == {}
    file.keep("a", b"1")
    file.flush()
    assert CallFile(path).found == {"a": b"1"}


def test_what_is_over_does_not_make_it_grow(path: Path) -> None:
    file = CallFile(path, slack=10_000)
    file.keep("long", b"x" * 100)
    for number in range(1000):
        file.keep(f"call-{number}", b"y" * 100)
        file.flush()
        file.forget(f"call-{number}")
        file.flush()
        assert path.stat().st_size < 12_000
    assert CallFile(path).found == {"long": b"x" * 100}


def test_a_disk_that_is_full_is_counted_and_what_it_did_not_take_is_written_later(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file, write = CallFile(path, retry_s=0.0), os.write
    for name in "ao":
        file.keep(name, b"a" * 100)
    file.flush()
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:50]))
    file.keep("b", b"b" * 100)
    file.forget("o")
    with caplog.at_level(logging.ERROR):
        file.flush()
    monkeypatch.setattr(os, "write", write)
    assert file.lost == 1 and "will not outlive this process" in caplog.text
    file.keep("c", b"c" * 100)
    file.flush()
    assert set(CallFile(path).found) == {"a", "b", "c"}


def test_a_disk_that_stays_full_is_not_asked_all_the_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CallFile(path, retry_s=3600.0)
    monkeypatch.setattr(os, "write", lambda fd, data: 0)
    for number in range(MOST_PENDING + 10):
        file.keep(f"call-{number}", b"x")
        file.flush()
    assert file.lost == 1
    monkeypatch.undo()
    file.close()
    assert len(CallFile(path).found) == MOST_PENDING


def test_a_place_where_nothing_can_be_written_keeps_nobody_from_working(tmp_path: Path) -> None:
    file = CallFile(tmp_path / "nowhere" / "calls.journal")
    file.keep("a", b"1")
    file.flush()
    assert file.lost == 2
    file.close()


def test_a_file_of_which_process_after_process_dies_is_put_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(path, poison=b"1")
    for death in range(MOST_DEATHS):
        file = CallFile(path)
        assert file.found == {"poison": b"1"}  # and dies
        assert file.suspect == (death == MOST_DEATHS - 1), "the last one leaves alone what can be left alone"
    with caplog.at_level(logging.ERROR):
        file = CallFile(path)
    assert file.found == {} and "put aside" in caplog.text
    file.keep("a", b"2")
    file.flush()
    assert CallFile(path).found == {"a": b"2"}


def test_what_nobody_dies_of_is_not_put_aside_with_the_rest(path: Path) -> None:
    written(path, poison=b"1", **{"kept a": b"2"})
    for _ in range(MOST_DEATHS):
        CallFile(path, spared=("kept ",))
    assert CallFile(path, spared=("kept ",)).found == {"kept a": b"2"}
    file = CallFile(path, spared=("kept ",))
    assert file.found == {"kept a": b"2"}
    file.forget("kept a")
    file.close()
    assert not path.exists()


def test_one_that_lives_a_while_has_not_died_of_it(path: Path) -> None:
    written(path, a=b"1")
    for _ in range(2 * MOST_DEATHS):
        file = CallFile(path)
        assert file.found == {"a": b"1"}
        file.proven()
