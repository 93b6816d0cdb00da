"""Where http steps lead, as far as it is written out."""

from __future__ import annotations

import pytest

from softswitch.ivr.check import check_plan
from softswitch.ivr.world import World
from tests.unit.ivr.conftest import BYE, HEAD

ALLOWED = World(hosts=frozenset({("crm.example", 0), ("db.example", 8443), ("::1", 0)}))


def found(url: str, world: World = ALLOWED) -> list[str]:
    step = f"  first: {{http: {{get: '{url}'}}, next: bye, failed: bye}}\n"
    return [str(problem) for problem in check_plan(HEAD + step + BYE, "plan.yaml", world)[1]]


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/x",
        "https://CRM.example.:9000",
        "http://me:pw@crm.example/{{ digits }}",
        "https://db.example:8443?of={{ digits }}",
        "http://[::1]:8080/x",
        "http://{{ called }}/x",  # only a call can tell
        "http://{{ called }}.example/x",
        "http://crm{{ called }}.example/x",
        "{{ called }}",
    ],
)
def test_what_is_allowed_or_not_known_yet(url: str) -> None:
    assert found(url) == []


@pytest.mark.parametrize(
    ("url", "host", "hint"),
    [
        ("http://crm.exampel/x", "crm.exampel:80", "; did you mean 'crm.example'?"),
        ("https://db.example/x", "db.example:443", ""),
        ("http://crm.example@evil.example/x", "evil.example:80", ""),
        ("http://[::2]/x", "::2:80", ""),
        ("http://evil.example?crm.example/{{ digits }}", "evil.example:80", ""),
    ],
)
def test_a_host_that_is_never_asked(url: str, host: str, hint: str) -> None:
    (problem,) = found(url)
    assert problem.startswith("plan.yaml:6:") and f"get: host {host} is not in http_step.allowed_hosts" in problem
    assert hint in problem


def test_nothing_is_said_where_the_settings_are_not_known() -> None:
    assert found("http://anybody.example/", World()) == []
