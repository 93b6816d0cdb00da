"""RFC 3863: the document of RFC 3856."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from softswitch.sip.event.presence import PACKAGE, Presence, render

NS = "{urn:ietf:params:xml:ns:pidf}"


@pytest.mark.parametrize(("is_open", "basic"), [(True, "open"), (False, "closed")])
def test_it_says_open_or_closed_and_what_one_is_doing(is_open: bool, basic: str) -> None:
    root = ET.fromstring(render(Presence("sip:1001@house", is_open, "paused: lunch & tea"), 0))
    assert (root.tag, root.get("entity")) == (f"{NS}presence", "sip:1001@house")
    assert root.findtext(f"{NS}tuple/{NS}status/{NS}basic") == basic
    assert root.findtext(f"{NS}tuple/{NS}note") == root.findtext(f"{NS}note") == "paused: lunch & tea"


def test_one_in_five_seconds() -> None:
    assert (PACKAGE.name, PACKAGE.content_type, PACKAGE.gap_s) == ("presence", "application/pidf+xml", 5.0)
