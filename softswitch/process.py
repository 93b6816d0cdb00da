"""What each of our processes asks of the system when it starts."""

from __future__ import annotations

import ctypes
import gc
import resource
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_NAME = 15
_MADV_COLLAPSE = 25  # Linux 6.1 and later
HUGE = 2 << 20  # octets of a huge page
GATHER_S, PAUSE_S = 10.0, 0.02  # between two looks for what could lie on huge pages, and between two pages
CLOCK_STEP_S = 60.0  # hours and pauses are in minutes


def raise_file_limit() -> None:
    """As many files as the system allows: every stream and every TCP phone is one, and the usual 1024 are soon used."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def call_itself(name: str) -> None:
    """As top(1) and ``/proc/PID/comm`` show it: the first 15 octets. Where there is no prctl(2), nothing happens."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_NAME, name.encode())


def boot_id() -> str:
    """Of this life of the machine: processes with the same one have the same monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return secrets.token_hex(8)  # nobody else's


class ClockWatch:
    """Has somebody set the clock? A process goes by the one of its start, so that nothing jumps while it runs.

    ``epoch`` is Unix time at the zero of ``monotonic``; both clocks are slewed alike, so only a step parts them.
    """

    def __init__(
        self, epoch: float, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._epoch, self._wall, self._monotonic = epoch, wall, monotonic
        self._told_s = 0.0

    def stepped(self) -> float:
        """By how many seconds it is ahead of ours, if that is news; else 0, also where it is right again."""
        ahead_s = self._wall() - self._monotonic() - self._epoch
        if abs(ahead_s - self._told_s) < CLOCK_STEP_S:
            return 0.0
        self._told_s = ahead_s
        return ahead_s


@contextmanager
def making_the_long_lived() -> Iterator[None]:
    """What is made meanwhile stays, so nothing is gained by walking it while it grows: of the CPU that a start with
    100,000 promises takes, that would be a third, and of taking them over more than half.
    """
    gc.disable()
    try:
        yield
    finally:
        spare_the_long_lived()
        gc.enable()


def spare_the_long_lived() -> None:
    """What is there when the work begins stays until the end: the garbage collector need not walk it every time.

    That takes a fifth of the CPU of a call. Calls leave no cycles behind, so a young generation may be larger, and who
    has survived it need hardly ever be walked again: nearly all of them are transactions, which go by themselves.
    Garbage is not looked for first: phones wait by now, it would take 0.2 s with 100,000 promises, and a start leaves
    some 3,000 objects.
    """
    gc.freeze()
    gc.set_threshold(10_000, 200, 20)
    threading.Thread(target=_gather, name="pages", daemon=True).start()


def _gather() -> None:
    """Again and again, as a process grows while it gets its first calls.

    Not at once: who has just begun may have calls to take over, and a process that does not live long earns nothing.
    """
    laid: set[int] = set()
    while True:
        time.sleep(GATHER_S)
        lay_on_huge_pages(laid)


def lay_on_huge_pages(laid: set[int], rest: Callable[[float], object] = time.sleep) -> None:
    """What is there is gathered on pages of 2 MB, so few that the processor knows by heart where they are.

    Who sleeps between two messages finds the caches taken by others, and looks up each page of 4 kB anew: that is a
    tenth of the CPU of a call. Each page stops whoever takes memory meanwhile for a millisecond or so, and is followed
    by a pause, so that calls do not wait for many of them at once. ``laid``: the addresses that were asked for already,
    kept up to date. This asks whatever ``transparent_hugepage`` says (madvise(2)); where the system has no such pages
    to give, all stays as it is.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    there = list(_huge_places())
    laid.intersection_update(there)  # what was given back and is taken again is new
    for address in there:
        if address not in laid:
            laid.add(address)
            madvise(address, HUGE, _MADV_COLLAPSE)
            rest(PAUSE_S)


def _huge_places() -> Iterator[int]:
    """Where a huge page could lie in the memory that is ours alone."""
    try:
        maps = Path("/proc/self/maps").read_bytes()  # a path in it may have any octets
    except OSError:
        return
    for span, rights, _, _, file, *name in (line.split() for line in maps.split(b"\n") if line):
        if rights == b"rw-p" and file == b"0" and name in ([], [b"[heap]"]):
            begin, end = (int(address, 16) for address in span.split(b"-"))
            yield from range(-(-begin // HUGE) * HUGE, end - HUGE + 1, HUGE)
