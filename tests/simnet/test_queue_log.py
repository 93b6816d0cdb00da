"""The lines of Asterisk's queue_log that follow from real calls."""

from __future__ import annotations

import re
from pathlib import Path

from softswitch.acd.model import AgentSpec, Need, QueueSpec, Relaxation
from softswitch.contact.queue_log import Serving
from softswitch.store.queue_log import QueueLogFile
from softswitch.switch.event import UnitFailed
from tests.simnet.phone import Call
from tests.simnet.transfer_house import TransferHouse, queued, talk


class Logged:
    """A house with a queue_log. ``lines`` are without time, and say ``c1`` for the first contact of a queue."""

    def __init__(self, path: Path, **changes: object) -> None:
        self._path = path / "queue_log"
        self.house = TransferHouse(login=False, **changes)
        configuration = self.house.world.configuration
        self._file = QueueLogFile(self._path, Serving(lambda: (configuration.agents, configuration.queues)))
        self.house.world.switch.listen(self._file.observe)
        self.house.world.switch.control.log_in("alice")

    def lines(self) -> list[str]:
        written = [one.partition("|") for one in self._path.read_text("utf-8").splitlines()]
        times = [int(time) for time, _, _ in written]
        assert times == sorted(times) and times[0] >= 1_790_000_000
        contacts: dict[str, str] = {}
        found = []
        for _, _, rest in written:
            contact = rest.partition("|")[0]
            if contact != "NONE":
                rest = rest.replace(contact, contacts.setdefault(contact, f"c{len(contacts) + 1}"))
            found.append(rest)
        return found


def waiting(house: TransferHouse) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.world.switch.acd.waiting("orders", house.world.now))
    return call


def test_a_day(tmp_path: Path) -> None:
    logged = Logged(tmp_path, policies=())
    house = logged.house
    control = house.world.switch.control
    control.set_paused("alice", "lunch|break")
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
    house.world.run(12)
    control.log_out("alice")
    caller = "13800138000"
    member = "NONE|orders|alice"
    assert logged.lines() == [
        "NONE|NONE|NONE|QUEUESTART|",
        f"{member}|ADDMEMBER|",
        f"{member}|PAUSE|lunch_break",
        f"c1|orders|NONE|ENTERQUEUE||{caller}|1",
        "c1|orders|NONE|ABANDON|1|1|7",
        f"c2|orders|NONE|ENTERQUEUE||{caller}|1",
        f"{member}|UNPAUSE|",
        "c2|orders|alice|RINGNOANSWER|15500",
        "c2|orders|alice|CONNECT|22|c2|2",
        "c2|orders|alice|COMPLETEAGENT|22|10|1",
        f"{member}|REMOVEMEMBER|",
    ]
    assert not house.world.facts(UnitFailed) and house.world.switch.deaf_listeners == 0
    assert (tmp_path / "queue_log").stat().st_mode & 0o777 == 0o600


def test_transfers(tmp_path: Path) -> None:
    logged = Logged(tmp_path)
    house = logged.house
    call, theirs = queued(house)
    house.world.run(5)
    house.alice.refer(theirs, "1003")
    house.alice.hang_up(theirs)  # as many phones do, before anybody has answered
    house.world.run_until(lambda: house.carl.talking)
    house.carrier.hang_up(call)
    house.world.run(15)
    call, theirs = queued(house)
    house.world.run(3)
    consulting, _ = talk(house, house.alice, house.carl)
    house.alice.refer_to_call(theirs, consulting, "1003")
    house.world.run(2)
    house.carrier.hang_up(call)
    house.world.run(15)
    call, _ = queued(house)
    house.world.run(4)
    house.carrier.hang_up(call)
    house.world.run(1)
    ended = [re.sub(r"\|\d+\|(\d+)\|1$", r"|_|\1|1", one) for one in logged.lines()
             if "TRANSFER" in one or "COMPLETE" in one]  # fmt: skip
    assert ended == [
        "c1|orders|alice|BLINDTRANSFER|1003|softswitch|_|5|1",
        "c2|orders|alice|ATTENDEDTRANSFER|BRIDGE|c2|_|3|1",
        "c3|orders|alice|COMPLETECALLER|_|4|1",
    ]


def test_a_transfer_that_comes_to_nothing_goes_on(tmp_path: Path) -> None:
    logged = Logged(tmp_path)
    house = logged.house
    call, theirs = queued(house)
    house.carl.reject = 486
    house.alice.refer(theirs, "1003")
    house.world.run(2)
    assert not [one for one in logged.lines() if "TRANSFER" in one or "COMPLETE" in one]
    house.carrier.hang_up(call)
    house.world.run(1)
    assert logged.lines()[-1].startswith("c1|orders|alice|COMPLETECALLER|")


def test_a_call_that_is_taken_over_was_not_ended_by_its_caller(tmp_path: Path) -> None:
    logged = Logged(tmp_path)
    house = logged.house
    call, theirs = queued(house)
    house.world.run(5)
    house.carl.take_over(house.alice.replaces(theirs))
    house.world.run(7)
    house.carrier.hang_up(call)
    house.world.run(1)
    assert re.fullmatch(r"c1\|orders\|alice\|COMPLETEAGENT\|\d\|5\|1", logged.lines()[-1])


def test_the_ways_out_and_callbacks(tmp_path: Path) -> None:
    queue = QueueSpec("orders", (Need("orders", 3),), ring_timeout_s=15.0, max_wait_s=30.0)
    logged = Logged(tmp_path, queues=(queue,))
    house = logged.house
    house.world.switch.control.set_paused("alice", "break")
    call = waiting(house)
    house.world.run(31)
    house.world.run_until(lambda: call.state == "ended")
    call = waiting(house)
    house.world.run(22)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: call.state == "ended")
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(5)
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(1)
    lines = [one for one in logged.lines() if one.startswith("c")]
    assert lines[1] == "c1|orders|NONE|EXITWITHTIMEOUT|1|1|30"
    assert re.fullmatch(r"c2\|orders\|NONE\|EXITWITHKEY\|\|1\|1\|2\d", lines[3])
    assert [one.split("|")[3] for one in lines[4:]] == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]
    assert lines[5].split("|")[4] == "0"  # nobody waited on the line


def test_who_serves_what() -> None:
    agents = (
        AgentSpec("anna", "1", (("sales", 5),)),
        AgentSpec("bob", "2", (("sales", 1),)),
        AgentSpec("carl", "3", ()),
    )
    queues = (
        QueueSpec("open"),
        QueueSpec("sales", (Need("sales", 3),)),
        QueueSpec("patient", (Need("sales", 3),), (Relaxation(30.0, (Need("sales", 1),)),)),
    )
    staff = agents, queues
    serving = Serving(lambda: staff)
    served = {name: serving.queues(name) for name in ("anna", "bob", "carl", "dave")}
    assert served == {"anna": ("open", "sales", "patient"), "bob": ("open", "patient"), "carl": ("open",), "dave": ()}
    staff = (AgentSpec("dave", "4", ()),), queues[:2]  # a reload
    assert (serving.queues("dave"), serving.queues("anna")) == (("open",), ("open", "sales")), "who is gone too"
