"""``plan``: how many agents a load needs, before there is any."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any

import typer

from softswitch.acd.staffing import Forecast, Load, agents_for, forecast
from softswitch.cli.option import Json
from softswitch.cli.table import Column, show, text
from softswitch.core.units import seconds

_BESIDE = 3  # agents fewer and more, to see what each is worth


def _percent(share: Any) -> str:
    return f"{share * 100:.1f} %"


def _wait(value: Any) -> str:
    return f"{value:.1f} s"


_COLUMNS: list[Column] = [
    ("", "chosen", lambda chosen: "->" if chosen else ""),
    ("agents", "agents", text),
    ("on the roster", "rostered", text),
    ("in time", "within_of_offered", _percent),
    ("of answered", "within_of_answered", _percent),
    ("must wait", "waits", _percent),
    ("ASA", "answered_s", _wait),
    ("give up", "abandoned", _percent),
    ("occupancy", "occupancy", _percent),
]


def plan(
    calls: Annotated[float, typer.Option(help="Calls per hour.")],
    aht: Annotated[str, typer.Option(help="Mean handling time, wrap-up included: 4m30s.")],
    target: Annotated[str, typer.Option(help="Answered within this time ...")] = "20s",
    within: Annotated[float, typer.Option(min=0, max=99.99, help="... is to be this share of the offered, in %.")] = 80,
    patience: Annotated[str, typer.Option(help="Mean patience of callers; without it nobody gives up.")] = "",
    abandoned: Annotated[float, typer.Option(min=0.01, max=100, help="Who gives up, at most, in %.")] = 100,
    occupancy: Annotated[float, typer.Option(min=0, max=100, help="Of the agents, at most, in %.")] = 100,
    shrinkage: Annotated[float, typer.Option(min=0, max=99, help="Paid time away from the phone, in %.")] = 0,
    agents: Annotated[
        int | None, typer.Option(help="What so many would achieve, instead of how many it takes.")
    ] = None,
    json: Json = False,
) -> None:
    """How many agents a load needs: Erlang C, or with --patience Erlang A."""
    try:
        load = Load(calls, seconds(aht), seconds(target), seconds(patience) if patience else math.inf)
        if agents is None:
            chosen = agents_for(load, within / 100, abandoned / 100, occupancy / 100).agents
        else:
            chosen = forecast(load, agents).agents
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    rows = [_row(one, one.agents == chosen, shrinkage) for one in _around(load, chosen)]
    show(rows, _COLUMNS, json, "")


def _around(load: Load, chosen: int) -> list[Forecast]:
    """What the chosen number of agents makes of the load, and what its neighbours do, where the queue does not grow
    for ever."""
    found = []
    for agents in range(max(1, chosen - _BESIDE), chosen + _BESIDE + 1):
        if load.patience_s < math.inf or agents > load.offered:
            found.append(forecast(load, agents))
    return found


def _row(one: Forecast, chosen: bool, shrinkage: float) -> dict[str, Any]:
    return {"chosen": chosen, "rostered": math.ceil(one.agents / (1 - shrinkage / 100) - 1e-9), **asdict(one)}
