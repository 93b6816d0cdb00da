"""Thirty good plans, and the names that they may use."""

from __future__ import annotations

from pathlib import Path

from softswitch.ivr.world import World

HERE = Path(__file__).parent / "faults"
PLANS = {path.stem: path.read_text("utf-8") for path in sorted(HERE.glob("[0-9]*.yaml"))}
FLOWS = [name for name, text in PLANS.items() if "\nflow:" in text]
HOSTS = ("bank", "taxi", "grid", "library", "air", "list", "desk", "pay", "crm")


def world(speech: bool = True) -> World:
    english, both = {"thanks.wav"}, {"welcome.wav", "closed.wav", "menu.wav"}
    return World(
        queues=frozenset({"orders", "service", "sales", "claims", "triage", "dispatch"}),
        skills=frozenset({"claims", "booking", "nursing"}),
        users=frozenset(str(number) for number in range(1001, 1011)),
        trunks=frozenset({"carrier", "backup"}),
        calendars=frozenset({"office", "clinic", "night"}),
        features=frozenset({"*11"}),
        webhooks=frozenset({"crm", "events"}),
        hosts=frozenset((f"{name}.example", 0) for name in HOSTS),
        prompts={"en": frozenset(english | both), "zh": frozenset(both)},
        speech=speech,
    )
