"""Which number a presented one is, and why one is not called."""

from __future__ import annotations

import pytest

from softswitch.callback.number import REFUSALS, identified, normalise
from softswitch.callback.reading import Reading

CN = Reading("CN")
BEIJING = Reading("CN", area_code="10")
MOBILE = "+8613800138000"


@pytest.mark.parametrize(
    "presented",
    [
        "13800138000",
        "+8613800138000",
        "008613800138000",
        "0138 0013 8000",
        "(86)138-0013-8000",
        "tel:+86-138-0013-8000",
        " 138-0013-8000 ",
        "(+86) 138.0013.8000",
        "tel:138-0013-8000;phone-context=+86",
        "TEL:+86-138-0013-8000;phone-context=example.com",
        "sip:+8613800138000@192.0.2.7;user=phone",
        "sips:%2B8613800138000:secret@example.com:5061;transport=tls",
        "１３８００１３８０００",
        "＋86 138–0013–8000",
        "\u202a13800138000\u202c",
        "\u0661\u0663\u0668\u0660\u0660\u0661\u0663\u0668\u0660\u0660\u0660",
        "17951 138 0013 8000",
    ],
)
def test_one_mobile_number_has_one_spelling(presented: str) -> None:
    assert normalise(presented, CN) == (MOBILE, "")


@pytest.mark.parametrize(
    "presented",
    ["010 6234 5678", "1062345678", "(010)62345678", "+86 10 6234 5678", "+86 (0)10-62345678", "0086 10 62345678"],
)
def test_one_fixed_line_has_one_spelling(presented: str) -> None:
    assert normalise(presented, CN) == ("+861062345678", "")


@pytest.mark.parametrize("area_code", ["10", "010"])
def test_a_local_number_is_somebodys_where_the_area_is_known(area_code: str) -> None:
    assert normalise("6234 5678", Reading("CN", area_code=area_code)) == ("+861062345678", "")
    assert normalise("6234 5678", CN) == ("", "invalid")
    assert normalise("tel:6234-5678;phone-context=+86-10", CN) == ("+861062345678", "")


def test_eight_digits_are_our_own_before_they_are_a_service_of_another_area() -> None:
    assert normalise("33595000", BEIJING) == ("+861033595000", "")
    assert normalise("033595000", BEIJING) == ("", "service")
    assert normalise("33595000", CN) == ("", "service")


def test_an_area_code_makes_nobody_of_what_is_no_local_number() -> None:
    for presented in ("1234", "+62345678", "062345678", "623456789", *("2" * length for length in range(12, 40))):
        assert normalise(presented, BEIJING).dial == "", presented


def test_a_local_number_is_read_as_in_its_region() -> None:
    assert normalise("020 7183 8750", Reading("GB")).dial == "+442071838750"
    assert normalise("555 0123", Reading("US", area_code="212")).dial == "+12125550123"


@pytest.mark.parametrize(
    "presented",
    [
        "",
        " ",
        "anonymous",
        "Anonymous",
        "unavailable",
        "restricted",
        "sip:anonymous@anonymous.invalid",
        "sip:@host",
        "\t",
    ],
)
def test_withheld(presented: str) -> None:
    assert normalise(presented, CN) == ("", "withheld")


@pytest.mark.parametrize(
    "presented",
    [
        "1001", "alice", "+86", "1" * 40, "1" * 200, "x" * 100_000, "138\x0000138000", "138\n00138000", "+", "++86138",
        "sip:host", "tel:123;phone-context=example.com", "13800138000@host", "call 13800138000 now",
        "1-800-FLOWERS", "*#06#", "\ud800", "<sip:13800138000@h>", "+0013800138000", "138+00138000", "%", "tel:%ZZ",
    ],
)  # fmt: skip
def test_invalid(presented: str) -> None:
    assert normalise(presented, CN) == ("", "invalid")


@pytest.mark.parametrize(
    "presented", ["010-62345678;ext=12", "tel:+86-10-6234-5678;ext=12", "010-62345678 ext. 12", "010-62345678转8001"]
)
def test_an_extension_cannot_be_dialled_and_two_of_them_are_not_one_customer(presented: str) -> None:
    assert normalise(presented, CN) == ("", "extension")


@pytest.mark.parametrize(
    "presented",
    ["4008123123", "400-812-3123", "8008201234", "95588", "01095588", "+8695588", "96110", "10086", "12345", "114"],
)
def test_services_are_no_people(presented: str) -> None:
    assert normalise(presented, CN) == ("", "service")


@pytest.mark.parametrize(
    ("presented", "dialled"),
    [("95588", "95588"), ("01095588", "95588"), ("+8695588", "95588"), ("400 812 3123", "+864008123123")],
)
def test_unless_they_are_wanted(presented: str, dialled: str) -> None:
    assert normalise(presented, Reading("CN", services=True)) == (dialled, "")


EMERGENCY = ["110", "119", "120", "122", "112", "911", "999", "0110", "010110", "+86110", "0086110", "+8610110"]


@pytest.mark.parametrize("presented", [*EMERGENCY, "tel:110", "sip:110@h", "1 1 0", "１１０", "(110)"])
@pytest.mark.parametrize("area_code", ["", "10"])
def test_emergency_numbers_are_dialled_for_nobody(presented: str, area_code: str) -> None:
    for internal in ("", ".*", "[0-9+]+", "110|1[0-9]{2}"):
        reading = Reading("CN", area_code, ("CN", "US", "GB"), True, internal)
        assert normalise(presented, reading) == ("", "emergency"), internal


def test_those_of_a_country_whose_numbers_are_called_too() -> None:
    assert normalise("15", Reading("FR", internal="..")).why == "emergency"
    assert normalise("15", Reading("DE", internal="..")).dial == "15"
    assert normalise("15", Reading("DE", countries=("DE", "FR"), internal="..")).why == "emergency"


@pytest.mark.parametrize(
    ("presented", "region", "why"),
    [
        ("+19005551234", "US", "premium"),
        ("16812345", "CN", "premium"),
        ("+979123456789", "CN", "premium"),
        ("+4918012345678", "DE", "shared-cost"),
        ("+80812345678", "CN", "shared-cost"),
        ("+447011234567", "GB", "personal"),
        ("+878101234567890", "CN", "personal"),
        ("+881612345678", "CN", "satellite"),
        ("+870773111632", "CN", "satellite"),
        ("+18005551234", "US", "service"),
        ("+80012345678", "CN", "service"),
        ("411", "US", "service"),
    ],
)
def test_a_forged_number_that_costs_is_not_called(presented: str, region: str, why: str) -> None:
    assert normalise(presented, Reading(region)) == ("", why)


@pytest.mark.parametrize("forged", ["+252612345678", "+5352345678", "+18765551234", "+85221234567"])
def test_a_number_of_another_country_is_not_called_unless_that_is_wanted(forged: str) -> None:
    assert normalise(forged, CN) == ("", "foreign")


def test_the_countries_that_are_called_can_be_named() -> None:
    both = Reading("CN", countries=("CN", "GB"))
    assert normalise("+442079460958", both) == ("+442079460958", "")
    assert normalise("13800138000", both).dial == MOBILE
    assert normalise("+447011234567", both) == ("", "personal")


def test_what_the_pattern_takes_stays_as_it_is() -> None:
    own = Reading("CN", internal="1[0-9]{3}|55501[0-9]{2}|alice")
    assert normalise("1001", own).dial == "1001"
    assert normalise("555 0123", own).dial == "5550123"
    assert normalise("alice", own).dial == "alice"
    assert normalise("10011", own).why == "service"
    assert normalise("13800138000", own).dial == MOBILE


def test_a_pattern_for_everything_takes_no_text() -> None:
    anything = Reading("CN", internal=".*")
    for presented in ("a b", "1,2", "sip:x@y\r\nVia:", "x" * 300):
        assert normalise(presented, anything).dial == ""


def test_what_may_not_be_dialled_is_known_all_the_same() -> None:
    assert identified("+44 20 7946 0958", CN) == ("+442079460958", "foreign")
    assert identified("16812345", CN) == ("+8616812345", "premium")
    assert identified("nobody", CN) == ("", "invalid")


def test_the_reasons_are_a_closed_list() -> None:
    assert {"emergency", "service", "extension", "withheld"} <= set(REFUSALS)
    assert len(REFUSALS) == len(set(REFUSALS)) == 10
