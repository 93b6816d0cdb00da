"""Who comes to the door of the whole switch, and what is done about it: guesses, floods, forgeries, too much to do."""

import hashlib
from collections import Counter
from dataclasses import replace

import pytest

from softswitch.callback.model import PromiseChanged
from softswitch.sip.digest import answer
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, ParseError, Response, parse, render
from softswitch.sip.registrar import Registered
from softswitch.switch.ban import BanRule
from softswitch.switch.desk import size
from softswitch.switch.door import StrangerRule
from softswitch.switch.event import AuthenticationFailed, Banned, CallShed
from softswitch.switch.ports import Arrived, Malformed
from tests.simnet.house import PLAN, House, plans
from tests.simnet.world import SWITCH

EVIL = ("192.0.2.66", 666)


class Stranger:
    """Somebody with a socket; ``say`` returns what came back at once, over a link without loss or delay."""

    def __init__(self, house: House, remote: tuple[str, int] = EVIL) -> None:
        self.house, self.remote = house, remote
        self.heard: list[Message] = []
        self.serial = 0
        house.world.peers[remote] = lambda message, flow: self.heard.append(message)

    def say(
        self, method: str, headers: str = "", wait_s: float = 0.1, to: str = "1001", tag: str = "", **how: str
    ) -> Response | None:
        self.serial += 1
        text = (
            f"{method} sip:{how.get('uri', 'softswitch')} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.remote[0]}:{self.remote[1]};branch=z9hG4bKx{self.serial}{method};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{how.get('who', '1001')}@softswitch>;tag=s{self.serial}\r\n"
            f"To: <sip:{to}@softswitch>{f';tag={tag}' if tag else ''}\r\nCall-ID: x{self.serial}@evil\r\n"
            f"CSeq: {self.serial} {method}\r\nContact: <sip:1001@{self.remote[0]}:{self.remote[1]}>\r\n"
            f"{headers}Content-Length: 0\r\n\r\n"
        )
        return self.throw(parse(text.encode()), wait_s)

    def throw(self, message: Message, wait_s: float = 0.1) -> Response | None:
        world = self.house.world
        before = len(self.heard)
        flow = Flow("udp", SWITCH, self.remote)
        if world.switch.admits(flow):
            world.switch.feed(Arrived(message, flow))
        world.run(wait_s)
        new = self.heard[before:]
        return new[0] if new and isinstance(new[0], Response) else None

    def guess(self, password: str, user: str = "1001", method: str = "REGISTER", to: str = "") -> Response | None:
        challenge = self.say(method, to=to or user)
        if challenge is None:
            return None
        asked = challenge.headers.all("WWW-Authenticate")[0]
        proof = answer(asked, method, "sip:softswitch", user, password, "c0ffee")
        return self.say(method, f"Authorization: {proof}\r\n", to=to or user)


def transactions(house: House) -> int:
    return len(house.world.switch.endpoint)


def test_strangers_leave_nothing_behind() -> None:
    house = House()
    house.world.run(40.0)
    before = transactions(house)
    stranger = Stranger(house)
    for method, status in (
        ("OPTIONS", 200), ("REGISTER", 401), ("INVITE", 401), ("MESSAGE", 401), ("SUBSCRIBE", 401), ("BYE", 481),
        ("CANCEL", 481), ("REFER", 481), ("FOO", 501), ("INVITE", 401),
    ):  # fmt: skip
        response = stranger.say(method)
        assert response is not None, method
        assert response.status == status, method
    for method in ("BYE", "INVITE", "INFO", "SUBSCRIBE", "NOTIFY", "REFER"):
        response = stranger.say(method, tag="forged")
        assert response is not None, method
        assert response.status == 481, method
    assert stranger.say("ACK") is None
    assert transactions(house) == before


def test_8_2_7_a_repeat_is_answered_alike() -> None:
    house = House()
    stranger = Stranger(house)
    first = stranger.say("OPTIONS")
    stranger.serial -= 1
    second = stranger.say("OPTIONS")
    assert first is not None
    assert second is not None
    assert render(first) == render(second)


def test_known_and_unknown_users_cannot_be_told_apart() -> None:
    stranger = Stranger(House())
    shapes = []
    for user in ("1001", "9999"):
        for response in (stranger.say("REGISTER", to=user), stranger.guess("wrong", user)):
            assert response is not None
            text = render(response).decode()
            for changing in ("nonce", "branch", "tag", "Call-ID", "CSeq", "To", "From"):
                assert changing in text
            shapes.append([(name, len(value)) for _, name, value in response.headers._items if name not in ("CSeq",)])
    assert shapes[0] == shapes[2]
    assert shapes[1] == shapes[3]


def test_who_guesses_is_banned_and_a_ban_can_be_lifted() -> None:
    house = House(bans=BanRule(failures=5, within_s=60.0, for_s=600.0))
    stranger = Stranger(house)
    for number in range(5):
        assert stranger.guess(f"guess-{number}") is not None
    assert [(ban.source, ban.user) for ban in house.world.facts(Banned)] == [("192.0.2.66", "1001")]
    assert stranger.say("OPTIONS") is None
    assert stranger.guess("pw-1001") is None, "now even the right one is not heard"
    (ban,) = house.world.switch.control.bans()
    assert ban.dropped == 2
    house.world.switch.control.unban("192.0.2.66")
    assert stranger.say("OPTIONS") is not None


def test_what_a_guesser_calls_himself_is_cut_short() -> None:
    house = House()
    assert Stranger(house).guess("wrong", "u" * 20_000, to="1001") is not None
    assert [len(failed.user) for failed in house.world.facts(AuthenticationFailed)] == [64]


def test_who_merely_asks_is_not_banned() -> None:
    house = House(bans=BanRule(failures=5))
    stranger = Stranger(house)
    for _ in range(50):
        assert stranger.say("REGISTER") is not None
    assert not house.world.facts(Banned)


def test_nobody_can_have_another_banned_under_a_forged_address() -> None:
    house = House(bans=BanRule(failures=5, exempt=()))
    victim, evil = ("192.0.2.7", 5060), Stranger(house)
    forged = Stranger(house, victim)
    challenge = evil.say("REGISTER")
    assert challenge is not None
    proof = answer(challenge.headers.all("WWW-Authenticate")[0], "REGISTER", "sip:softswitch", "1001", "wrong", "c")
    for _ in range(20):
        forged.say("REGISTER", f"Authorization: {proof}\r\n")
    assert len(house.world.facts(AuthenticationFailed)) == 20
    assert not house.world.facts(Banned)


def test_who_knows_a_password_cannot_have_us_call_a_forged_address() -> None:
    house = House()
    stranger, victim = Stranger(house), ("203.0.113.9", 5060)
    challenge = stranger.say("REGISTER")
    assert challenge is not None
    asked = challenge.headers.all("WWW-Authenticate")[0]
    proof = answer(asked, "REGISTER", "sip:softswitch", "1001", "pw-1001", "c0ffee")
    forger = Stranger(house, victim)
    refused = forger.say("REGISTER", f"Authorization: {proof}\r\n")
    assert refused is not None and refused.status == 401
    assert "stale=true" in refused.headers.all("WWW-Authenticate")[0]
    assert victim not in [made.binding.flow.remote for made in house.world.facts(Registered)]
    assert not house.world.switch.door.known(victim, house.world.switch.unix)


def test_a_registered_phone_behind_the_address_of_a_guesser_goes_on() -> None:
    house = House(bans=BanRule(failures=5, exempt=()))
    guesser = Stranger(house, ("127.0.0.1", 666))
    for number in range(6):
        guesser.guess(f"guess-{number}")
    assert house.world.facts(Banned)
    call = house.desk.call("8000")
    house.world.run_until(lambda: call.state == "talking")


def test_a_password_guessed_at_from_many_places_is_not_looked_at_from_a_strange_one() -> None:
    house = House(bans=BanRule(failures=5, within_s=60.0))
    for number in range(5):
        Stranger(house, (f"192.0.2.{number}", 666)).guess("wrong", "1002")
    lucky = Stranger(house, ("198.51.100.9", 666)).guess("pw-1002", "1002")
    assert lucky is not None
    assert lucky.status == 401
    house.bob.register()
    before = len(house.world.facts(Registered))
    house.world.run_until(lambda: len(house.world.facts(Registered)) > before)
    house.world.run(61.0)
    later = Stranger(house, ("198.51.100.9", 667)).guess("pw-1002", "1002")
    assert later is not None
    assert later.status == 200


def test_an_address_of_strangers_is_held_to_its_share() -> None:
    house = House(strangers=StrangerRule(rate=1.0, burst=5.0))
    stranger = Stranger(house)
    assert [stranger.say("OPTIONS") is not None for _ in range(10)].count(True) in (5, 6)


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE"])
def test_never_more_than_three_octets_for_one(method: str) -> None:
    house = House()
    lines = ("v:SIP/2.0/UDP a;branch=z9hG4bK", "f:<sip:a>", "t:<sip:a>", "i:a", f"CSeq:1 {method}", "", "")
    small = "\r\n".join((f"{method} sip:a SIP/2.0", *lines))
    sender = Stranger(house, ("192.0.2.9", 5060))
    answered = sender.throw(parse(small.encode()))
    assert answered is None or len(render(answered)) <= 3 * len(small)
    padded = small.replace("\r\n\r\n", f"\r\nSubject: {'x' * 300}\r\n\r\n")
    answered = sender.throw(parse(padded.encode()))
    assert answered is not None
    assert len(render(answered)) <= 3 * len(padded)


@pytest.mark.parametrize("text", ["A a SIP/2.0", "A a SIP/1.0"])
def test_what_cannot_be_read_is_not_answered_at_length(text: str) -> None:
    house = House()
    stranger = Stranger(house)
    with pytest.raises(ParseError) as wrong:
        parse(text.encode())
    house.world.switch.feed(Malformed(wrong.value, Flow("udp", SWITCH, EVIL)))
    house.world.run(0.1)
    assert sum(len(render(message)) for message in stranger.heard) <= 3 * len(text)


def test_the_size_is_about_right() -> None:
    message = parse(b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK\r\nFrom: <sip:a>\r\nTo: <sip:a>\r\n"
                    b"Call-ID: a\r\nCSeq: 1 OPTIONS\r\nContent-Length: 3\r\n\r\nabc")  # fmt: skip
    assert abs(size(message) - len(render(message))) <= 3


def test_a_phone_gone_mad_has_its_share_of_texts_and_leaves_nothing_behind() -> None:
    house = House()
    phone = Stranger(house)
    challenge = phone.say("MESSAGE", to="9999", uri="9999@softswitch")
    assert challenge is not None
    asked = challenge.headers.all("WWW-Authenticate")[0]
    for count in range(1, 601):
        proof = answer(asked, "MESSAGE", "sip:9999@softswitch", "1001", "pw-1001", "c0ffee", count)
        phone.say("MESSAGE", f"Authorization: {proof}\r\n", 0.0, to="9999", uri="9999@softswitch")
    house.world.run(40.0)
    said = Counter(one.status for one in phone.heard if isinstance(one, Response))
    assert said == {401: 1, 404: 500, 503: 100}
    assert transactions(house) == 0


def test_a_phone_that_calls_without_end_has_its_share_while_there_is_too_much_to_do() -> None:
    said = []
    for strained in (False, True):
        house = House()
        phone = Stranger(house)
        challenge = phone.say("INVITE", to="9999", uri="9999@softswitch")
        assert challenge is not None
        asked = challenge.headers.all("WWW-Authenticate")[0]
        for count in range(1, 401):
            house.world.switch.overload.pressure = 0.01 if strained else 0.0
            proof = answer(asked, "INVITE", "sip:9999@softswitch", "1001", "pw-1001", "c0ffee", count)
            phone.say("INVITE", f"Authorization: {proof}\r\n", 0.0, to="9999", uri="9999@softswitch")
        house.world.run(0.3)
        said.append({one.cseq.number: one.status for one in phone.heard if isinstance(one, Response)})
    assert [Counter(of_one.values())[503] for of_one in said] == [0, 100]


def test_nobody_registers_for_another() -> None:
    house = House()
    response = Stranger(house).guess("pw-1002", "1002", to="1001")
    assert response is not None
    assert response.status == 403
    assert len(house.world.switch.registrar.bindings()) == 3


def test_a_phone_calls_under_its_own_name_only() -> None:
    house = House()
    stranger = Stranger(house)
    challenge = stranger.say("INVITE", to="1002", who="1003", uri="1002@softswitch")
    assert challenge is not None
    asked = challenge.headers.all("WWW-Authenticate")[0]
    proof = answer(asked, "INVITE", "sip:1002@softswitch", "1004", "pw-1004", "c0ffee")
    identity = "P-Asserted-Identity: <sip:1003@softswitch>\r\n"
    sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.66\r\ns=-\r\nc=IN IP4 192.0.2.66\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    text = (
        f"INVITE sip:1002@softswitch SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:666;branch=z9hG4bKspoof;rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:1003@softswitch>;tag=s\r\nTo: <sip:1002@softswitch>\r\nCall-ID: spoof\r\n"
        f"CSeq: 9 INVITE\r\nContact: <sip:1003@192.0.2.66:666>\r\nAuthorization: {proof}\r\n{identity}"
        f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
    )
    stranger.throw(parse(text.encode()))
    house.world.run_until(lambda: bool(house.bob.calls))
    assert house.bob.calls[0].caller == "1004"


def shed(house: House) -> None:
    for number in range(40):
        house.world.switch.overload.sample(1.0, 1.0, house.world.now + number * 0.025)


def test_under_too_much_load_a_new_call_is_told_when_to_come_back_and_called_back() -> None:
    one_queue = PLAN.replace("queue: {name: service, failed: bye}", "queue: {name: orders, failed: bye}")
    house = House(plans=plans(one_queue))
    shed(house)
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "ended")
    assert call.status == 503
    assert [fact.why for fact in house.world.facts(CallShed)] == ["overload"]
    house.world.run(1.0)
    made = [fact.promise for fact in house.world.facts(PromiseChanged) if fact.old is None]
    assert [(promise.number, promise.queue, promise.stage) for promise in made] == [
        ("+8613800138000", "orders", "shed")
    ]
    assert house.world.switch.control.queues()[0].promises_open == 1


def test_the_plan_says_which_queue_calls_back_where_it_has_several() -> None:
    house = House(plans=plans(PLAN.replace("start: welcome", "lost_to: orders\nstart: welcome")))
    shed(house)
    house.carrier.call("8000")
    house.world.run(1.0)
    assert [fact.promise.queue for fact in house.world.facts(PromiseChanged) if fact.old is None] == ["orders"]
    without = House()
    shed(without)
    without.carrier.call("8000")
    without.world.run(1.0)
    assert not without.world.facts(PromiseChanged)


def test_a_call_beyond_the_limit_is_recorded_too() -> None:
    one_queue = PLAN.replace("queue: {name: service, failed: bye}", "queue: {name: orders, failed: bye}")
    house = House(plans=plans(one_queue), max_calls=1)
    first = house.desk.call("8000")
    house.world.run_until(lambda: first.state == "talking")
    second = house.carrier.call("8000")
    house.world.run_until(lambda: second.state == "ended")
    house.world.run(1.0)
    assert second.status == 503
    assert [fact.why for fact in house.world.facts(CallShed)] == ["limit"]
    assert [fact.promise.stage for fact in house.world.facts(PromiseChanged) if fact.old is None] == ["shed"]


def test_under_too_much_load_what_was_begun_goes_on() -> None:
    house = House()
    call = house.desk.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    shed(house)
    house.desk.hang_up(call)
    house.world.run_until(lambda: call.state == "ended" and not house.world.switch.calls.contacts)


def test_a_known_phone_registers_while_strangers_are_not_heard() -> None:
    house = House()
    overload = house.world.switch.overload
    for number in range(40):
        overload.sample(0.0, 0.6, house.world.now + number * 0.01)
    stranger = Stranger(house)
    assert stranger.say("OPTIONS") is None
    before = len(house.world.facts(Registered))
    house.alice.register()
    house.world.run(1.0)
    assert len(house.world.facts(Registered)) == before + 1


def test_the_nonce_key_is_of_this_process() -> None:
    """A nonce that another made is stale, whoever answers it."""
    house = House()
    other = House()
    other.world.configuration = replace(other.world.configuration, secret=hashlib.sha256(b"x").digest())
    other.world.start()
    challenge = Stranger(other).say("REGISTER")
    assert challenge is not None
    asked = challenge.headers.all("WWW-Authenticate")[0]
    proof = answer(asked, "REGISTER", "sip:softswitch", "1001", "pw-1001", "c0ffee")
    response = Stranger(house).say("REGISTER", f"Authorization: {proof}\r\n")
    assert response is not None
    assert response.status == 401
    assert "stale=true" in response.headers.all("WWW-Authenticate")[0]
