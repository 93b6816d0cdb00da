"""A skip is honest at home and a failure on CI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPS = "import pytest\n\n@pytest.mark.skip(reason='no phone')\ndef test_phone(): pass\n\ndef test_ok(): pass\n"
SKIPS_WHOLE = "import pytest\npytest.skip('no phone', allow_module_level=True)\n"
FAILS_AS_EXPECTED = "import pytest\n\n@pytest.mark.xfail\ndef test_bug(): assert 0\n\ndef test_ok(): pass\n"


@pytest.mark.parametrize(
    ("text", "ci", "status"),
    [
        (SKIPS, "", 0),
        (SKIPS, "true", 1),
        (SKIPS_WHOLE, "true", 1),
        (FAILS_AS_EXPECTED, "true", 0),
    ],
)
def test_a_skip_fails_on_ci_only(tmp_path: Path, text: str, ci: str, status: int) -> None:
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    (tmp_path / "test_one.py").write_text(text)
    (tmp_path / "test_two.py").write_text("def test_fine(): pass\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(
        command, env={**os.environ, "CI": ci}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("skipped on CI, which is a failure" in done.stdout) is (status == 1)
