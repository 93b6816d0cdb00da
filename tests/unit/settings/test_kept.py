"""A mistake that is only written, and a control process that begins under it: what was right last serves on."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.core.errors import ConfigError
from softswitch.settings.kept import keep, kept_file, latest

AGENTS = "agents:\n  alice: {user: '1001', skills: {orders: 5}}\n"
WRONG = AGENTS.replace("5", "50")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "config"
    config.mkdir()
    (config / "softswitch.yaml").write_text("region: CN\n")
    (config / "users.yaml").write_text("users:\n  '1001': {password: '${PASSWORD}'}\n")
    (config / "agents.yaml").write_text(AGENTS)
    return config


def begun(config: Path) -> tuple[list[str], list[str]]:
    """Names and levels of the agents that serve, and what is wrong with those that are written."""
    kept = kept_file(config.parent / "var")
    settings, problems = latest(config, kept, {"PASSWORD": "from-outside"})
    assert settings.users["1001"].password == "from-outside"
    if not problems:
        keep(settings)
    return [f"{name} {agent.skills}" for name, agent in settings.agents.items()], [one.key for one in problems]


def test_a_process_that_begins_under_a_mistake_serves_on_with_what_was_right(config: Path) -> None:
    assert begun(config) == (["alice {'orders': 5}"], [])
    (config / "agents.yaml").write_text(WRONG)
    assert begun(config) == (["alice {'orders': 5}"], ["agents.alice.skills.orders"])
    (config / "users.yaml").unlink()
    assert begun(config)[0] == ["alice {'orders': 5}"]


def test_what_is_written_comes_first_where_it_is_right(config: Path) -> None:
    begun(config)
    (config / "agents.yaml").write_text(AGENTS.replace("5", "7"))
    assert begun(config) == (["alice {'orders': 7}"], [])
    (config / "agents.yaml").write_text(WRONG)
    assert begun(config)[0] == ["alice {'orders': 7}"]


@pytest.mark.parametrize("damage", ["", "{", '{"softswitch.yaml": 1}', '{"softswitch.yaml": "region: {"}', "[" * 9999])
def test_where_nothing_right_was_kept_the_mistakes_of_what_is_written_are_told(config: Path, damage: str) -> None:
    begun(config)
    (config / "agents.yaml").write_text(WRONG)
    kept = kept_file(config.parent / "var")
    kept.write_text(damage)
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"agents\.yaml:2:34: agents\.alice\.skills\.orders"):
            begun(config)
        kept.unlink(missing_ok=True)


def test_only_its_owner_reads_the_passwords(config: Path) -> None:
    begun(config)
    kept = kept_file(config.parent / "var")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "from-outside" not in kept.read_text()
    settings, _ = latest(config, kept, {"PASSWORD": "from-outside"})
    assert "texts" not in repr(settings)
