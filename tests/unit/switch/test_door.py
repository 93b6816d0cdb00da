"""Which messages are taken up at all."""

from softswitch.sip.flow import Flow
from softswitch.switch.ban import BanRule, Bans
from softswitch.switch.door import Door, Regulars, StrangerRule
from softswitch.switch.overload import Overload

UNIX = 1_700_000_000.0
PHONE, STRANGER, TRUNK = ("192.0.2.7", 40123), ("192.0.2.7", 666), ("198.51.100.1", 5060)


def door(rate: float = 1.0, burst: float = 10.0, exempt: tuple[str, ...] = ()) -> Door:
    bans = Bans(BanRule(failures=1, exempt=()))
    configured = frozenset({("198.51.100.1", None), ("203.0.113.5", 5070)})
    ours = Door(bans, Overload(), StrangerRule(rate, burst, exempt), configured)
    ours.regulars.add(PHONE, UNIX + 3600)
    return ours


def busy(ours: Door) -> None:
    ours._overload.sample(0.0, 1.0, 0.0)


def heard(ours: Door, remote: tuple[str, int], count: int, now: float = 0.0) -> int:
    return sum(not ours.refuses(remote, now, UNIX + now) for _ in range(count))


def test_an_address_has_its_share_and_a_registered_phone_behind_it_is_not_held_to_it() -> None:
    ours = door()
    assert heard(ours, STRANGER, 100) == 10
    assert ours.refuses(STRANGER, 0.0, UNIX) == "flood"
    assert heard(ours, PHONE, 100) == 100
    assert heard(ours, STRANGER, 100, now=3.0) == 3


def test_who_was_a_regular_is_a_stranger_when_the_registration_is_over() -> None:
    assert heard(door(), PHONE, 100, now=3600.0) == 10


def test_trunks_and_static_phones_are_known() -> None:
    ours = door()
    assert heard(ours, TRUNK, 100) == 100
    assert heard(ours, ("203.0.113.5", 5070), 100) == 100
    assert heard(ours, ("203.0.113.5", 5071), 100) == 10


def test_nobody_shuts_out_a_phone_that_works_by_guessing_behind_the_same_nat() -> None:
    ours = door()
    assert ours.bans.failed(STRANGER[0], "1001", UNIX)
    assert ours.refuses(STRANGER, 0.0, UNIX) == "banned"
    assert ours.refuses(PHONE, 0.0, UNIX) == ""
    assert ours.refuses(TRUNK, 0.0, UNIX) == ""


def test_who_is_exempt_is_held_to_a_share_only_while_we_are_busy() -> None:
    ours = door(exempt=("192.0.2.0/24",))
    assert heard(ours, STRANGER, 100) == 100
    busy(ours)
    assert heard(ours, STRANGER, 100) == 2, "a fifth of the address's"
    assert heard(ours, PHONE, 20) == 20
    assert heard(ours, STRANGER, 100, now=30.0) == 100


def test_while_busy_one_flood_leaves_room_for_another_flow_of_its_address() -> None:
    ours = door()
    busy(ours)
    heard(ours, STRANGER, 1000)
    assert heard(ours, ("192.0.2.7", 667), 1) == 1


def test_while_busy_a_phone_gone_mad_has_a_wide_share_and_a_carrier_all_there_is() -> None:
    ours = door()
    busy(ours)
    assert heard(ours, PHONE, 100) == 50
    assert heard(ours, TRUNK, 100) == 100
    assert heard(ours, PHONE, 100, now=30.0) == 100  # no longer busy


def test_the_regulars_are_bounded() -> None:
    regulars = Regulars(most=2)
    for port in (1, 2, 1, 3):
        regulars.add(("h", port), UNIX)
    assert len(regulars) == 2
    assert not regulars.knows(("h", 2), UNIX - 1)
    assert regulars.knows(("h", 1), UNIX - 1)


def test_what_is_turned_away_is_counted_until_it_is_told() -> None:
    ours, flow = door(burst=2.0), Flow("udp", ("192.0.2.1", 5060), STRANGER)
    assert [ours.admits(flow, 0.0, UNIX) for _ in range(8)] == [True, True, *[False] * 6]
    assert ours.turned_away() == (0.75, {("udp", "flood"): 6})
    assert ours.turned_away() == (0.0, {})
