"""``schema``: what editors and readers are told about dialplans and the configuration, made from the code."""

from __future__ import annotations

import enum
import json
from typing import Annotated

import typer

from softswitch.ivr.manual import manual
from softswitch.ivr.schema import dialplan_schema
from softswitch.settings.schema import configuration_schema


class Of(enum.StrEnum):
    DIALPLAN = "dialplan"
    CONFIG = "config"
    VERBS = "verbs"


def text(of: Of) -> str:
    """The whole file."""
    if of is Of.VERBS:
        return manual()
    made = dialplan_schema() if of is Of.DIALPLAN else configuration_schema()
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def schema(
    of: Annotated[
        Of, typer.Argument(help="Of dialplans, or of the configuration; verbs: the reference.")
    ] = Of.DIALPLAN,
) -> None:
    """The JSON Schema of dialplans or of the configuration, for editors; or the reference of the verbs, for people."""
    typer.echo(text(of), nl=False)
