"""The sample configuration, its dialplans and their transcripts."""

from __future__ import annotations

import functools
from pathlib import Path

from softswitch.build import configuration, load_dialplans
from softswitch.rehearsal.script import Transcript
from softswitch.rehearsal.suite import read_all
from softswitch.settings import load
from softswitch.switch.configuration import Configuration

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dialplans").glob("*.calls"))


@functools.cache
def house() -> Configuration:
    settings = load(ROOT / "config")
    dialplans = load_dialplans(settings)
    assert dialplans.right, [str(one) for one in dialplans.problems if one.level == "error"]
    return configuration(settings, dialplans.plans, (), b"")


@functools.cache
def transcripts() -> tuple[Transcript, ...]:
    found, problems = read_all({str(path): path.read_text() for path in FILES}, house())
    assert not problems, "\n".join(map(str, problems))
    return tuple(found)
