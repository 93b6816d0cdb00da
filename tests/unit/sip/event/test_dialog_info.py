"""RFC 4235: the document that makes a lamp shine."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from softswitch.sip.event.dialog_info import MOST_DIALOGS, PACKAGE, DialogState, DialogView, Extension, render

NS = "{urn:ietf:params:xml:ns:dialog-info}"
EVIL = '"><state>x</state><a b="&\x01\x00\ud800\r\n'


def read(*dialogs: DialogView, version: int = 0) -> ET.Element:
    return ET.fromstring(render(Extension("sip:1001@house", dialogs), version))


def test_an_idle_extension_has_no_dialog() -> None:
    root = read(version=7)
    assert root.tag == f"{NS}dialog-info" and not list(root)
    assert root.attrib == {"version": "7", "state": "full", "entity": "sip:1001@house"}


@pytest.mark.parametrize("state", DialogState)
@pytest.mark.parametrize("initiator", [True, False])
def test_a_dialog_says_its_state_and_who_called(state: DialogState, initiator: bool) -> None:
    (dialog,) = read(DialogView("leg-1", state, initiator))
    assert dialog.attrib == {"id": "leg-1", "direction": "initiator" if initiator else "recipient"}
    assert dialog.findtext(f"{NS}state") == state.value
    assert dialog.find(f"{NS}remote") is None


def test_the_other_side_is_named_where_it_may_be_known() -> None:
    (dialog,) = read(DialogView("leg-1", DialogState.EARLY, False, "sip:1002@house", "Bob"))
    identity = dialog.find(f"{NS}remote/{NS}identity")
    target = dialog.find(f"{NS}remote/{NS}target")
    assert identity is not None and target is not None
    assert (identity.text, identity.get("display"), target.get("uri")) == ("sip:1002@house", "Bob", "sip:1002@house")


def test_a_hostile_name_stays_a_name() -> None:
    (dialog,) = read(DialogView(EVIL, DialogState.EARLY, False, EVIL, EVIL))
    assert [child.tag for child in dialog] == [f"{NS}state", f"{NS}remote"]
    identity = dialog.find(f"{NS}remote/{NS}identity")
    assert identity is not None and (identity.get("display") or "").startswith('"><state>x</state>')


def test_the_document_is_bounded() -> None:
    one = DialogView("leg-1", DialogState.CONFIRMED, True, "&" * 10_000, "<" * 10_000)
    body = render(Extension("sip:1001@house", (one,) * 500), 0)
    assert len(list(ET.fromstring(body))) == MOST_DIALOGS and len(body) < 20_000


def test_a_lamp_is_told_once_a_second_at_most() -> None:
    assert (PACKAGE.name, PACKAGE.content_type, PACKAGE.gap_s) == ("dialog", "application/dialog-info+xml", 1.0)
