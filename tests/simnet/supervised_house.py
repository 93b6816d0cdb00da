"""The house of the supervisor's tests: a boss at 1005, and who hears whom."""

from __future__ import annotations

from softswitch.call.signal import Renegotiate
from softswitch.contact.supervision import SupervisionEnded
from softswitch.switch.configuration import User
from softswitch.switch.view import CallView
from tests.simnet.house import PLAN, configuration
from tests.simnet.phone import Call, SimPhone
from tests.simnet.transfer_house import TransferHouse, all_over
from tests.simnet.transfer_phone import TransferPhone

BOSS = "1005"
CODES = {"*31": "listen", "*32": "whisper", "*33": "barge"}
SURVEY = PLAN.replace("timeout: bye}\n    next: bye", "timeout: bye}\n    next: survey").replace(
    "  bye:", "  survey: {say: How was it?, next: bye}\n  bye:"
)


class SupervisedHouse(TransferHouse):
    """And a supervisor at 1005 who ``supervises`` these."""

    def __init__(self, *supervises: str, carl: tuple[str, ...] = (), **changes: object) -> None:
        boss = User(f"pw-{BOSS}", "The boss", "en", supervises=supervises or ("all",))
        users = {**configuration().users, BOSS: boss, "1003": User("pw-1003", "Carl", "en", supervises=carl)}
        super().__init__(users=users, supervise_codes=CODES, **changes)
        self.boss = TransferPhone(self.world, BOSS, 6105, f"pw-{BOSS}")
        self.boss.register()
        self.world.run_until(lambda: self.boss.registered)

    def stream(self, call: Call) -> str:
        return self.world.media.stream_of(call.rtp)

    def hears(self, call: Call, *others: Call) -> bool:
        """Whether this phone hears exactly these."""
        return self.world.media.voices(self.stream(call)) == {self.stream(other) for other in others}

    def mode(self, caller: Call, agent: Call, boss: Call) -> str:
        """What the supervisor does, by who hears whom; "?" where that is nothing that there should be."""
        if not self.hears(boss, caller, agent):
            return "?"
        hearing = (self.hears(agent, caller, boss), self.hears(caller, agent, boss))
        return {(False, False): "listen", (True, False): "whisper", (True, True): "barge"}.get(hearing, "?")

    def supervise(self, target: str, mode: str = "listen", supervisor: str = BOSS) -> CallView:
        return self.world.switch.control.supervise(target, supervisor, mode, "api test")

    def dial(self, code: str, phone: SimPhone | None = None) -> Call:
        call = (phone or self.boss).call(code)
        self.world.run_until(lambda: call.state in ("talking", "ended"))
        self.world.run(0.2)
        return call

    def queue(self, phone: SimPhone, digit: str, agent: SimPhone) -> tuple[Call, Call]:
        """``phone`` has waited, and talks to this agent."""
        call = phone.call("8000")
        self.world.run_until(lambda: call.state == "talking")
        self.world.run(0.5)
        phone.press(call, digit)
        self.world.run_until(lambda: agent.talking)
        self.world.run(0.2)
        return call, agent.talking[-1]

    def hold(self, phone: SimPhone, call: Call, on: bool = True) -> None:
        """Hold, or resume."""
        phone._tell(call, Renegotiate("sendonly" if on else "sendrecv"))

    def why(self) -> list[str]:
        return [fact.why for fact in self.world.facts(SupervisionEnded)]

    def the_end(self) -> None:
        for phone in (self.boss, self.alice, self.bob, self.desk, self.carl, self.carrier):
            for call in list(phone.talking):
                phone.hang_up(call)
        all_over(self)
        assert not self.world.switch.supervisions._live
