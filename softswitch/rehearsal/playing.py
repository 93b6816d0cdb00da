"""A call in the rehearsal's world: it is made, time passes, people do things. Whoever leads it knows what for."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.call.press import Form
from softswitch.callback.model import Promise, Restored
from softswitch.contact.order import TellLedger
from softswitch.ivr.model import Fetch
from softswitch.ivr.plan import with_flows
from softswitch.rehearsal.customer import customer, nobody_called
from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.matching import same_person
from softswitch.rehearsal.script import CALLER, Calls, HangUp, HttpAnswers, Let, Picks, Press, TransfersTo
from softswitch.rehearsal.site import Line, Site, Upcalls
from softswitch.rehearsal.stage import Scene, Stage, configured
from softswitch.rehearsal.witness import Witness
from softswitch.rehearsal.world import SWITCH, World
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message
from softswitch.switch.configuration import Configuration
from softswitch.switch.ports import KeyHeard

UNTIL_RUNG_S = 120.0  # from when a campaign has its customer: agent first, an agent comes before
QUIET_S = 600.0  # of speech in one go
SOON_S = 0.1  # until a message has come where it goes
AFTERMATH_S = 5.0  # what is still to come when the call is over
AWAY = 480  # SIP: Temporarily Unavailable
ANSWERS = 200
MOST_STEPS = 200_000  # of the world, in one call


class Parted(Exception):
    """It does not go as it ought to."""


class Playing:
    """``epoch`` is Unix time at the beginning; ``called`` who is called where the scene does not say."""

    def __init__(self, scene: Scene, configuration: Configuration, called: str, epoch: float) -> None:
        self.scene = scene
        self.configuration = configured(configuration, scene)
        self.witness = Witness()
        self.world = World(self.configuration, epoch, self.witness.heard, self.witness.sent, self.no_answer)
        upcalls = Upcalls(
            lambda: self.world.now, self.world.after, self._sent, self._rung, self.witness.ended, self._read
        )
        self._customer = customer(scene.campaign, self.configuration, epoch) if scene.campaign else None
        number = self._customer.number if self._customer else ""
        self.stage = Stage(self.configuration, self.world, upcalls, number)
        self.witness.world, self.witness.stage = self.world, self.stage
        self.started = False
        self.waiting: list[Happening] = []  # of the caller's journey, not yet in the transcript
        self._called = scene.to or called
        self._seen = 0  # of what has happened, so much is in ``waiting`` or done with
        self._steps = 0

    def begin(self) -> None:
        self.world.begin(self.witness.listen)
        for others in self.scene.others:
            self.stage.line_up(others)

    def start(self) -> None:
        """The call, once. Raises ``ValueError`` where nobody can call so."""
        if not self.started:
            self.started = True
            if self._customer is not None:
                self._be_called(self._customer)
                return
            caller = self.scene.caller
            self._dial(CALLER, caller.number, self._called, caller.trunk, caller.name)

    def _be_called(self, promise: Promise) -> None:
        """Until he is on the line, or has chosen not to be."""
        self.world.switch.command(lambda: [TellLedger(Restored((promise,)))])

        def states() -> list[str]:
            return [line.state for site in self.world.sites.values() for line in site.lines if line.who == CALLER]

        if not self.flow(UNTIL_RUNG_S, states):
            desk = self.world.switch.control.promise_desk()
            stopped = desk.standstill(promise.name).why or getattr(desk.wait(promise.id), "why", "")
            right = nobody_called(stopped, self.configuration)
            raise Parted(f"campaign {promise.campaign} calls nobody: {stopped}{right and '; '}{right}")
        picks = self.stage.picks(CALLER)
        if picks is not None and picks.status == ANSWERS:
            self.flow(picks.after_s + 1.0, lambda: states()[-1] != "ringing")

    def close(self) -> None:
        """Everybody hangs up, and nothing that follows counts."""
        for site in self.world.sites.values():
            for line in site.lines:
                if line.up:
                    site.hang_up(line)
        end = self.world.now + AFTERMATH_S
        while self.world.step(end):
            pass
        if self.witness.defects:
            raise Parted(self.witness.defects[0])

    def where(self) -> str:
        """File and line of the step at which the caller is; "" at none."""
        plan = with_flows(self.configuration.plans).get(self.witness.plan)
        return plan.where(self.witness.step) if plan else ""

    # ---- what nobody has foreseen ------------------------------------------------------------------------------

    def no_answer(self, order: Fetch) -> HttpAnswers | None:
        """What is answered to a request of which no line says it; None: the call fails."""
        self.world.unforeseen.append(
            f"the plan asks {order.method} {order.url}, and nothing says what is answered; write for example\n"
            f"  http {order.method} {order.url} answers 200 {{}}"
        )
        return None

    def nobody_known(self, who: str) -> Picks:
        """What somebody does whose telephone rings, and no line says it."""
        self.world.unforeseen.append(
            f"the telephone of {who} rings, and nothing says who is there; write for example\n"
            f"  {who} answers after 5s      or   is busy, does not answer, declines, is away"
        )
        return Picks(who, 480)

    # ---- time --------------------------------------------------------------------------------------------------

    def flow(self, limit_s: float, until: Callable[[], object]) -> bool:
        """Let time pass until ``until``, at most so long. Raises ``Parted`` for what nobody has foreseen."""
        end = self.world.now + limit_s
        while not until():
            if self._steps > MOST_STEPS:
                raise Parted("the call goes on and on, and nothing of it is heard")
            self._steps += 1
            if not self.world.step(end):
                return False
            self.look()
        return True

    def look(self) -> None:
        world = self.world
        self.waiting += [one for one in world.happened[self._seen :] if one.strict]
        self._seen = len(world.happened)
        if world.unforeseen:
            raise Parted(world.unforeseen[0])
        if world.switch.deaf_listeners:
            raise Parted("what happened could not be understood: a defect of softswitch")
        if self.witness.defects:
            raise Parted(self.witness.defects[0])

    def listen(self) -> None:
        """Until nothing is being said to the caller any more."""
        self.flow(QUIET_S, self._quiet)

    def _quiet(self) -> bool:
        lines = self.lines(CALLER)
        ids = {line.call_id for _, line in lines}
        legs = [name for name, leg in self.world.switch.calls.legs.items() if leg.call_id in ids]
        return all(line.state != "new" for _, line in lines) and not any(map(self.world.ear.busy, legs))

    # ---- telephones --------------------------------------------------------------------------------------------

    def lines(self, who: str) -> list[tuple[Site, Line]]:
        """The calls that somebody is in."""
        sites = self.world.sites.values()
        return [(site, line) for site in sites for line in site.lines if line.up and same_person(who, line.who)]

    def _dial(self, who: str, number: str, called: str, trunk: str = "", name: str = "") -> None:
        site, user, credentials = self.stage.site_of(number, trunk)
        site.call(who, user, called, credentials, name)

    def _sent(self, message: Message, flow: Flow) -> None:
        self.world.carry(message, flow.local, SWITCH)

    def _rung(self, who: str) -> Picks:
        self.witness.rings(who)
        return self.stage.picks(who) or self.nobody_known(who)

    def _read(self, who: str, text: str) -> int:
        """A telephone of ours shows every text, unless it was said that it is away."""
        picks = self.stage.picks(who)
        if picks is not None and picks.status == AWAY:
            return AWAY
        self.witness.read(who, text)
        return 200

    def _own(self, who: str) -> tuple[Site, Line]:
        known = self.stage.known_as(who)
        lines = [(site, one) for site, one in self.lines(known) if one.state != "new" or one.ours]
        if not lines:
            raise Parted("the call is over" if known == CALLER else f"{who} is in no call")
        return lines[-1]

    # ---- deeds -------------------------------------------------------------------------------------------------

    def do(self, deed: Press | Let | HangUp | Calls | TransfersTo) -> None:
        """Raises ``Parted``, and ``ValueError`` where nobody can call so."""
        match deed:
            case Press(keys, _, who):
                for key in keys:
                    self._press(key, who)
            case Let(seconds, speaking):
                if speaking:
                    self.world.ear.speaks_until = self.world.now + seconds
                self.flow(seconds, lambda: False)
            case HangUp(who):
                site, line = self._own(who)
                site.hang_up(line)
                self.flow(SOON_S, lambda: False)
            case Calls(who, number):
                self._dial(self.stage.known_as(who), who, number)
            case TransfersTo(who, number):
                site, line = self._own(who)
                site.refer(line, number)
                self.flow(SOON_S, lambda: False)

    def _press(self, key: str, who: str) -> None:
        rtp = self._own(who)[1].rtp
        self.flow(1.0, lambda: self.world.ear.stream_to(rtp))
        self.world.feed(KeyHeard(self.world.ear.stream_to(rtp) or "", key, Form.EVENT))
        self.look()
