"""The calls of ``tests.bench.queue`` through Asterisk's app_queue: ``python -m tests.bench.app_queue [ROOT]``.

How our queue compares with the one that everybody knows can only be said of one machine in one hour. The callers and
agents are the same, and so are the members and their strategy (who has rested longest, served side by side, no
wrap-up). What is counted is Asterisk's one process, signalling and media together; ours are two, and their figures are
to be added. ROOT is the root directory of a Debian that has the package asterisk, ``/`` if it is not given; another
one is entered by chroot, which root may, and its /etc/hosts has to know the machine's name, or Asterisk refuses calls.
Asterisk's own record is on: queue_log and call detail records in files.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.queue import AGENTS, TALK_S, measure
from tests.bench.queue_peers import Agents, Callers
from tests.bench.wire import Spent, cpu_s, resident
from tests.support import ports
from tests.support.process import Process, eventually

DIRECTORIES = ("varlib", "db", "key", "agi", "spool", "run", "log")  # its data, with what options mean, stay
SETTINGS = {
    "logger.conf": "[general]\nqueue_log=yes\n[logfiles]\nmessages => warning,error\n",
    "rtp.conf": "[general]\nrtpstart=30000\nrtpend=39999\nicesupport=no\n",
    "cdr.conf": "[general]\nenable=yes\n",
    "cel.conf": "[general]\nenable=no\n",
    "modules.conf": "[modules]\nautoload=yes\n",
    "extensions.conf": "[in]\nexten => 7000,1,Queue(orders)\n same => n,Hangup()\n[none]\n",
}
QUEUE = """
[general]
autofill=yes
persistentmembers=no
[orders]
strategy=leastrecent
ringinuse=no
wrapuptime=0
timeout=15
retry=1
joinempty=yes
announce-frequency=0
"""
# Without an address for media Asterisk looks up the name of the machine, and that of a root server, in each call.
ENDPOINT = "type=endpoint\ndisallow=all\nallow=alaw,ulaw\ndirect_media=no\nmedia_address=127.0.0.1\n"
TRUNK = f"""
[udp]
type=transport
protocol=udp
bind={ports.LOOPBACK}:PORT
[trunk]
{ENDPOINT}context=in
[trunk]
type=identify
endpoint=trunk
match={ports.LOOPBACK}
"""


@dataclass(frozen=True, slots=True)
class Asterisk:
    pid: int

    def spent(self) -> Spent:
        return Spent(cpu_s(self.pid), 0.0, resident(self.pid))


def configure(etc: Path, inside: Path, modules: Path, port: int, phones: int) -> None:
    """Writes the configuration to ``etc``, which Asterisk knows as ``inside``."""
    lines = [f"astetcdir => {inside}", f"astmoddir => {modules}", "astdatadir => /usr/share/asterisk"]
    for word in DIRECTORIES:
        (etc / word).mkdir()
        lines.append(f"ast{word}dir => {inside / word}")
    names = [f"agent{number:02}" for number in range(AGENTS)]
    members = [
        f"[{name}]\n{ENDPOINT}context=none\naors={name}\n"
        f"[{name}]\ntype=aor\ncontact=sip:{name}@{ports.LOOPBACK}:{phones}\nqualify_frequency=0\n"
        for name in names
    ]
    texts = SETTINGS | {
        "asterisk.conf": "\n".join(("[directories]", *lines, "")),
        "pjsip.conf": TRUNK.replace("PORT", str(port)) + "".join(members),
        "queues.conf": QUEUE + "".join(f"member => PJSIP/{name}\n" for name in names),
    }
    for name, text in texts.items():
        (etc / name).write_text(text)


def modules_of(root: Path) -> Path:
    """Where Asterisk's modules are, as it knows the place."""
    found = next(root.glob("usr/lib/*/asterisk/modules"), None)
    assert found, f"no Asterisk under {root}: a Debian with the package asterisk is wanted"
    return Path("/") / found.relative_to(root)


@asynccontextmanager
async def centre(root: Path) -> AsyncIterator[tuple[Asterisk, Agents, Callers]]:
    modules = modules_of(root)
    within = ["chroot", root] if root != Path("/") else []
    with tempfile.TemporaryDirectory(dir=root / "tmp") as made:
        etc, port, phones = Path(made), ports.free_port(), ports.free_port()
        inside = Path("/tmp") / etc.name
        configure(etc, inside, modules, port, phones)
        argv = [*within, "asterisk", "-C", inside / "asterisk.conf"]
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:1])  # inherited: a core of its own, as our control process has
        process = await Process.start([*argv, "-f"], etc / "out.log")
        os.sched_setaffinity(0, cores[1:] or cores)
        try:
            control = etc / "run" / "asterisk.ctl"
            await eventually(control.exists, 30, "Asterisk takes commands")
            booted = await Process.start([*argv, "-rx", "core waitfullybooted"], etc / "booted.log")
            assert await booted.wait(60) == 0, booted.text()
            there, here = Agents((ports.LOOPBACK, port), TALK_S), Callers((ports.LOOPBACK, port), "7000")
            await there.open(phones)
            await here.open(ports.free_port())
            yield Asterisk(process.pid), there, here
            there.close()
            here.close()
        finally:
            await process.stop()


async def run(root: Path) -> None:
    async with centre(root) as (one, agents, callers):
        await measure(one, agents, callers, "app_queue", "the whole of Asterisk")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", default=Path("/"))
    asyncio.run(run(parser.parse_args().root.resolve()))


if __name__ == "__main__":
    main()
