"""Where a called number leads: to a feature, a dialplan, a phone, or out through a trunk. In this order.

A caller from a trunk reaches dialplans and nothing else: whoever dials in must not be able to dial out (toll fraud).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from softswitch.ivr.plan import Plan

_OUTSIDE = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)  # what a carrier is asked for: a number, and nothing clever
# A name or a number. What follows a ";" would tell the carrier how to route the call (RFC 4694 rn, RFC 4904 tgrp).
_PLAIN = re.compile(r"[A-Za-z0-9+*#._~-]{1,64}", re.ASCII)


def is_plain(number: str) -> bool:
    """Whether it may be dialled as it is, wherever it comes from: what a caller is called is nobody's order."""
    return _PLAIN.fullmatch(number) is not None


def is_outside(number: str) -> bool:
    """Whether a carrier may be asked for it."""
    return _OUTSIDE.fullmatch(number) is not None


@dataclass(frozen=True, slots=True)
class FeatureRoute:
    feature: str  # "login", "logout", "ready", "pause", "wrap_up", "voicemail", "force_ready" ...
    given: str = ""  # the digits that were dialled after its code


@dataclass(frozen=True, slots=True)
class PlanRoute:
    plan: Plan


@dataclass(frozen=True, slots=True)
class UserRoute:
    user: str


@dataclass(frozen=True, slots=True)
class TrunkRoute:
    trunk: str  # or a group of trunks
    number: str


# Features whose code may have digits after it: an agent's number, a reason, minutes, a disposition.
DIGITS_FOLLOW = frozenset({"login", "pause", "wrap_up", "disposition", "force_ready", "force_pause", "force_logout"})
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)

Route = FeatureRoute | PlanRoute | UserRoute | TrunkRoute


@dataclass(frozen=True, slots=True)
class Numbering:
    features: Mapping[str, str]  # code -> feature; of several codes with which a number begins, the longest
    plan_for: Callable[[str], Plan | None]
    users: Collection[str]
    prefixes: tuple[tuple[str, str], ...]  # (prefix, trunk): dialled prefix + number leaves through the trunk

    def route(self, called: str, internal: bool) -> Route | None:
        """``internal``: the caller is one of our own phones. None: nobody has this number."""
        if internal and called in self.features:
            return FeatureRoute(self.features[called])
        if (plan := self.plan_for(called)) is not None:
            return PlanRoute(plan)
        if not internal:
            return None
        if (feature := self._feature(called)) is not None:
            return feature
        if called in self.users:
            return UserRoute(called)
        for prefix, trunk in self.prefixes:
            if called.startswith(prefix) and is_outside(called[len(prefix) :]):
                return TrunkRoute(trunk, called[len(prefix) :])
        return None

    def _feature(self, called: str) -> FeatureRoute | None:
        for code in sorted(self.features, key=len, reverse=True):
            feature, given = self.features[code], called[len(code) :]
            if feature in DIGITS_FOLLOW and called.startswith(code) and _DIGITS.fullmatch(given):
                return FeatureRoute(feature, given)
        return None
