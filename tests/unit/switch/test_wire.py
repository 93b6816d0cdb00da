"""What the whole switch keeps of a call, and shows to who taps the wire."""

from __future__ import annotations

from softswitch.sip.flow import Flow
from softswitch.sip.message import ParseError, parse
from softswitch.switch.ports import Malformed
from softswitch.switch.tracebook import Room
from tests.simnet.house import House
from tests.simnet.world import SWITCH


def starts(house: House, name: str) -> list[str]:
    """``< INVITE``, ``> 180`` ... of a call, in order."""
    found = house.world.switch.control.trace(name).messages
    return [f"{'>' if one.sent else '<'} {said(one.octets)}" for one in found]


def said(octets: bytes) -> str:
    first, second, *_ = octets.decode().split()
    return second if first == "SIP/2.0" else first


def test_every_message_of_both_legs_is_kept_and_nothing_else() -> None:
    house = House()
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.1)
    (contact,) = house.world.switch.calls.contacts
    caller, called = (leg for leg in house.world.switch.calls.legs)
    assert starts(house, caller) == starts(house, called) == starts(house, contact)
    house.desk.hang_up(call)
    house.alice.register()
    house.world.run(60)
    trace = house.world.switch.control.trace(contact)
    assert not trace.live and trace.missing == 0
    by_leg = {leg: [f"{'>' if one.sent else '<'} {said(one.octets)}" for one in trace.messages if one.leg == leg]
              for leg in (caller, called)}  # fmt: skip
    assert sorted(by_leg[caller]) == sorted(
        ["< INVITE", "> 401", "< ACK", "< INVITE", "> 100", "> 180", "> 200", "< ACK", "< BYE", "> 200"]
    )
    assert sorted(by_leg[called]) == sorted(["> INVITE", "< 100", "< 180", "< 200", "> ACK", "> BYE", "< 200"])
    assert len(trace.messages) == 17 and {one.leg for one in trace.messages} == {caller, called}


def test_what_is_kept_is_what_was_on_the_wire() -> None:
    house = House()
    told: list[tuple[bool, bytes]] = []
    carried: list[bytes] = []
    house.world.switch.wire.taps.append(lambda at, sent, flow, octets, of: told.append((sent, octets)))
    carry = house.world.carry
    house.world.carry = lambda data, *way: (carried.append(data), carry(data, *way))[1]  # type: ignore[method-assign]
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    assert sorted(octets for _, octets in told) == sorted(carried)


def test_what_cannot_be_read_joins_its_call() -> None:
    house = House()
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.1)
    (contact,) = house.world.switch.calls.contacts
    last = house.world.switch.control.trace(contact).messages[0].octets
    try:
        parse(last.replace(b"INVITE sip", b"INFO sip", 1).replace(b"Max-Forwards: 70", b"Max-Forwards: 70\r\nTo: x"))
    except ParseError as error:
        house.world.feed(Malformed(error, Flow("udp", SWITCH, house.desk.address)))
    assert starts(house, contact)[-2:] == ["< INFO", "> 400"]


def test_nothing_is_kept_where_the_setting_says_so() -> None:
    house = House(trace=Room(messages=0))
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    assert house.world.switch.wire.book.octets == 0 and not house.world.switch.wire.book.names()


def test_the_book_has_an_end_however_many_call() -> None:
    house = House(trace=Room(messages=5, contacts=3))
    for _ in range(6):
        call = house.desk.call("1002")
        house.world.run_until(lambda call=call: call.state == "talking")
        house.desk.hang_up(call)
        house.world.run(1)
    book = house.world.switch.wire.book
    assert len(book.names()) == 3
    assert all(len(book.trace(name).messages) == 5 and book.trace(name).missing > 5 for name in book.names())


def test_messages_are_counted_by_way_method_and_class() -> None:
    house = House()
    before = {way: dict(counts) for way, counts in house.world.switch.control.messages().items()}
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.1)
    after = house.world.switch.control.messages()
    new = {way: {kind: n - before[way].get(kind, 0) for kind, n in after[way].items()} for way in after}
    assert new["received"]["udp", "INVITE", "request"] == 2, "the second one has credentials"
    assert new["sent"]["udp", "INVITE", "4xx"] == 1
    assert new["sent"]["udp", "INVITE", "2xx"] == new["received"]["udp", "INVITE", "2xx"] == 1
    assert new["sent"]["udp", "ACK", "request"] == 1
