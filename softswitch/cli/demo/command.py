"""``softswitch demo``: its options, and its exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from softswitch.cli.client import Failed
from softswitch.cli.demo.cast import AGENTS_AT_S
from softswitch.cli.demo.house import HouseError
from softswitch.cli.demo.show import Programme, Show

_INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended
_LONGEST_S = 3000  # the phones register once, for an hour


def demo(
    callers: Annotated[int, typer.Option(min=1, max=100, help="How many people call.")] = 12,
    seconds: Annotated[float, typer.Option(min=2 * AGENTS_AT_S, max=_LONGEST_S, help="In which they call.")] = 60.0,
    seed: Annotated[int, typer.Option(help="The same seed has the same people call.")] = 1,
    directory: Annotated[Path, typer.Option(help="Below it a new directory is made.")] = Path("var/demo"),
) -> None:
    """Watch a contact centre at work: real SIP and RTP on loopback, recordings left to hear."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        complaints = asyncio.run(_interruptible(Programme(directory, callers, seconds, seed)))
    except (HouseError, OSError) as error:
        raise Failed(str(error)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("interrupted; the switch has been stopped", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if complaints:
        raise Failed("\n".join(["not as it should be:", *(f"  {one}" for one in complaints)]))
    typer.echo("all as it should be")


async def _interruptible(programme: Programme) -> list[str]:
    """SIGTERM ends a demo as Ctrl-C does: in good order."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await Show(programme, Console()).run()
