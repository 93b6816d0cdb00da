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


def run(directory: Path, workers: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(directory), "--numprocesses", workers, str(directory)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env={**clean, **environment}, cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ci", "workers", "status"),
    [
        (SKIPS, "", "0", 0),
        (SKIPS, "true", "0", 1),
        (SKIPS, "true", "2", 1),
        (SKIPS_WHOLE, "true", "0", 1),
        (SKIPS_WHOLE, "true", "2", 1),
        (FAILS_AS_EXPECTED, "true", "0", 0),
    ],
)
def test_a_skip_fails_on_ci_only(tmp_path: Path, text: str, ci: str, workers: str, status: int) -> None:
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    (tmp_path / "test_one.py").write_text(text)
    (tmp_path / "test_two.py").write_text("def test_fine(): pass\n")
    done = run(tmp_path, workers, {"CI": ci})
    assert done.returncode == status, done.stdout + done.stderr
    assert ("skipped on CI, which is a failure" in done.stdout) is (status == 1)


def test_a_test_that_hangs_ends_its_worker_and_not_the_session(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("import time\n\ndef test_hangs(): time.sleep(60)\n\ndef test_after(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfaulthandler_timeout = 1\nfaulthandler_exit_on_timeout = true\n")
    done = run(tmp_path, "2", {})
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "test_one.py::test_hangs" in done.stdout
    assert "in test_hangs" in done.stderr, "where it hung"
