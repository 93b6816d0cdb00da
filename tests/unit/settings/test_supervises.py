"""Whose calls a user may hear: as it is written, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.build import configuration
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load

QUEUES = "queues: {orders: {needs: [{skill: orders, level: 1}]}}"


def written(directory: Path, supervises: str, codes: str = "") -> Settings:
    files = {"users": f"users: {{'1001': {{password: sample-1001, supervises: {supervises}}}}}", "queues": QUEUES}
    for name, text in {"softswitch": codes, **files}.items():
        (directory / f"{name}.yaml").write_text(text)
    return load(directory, {})


@pytest.mark.parametrize(
    ("supervises", "means"),
    [("all", ("all",)), ("[all]", ("all",)), ("[orders, '1001']", ("orders", "1001")), ("[]", ())],
)
def test_what_may_be_written(tmp_path: Path, supervises: str, means: tuple[str, ...]) -> None:
    built = configuration(written(tmp_path, supervises), {}, (), b"")
    assert built.users["1001"].supervises == means
    assert built.supervise_codes == {"*31": "listen", "*32": "whisper", "*33": "barge"}


@pytest.mark.parametrize(
    ("supervises", "error"),
    [
        ("[order]", "neither users.yaml nor queues.yaml has 'order'; did you mean 'orders'?"),
        ("nobody", "users.1001.supervises"),
        ("[4]", "users.1001.supervises"),
    ],
)
def test_what_may_not(tmp_path: Path, supervises: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, supervises)
    assert error in str(caught.value)


def test_a_code_is_for_one_thing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\*11 is the code for login already"):
        written(tmp_path, "all", "feature_codes: {listen: '*11'}")
    with pytest.raises(ConfigError, match=r"a number comes after \*1, so that \*11 could not be told from it"):
        written(tmp_path, "all", "feature_codes: {listen: '*1'}")
