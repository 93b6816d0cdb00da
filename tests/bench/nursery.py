"""Control processes that begin without importing anything first: forked from one that has.

What is forked runs ``softswitch.app`` as the supervisor starts it: its own event loop, its own sockets, its own store.
Only the second of imports is saved, so that a thousand of them can be killed within minutes. One word on standard
input is one child; its pid is the answer. The nursery reaps its children, and they end with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_ROOT = Path(__file__).parents[2]
ENDED = "control has ended by itself with status {}"  # the last line of the log then


class Nursery:
    """Of the control processes of one configuration."""

    def __init__(self, config: Path, kept: Path, log: Path) -> None:
        words = [sys.executable, "-m", "tests.bench.nursery", str(config), str(kept)]
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, cwd=config.parent, text=True,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
            )  # fmt: skip

    def start(self) -> int:
        """The pid of a new one."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("start\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()  # what it has begun ends with it, and nobody waits for it to say goodbye
        self._process.communicate()


def main(config: str, kept: str) -> None:
    from softswitch import app, cli  # noqa: F401 (what control imports in its life, it has)
    from softswitch.cli import main as commands  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            os.dup2(2, 1)  # its banner is not for whoever reads pids
            status = app.main(["--config", config, "--kept", kept])
            print(ENDED.format(status), file=sys.stderr, flush=True)
            os._exit(status)
        print(pid, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
