"""Who may send whom where: every combination."""

from __future__ import annotations

import pytest

from softswitch.contact.permission import Party, attended, blind, supervise
from softswitch.contact.routing import FeatureRoute, Route, TrunkRoute, UserRoute

OURS, OUTSIDE, ALLOWED = Party("1001", "1001"), Party("", "138"), Party("", "138", refers=True)
TO_USER, TO_TRUNK, TO_CODE = UserRoute("1002"), TrunkRoute("carrier", "139"), FeatureRoute("login")


@pytest.mark.parametrize(
    ("who", "ours", "route", "status"),
    [
        (OURS, True, TO_USER, 0),
        (OURS, True, TO_TRUNK, 0),
        (OURS, True, TO_CODE, 403),
        (OURS, True, None, 404),
        (OURS, False, TO_USER, 403),
        (OUTSIDE, True, TO_USER, 403),
        (OUTSIDE, True, None, 403),  # an outsider does not learn which numbers there are
        (ALLOWED, True, None, 404),
        (ALLOWED, True, TO_USER, 0),  # routed as what callers from trunks may reach: the route is a dialplan
        (ALLOWED, False, TO_USER, 403),
    ],
)
def test_blind(who: Party, ours: bool, route: Route | None, status: int) -> None:
    assert blind(who, ours, route) == status


@pytest.mark.parametrize(
    ("who", "consulting", "ours", "status"),
    [
        (OURS, OURS, True, 0),
        (OURS, Party("1001", "x"), True, 0),  # his other phone
        (OURS, OURS, False, 403),
        (OURS, Party("1002", "1002"), True, 403),
        (OURS, OUTSIDE, True, 403),
        (OUTSIDE, OUTSIDE, True, 403),
        (ALLOWED, ALLOWED, True, 403),
    ],
)
def test_attended(who: Party, consulting: Party, ours: bool, status: int) -> None:
    assert attended(who, consulting, ours) == status


@pytest.mark.parametrize(
    ("grants", "user", "queue", "may"),
    [
        ((), "1001", "orders", False),
        (("all",), "1001", "", True),
        (("1001",), "1001", "", True),
        (("1001",), "1002", "orders", False),
        (("orders",), "1002", "orders", True),
        (("orders",), "1002", "service", False),
        (("orders",), "1002", "", False),
        (("",), "1002", "", False),
    ],
)
def test_supervise(grants: tuple[str, ...], user: str, queue: str, may: bool) -> None:
    assert supervise(grants, user, queue) is may
