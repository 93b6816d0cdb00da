"""Which codec is agreed on, what stands beside it, and how long packets are."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from softswitch.audio import codec
from softswitch.core.errors import PeerError
from softswitch.sdp import codecs
from softswitch.sdp.media import G722, L16, L16_WIDE, OPUS, PCMA, PCMU, Codec, LocalMedia, Media
from softswitch.sdp.negotiate import accept, answer, offer
from softswitch.sdp.session import parse_session

US = LocalMedia(("192.0.2.1", 4000), codecs.USUAL)
THEM = LocalMedia(("198.51.100.7", 5000), codecs.USUAL)


def agreed(*offered: Codec, ours: LocalMedia = US) -> Media:
    return answer(offer(replace(THEM, codecs=offered)), ours)[1]


def listed(*own: Codec) -> LocalMedia:
    return replace(US, codecs=own, ranked=True)


def with_lines(*lines: str, formats: str = "0", local: LocalMedia = US) -> tuple[bytes, Media]:
    head = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    body = head + f"m=audio 5000 RTP/AVP {formats}\r\n" + "".join(f"a={line}\r\n" for line in lines)
    return answer(body.encode(), local)


# ---- which codec -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ((PCMA, PCMU), "PCMA"),
        ((OPUS, G722, PCMA, PCMU), "PCMA"),  # what is coded by table goes first
        ((OPUS, G722), "opus"),
        ((G722, OPUS), "G722"),
    ],
)
def test_without_a_list_the_offerer_s_order_counts_after_g711(offered: tuple[Codec, ...], taken: str) -> None:
    assert agreed(*offered).codec.name == taken


@pytest.mark.parametrize("offered", [(PCMU, PCMA, G722), (G722, PCMA, PCMU), (PCMA, G722, PCMU)])
def test_a_list_decides_by_its_own_order(offered: tuple[Codec, ...]) -> None:
    assert agreed(*offered, ours=listed(G722, PCMU)).codec.name == "G722"
    assert agreed(*offered, ours=listed(OPUS, PCMA, PCMU)).codec.name == "PCMA"


def test_the_same_text_means_another_codec_as_an_offer_and_as_an_answer() -> None:
    body = offer(replace(THEM, codecs=(G722, PCMA)))
    assert [answer(body, US)[1].codec.name, accept(body, US).codec.name] == ["PCMA", "G722"]
    assert [answer(body, US)[1].codec.name, accept(body, US).codec.name] == ["PCMA", "G722"]  # having been read


def test_the_same_text_means_another_codec_where_ours_are_in_an_order_and_where_they_are_not() -> None:
    body = offer(replace(THEM, codecs=(G722, PCMA)))
    mine = replace(US, codecs=(G722, PCMA))
    for _ in range(2):  # also having been read
        found = [answer(body, replace(mine, ranked=ranked))[1].codec.name for ranked in (False, True)]
        assert found == ["PCMA", "G722"]


def test_what_is_not_in_the_list_is_refused_by_name() -> None:
    with pytest.raises(PeerError) as refused:
        agreed(PCMU, PCMA, ours=listed(OPUS))
    assert refused.value.warning == '305 softswitch "no common codec: offered PCMU/8000, PCMA/8000; we have opus"'


def test_we_offer_our_list_in_its_order_and_use_the_first_of_the_answer() -> None:
    (section,) = parse_session(offer(listed(OPUS, L16_WIDE, G722, PCMU))).sections
    assert section.formats[:4] == ("111", "113", "9", "0")
    assert "111 opus/48000/2" in section.attributes_of("rtpmap") and "113 L16/16000" in section.attributes_of("rtpmap")
    body = offer(replace(THEM, codecs=(G722, OPUS)))  # an answer that has both
    assert accept(body, listed(OPUS, G722)).codec.name == "G722"


def test_the_same_name_on_another_clock_is_another_codec() -> None:
    assert agreed(L16, L16_WIDE, ours=listed(L16_WIDE)).codec.rate_hz == 16000
    with pytest.raises(PeerError):
        agreed(Codec("L16", 96, 44100), ours=listed(L16, L16_WIDE))


@pytest.mark.parametrize("line", ["rtpmap:96 L16/16000/2", "rtpmap:96 PCMU/8000/2"])
def test_stereo_is_not_taken_but_for_opus_which_always_says_so(line: str) -> None:
    with pytest.raises(PeerError):
        with_lines(line, formats="96", local=listed(L16_WIDE, PCMU, OPUS))
    assert with_lines("rtpmap:96 OPUS/48000/2", formats="96")[1].codec.payload_type == 96


def test_parameters_of_the_peer_come_with_the_codec_and_ours_are_said_again() -> None:
    body, media = with_lines("rtpmap:96 opus/48000/2", "fmtp:96 maxaveragebitrate=20000; useinbandfec=1", formats="96")
    assert media.fmtp == "maxaveragebitrate=20000; useinbandfec=1" and b"a=fmtp:96 useinbandfec=1\r\n" in body


def test_every_codec_of_the_settings_can_be_coded() -> None:
    assert all(codec.has(one.name, one.rate_hz) for one in codecs.KNOWN.values())
    assert not codec.has("G729", 8000)
    assert len({one.payload_type for one in codecs.KNOWN.values()} | {101}) == len(codecs.KNOWN) + 1


# ---- what stands beside it -------------------------------------------------------------------------------------


def test_keys_stand_beside_on_the_clock_of_the_codec() -> None:
    media = agreed(OPUS, ours=listed(OPUS, PCMU))
    assert (media.telephone_event, media.event_clock_hz) == (101, 48000)


def test_keys_beside_opus_may_be_written_with_8000() -> None:
    lines = ("rtpmap:96 opus/48000/2", "rtpmap:97 telephone-event/8000")
    body, media = with_lines(*lines, formats="96 97")
    assert (media.telephone_event, media.event_clock_hz) == (97, 8000)
    assert b"a=rtpmap:97 telephone-event/8000\r\n" in body
    _, media = with_lines(*lines, "rtpmap:98 telephone-event/48000", formats="96 97 98")
    assert (media.telephone_event, media.event_clock_hz) == (98, 48000)


@pytest.mark.parametrize(("formats", "noise"), [("0 13", 13), ("9 13", 13), ("0 96", 96), ("0", None), ("97 13", None)])
def test_comfort_noise_is_taken_where_it_is_offered_and_the_codec_has_none(formats: str, noise: int | None) -> None:
    body, media = with_lines("rtpmap:96 cn/8000", "rtpmap:97 opus/48000/2", formats=formats)
    assert media.noise_type == noise and (b"CN/8000" in body) == (noise is not None)


def test_comfort_noise_is_not_offered() -> None:
    assert b"CN" not in offer(US)


# ---- packet times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "ptime_ms"),
    [
        ((), 20),
        (("ptime:10",), 10),
        (("ptime:30", "maxptime:60"), 30),
        (("ptime:60", "maxptime:40"), 40),
        (("maxptime:10",), 10),
        (("maxptime:240",), 20),
        (("ptime:33",), 30),
        (("ptime:120",), 60),
        (("ptime:5",), 20),
        (("ptime:20", "maxptime:5"), 10),
        (("ptime:-20", "maxptime:x"), 20),
        (("ptime:99999999999", "maxptime:0"), 20),
    ],
)
def test_packets_are_as_long_as_the_peer_would_like_and_can_take(lines: tuple[str, ...], ptime_ms: int) -> None:
    assert with_lines(*lines)[1].ptime_ms == ptime_ms
