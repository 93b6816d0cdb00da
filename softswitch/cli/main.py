"""The commands of ``softswitch``, and which module has each. What needs the whole house is imported when it is called:
somebody who asks a running switch should not wait for that."""

from __future__ import annotations

import errno
import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from softswitch import __version__
from softswitch.cli import (
    agent,
    behind,
    callbacks,
    campaign,
    dialplan,
    do_not_call,
    hours,
    mailbox,
    media,
    oversee,
    recording,
    show,
    standstill,
)
from softswitch.cli.bench import bench
from softswitch.cli.drain import drain
from softswitch.cli.supervise import supervise
from softswitch.cli.trace import trace
from softswitch.cli.why import why, why_not

_LATER = {
    "run": "softswitch.cli.start",
    "check": "softswitch.cli.check",
    "schema": "softswitch.cli.schema",
    "test": "softswitch.cli.test",
    "graph": "softswitch.cli.graph",
    "demo": "softswitch.cli.demo",
    "plan": "softswitch.cli.plan",
    "peak": "softswitch.cli.peak",
    "report": "softswitch.cli.report",
    "simulate": "softswitch.cli.simulate",
}


class _Commands(TyperGroup):
    """Typer's group, and the commands of ``_LATER``: each is the function of that name in its module.

    ``Any`` is click's context and command: which click that is, is typer's own business.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_LATER, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _LATER:
            return super().get_command(ctx, cmd_name)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(getattr(importlib.import_module(_LATER[cmd_name]), cmd_name))
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands,
    help="An IP contact centre in software.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(show.app)
callbacks.app.command()(standstill.why)
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(agent.app, name="agent")
app.add_typer(agent.order)
app.add_typer(campaign.app, name="campaign")
app.add_typer(campaign.order)
app.add_typer(do_not_call.app, name="do-not-call")
app.add_typer(oversee.app, name="contact")
app.add_typer(dialplan.app)
app.add_typer(mailbox.app, name="voicemail")
app.add_typer(mailbox.order)
app.add_typer(behind.app, name="webhook")
app.add_typer(behind.order)
app.add_typer(recording.app, name="recording")
app.add_typer(media.app, name="media")
app.add_typer(hours.app, name="calendar")
app.add_typer(hours.order)
app.command()(drain)
app.command()(supervise)
app.command()(trace)
app.command()(why)
app.command()(why_not)
app.command()(bench)


@app.command()
def version() -> None:
    """Which softswitch this is."""
    typer.echo(f"softswitch {__version__}")


def main() -> None:
    """The entry point: exit codes are 0 (done), 1 (failed) and 2 (misused)."""
    try:
        app()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(f"the output cannot be written: {error.strerror}")


if __name__ == "__main__":
    main()
