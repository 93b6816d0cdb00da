"""The settings of the door: who is banned, what strangers may send, how phones are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.build import configuration
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load
from softswitch.switch.ban import BanRule
from softswitch.switch.door import StrangerRule


def read(directory: Path, sip: str) -> Settings:
    (directory / "softswitch.yaml").write_text(f"sip: {{{sip}}}")
    return load(directory, {})


def test_what_is_written_comes_to_the_driver(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "ban: {failures: 5, within: 30s, for: 1h, exempt: [192.0.2.7, '2001:db8::/32']},"
        " strangers: {rate: 10, burst: 20, exempt: []}, max_bindings: 2, nat: 'off', keep_alive: 20s, probe: 1m",
    )
    built = configuration(settings, {}, (), b"")
    assert built.bans == BanRule(5, 30.0, 3600.0, ("192.0.2.7/32", "2001:db8::/32"))
    assert built.strangers == StrangerRule(10.0, 20.0, ())
    assert (built.max_bindings, built.nat, built.keep_alive_s, built.probe_s) == (2, False, 20.0, 60.0)


def test_without_a_word_loopback_is_exempt_and_a_guesser_is_banned_for_ten_minutes(tmp_path: Path) -> None:
    built = configuration(read(tmp_path, ""), {}, (), b"")
    assert built.bans == BanRule(20, 60.0, 600.0, ("127.0.0.0/8", "::1/128"))
    assert built.strangers == StrangerRule()
    assert built.nat


@pytest.mark.parametrize(
    ("sip", "said"),
    [
        ("ban: {exempt: [somewhere]}", "is not a network; write for example 192.0.2.0/24"),
        ("ban: {failures: -1}", "failures"),
        ("ban: {for: 0s}", "for"),
        ("strangers: {rate: 0}", "rate"),
        ("nat: maybe", "nat"),
        ("max_bindings: 0", "max_bindings"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, sip: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, sip)
    (problem,) = caught.value.problems
    assert said in str(problem)
