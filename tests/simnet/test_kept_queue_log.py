"""What the store has kept gives the lines of queue_log that the switch itself would have written."""

from __future__ import annotations

from pathlib import Path

from softswitch.acd.model import AgentStateChanged, QueueJoined, QueueLeft
from softswitch.contact.event import ContactFinished, TransferEnded
from softswitch.contact.kept_log import KeptCall, kept_log
from softswitch.contact.queue_log import Serving
from softswitch.core.effect import DomainEvent
from tests.simnet.test_queue_log import Logged, waiting
from tests.simnet.transfer_house import queued

KEPT = (QueueJoined, QueueLeft, AgentStateChanged, TransferEnded)


class Kept(Logged):
    def __init__(self, path: Path) -> None:
        self.facts: list[tuple[float, DomainEvent]] = []
        self.calls: list[KeptCall] = []
        super().__init__(path)
        self.house.world.switch.listen(self._hear)
        control = self.house.world.switch.control
        control.log_out("alice")
        control.log_in("alice")
        self._path.unlink()  # only what follows is compared
        self.facts.clear()

    def _hear(self, event: DomainEvent, unix: float) -> None:
        if isinstance(event, KEPT):
            self.facts.append((unix, event))
        if isinstance(event, ContactFinished):
            record = event.record
            self.calls.append(KeptCall(record.contact, record.caller, record.ended_by))

    def both(self) -> tuple[list[str], list[str]]:
        configuration = self.house.world.configuration
        serving = Serving(lambda: (configuration.agents, configuration.queues))
        written = self._path.read_text("utf-8").splitlines()
        return written, list(kept_log(self.facts, self.calls, serving))


def test_a_day_with_breaks_misses_transfers_and_both_ends_of_calls(tmp_path: Path) -> None:
    logged = Kept(tmp_path)
    house, control = logged.house, logged.house.world.switch.control
    control.set_paused("alice", "lunch")
    call = waiting(house)
    house.world.run(7.2)
    house.carrier.hang_up(call)
    house.world.run(1)
    call = waiting(house)
    house.alice.answer_after = None
    control.set_ready("alice")
    house.world.run(16)
    house.alice.answer_after = 2.0
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(10.2)
    house.alice.hang_up(house.alice.talking[0])
    house.world.run(15)
    call, theirs = queued(house)
    house.world.run(5)
    house.alice.refer(theirs, "1003")
    house.alice.hang_up(theirs)
    house.world.run_until(lambda: house.carl.talking)
    house.carrier.hang_up(call)
    house.world.run(15)
    call, _ = queued(house)
    house.world.run(4)
    house.carrier.hang_up(call)
    house.world.run(15)
    call, theirs = queued(house)
    taken = house.carl.take_over(house.alice.replaces(theirs))
    house.world.run(3)
    assert taken.state == "talking"
    house.carrier.hang_up(call)
    house.world.run(15)
    control.log_out("alice")
    written, derived = logged.both()
    verbs = {one.split("|")[4] for one in written}
    assert {
        "PAUSE", "UNPAUSE", "ENTERQUEUE", "ABANDON", "RINGNOANSWER", "CONNECT", "COMPLETEAGENT", "COMPLETECALLER",
        "BLINDTRANSFER", "REMOVEMEMBER",
    } <= verbs  # fmt: skip
    assert derived == written
