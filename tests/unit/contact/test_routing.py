"""Where a called number leads, from inside and from outside."""

from __future__ import annotations

from softswitch.contact.routing import FeatureRoute, Numbering, PlanRoute, TrunkRoute, UserRoute
from tests.simnet.house import configuration

PLAN = configuration().plans["shop"]
NUMBERING = Numbering(
    {"*11": "login"},
    lambda called: PLAN if called in PLAN.numbers else None,
    {"1001", "8000", "9"},
    (("99", "special"), ("9", "carrier")),
)


def test_from_inside_everything_is_reached() -> None:
    assert NUMBERING.route("*11", internal=True) == FeatureRoute("login")
    assert NUMBERING.route("1001", internal=True) == UserRoute("1001")
    assert NUMBERING.route("9010", internal=True) == TrunkRoute("carrier", "010")
    assert NUMBERING.route("99010", internal=True) == TrunkRoute("special", "010")
    assert NUMBERING.route("5555", internal=True) is None


def test_digits_after_the_codes_that_take_some() -> None:
    codes = {"*1": "pause", "*11": "login", "*12": "logout", "*97": "voicemail", "*36": "force_pause"}
    plans = ["*99", "*117"]
    numbering = Numbering(codes, lambda called: PLAN if called in plans else None, {"1001"}, ())
    for called, route in {
        "*11": FeatureRoute("login"),
        "*11501": FeatureRoute("login", "501"),  # of several codes the longest
        "*13": FeatureRoute("pause", "3"),
        "*12": FeatureRoute("logout"),
        "*122": FeatureRoute("pause", "22"),  # nothing comes after the code for a logout
        "*361001": FeatureRoute("force_pause", "1001"),
        "*971": None,
        "*11a": None,
        "*11*5": None,
        "*36": FeatureRoute("force_pause"),
        "*117": PlanRoute(PLAN),  # a dialplan has exactly this number
    }.items():
        assert numbering.route(called, internal=True) == route, called
    assert numbering.route("*11501", internal=False) is None


def test_a_dialplan_comes_before_a_phone_of_the_same_number() -> None:
    assert NUMBERING.route("8000", internal=True) == PlanRoute(PLAN)


def test_a_prefix_alone_is_no_number() -> None:
    assert NUMBERING.route("9", internal=True) == UserRoute("9")
    assert NUMBERING.route("99", internal=True) == TrunkRoute("carrier", "9")


def test_from_outside_only_dialplans_are_reached() -> None:
    assert NUMBERING.route("8000", internal=False) == PlanRoute(PLAN)
    for called in ("*11", "1001", "9010"):
        assert NUMBERING.route(called, internal=False) is None


def test_what_is_no_number_does_not_leave() -> None:
    for called in ("9a@b", "9;tgrp=x", "9\0", "9" + "1" * 33, "9 1", "9١٢٣"):
        assert NUMBERING.route(called, internal=True) is None
    assert NUMBERING.route("9+8613800138000", internal=True) == TrunkRoute("carrier", "+8613800138000")
