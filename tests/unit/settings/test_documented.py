"""Defaults, where they are written for people: in the sample configuration, and in the tables of docs/callbacks.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest

from softswitch.callback.number import REFUSALS
from softswitch.core.units import seconds
from softswitch.settings import load
from softswitch.settings.answer import AnswerSettings
from softswitch.settings.callback import USUAL_STAGES, Stage
from softswitch.settings.dialling import Retry

ROOT = Path(__file__).parents[3]
CALLBACKS = (ROOT / "docs/callbacks.md").read_text("utf-8")
EXAMPLES = {  # of what has no default, or stands there with another value
    "softswitch.yaml": {"tls", "verify_servers", "tokens", "url", "area_code", "do_not_call", "tones", "hep", "trunk"},
    "trunks.yaml": {"registration", "rewrite", "inbound", "outbound", "tones"},
}


def values(config: Path) -> dict[str, object]:
    """Without what names the texts."""
    return load(config).model_dump(exclude={"version", "texts"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_commented_out_in_a_sample_is_the_default(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for part in ("dialplans", "media"):
        (tmp_path / part).symlink_to(ROOT / part)
    before, file = values(tmp_path / "config"), tmp_path / "config" / name
    written = re.compile(r"^( *)# ( *)((\w+):(?: .*|))$")
    lines, taken = [], 0
    for line in file.read_text("utf-8").splitlines():
        found = written.match(line)
        if found and found[4] not in EXAMPLES[name] and found[4].islower():
            line, taken = found[1] + found[2] + found[3], taken + 1
        lines.append(line)
    file.write_text("\n".join(lines), "utf-8")
    assert taken > 20 and values(tmp_path / "config") == before


def test_the_tables_of_callbacks_have_the_defaults() -> None:
    pauses = {name: seconds(pause) for name, pause in re.findall(r"`retry\.(\w+)` (\d+\w)\b", CALLBACKS)}
    assert pauses == Retry().model_dump()
    table = CALLBACKS.partition("| key of `answer` |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", table, re.MULTILINE))
    shown = {None: {"none", "a sentence of ours"}, True: {"true"}, False: {"false"}, 10.0: {"10s"}}
    for key, value in AnswerSettings().model_dump().items():
        assert rows.pop(key) in shown.get(value, {value}), key
    assert not rows


def test_the_table_of_stages_has_them_all() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([\w ]+) \|$", CALLBACKS.partition("\n\n**Who")[0], re.MULTILINE))
    assert rows.pop("imported") == "always" and rows.keys() == set(get_args(Stage))
    assert {stage for stage, counts in rows.items() if counts == "unless taken out"} == set(USUAL_STAGES)


def test_the_table_of_numbers_has_each_reason() -> None:
    table = CALLBACKS.partition("| `why` | what |")[2].partition("\n\n")[0]
    first = re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)
    assert set(REFUSALS) <= set(re.findall(r"`([a-z-]+)`", " ".join(first)))
