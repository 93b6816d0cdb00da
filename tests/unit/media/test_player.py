"""Prompts in a row, files that come late or not at all, and hold music in step."""

from collections.abc import Callable
from concurrent.futures import Future

import numpy as np

from softswitch.audio import FRAME, RATE_HZ, WIDE_FRAME, WIDE_HZ
from softswitch.media.library import pause
from softswitch.media.player import Ended, Heard, Player

Sound = Callable[[int], "Future[np.ndarray]"]


def had(pcm: np.ndarray) -> "Future[np.ndarray]":
    future: Future[np.ndarray] = Future()
    future.set_result(pcm)
    return future


def piece(value: int, samples: int) -> Sound:
    """``samples`` of 8 kHz, and as long at other rates."""
    return lambda rate_hz: had(np.full(samples * rate_hz // RATE_HZ, value, np.int16))


def later(future: "Future[np.ndarray]") -> Sound:
    return lambda rate_hz: future


def both(player: Player, *wide: bool) -> tuple[Heard, list[Ended]]:
    """A tick; 99 is what the room says."""
    rows = len(wide)
    heard = Heard(np.full((rows, FRAME), 99, np.int16), np.full((rows, WIDE_FRAME), 99, np.int16), np.array(wide))
    return heard, player.render(heard)


def frame(player: Player, rows: int = 1) -> tuple[np.ndarray, list[Ended]]:
    heard, over = both(player, *[False] * rows)
    assert (heard.wide == 99).all()
    return heard.narrow, over


def test_pieces_follow_each_other_without_a_gap() -> None:
    player = Player(1, {})
    player.play(0, "p", [piece(1, 100), piece(2, 100), piece(3, 40)])
    first, over = frame(player)
    assert first[0].tolist() == [1] * 100 + [2] * 60
    assert over == []
    second, over = frame(player)
    assert second[0].tolist() == [2] * 40 + [3] * 40 + [0] * 80
    assert over == [Ended(0, "p", True)]
    assert frame(player)[0][0].tolist() == [99] * FRAME


def test_the_end_is_told_with_the_last_sample() -> None:
    player = Player(1, {})
    player.play(0, "p", [piece(1, FRAME)])
    assert frame(player)[1] == [Ended(0, "p", True)]


def test_prompts_without_sound_end_at_once() -> None:
    player = Player(2, {})
    player.play(0, "p", [piece(1, 0), piece(1, 0)])
    player.play(1, "q", [])
    assert frame(player, 2)[1] == [Ended(0, "p", True), Ended(1, "q", True)]


def test_a_file_that_comes_late_is_waited_for_in_silence() -> None:
    player, late = Player(1, {}), Future[np.ndarray]()
    player.play(0, "p", [later(late)])
    heard, over = frame(player)
    assert not heard.any() and over == []
    late.set_result(np.full(10, 7, np.int16))
    heard, over = frame(player)
    assert heard[0, :10].tolist() == [7] * 10
    assert over == [Ended(0, "p", True)]


def test_a_file_that_cannot_be_had_ends_it_with_not_ok() -> None:
    player, bad = Player(1, {}), Future[np.ndarray]()
    bad.set_exception(OSError("gone"))
    player.play(0, "p", [piece(1, FRAME), later(bad), piece(2, FRAME)])
    assert frame(player)[1] == []
    assert frame(player)[1] == [Ended(0, "p", False)]


def test_playing_anew_replaces_and_repeating_the_command_does_not() -> None:
    player = Player(1, {})
    player.play(0, "p", [piece(1, 3 * FRAME)])
    frame(player)
    player.play(0, "p", [piece(5, 3 * FRAME)])
    assert frame(player)[0][0, 0] == 1
    player.play(0, "q", [piece(2, FRAME)])
    assert frame(player)[1] == [Ended(0, "q", True)]
    assert player.play(0, "q", [piece(2, FRAME)]) == Ended(0, "q", True)
    assert len(player) == 0


def test_a_pause_between_two_pieces_is_as_long_as_it_should_be() -> None:
    player = Player(1, {})
    player.play(0, "p", [piece(1, 100), pause(0.0075), piece(2, 20)])
    heard, over = frame(player)
    assert heard[0].tolist() == [1] * 100 + [0] * 60
    assert frame(player)[0][0].tolist() == [2] * 20 + [0] * 140
    assert over == []


def loop(*values: int) -> Sound:
    return lambda rate_hz: had(np.repeat(np.array(values, np.int16)[:, None], FRAME * rate_hz // RATE_HZ, axis=1))


def test_hold_music_is_in_step_under_prompts() -> None:
    player = Player(3, {"default": loop(0, 1, 2, 3)})
    player.hold(0)
    assert frame(player, 3)[0][:, 0].tolist() == [0, 99, 99]
    player.hold(1)
    player.play(1, "p", [piece(50, FRAME)])
    assert frame(player, 3)[0][:, 0].tolist() == [1, 50, 99]
    assert frame(player, 3)[0][:, 0].tolist() == [2, 2, 99]
    player.stop(0)
    assert frame(player, 3)[0][:, 0].tolist() == [99, 3, 99]
    assert frame(player, 3)[0][:, 0].tolist() == [99, 0, 99]


def test_each_class_has_its_music_and_an_unknown_one_the_default() -> None:
    player = Player(5, {"jazz": loop(10, 11, 12), "default": loop(1, 2)})
    for row, music in enumerate(("jazz", "default", "", "nonsense")):
        player.hold(row, music)
    assert [frame(player, 5)[0][:, 0].tolist() for _ in range(4)] == [
        [10, 1, 1, 1, 99], [11, 2, 2, 2, 99], [12, 1, 1, 1, 99], [10, 2, 2, 2, 99],
    ]  # fmt: skip


def test_music_that_is_missing_broken_empty_or_not_decoded_yet_is_silence() -> None:
    late, bad = Future[np.ndarray](), Future[np.ndarray]()
    bad.set_exception(OSError("gone"))
    player = Player(4, {"late": later(late), "bad": later(bad), "empty": loop()})
    for row, music in enumerate(("late", "bad", "empty", "none")):
        player.hold(row, music)
    assert not frame(player, 4)[0].any()
    late.set_result(loop(7, 8)(RATE_HZ).result())
    assert frame(player, 4)[0][:, 0].tolist() == [8, 0, 0, 0]


def test_wide_rows_hear_prompts_and_the_same_moment_of_music_at_their_own_rate() -> None:
    player = Player(3, {"default": loop(0, 1, 2, 3)})
    for row in (0, 1):
        player.hold(row)
    player.play(2, "p", [piece(50, 200), piece(60, 60)], WIDE_HZ)
    heard, over = both(player, False, True, True)
    assert heard.narrow[:, 0].tolist() == [0, 99, 99] and heard.wide[:, 0].tolist() == [99, 0, 50] and over == []
    heard, over = both(player, False, True, True)
    assert heard.narrow[0].tolist() == [1] * FRAME and heard.wide[1].tolist() == [1] * WIDE_FRAME
    assert heard.wide[2].tolist() == [50] * 80 + [60] * 120 + [0] * 120 and over == [Ended(2, "p", True)]


def test_a_prompt_goes_on_where_it_was_when_its_row_gets_another_rate() -> None:
    player = Player(1, {})
    player.play(0, "p", [lambda rate_hz: had(np.arange(0, 800, RATE_HZ / rate_hz).astype(np.int16))])
    sounds = [both(player, wide)[0].of(0) for wide in (False, True, False)]
    assert [len(sound) for sound in sounds] == [FRAME, WIDE_FRAME, FRAME]
    assert [(sound[0], sound[-1]) for sound in sounds] == [(0, 159), (160, 319), (320, 479)]
