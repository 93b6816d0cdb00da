"""What is wanted survives as octets, and nonsense is no memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media import memory as m
from softswitch.media import protocol as p
from softswitch.media.wanted import Wanted, WantedPlay, WantedRecording, WantedStream

KEYS = p.Keys("AEAD_AES_128_GCM", bytes(28), bytes(range(28)))
CONNECT = p.Connect("L", 7, "192.0.2.1", 4000, "198.51.100.7", "PCMU", 0, 0, 101, "sendrecv", KEYS)


def full() -> Wanted:
    stream = WantedStream(
        p.Open("L", "127.0.0.1", 20000),
        CONNECT,
        p.Latch("L", 7, "198.51.100.7", 61000),
        p.Join("r", "L", ("R",), 0.5),
        "jazz",
        WantedPlay("p1", p.Play("L", "p1", ("/a.wav", 0.5)), "life 1"),
    )
    other = WantedStream(p.Open("R", "127.0.0.1", 20002), play=WantedPlay("p2"))
    recording = WantedRecording("rec", Path("/nowhere/rec.wav"), "L", "R", "life 1", 2, "card number")
    return Wanted({"L": stream, "R": other}, {"rec": recording})


def test_all_that_is_wanted_is_wanted_again() -> None:
    wanted, again = full(), Wanted()
    memory = m.unpack(m.pack(wanted, "life 1", ["L", "unknown"], ["rec", "unknown"]))
    assert memory.life == "life 1"
    assert m.restore(again, memory) == [wanted.streams["L"].open]
    assert again == Wanted({"L": wanted.streams["L"]}, wanted.recordings)
    assert m.restore(again, memory) == []  # a second memory of the same changes nothing


def test_the_same_life_goes_on_and_another_begins_a_new_file_and_loses_the_prompts() -> None:
    again = Wanted()
    m.restore(again, m.unpack(m.pack(full(), "life 1", ["L", "R"], ["rec"])))
    assert again.meet("life 1") == [("R", "p2")]  # its files were being made by the control that is gone
    assert again.recordings["rec"].file == Path("/nowhere/rec.2.wav")
    assert again.meet("life 2") == [("L", "p1")]
    assert again.recordings["rec"].file == Path("/nowhere/rec.3.wav")


def test_a_segment_that_the_memory_does_not_know_of_is_passed_over(tmp_path: Path) -> None:
    recording = WantedRecording("rec", tmp_path / "rec.opus", "L", None, "life 1")
    (tmp_path / "rec.2.wav").touch()  # still growing
    (tmp_path / "rec.3.opus").touch()
    recording.meet("life 4")
    assert recording.file == tmp_path / "rec.4.opus"


@given(st.binary(max_size=60))
def test_nonsense_is_refused(octets: bytes) -> None:
    with pytest.raises(p.ProtocolError, match="a memory of media"):
        m.unpack(octets)
