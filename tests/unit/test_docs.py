"""What the pages for operators and admins name is there: links, files, commands, paths of the API, settings, metrics.

Only names are compared here. That docs/metrics.md and docs/verbs.md are whole, that the commands of docs/planning.md
run, and what samples and transcripts do, is held elsewhere.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from softswitch.cli.main import app
from softswitch.ivr.verb import VERBS
from softswitch.metrics import Metrics
from softswitch.settings.system import FeatureCodes
from softswitch.web.server import make_app
from tests.support.fake_control import FakeControl
from tests.support.fake_desk import StoredPromises

ROOT = Path(__file__).parents[2]
PAGES = {page.name: page.read_text("utf-8") for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
SCHEMA = json.loads((ROOT / "config/softswitch.schema.json").read_text("utf-8"))
COMMANDS = typer.main.get_command(app)
OURS = ("tests", "softswitch", "config", "docs", "dialplans", "media")
MADE_UP = {
    "dialplans/shop.yaml",
    "dialplans/shop.calls",
    "media/hold/NAME",
    "media/prompts/fr",
    "media/prompts/LANGUAGE",
}
BENCHES = {"sip.idle_dialog_bytes", "sip.resident_after_calls"}  # dotted names that are no settings

each_page = pytest.mark.parametrize("page", PAGES)


def place(name: str) -> Path:
    """The directory that relative links of the page begin in."""
    return ROOT if name == "README.md" else ROOT / "docs"


def anchors(text: str) -> set[str]:
    """Of the headings, as Git hosts make them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        assert (place(page) / file).exists(), link
        assert not anchor or anchor in anchors(PAGES[Path(file).name if file else page]), link


@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"README.md"}))
def test_the_readme_leads_to_it(page: str) -> None:
    assert f"](docs/{page})" in PAGES["README.md"]


@each_page
def test_files_and_programs_are_there(page: str) -> None:
    named = set(re.findall(rf"`((?:{'|'.join(OURS)})/[\w./-]+)`", PAGES[page])) - MADE_UP
    modules = re.findall(r"`(\w+/\w+\.py)`", PAGES[page])
    programs = [program.replace(".", "/") for program in re.findall(r"python -m (tests[\w.]*\w)", PAGES[page])]
    for path in (*named, *modules, *(f"{program}.py" for program in programs)):
        assert (ROOT / path).exists() or (ROOT / "softswitch" / path).exists(), path


# ---- the command line ------------------------------------------------------------------------------------------------


def commands(text: str) -> Iterator[str]:
    """Command lines, without what is said of them."""
    for line in re.findall(r"(?:`|^ {4,}|^\s*\$ |xargs -r )softswitch ([a-z][^`\n]*)", text, re.MULTILINE):
        yield re.split(r" {2,}| # | > | -- ", line)[0]


def known(command: Any, word: str) -> Any:
    found = getattr(command, "get_command", None)
    return found(click.Context(command), word) if found else None


@each_page
def test_commands_and_their_options_are_known(page: str) -> None:
    for line in commands(PAGES[page]):
        command: Any = COMMANDS
        for word in line.split():
            inner = known(command, word)
            if inner is None:
                break
            command = inner
        assert command is not COMMANDS, line
        options = {one for it in command.params for one in (*it.opts, *it.secondary_opts)}
        assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line)) <= options, line


def test_the_table_of_feature_codes_has_them_all() -> None:
    section = PAGES["operations.md"].partition("## Feature codes")[2].partition("\n## ")[0]
    written = set(re.findall(r"`(\*\d\d)", section))
    assert written == set(FeatureCodes().model_dump().values())


def test_the_table_of_verbs_has_them_all() -> None:
    table = PAGES["dialplan.md"].partition("| verb | what it does |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+):", table, re.MULTILINE)) == set(VERBS)


# ---- the API, settings, metrics, facts -------------------------------------------------------------------------------


@functools.cache
def routes() -> list[tuple[str, str]]:
    """The method of each, and a pattern of its path."""
    made = make_app(FakeControl(), StoredPromises(), Metrics())
    found = [(one.method, one.resource.canonical) for one in made.router.routes() if one.resource is not None]
    return [(method, re.sub(r"\{\w+\}", "[^/]+", path)) for method, path in found]


@each_page
def test_paths_of_the_api_are_served(page: str) -> None:
    asked = r"(?:\b(GET|POST|PUT|DELETE) `?)?(/(?:api/v1\b|healthz|readyz|metrics(?!\.md))[\w./-]*)"
    for method, path in re.findall(asked, PAGES[page]):
        whole = f"{path}state" if path.endswith("/") else path.rstrip(".")  # of a table, whose cells go on with it
        known = [served for served, pattern in routes() if re.fullmatch(pattern, whole)]
        assert (method in known) if method else known, f"{method} {path}"


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The keys that may stand there; "*" for any name."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    found = dict(schema.get("properties", {}))
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        found |= properties(one)
    if isinstance(schema.get("additionalProperties"), dict):
        found["*"] = schema["additionalProperties"]
    return found


@each_page
def test_settings_that_are_named_exist(page: str) -> None:
    for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?::[^`]*)?`", PAGES[page]):
        if name.split(".")[0] not in properties(SCHEMA) or name in BENCHES or ".example" in name:
            continue
        at = SCHEMA
        for key in name.split("."):
            keys = properties(at)
            assert key in keys or "*" in keys, name
            at = keys.get(key, keys.get("*"))


@each_page
def test_metrics_that_are_named_are_documented(page: str) -> None:
    listed = set(re.findall(r"`(softswitch_\w+)`", PAGES["metrics.md"]))
    for name in re.findall(r"softswitch_\w*[a-z0-9](?![\w(])", PAGES[page]):
        assert name in listed or re.sub(r"_(bucket|count|sum)$", "", name) in listed, name


@functools.cache
def classes() -> set[str]:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "softswitch").rglob("*.py"))
    return set(re.findall(r"^class (\w+)", code, re.MULTILINE))


@each_page
def test_facts_that_are_named_are_facts(page: str) -> None:
    assert set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", PAGES[page])) <= classes() | {"SystemError"}
