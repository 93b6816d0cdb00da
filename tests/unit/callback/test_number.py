import re

import pytest

from softswitch.callback.number import normalise


@pytest.mark.parametrize(
    "presented", ["13800138000", "+8613800138000", "008613800138000", "138 0013 8000", " 138-0013-8000 "]
)
def test_one_number_has_one_spelling(presented: str) -> None:
    assert normalise(presented, "CN") == ("+8613800138000", "")


def test_a_local_number_is_read_as_in_its_region() -> None:
    assert normalise("020 7183 8750", "GB").dial == "+442071838750"
    assert normalise("010 1234 5678", "CN").dial == "+861012345678"


@pytest.mark.parametrize("presented", ["", " ", "anonymous", "Anonymous", "unavailable", "restricted"])
def test_withheld(presented: str) -> None:
    assert normalise(presented, "CN") == ("", "withheld")


@pytest.mark.parametrize("presented", ["1001", "alice", "12345", "+86", "1" * 40])
def test_invalid(presented: str) -> None:
    assert normalise(presented, "CN") == ("", "invalid")


def test_a_forged_premium_number_is_not_called() -> None:
    assert normalise("+19005551234", "US") == ("", "premium")


def test_what_the_pattern_takes_stays_as_it_is() -> None:
    taken = re.compile("1[0-9]{3}|55501[0-9]{2}")
    assert normalise("1001", "CN", taken).dial == "1001"
    assert normalise("5550123", "CN", taken).dial == "5550123"
    assert normalise("10011", "CN", taken).why == "invalid"
    assert normalise("13800138000", "CN", taken).dial == "+8613800138000"


@pytest.mark.parametrize("forged", ["+252612345678", "+881612345678", "+5352345678", "+18765551234", "+447011234567"])
def test_a_number_of_another_country_is_not_called_unless_that_is_wanted(forged: str) -> None:
    assert normalise(forged, "CN").dial == ""


def test_the_countries_that_are_called_can_be_named() -> None:
    assert normalise("+442079460958", "CN", countries=("CN", "GB")) == ("+442079460958", "")
    assert normalise("+442079460958", "CN") == ("", "foreign")
    assert normalise("+447011234567", "GB") == ("", "premium")
