"""The drawing, line by line."""

from __future__ import annotations

from typing import Any

from softswitch.cli.ladder import arrows, draw
from softswitch.core.legible import printable

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\n"
    "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def message(at: float, start: str, cseq: str, sent: bool = False, leg: str = "leg-a", body: str = "") -> dict[str, Any]:
    port = {"leg-a": 7001, "leg-b": 7002, "leg-c": 7003}[leg]
    text = f"{start}\r\nTo: <sip:8000@127.0.0.1>\r\nCSeq: {cseq}\r\n\r\n{body}"
    return {
        "at": at, "sent": sent, "leg": leg, "transport": "udp", "local": "127.0.0.1:5060",
        "remote": f"127.0.0.1:{port}", "text": text,
    }  # fmt: skip


def drawn(*messages: dict[str, Any], full: bool = False) -> list[str]:
    trace = {"contact": "c-1", "live": False, "missing": 0, "messages": list(messages)}
    return [line for line, _ in draw(trace, full)]


def test_a_call_of_two_legs() -> None:
    lines = drawn(
        message(100.0, "INVITE sip:8000@127.0.0.1 SIP/2.0", "1 INVITE", body=SDP),
        message(100.001, "SIP/2.0 100 Trying", "1 INVITE", True),
        message(100.002, "INVITE sip:1002@127.0.0.1 SIP/2.0", "7 INVITE", True, "leg-b", SDP + "a=sendonly\r\n"),
        message(100.5, "SIP/2.0 486 Busy Here", "7 INVITE", False, "leg-b"),
    )
    assert lines == [
        "contact c-1 (over)",
        "            udp 127.0.0.1:7001          softswitch          udp 127.0.0.1:7002",
        "                  leg-a                                           leg-b",
        "+0.000               |-------- INVITE ------>|                       |  1  PCMU telephone-event sendrecv",
        "+0.001               |<----- 100 Trying -----|                       |  1 INVITE",
        "+0.002               |                       |-------- INVITE ------>|  7  PCMU telephone-event sendonly",
        "+0.500               |                       |<--- 486 Busy Here ----|  7 INVITE",
    ]


def test_the_third_peer_is_reached_across_the_second() -> None:
    line = drawn(
        message(0.0, "INVITE sip:a SIP/2.0", "1 INVITE"),
        message(1.0, "INVITE sip:b SIP/2.0", "1 INVITE", True, "leg-b"),
        message(2.0, "INVITE sip:c SIP/2.0", "1 INVITE", True, "leg-c"),
    )[-1]
    assert line.count("|") == 3 and "|-------------------- INVITE ------------------>|" in line


def test_what_is_said_again_is_one_arrow() -> None:
    bye = message(0.0, "BYE sip:a SIP/2.0", "2 BYE")
    found = arrows([bye, bye | {"at": 0.5}, bye | {"at": 1.5}, message(1.6, "BYE sip:a SIP/2.0", "3 BYE")])
    assert [(arrow.times, arrow.until_s) for arrow in found] == [(3, 1.5), (1, 0.0)]
    assert found[0].note == "2  x3 until +1.500"


def test_both_sides_may_say_the_same() -> None:
    bye = message(0.0, "BYE sip:a SIP/2.0", "2 BYE")
    assert len(arrows([bye, bye | {"sent": True}, bye | {"leg": "leg-b"}])) == 3


def test_errors_are_red_and_challenges_are_none() -> None:
    starts = ("INVITE sip:a SIP/2.0", "SIP/2.0 200 OK", "SIP/2.0 302 Moved", "SIP/2.0 401 No", "SIP/2.0 500 Oh")
    found = arrows([message(0.0, start, f"{number} INVITE") for number, start in enumerate(starts)])
    assert [arrow.style for arrow in found] == ["", "", "yellow", "yellow", "red"]


def test_descriptions_of_all_kinds() -> None:
    held = SDP.replace("m=audio", "a=inactive\r\nm=audio")
    rejected, broken = SDP.replace("4000", "0"), "v=0\r\nm=nothing\r\n"
    bodies = (held, rejected, broken, "Signal=x\r\n")
    found = arrows([message(0.0, "INVITE sip:a SIP/2.0", f"{n} INVITE", body=body) for n, body in enumerate(bodies)])
    assert [arrow.media for arrow in found] == ["PCMU telephone-event inactive", "no audio", "unreadable SDP", ""]


def test_a_description_that_says_nothing_of_its_codec_is_drawn() -> None:
    for odd in ("0", "0 ", " ", "", "0 \t "):
        body = SDP + f"a=rtpmap:{odd}\r\n"
        assert drawn(message(0.0, "INVITE sip:a SIP/2.0", "1 INVITE", body=body))[-1].endswith(
            "PCMU telephone-event sendrecv"
        )


def test_full_shows_each_message() -> None:
    lines = drawn(message(0.0, "BYE sip:a SIP/2.0", "2 BYE"), full=True)
    assert lines[-4:-1] == ["    BYE sip:a SIP/2.0", "    To: <sip:8000@127.0.0.1>", "    CSeq: 2 BYE"]


def test_peers_do_not_steer_the_terminal() -> None:
    lines = drawn(message(0.0, "SIP/2.0 486 Busy\x1b[2J\x9b", "1 \x1b]0;x\x07 INVITE"), full=True)
    assert not any(char in line for line in lines for char in "\x1b\x07\x9b")
    assert printable("a\tb\r\nc\u202e\rd") == "a\tb\r\nc\ufffd\ufffdd"


def test_what_is_no_message_harms_nothing() -> None:
    strange = {"leg": "leg-a", "at": 0.0, "sent": False, "transport": "udp", "local": "", "remote": "", "text": ""}
    assert drawn(strange)
    assert drawn() == ["contact c-1 (over)"]


def test_what_is_no_message_stands_between_them_at_its_time() -> None:
    messages = [message(100.0, "INVITE sip:a SIP/2.0", "1 INVITE"), message(103.0, "BYE sip:a SIP/2.0", "2 BYE")]
    trace = {"contact": "c-1", "live": False, "missing": 0, "messages": messages}
    notes = [(101.5, ("joined", "")), (102.0, ("told \x1b[2J", "yellow")), (104.0, ("left", ""))]
    first, *rest = list(draw(trace, notes=notes))[3:]
    assert "INVITE" in first[0] and "BYE" in rest[2][0]
    assert [rest[0], rest[1], rest[3]] == [
        ("+1.500   * joined", ""), ("+2.000   * told \ufffd[2J", "yellow"), ("+4.000   * left", ""),
    ]  # fmt: skip
    assert list(draw(trace | {"messages": []}, notes=notes))[1] == ("+0.000   * joined", "")
