"""The media process as it runs: real sockets, a real process that is really killed, phones with known tones."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from softswitch.audio import RATE_HZ, dtmf, g711, tone, wav
from softswitch.call.press import Form
from softswitch.ivr.model import Prompt
from softswitch.media.allot import Ports
from softswitch.media.client import MediaClient, MediaListener
from softswitch.media.prompts import PromptStore
from softswitch.media.speech import find_engine
from softswitch.rtp import packet
from softswitch.sdp.media import PCMA, PCMU, Codec, Media
from tests.support import ports
from tests.support.rtp_phone import EVENT, RtpPhone

pytestmark = pytest.mark.real

HOST = "127.0.0.1"
RTP_PORTS = 60
LEFT_HZ, RIGHT_HZ, HOLD_HZ, PROMPT_HZ, THIRD_HZ = 440.0, 1000.0, 1700.0, 2300.0, 700.0
CLEAR, FAINT = 0.2, 0.02  # amplitude of a tone that is there, and of one that is not


@dataclass
class Plane:
    """A process and its client."""

    directory: Path
    socket: Path
    process: subprocess.Popen[bytes] | None = None
    client: MediaClient | None = None
    played: list[tuple[str, str, bool]] = field(default_factory=list)
    digits: list[tuple[str, str, Form]] = field(default_factory=list)
    rtp: range = field(default_factory=lambda: ports.claim(RTP_PORTS))

    def start_process(self) -> None:
        command = [sys.executable, "-m", "softswitch.media", "--socket", str(self.socket)]
        self.process = subprocess.Popen([*command, "--hold", str(self.directory / "hold")])

    def kill_process(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def start_client(self) -> MediaClient:
        self.client = MediaClient(
            self.socket,
            Ports(HOST, self.rtp.start, self.rtp.stop - 1),
            PromptStore(self.directory / "prompts", self.directory / "cache", find_engine()),
            MediaListener(
                lambda stream, play, ok: self.played.append((stream, play, ok)),
                lambda stream, digit, form: self.digits.append((stream, digit, form)),
            ),
        )
        self.client.begin()
        await self.client.connected(10)
        return self.client

    async def end(self) -> None:
        if self.client is not None:
            await self.client.shutdown()
        self.kill_process()
        ports.release(self.rtp)

    def join(self, room: str, stream: str, phone: RtpPhone, codec: Codec = PCMU) -> None:
        assert self.client is not None
        phone.send_to = self.client.open(stream)
        self.client.connect(stream, media(phone.address, codec), HOST)
        self.client.join(room, stream)


def media(remote: tuple[str, int], codec: Codec = PCMU, direction: str = "sendrecv") -> Media:
    return Media(remote, codec, codec.payload_type, telephone_event=EVENT, direction=direction)


async def eventually(true: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is waited for happens in another process)
            await asyncio.sleep(0.02)


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[Plane]:
    (tmp_path / "hold").mkdir()
    (tmp_path / "prompts" / "en").mkdir(parents=True)
    (tmp_path / "hold" / "a.wav").write_bytes(wav.encode(tone.sine(HOLD_HZ, 2), RATE_HZ))
    (tmp_path / "prompts" / "en" / "hello.wav").write_bytes(wav.encode(tone.sine(PROMPT_HZ, 1.0), RATE_HZ))
    made = Plane(tmp_path, tmp_path / "media.sock")
    try:
        made.start_process()
        await made.start_client()
        yield made
    finally:
        await made.end()


def recorded(path: Path) -> np.ndarray:
    """``(samples, channels)``, by a reader that is not ours."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (RATE_HZ, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())


async def test_two_phones_hear_each_other_and_not_themselves(plane: Plane) -> None:
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ, "PCMA") as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right, PCMA)
        await eventually(lambda: left.strength(RIGHT_HZ) > CLEAR and right.strength(LEFT_HZ) > CLEAR)
        assert left.strength(LEFT_HZ) < FAINT
        assert right.strength(RIGHT_HZ) < FAINT
        assert left.sources == {left.send_to}


async def test_a_third_one_hears_both_and_after_leaving_none(plane: Plane) -> None:
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right, RtpPhone(THIRD_HZ) as third:
        for name, phone in (("L", left), ("R", right), ("T", third)):
            plane.join("r", name, phone)
        await eventually(lambda: third.strength(LEFT_HZ) > CLEAR and third.strength(RIGHT_HZ) > CLEAR)
        await eventually(lambda: left.strength(THIRD_HZ) > CLEAR and left.strength(RIGHT_HZ) > CLEAR)
        assert plane.client is not None
        plane.client.leave("T")
        await eventually(lambda: left.strength(THIRD_HZ) < FAINT and not third.heard(0.4).any())
        assert right.strength(LEFT_HZ) > CLEAR


async def test_prompt_goes_before_hold_music_before_room(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        client.hold_music("L")
        await eventually(lambda: left.strength(HOLD_HZ) > CLEAR and left.strength(RIGHT_HZ) < FAINT)
        client.play("L", "p1", [Prompt("en", "hello.wav")])
        await eventually(lambda: left.strength(PROMPT_HZ) > CLEAR and left.strength(HOLD_HZ) < FAINT)
        assert plane.played == []
        await eventually(lambda: plane.played == [("L", "p1", True)])
        await eventually(lambda: left.strength(HOLD_HZ) > CLEAR)
        client.stop("L")
        await eventually(lambda: left.strength(RIGHT_HZ) > CLEAR)


async def test_a_prompt_that_is_missing_or_stopped(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    client.open("L")
    client.play("L", "p1", [Prompt("en", "nowhere.wav")])
    await eventually(lambda: plane.played == [("L", "p1", False)])
    client.play("L", "p2", [Prompt("en", "hello.wav")])
    client.stop("L")
    client.play("L", "p3", [Prompt("en", "hello.wav")])
    await eventually(lambda: len(plane.played) == 2)
    assert plane.played[1] == ("L", "p3", True)


async def test_each_key_is_reported_once(plane: Plane) -> None:
    with RtpPhone(LEFT_HZ) as left:
        plane.join("r", "L", left)
        await eventually(lambda: bool(left.sources))
        for digit in "1*1":
            left.press(digit)
            await asyncio.sleep(0.4)
        await eventually(lambda: len(plane.digits) >= 3)
        await asyncio.sleep(0.2)
        assert plane.digits == [("L", digit, Form.EVENT) for digit in "1*1"]


async def test_a_tone_is_played_as_its_country_has_it(plane: Plane) -> None:
    assert plane.client is not None
    with RtpPhone(LEFT_HZ) as left:
        plane.join("r", "L", left)
        plane.client.play("L", "t", [Prompt("DE", tone="special", silence_s=0.6)])
        await eventually(lambda: left.strength(950, 0.2) > 0.12)
        await eventually(lambda: left.strength(1400, 0.2) > 0.12)
        await eventually(lambda: plane.played == [("L", "t", True)])


async def test_keys_as_tones_are_heard_where_they_may_come_so_and_sent_in_either_form(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ, "PCMA") as right:
        for name, phone, codec in (("L", left, PCMU), ("R", right, PCMA)):
            plane.join("r", name, phone, codec)
        client.connect("L", replace(media(left.address), telephone_event=None), HOST, tones=True)
        await eventually(lambda: left.strength(RIGHT_HZ) > CLEAR and right.strength(LEFT_HZ) > CLEAR)
        left.say(np.concatenate([part for key in "5#5" for part in (dtmf.tones(key, 0.06), np.zeros(480, np.int16))]))
        right.say(dtmf.tones("9", 0.1))  # nobody listens for tones here
        await eventually(lambda: len(plane.digits) >= 3)
        client.press("R", "12", Form.EVENT)
        client.press("L", "34", Form.TONE)
        await eventually(lambda: right.keys == "12" and left.tones().endswith("34"))
        assert plane.digits == [("L", digit, Form.TONE) for digit in "5#5"]
        await eventually(lambda: left.strength(RIGHT_HZ, 0.2) > CLEAR and right.strength(LEFT_HZ, 0.2) > CLEAR)


async def test_nobody_else_can_speak_in_a_call(plane: Plane) -> None:
    assert plane.client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right, RtpPhone(THIRD_HZ, ssrc=66) as intruder:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        intruder.send_to = left.send_to
        client = plane.client
        await eventually(lambda: client.stats().get("strangers", 0) > 20)
        assert right.strength(THIRD_HZ) < FAINT
        assert right.strength(LEFT_HZ) > CLEAR
        assert not intruder.sources  # and nobody else is sent what the caller should hear


async def test_a_stranger_who_comes_first_hears_says_and_presses_nothing(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    with (
        RtpPhone(LEFT_HZ) as left,
        RtpPhone(RIGHT_HZ) as right,
        RtpPhone(THIRD_HZ, ssrc=66, host="127.0.0.2") as stranger,
    ):
        plane.join("r", "R", right)
        address = client.open("L")
        client.connect("L", media(left.address), HOST)
        client.join("r", "L")
        stranger.send_to = address
        stranger.press("5")
        await eventually(lambda: client.stats().get("strangers", 0) > 50)
        assert plane.digits == []
        assert not stranger.sources
        assert right.strength(THIRD_HZ) < FAINT
        left.send_to = address
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR and left.strength(RIGHT_HZ) > CLEAR)
        assert right.strength(THIRD_HZ) < FAINT
        assert not stranger.sources


async def test_behind_a_nat_the_host_of_the_signalling_is_learnt_once_and_answered(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right, RtpPhone(THIRD_HZ, ssrc=66) as late:
        plane.join("r", "R", right)
        left.send_to = client.open("L")
        client.connect("L", media(("10.0.0.5", 4000)), HOST)  # the address that the phone believes to have
        client.join("r", "L")
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR and left.strength(RIGHT_HZ) > CLEAR)
        late.send_to = left.send_to
        await eventually(lambda: client.stats().get("strangers", 0) > 20)
        assert right.strength(THIRD_HZ) < FAINT
        assert not late.sources


async def test_held_means_neither_heard_nor_sent_to(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        client.connect("L", media(left.address, direction="inactive"), HOST)
        await eventually(lambda: not right.heard(0.4).any())
        frames = len(left.heard(1000))
        await asyncio.sleep(0.3)
        assert len(left.heard(1000)) == frames
        client.connect("L", media(left.address), HOST)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR and left.strength(RIGHT_HZ) > CLEAR)


async def test_a_recording_has_each_side_on_its_channel(plane: Plane) -> None:
    client, path = plane.client, plane.directory / "rec" / "call.wav"
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR and left.strength(RIGHT_HZ) > CLEAR)
        client.record("rec", path, "L", "R")
        client.record("mono", path.with_name("mono.wav"), "R", None)
        await asyncio.sleep(1.5)
        client.close("L")
        await asyncio.sleep(0.5)
        client.stop_record("rec")
        client.stop_record("mono")
        await eventually(lambda: path.exists() and len(recorded(path)) > 1.7 * RATE_HZ)
    sound = recorded(path)
    second = sound[RATE_HZ // 4 : RATE_HZ]
    assert tone.strength(second[:, 0], LEFT_HZ) > CLEAR
    assert tone.strength(second[:, 0], RIGHT_HZ) < FAINT
    assert tone.strength(second[:, 1], RIGHT_HZ) > CLEAR
    assert tone.strength(second[:, 1], LEFT_HZ) < FAINT
    assert not sound[-1600:, 0].any()  # the one that is gone is silent, and the other goes on
    assert tone.strength(sound[-2400:, 1], RIGHT_HZ) > CLEAR  # but for what was still to come when it was stopped
    await eventually(lambda: len(recorded(path.with_name("mono.wav"))) > 1.7 * RATE_HZ)
    assert recorded(path.with_name("mono.wav")).shape[1] == 1


async def test_a_recording_is_never_written_over(plane: Plane) -> None:
    client, path = plane.client, plane.directory / "old.wav"
    assert client is not None
    path.write_bytes(b"precious")
    client.open("L")
    client.record("rec", path, "L", None)
    await eventually(lambda: client.stats()["record_errors"] == 1)
    assert path.read_bytes() == b"precious"


async def test_kill_9_and_the_calls_go_on_with_a_new_process(plane: Plane) -> None:
    client, path = plane.client, plane.directory / "call.wav"
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        client.record("rec", path, "L", "R")
        await eventually(lambda: path.exists() and len(recorded(path)) >= RATE_HZ)
        client.play("L", "p1", [Prompt("en", "hello.wav")])
        client.hold_music("R")
        await eventually(lambda: left.strength(PROMPT_HZ, 0.1) > CLEAR)
        plane.kill_process()
        assert len(recorded(path)) >= RATE_HZ  # playable as it was left
        await eventually(lambda: not client.gauges()["connected"])
        plane.start_process()
        await client.connected(10)
        await eventually(lambda: plane.played == [("L", "p1", False)])
        await eventually(lambda: left.strength(RIGHT_HZ) > CLEAR and right.strength(HOLD_HZ) > CLEAR)
        client.stop("R")
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        again = path.with_name("call.2.wav")
        await eventually(lambda: again.exists() and len(recorded(again)) >= 2 * RATE_HZ)
        assert tone.strength(recorded(again)[RATE_HZ:, 1], RIGHT_HZ) > CLEAR


async def test_a_process_that_hangs_is_killed_and_the_calls_go_on_with_a_new_one(
    plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    client, hung = plane.client, plane.process
    assert client is not None
    assert hung is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        hung.send_signal(signal.SIGSTOP)
        assert await asyncio.to_thread(hung.wait, 10) == -signal.SIGKILL
        await eventually(lambda: not client.gauges()["connected"])
        assert f"media process {hung.pid} does not answer" in caplog.text
        plane.start_process()  # as the supervisor does
        await client.connected(10)
        assert client.stats()["process_changes"] == 1
        before = len(right.heard(1000))
        await eventually(lambda: len(right.heard(1000)) > before + RATE_HZ / 2)
        assert right.strength(LEFT_HZ) > CLEAR


async def test_control_dies_and_audio_goes_on_until_a_fresh_control_begins(plane: Plane) -> None:
    assert plane.client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        await plane.client.shutdown()
        await asyncio.sleep(0.6)
        assert right.strength(LEFT_HZ) > CLEAR
        client = await plane.start_client()
        await eventually(lambda: client.gauges().get("streams") == 0)
        plane.join("r2", "A", left)
        plane.join("r2", "B", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)


async def test_sigterm_finishes_the_recordings(plane: Plane) -> None:
    client, path = plane.client, plane.directory / "call.wav"
    assert client is not None
    assert plane.process is not None
    client.open("L")
    client.record("rec", path, "L", None)
    await eventually(path.exists)
    await asyncio.sleep(0.3)
    plane.process.terminate()
    assert await asyncio.to_thread(plane.process.wait, 5) == 0
    assert 0.2 * RATE_HZ < len(recorded(path)) < RATE_HZ


async def test_noise_on_the_port_and_on_the_socket_hurts_nobody(plane: Plane) -> None:
    client = plane.client
    assert client is not None
    with RtpPhone(LEFT_HZ) as left, RtpPhone(RIGHT_HZ) as right, socket.socket(type=socket.SOCK_DGRAM) as noise:
        plane.join("r", "L", left)
        plane.join("r", "R", right)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        for octets in (
            b"",
            b"\x80",
            b"\x9f" * 12,
            b"\xb0\x00" + b"\xff" * 40,
            b"x" * 3000,
            packet.build(99, 1, 1, 1, b""),
        ):
            noise.sendto(octets, left.send_to or ("", 0))
        await eventually(lambda: client.stats().get("malformed", 0) >= 5 and client.stats()["strangers"] >= 1)
        _, writer = await asyncio.open_unix_connection(str(plane.socket))
        writer.write(b"\x7f\xff\xff\xffnonsense")
        await asyncio.sleep(0.3)
        writer.close()
        await client.connected(5)
        await eventually(lambda: right.strength(LEFT_HZ) > CLEAR)
        assert client.stats()["errors"] == 0


def test_the_laws_are_those_of_the_codecs() -> None:
    assert {PCMU.name, PCMA.name} == set(g711.LAWS)
