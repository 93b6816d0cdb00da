"""The set that the demo plays on: free ports, a fresh directory, and the files that an admin would have written.

Timers are short, for nobody watches a demo for half an hour. Prompts are spoken by the speech engine where it is
installed; without it a tone stands for each, so that the demo runs on any machine.
"""

from __future__ import annotations

import contextlib
import datetime
import random
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from softswitch.audio import RATE_HZ, tone, wav
from softswitch.audio.resample import resample
from softswitch.cli.demo.cast import AGENTS, OFFER_AFTER_S, OFFER_KEY
from softswitch.media.speech import SpeechEngine, SpeechError

Pcm = npt.NDArray[np.int16]
Tree = dict[str, Any]

HOST = "127.0.0.1"
NUMBER = "8000"
CALLER_ID = "+864008001234"
TRUNK_RING_S = 10
_PORTS = range(25_000, 30_000)  # below the kernel's ephemeral ones, above those that the sample begins with
_WELCOME = "Welcome. For orders, press 1. For service, press 2."
_GOODBYE = "Thank you. Good bye."
_HOLD_HZ = (262, 330, 392, 523, 392, 330)


@dataclass(frozen=True, slots=True)
class Stage:
    directory: Path
    sip: int
    http: int
    trunk: int
    media: range

    @property
    def config(self) -> Path:
        return self.directory / "config"

    @property
    def recordings(self) -> Path:
        return self.directory / "recordings"

    @property
    def log(self) -> Path:
        return self.directory / "switch.log"


def password(user: str) -> str:
    return f"demo-of-{user}"


def set_up(base: Path, callers: int, engine: SpeechEngine | None) -> Stage:
    """Write everything below a new directory in ``base``. Raises ``OSError``."""
    # Live legs: each caller, the agents, and the feature codes that they dial; two ports each, and as many to spare.
    media = 8 * (callers + 2 * len(AGENTS))
    first = free_ports(4 + media)
    stage = Stage(_fresh(base), first, first + 1, first + 2, range(first + 4, first + 4 + media))
    for name, content in _files(stage).items():
        _write(stage.config / f"{name}.yaml", content)
    _write(stage.directory / "dialplans" / "demo.yaml", _dialplan())
    for name, text in {"welcome": _WELCOME, "goodbye": _GOODBYE}.items():
        _write_sound(stage.directory / "prompts" / "en" / f"{name}.wav", spoken(text, engine, 440.0))
    _write_sound(
        stage.directory / "hold" / "default.wav", np.concatenate([tone.sine(hz, 0.5, 0.08) for hz in _HOLD_HZ])
    )
    return stage


def spoken(text: str, engine: SpeechEngine | None, hz: float) -> Pcm:
    """``text`` at 8 kHz; without an engine (or where it fails) a tone of ``hz``, and a pause."""
    pause = np.zeros(RATE_HZ // 2, np.int16)
    if engine is not None:
        with contextlib.suppress(SpeechError):
            return np.concatenate([resample(*engine.speak(text, "en"), RATE_HZ), pause])
    return np.concatenate([tone.sine(hz, 1.0), pause])


def free_ports(count: int) -> int:
    """The first, an even one, of ``count`` ports in a row that are free for UDP and TCP just now."""
    for _ in range(200):
        first = random.randrange(_PORTS.start, _PORTS.stop - count, 2)
        if all(_free(kind, port) for port in range(first, first + count) for kind in _KINDS):
            return first
    raise OSError(f"no {count} free ports in a row on {HOST}")


_KINDS = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


def _free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _fresh(base: Path) -> Path:
    """A directory that was not there, named after the moment."""
    stem = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        directory = (base / f"{stem}{suffix}").resolve()
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        return directory
    raise OSError(f"{base} has too many demos of this second")


def _write(path: Path, content: Tree) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")


def _write_sound(path: Path, pcm: Pcm) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav.encode(pcm, RATE_HZ))


# ---- what the admin writes -------------------------------------------------------------------------------------


def _files(stage: Stage) -> dict[str, Tree]:
    return {
        "softswitch": _system(stage),
        "users": {"users": {one.user: {"password": password(one.user), "name": one.name} for one in AGENTS}},
        "agents": {"agents": {one.name: {"user": one.user, "skills": dict(one.skills)} for one in AGENTS}},
        "queues": {"queues": {skill: _queue(skill) for skill in ("orders", "service")}},
        "trunks": {"trunks": {"carrier": _trunk(stage)}},
    }


def _system(stage: Stage) -> Tree:
    return {
        "sip": {"listen": [f"udp:{HOST}:{stage.sip}"]},
        "http": {"listen": f"{HOST}:{stage.http}"},
        "media": {"address": HOST, "ports": f"{stage.media.start}-{stage.media.stop - 1}"},
        "store": {"url": "sqlite:///softswitch.db"},
        "paths": {"var": ".", "prompts": "prompts", "hold": "hold", "recordings": "recordings"},
        "region": "CN",
        "language": "en",
        "log": {"format": "text", "mask_numbers": False},
    }


def _queue(skill: str) -> Tree:
    return {
        "needs": [{"skill": skill, "level": 3}],
        "relax": {"after": "8s", "needs": [{"skill": skill, "level": 1}]},
        "ring_timeout": "8s",
        "wrap_up": "3s",
        "announce": {"every": "10s", "position": True},
        "record": True,
        "callback": {
            "trunk": "carrier",
            "window": {"hours": "00:00-24:00"},
            "retry": {"busy": "4s", "no_answer": "4s", "failed": "4s"},
            "max_attempts": 5,
            "ring": f"{TRUNK_RING_S}s",
        },
    }


def _trunk(stage: Stage) -> Tree:
    peer = f"{HOST}:{stage.trunk}"
    return {"address": peer, "sources": [peer], "caller_id": CALLER_ID, "ring": f"{TRUNK_RING_S}s"}


def _dialplan() -> Tree:
    def queue(name: str) -> Tree:
        offer = {"after": f"{OFFER_AFTER_S:g}s", "key": OFFER_KEY}
        return {"queue": {"name": name, "offer_callback": offer}, "promised": "bye", "failed": "bye"}

    menu = {"play": "welcome.wav", "keys": {"1": "orders", "2": "service"}, "timeout": "5s", "tries": 2}
    steps = {
        "welcome": {"answer": None, "next": "menu"},
        "menu": {"menu": menu, "failed": "orders"},
        "orders": queue("orders"),
        "service": queue("service"),
        "bye": {"play": "goodbye.wav", "next": "end"},
        "end": {"hangup": "normal"},
    }
    return {"dialplan": "demo", "numbers": [NUMBER], "language": "en", "start": "welcome", "steps": steps}
