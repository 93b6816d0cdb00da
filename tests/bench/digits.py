"""Generated presses of keys in all forms over a network that loses 2 %: how many were missed, how many doubled.

Everything goes through the code of a call: packets through the engine (with a virtual clock), INFO through user agents,
what was heard through the merging of the switch. ``python -m tests.bench.digits 10000 SEED``; prints one object per
form and ends with 1 where a press was missed or doubled that must not be.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.audio import g711
from softswitch.call.press import Form
from softswitch.call.signal import Accept, Digit, Offered, SendKeys
from softswitch.contact.order import Key
from softswitch.media import protocol as p
from softswitch.rtp.packet import build
from softswitch.sip.message import Message, Request
from softswitch.sip.section import Headers
from softswitch.switch.keys import Keys
from softswitch.switch.ports import KeyHeard
from tests.support.presses import (
    CODED,
    EVENT_TYPE,
    Network,
    Press,
    Sound,
    coded,
    drawn,
    events,
    habit,
    sounds,
    spoken,
    tones,
    typed,
    voice,
)
from tests.support.sip_pair import Pair, lossy
from tests.support.virtual_plane import START_S, VirtualPlane

SPEECH = Path(__file__).parents[3] / "shared" / "vectors" / "plc" / "f2.le"
LOSS = 0.02
_PHONES = 40  # of few presses; of more each has ``_EACH``
_EACH = 100
_TAIL_S = 1.0

Reports = list[tuple[float, str, Form]]  # of one phone: when, which key, by which form


@dataclass(slots=True)
class Score:
    """``exact``: nothing may be missed and nothing doubled."""

    name: str
    exact: bool = True
    presses: int = 0
    missed: int = 0
    doubled: int = 0
    swapped: int = 0  # neither, but told in another order: a form that was lost knew of a press first
    wrong: list[tuple[str, str]] = field(default_factory=list)
    began: float = field(default_factory=time.process_time)

    def add(self, pressed: str, told: str) -> None:
        self.presses += len(pressed)
        if pressed == told:
            return
        self.wrong.append((pressed, told))
        if sorted(pressed) == sorted(told):
            self.swapped += 1
            return
        for kind, a, b, c, d in difflib.SequenceMatcher(None, pressed, told, autojunk=False).get_opcodes():
            if kind != "equal":
                self.missed += b - a
                self.doubled += d - c

    @property
    def right(self) -> bool:
        return not self.exact or not self.missed + self.doubled

    def line(self) -> dict[str, object]:
        return {
            "name": f"digits.{self.name}", "presses": self.presses, "missed": self.missed, "doubled": self.doubled,
            "swapped": self.swapped,
            "cpu_s": round(time.process_time() - self.began, 1),
        }  # fmt: skip


def _shares(presses: int) -> list[int]:
    """How many presses each phone has."""
    phones = max(min(_PHONES, presses), -(-presses // _EACH))
    return [presses // phones + (number < presses % phones) for number in range(phones)]


# ---- what is heard -----------------------------------------------------------------------------------------------


def heard(
    streams: list[tuple[dict[str, Any], list[tuple[float, bytes]]]], infos: list[Reports] | None = None
) -> list[str]:
    """The presses that the switch counts of each stream; ``infos`` come beside its packets."""
    plane, seconds = VirtualPlane(len(streams)), 0.0
    for number, (connect, packets) in enumerate(streams):
        plane.open(number, **connect)
        for at, packet in packets:
            plane.bring(number, START_S + at, packet)
            seconds = max(seconds, at)
    for _ in range(round((seconds + _TAIL_S) * 50)):
        plane.run(1)
        plane.sockets.sent.clear()
    plane.close()
    reports: list[tuple[float, int, str, Form]] = [
        (at - START_S, int(event.stream[1:]), event.digit, Form(event.form))
        for at, event in plane.told
        if isinstance(event, p.DigitHeard)
    ]
    reports += [(at, number, digit, form) for number, one in enumerate(infos or []) for at, digit, form in one]
    return merged(reports, len(streams))


def merged(reports: Iterable[tuple[float, int, str, Form]], phones: int) -> list[str]:
    """What the switch makes of all reports."""
    told: dict[int, str] = defaultdict(str)

    def press(_contact: str, key: Key) -> list[Any]:
        told[int(key.leg[1:])] += key.digit
        return []

    calls = SimpleNamespace(contact_at=lambda _leg: "c", to_contact=press)
    switch: Any = SimpleNamespace(calls=calls, now=0.0)
    keys = Keys(switch)
    for at, number, digit, form in sorted(reports):
        switch.now = at
        keys.heard(KeyHeard(f"s{number}", digit, form))
    return [told[number] for number in range(phones)]


def _agreed(sound: Sound, with_events: bool = True) -> dict[str, Any]:
    return {
        "codec": sound.name, "clock_rate": sound.clock_hz, "event_clock": sound.clock_hz, "send_type": sound.kind,
        "receive_type": sound.kind, "event_type": EVENT_TYPE if with_events else None, "tones": not with_events,
    }  # fmt: skip


# ---- the forms ---------------------------------------------------------------------------------------------------


def by_events(presses: int, random: np.random.Generator, name: str = "events") -> Score:
    """40 to 300 ms, 40 to 300 ms apart, one in a hundred of 2 to 10 s; 2 % lost, 3 % up to 60 ms late, 2 % twice."""
    score, known, network = Score(name), sounds(), Network(LOSS)
    streams, pressed = [], []
    for share in _shares(presses):
        one = habit(random, known)
        mine = _with_long_ones(drawn(random, share, (40, 300), (40, 300)), random)
        pressed.append(typed(mine))
        streams.append((_agreed(one.sound), events(mine, one, random, network)))
    for keys, told in zip(pressed, heard(streams), strict=True):
        score.add(keys, told)
    return score


def _with_long_ones(presses: list[Press], random: np.random.Generator) -> list[Press]:
    made, later = [], 0.0
    for press in presses:
        longer = float(random.uniform(2, 10)) if random.random() < 0.01 else 0.0
        made.append(Press(press.digit, round(press.at + later, 3), round(press.hold + longer, 3)))
        later += longer
    return made


def by_tones(
    presses: int, random: np.random.Generator, name: str, lost: float, length_ms: tuple[int, int], exact: bool = True
) -> Score:
    """Within Q.24's levels, twist, frequencies; 15 dB above noise or speech; pauses are as long as the keys."""
    score, known = Score(name, exact=exact), sounds()
    speech = np.fromfile(SPEECH, "<i2") if SPEECH.exists() else None
    streams, pressed = [], []
    for number, share in enumerate(_shares(presses)):
        mine, law = drawn(random, share, length_ms, length_ms), number % 2
        sound = tones(mine, voice(random), random, speech if number % 3 == 0 else None)
        packets = spoken(sound, random, Network(lost, 0.02, 0.0), (g711.MU, g711.A)[law])
        pressed.append(typed(mine))
        streams.append((_agreed(known[law], False), packets))
    for keys, told in zip(pressed, heard(streams), strict=True):
        score.add(keys, told)
    return score


def by_coded_tones(presses: int, random: np.random.Generator, name: str) -> Score:
    """80 to 100 ms within another codec, 2 % lost: what that makes of tones is its own."""
    score, streams, pressed = Score(f"tones.lossy.{name}", exact=False), [], []
    clock_hz, kind = CODED[name]
    for share in _shares(presses):
        mine = drawn(random, share, (80, 100), (80, 100))
        sound = Sound(name, kind, clock_hz, b"")
        packets = coded(tones(mine, voice(random), random), name, random, Network(LOSS, 0.0, 0.0))
        pressed.append(typed(mine))
        streams.append((_agreed(sound, False), packets))
    for keys, told in zip(pressed, heard(streams), strict=True):
        score.add(keys, told)
    return score


def _info(presses: list[Press], seed: int, loss: float = LOSS) -> Reports:
    """Each press as an INFO in one of the two bodies; a message that is lost is sent again."""
    pair = Pair(lossy(loss, 0.02, 0.03), seed)
    pair.hear = lambda _side, signal: [(0, "b", Accept())] if isinstance(signal, Offered) else []
    pair.mangle = _other_body
    pair.dial()
    began = 60.0  # the call is up, however much was lost
    for press in presses:
        pair.at(began + press.at, lambda digit=press.digit: pair.tell("a", SendKeys(digit)))  # type: ignore[misc]
    pair.run(began + presses[-1].at + 60.0)
    signals = pair.sides["b"].signals
    return [(at - began, signal.digit, Form.INFO) for at, signal in signals if isinstance(signal, Digit)]


def _other_body(_side: str, message: Message) -> None:
    """Half of the INFOs are of the plain kind."""
    if isinstance(message, Request) and message.method == "INFO" and message.cseq.number % 2:
        message.body = message.body.split(b"\r\n")[0].partition(b"=")[2]
        message.headers = Headers(
            [
                (name, "application/dtmf" if key == "content-type" else value)
                for key, name, value in message.headers.lines
            ]
        )


def by_info(presses: int, random: np.random.Generator, name: str = "info") -> Score:
    score, pressed, reports = Score(name), [], []
    for number, share in enumerate(_shares(presses)):
        mine = drawn(random, share, (40, 300), (40, 300))
        pressed.append(typed(mine))
        reports += [(at, number, digit, form) for at, digit, form in _info(mine, int(random.integers(1 << 31)))]
    for keys, told in zip(pressed, merged(reports, len(pressed)), strict=True):
        score.add(keys, told)
    return score


def by_several(presses: int, random: np.random.Generator, name: str = "several") -> Score:
    """Each press in two or three forms, each of which has its own losses: event, tone beside it, INFO."""
    score, known, network = Score(name), sounds(), Network(LOSS)
    streams, pressed, infos = [], [], []
    for number, share in enumerate(_shares(presses)):
        with_event, with_tone, with_info = _COMBINED[number % len(_COMBINED)]
        mine = drawn(random, share, (80, 300), (80, 300))
        sound = tones(_leaking(mine, number), voice(random), random) if with_tone else None
        one = replace(habit(random, known), sound=known[0], beside=with_tone)
        packets = events(mine, one, random, network, sound) if with_event else spoken(_certain(sound), random, network)
        infos.append(_info(mine, int(random.integers(1 << 31))) if with_info else [])
        streams.append((_agreed(known[0]) | {"tones": with_tone}, packets))
        pressed.append(typed(mine))
    for keys, told in zip(pressed, heard(streams, infos), strict=True):
        score.add(keys, told)
    return score


_COMBINED = ((True, False, True), (True, True, False), (False, True, True), (True, True, True))


def _leaking(presses: list[Press], number: int) -> list[Press]:
    """Every other phone lets only the first 40 ms of a tone through before its event mutes it."""
    return [press._replace(hold=0.04) for press in presses] if number & 4 else presses


def _certain(sound: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64]:
    assert sound is not None
    return sound


# ---- what we send ------------------------------------------------------------------------------------------------


def sent(presses: int, random: np.random.Generator, name: str, form: Form) -> Score:
    """Keys that the engine sends to a peer, 2 % lost on the way, and read by another stream of it."""
    score, known = Score(name, exact=form is Form.EVENT), sounds()
    kinds = (0, 1, 2, 0, 1, 2, 0, 3) if form is Form.EVENT else (0, 1)
    shares = _shares(presses)
    plane, pressed = VirtualPlane(2 * len(shares)), []
    for number, share in enumerate(shares):
        sound = known[kinds[number % len(kinds)]]
        for stream in (2 * number, 2 * number + 1):
            plane.open(stream, **_agreed(sound, form is Form.EVENT))
            plane.bring(stream, START_S, build(sound.kind, 0, 0, 7, sound.silence))
        pressed.append(typed(drawn(random, share, (100, 100), (100, 100))))
    for second in range(round(max(shares) * _KEY_S) + 3):
        if second % _ORDER_S == 0:
            _order(plane, [keys[second * 5 : (second + _ORDER_S) * 5] for keys in pressed], form)
        _carry(plane, 50, random)
    plane.close()
    told = [event for _, event in plane.told if isinstance(event, p.DigitHeard)]
    for number, keys in enumerate(pressed):
        score.add(keys, "".join(event.digit for event in told if event.stream == f"s{2 * number + 1}"))
    return score


def _order(plane: VirtualPlane, keys: list[str], form: Form) -> None:
    for number, some in enumerate(keys):
        if some:
            plane.obey(p.Press(f"s{2 * number}", some, form.value))


def _carry(plane: VirtualPlane, ticks: int, random: np.random.Generator) -> None:
    """What goes to the peer of an even stream comes in on the next one."""
    network = Network(LOSS)
    for _ in range(ticks):
        plane.run(1)
        for packet in plane.sockets.sent:
            if packet.port % 2 == 0:
                for at in network.arrivals(random, packet.at):
                    plane.bring(packet.port + 1, at, packet.octets)
        plane.sockets.sent.clear()


_KEY_S = 0.2  # of a key and its pause, as we send them
_ORDER_S = 4  # seconds of keys in one order


FORMS: dict[str, Callable[[int, np.random.Generator], Score]] = {
    "events": by_events,
    "tones.short": lambda presses, random: by_tones(presses, random, "tones.short", 0.0, (40, 50)),
    "tones.lossy": lambda presses, random: by_tones(presses, random, "tones.lossy", LOSS, (80, 100), exact=False),
    "tones.lossy.long": lambda presses, random: by_tones(presses, random, "tones.lossy.long", LOSS, (120, 160)),
    "info": by_info,
    "several": by_several,
    "sent.events": lambda presses, random: sent(presses, random, "sent.events", Form.EVENT),
    "sent.tones": lambda presses, random: sent(presses, random, "sent.tones", Form.TONE),
}

SLOW: dict[str, Callable[[int, np.random.Generator], Score]] = {  # not in the suite
    "tones.lossy.G722": lambda presses, random: by_coded_tones(presses, random, "G722"),
    "tones.lossy.opus": lambda presses, random: by_coded_tones(presses, random, "opus"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presses", type=int, nargs="?", default=10_000, help="of each form")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--form", choices=[*FORMS, *SLOW], action="append")
    parser.add_argument("--wrong", action="store_true", help="show what was pressed and what was told")
    options = parser.parse_args()
    right = True
    for name in options.form or FORMS:
        score = (FORMS | SLOW)[name](options.presses, np.random.default_rng(options.seed))
        print(json.dumps(score.line()), flush=True)
        right &= score.right
        for pressed, told in score.wrong if options.wrong else ():
            print(f"# {pressed}\n# {told}", flush=True)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
