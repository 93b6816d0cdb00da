"""What the demo comes to, from the switch's own records, and whether all of it was as it should be.

As it should be: nobody had trouble, every promise was kept or is open for a reason that can be named, every talk was
recorded with both voices, and what the actors lived through is what the records tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softswitch.audio import FRAME, RATE_HZ, wav
from softswitch.cli.demo.board import OPEN, Item, Snapshot, local
from softswitch.cli.demo.people import Caller

_LOUD = 200  # of 32767: above the noise of companding
_TALK_S = 2.0  # shorter ones may end before somebody has said a word
_REASONS = {
    "recorded": "not yet due",
    "due": "waits for a free agent",
    "seeking": "an agent is being rung",
    "dialling": "the customer is being dialled",
}


@dataclass(frozen=True, slots=True)
class Recording:
    path: Path
    seconds: tuple[float, ...]  # with a voice in it, per channel: customer, agent

    @property
    def both_heard(self) -> bool:
        return len(self.seconds) == 2 and min(self.seconds) > 0


def measure(path: Path) -> Recording:
    """Raises ``OSError``, ``NotWave``."""
    pcm, _ = wav.decode(path.read_bytes())
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME, pcm.shape[1])
    loud = np.abs(frames.astype(np.int32)).max(axis=1) > _LOUD if len(frames) else np.zeros((0, pcm.shape[1]))
    return Recording(path, tuple(float(count) * FRAME / RATE_HZ for count in loud.sum(axis=0)))


def recordings(snapshot: Snapshot, directory: Path) -> tuple[list[Recording], list[str]]:
    """One per call that was recorded, oldest first, and the complaints."""
    found, complaints = [], []
    for record in sorted(snapshot.records, key=lambda one: float(one["started_at"])):
        if not record["recording"]:
            continue
        try:
            one = measure(directory / record["recording"])
        except (OSError, wav.NotWave) as error:
            complaints.append(f"recording {record['recording']}: {error}")
            continue
        found.append(one)
        if not one.both_heard and record["ended_at"] - record["connected_at"] >= _TALK_S:
            complaints.append(f"recording {one.path.name} lacks a voice: {one.seconds} s")
    return found, complaints


def reason(promise: Item) -> str:
    """Why a promise is open; "" where it is not, or nobody can say."""
    if promise["state"] in ("retry_at", "uncertain"):
        return str(promise["outcome"])
    return _REASONS.get(promise["state"], "")


def complaints(snapshot: Snapshot, callers: Iterable[Caller]) -> list[str]:
    """Promises that were broken, and where actors and records disagree."""
    return [*_broken(snapshot.promises), *_disagreements(snapshot, callers)]


def _broken(promises: Sequence[Item]) -> Iterable[str]:
    for promise in promises:
        state = promise["state"]
        if state in OPEN and not reason(promise):
            yield f"promise to {local(promise['number'])} is {state} and nobody knows why"
        elif state in ("failed", "expired"):
            yield f"promise to {local(promise['number'])} was broken: {promise['outcome'] or state}"


def _disagreements(snapshot: Snapshot, callers: Iterable[Caller]) -> Iterable[str]:
    served = {one["caller"] for one in snapshot.records if one["kind"] == "inbound" and one["outcome"] == "answered"}
    kept = Counter(local(one["number"]) for one in snapshot.promises if one["state"] == "kept")
    for caller in callers:
        number = caller.role.number
        # Who hangs up in the moment in which an agent comes has given up, and was answered.
        if caller.served != (number in served) and not caller.gave_up:
            yield f"caller {number} {'talked' if caller.served else 'did not talk'}, and the record says otherwise"
        if caller.called_back != kept[number]:
            yield f"caller {number} was called back {caller.called_back} times, and {kept[number]} promises were kept"


def told(snapshot: Snapshot, longest_wait_s: float, recorded: Sequence[Recording]) -> list[str]:
    """The figures, a line each."""
    outcomes = snapshot.outcomes("inbound")
    states = Counter(str(one["state"]) for one in snapshot.promises)
    others = sum(outcomes.values()) - outcomes["answered"] - outcomes["abandoned"] - outcomes["callback"]
    lines = [
        f"calls     {outcomes['answered']} answered, {outcomes['abandoned']} abandoned, "
        f"{outcomes['callback']} asked to be called back" + (f", {others} other" if others else ""),
        f"promises  {len(snapshot.promises)}: "
        + ", ".join(f"{count} {state}" for state, count in sorted(states.items())),
        *(f"  open    {local(one['number'])}: {reason(one)}" for one in snapshot.promises if one["state"] in OPEN),
        f"attempts  {sum(int(one['attempts']) for one in snapshot.promises)} to keep them",
        f"waiting   {longest_wait_s:.1f} s at the longest",
        f"recorded  {len(recorded)} talks; seconds of voice of customer | agent:",
    ]
    return lines + [f"  {one.path}  {' | '.join(f'{seconds:.1f}' for seconds in one.seconds)}" for one in recorded]
