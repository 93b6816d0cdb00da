"""A transcript that is written from the path of a call goes, played again, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.contact.event import ContactConnected
from softswitch.ivr.model import StepLeft
from softswitch.rehearsal.dictation import Call, Dictation, Walked
from softswitch.rehearsal.performance import Performance
from softswitch.rehearsal.script import Transcript
from softswitch.rehearsal.stage import Scene, unix
from softswitch.rehearsal.suite import first_number, perform, read_all
from tests.support.samples import house, transcripts

# All of it is in the path.
WHOLE = ("tv-shopping", "direct", "verify", "bank", "after-call", "moved", "refused", "waiting")


def lived(transcript: Transcript) -> Call:
    """What a switch would keep of this call."""
    steps: list[Walked] = []
    agents: list[tuple[str, float]] = []
    scene = Scene.of(transcript.lines)
    began = unix(transcript, scene, house())
    called = scene.to or first_number(transcript, house().plans)
    performance = Performance(transcript, house(), called)

    def keep(event: object, now: float) -> None:
        match event:
            case StepLeft(_, _, _, step, verb, way, to, seconds, inputs, changed):
                steps.append(Walked(step, verb, way, to, seconds, inputs, now - began - seconds, dict(changed)))
            case ContactConnected(_, agent) if agent:
                agents.append((agent, now))

    performance._playing.world.switch.listen(keep)
    assert performance.run().passed
    agent, connected_at = next(iter(agents), ("", 0.0))
    return Call("c-1", scene.caller.number, called, "", began, agent, connected_at, tuple(steps))


CALLED_IN = [one for one in transcripts() if Scene.of(one.lines).campaign is None]  # a call of ours is not written down


@pytest.mark.parametrize("transcript", CALLED_IN, ids=lambda one: f"{Path(one.file).stem}: {one.name}")
def test_what_is_written_down_goes_the_same_way(transcript: Transcript) -> None:
    call = lived(transcript)
    text = Dictation(call, house()).write()
    (again,), problems = read_all({"again.calls": text}, house())
    assert not problems, (problems, text)
    outcome = perform(again, house())
    assert outcome.passed, f"{outcome.why}\n{text}"
    whole = "# not recorded: the rest" not in text
    assert whole or Path(transcript.file).stem not in WHOLE, text
    assert not whole or {step for _, step in outcome.steps} >= {step.step for step in call.steps}, text
