"""One transcript, line by line, against the switch.

Time flows while the transcript waits for something to happen. Before the caller does anything, what is being said to
them is heard to its end (``at once`` does not wait); then everything that has happened to them must have been in the
transcript. After the last line the caller hangs up.
"""

from __future__ import annotations

from collections.abc import Callable

from softswitch.rehearsal import matching
from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.outcome import Outcome, Row
from softswitch.rehearsal.playing import Parted, Playing
from softswitch.rehearsal.reading import OF_SCENE
from softswitch.rehearsal.script import (
    CALLER,
    Calls,
    HangUp,
    Happens,
    Hears,
    HttpAnswers,
    Is,
    Let,
    Line,
    Picks,
    Press,
    Skip,
    Transcript,
    TransfersTo,
)
from softswitch.rehearsal.stage import Scene, WrongScene, unix
from softswitch.switch.configuration import Configuration

PATIENCE_S = 3600.0  # until something happens to the caller
ASIDE_S = 60.0  # until something else happens, which the caller does not hear


class Performance:
    """``to``: who is called where the transcript does not say."""

    def __init__(self, transcript: Transcript, configuration: Configuration, to: str) -> None:
        scene = Scene.of(transcript.lines)
        self.outcome = Outcome(transcript.file, transcript.number, transcript.name)
        self._transcript = transcript
        self._playing = Playing(scene, configuration, to, unix(transcript, scene, configuration))
        self._skipping = False
        self._passed_by: list[Happening] = []  # by ``...``

    def run(self) -> Outcome:
        """Raises nothing: what goes wrong is in the outcome."""
        outcome, playing, line = self.outcome, self._playing, None
        try:
            playing.begin()
            for line in self._transcript.lines:
                self._take(line)
            if not playing.started:
                raise WrongScene(outcome.number, "nothing happens in this call; write what the caller hears")
            playing.close()
        except (Parted, WrongScene) as error:
            outcome.why = str(error)
            outcome.failed_at = getattr(error, "line", 0) or (line.number if line else outcome.number)
            outcome.step, outcome.where = playing.witness.step, playing.where()
            self._show_rest()
        outcome.lasted_s = playing.world.now
        outcome.steps, outcome.ways = playing.witness.steps, playing.witness.ways
        return outcome

    def _take(self, line: Line) -> None:
        try:
            match line.meaning:
                case Is() | Picks() | HttpAnswers() as setting:
                    self._playing.stage.set(setting)
                case meaning if not isinstance(meaning, OF_SCENE):
                    self._playing.start()
                    self._act(line)
        except ValueError as error:
            raise WrongScene(line.number, str(error)) from None

    def _act(self, line: Line) -> None:
        match line.meaning:
            case Skip():
                self._skipping = True
                self._row(line, "")
            case Hears() as expected:
                self._hear(line, expected)
            case Happens(strict=True) as expected:
                self._meet(line, expected)
            case Happens() as expected:
                self._find(line, expected)
            case Press() | Let() | HangUp() | Calls() | TransfersTo() as deed:
                self._do(line, deed)

    # ---- what must happen --------------------------------------------------------------------------------------

    def _next(self) -> Happening:
        """Until something has happened to the caller that is not in the transcript yet."""
        playing = self._playing
        if not playing.flow(PATIENCE_S, lambda: playing.waiting):
            playing.waiting, self._passed_by = self._passed_by, []  # which show what came instead
            raise Parted("nothing more happens to the caller for an hour")
        return playing.waiting[0]

    def _hear(self, line: Line, expected: Hears) -> None:
        if expected.who != CALLER:
            who = self._playing.stage.known_as(expected.who)
            self._aside(line, lambda one: matching.same_person(who, one.who) and matching.heard(expected, [one]) > 0)
            return
        while True:
            self._next()
            if count := matching.heard(expected, self._playing.waiting):
                return self._done(line, count)
            self._skip_one(line)

    def _meet(self, line: Line, expected: Happens) -> None:
        while not matching.fits(expected, self._next(), self._playing.stage.known_as):
            self._skip_one(line)
        self._done(line, 1)
        if expected.for_s:
            self._playing.flow(expected.for_s, lambda: False)

    def _skip_one(self, line: Line) -> None:
        waiting = self._playing.waiting
        if not (self._skipping or waiting[0].soft):
            raise Parted(f"expected: {line.text}")
        self._passed_by.append(waiting.pop(0))

    def _done(self, line: Line, count: int) -> None:
        waiting = self._playing.waiting
        taken, self._playing.waiting = waiting[:count], waiting[count:]
        self._row(line, together(taken), at=taken[0].at)
        self._skipping = False
        self._passed_by.clear()

    def _find(self, line: Line, expected: Happens) -> None:
        name, value = expected.details.get("name"), expected.details.get("value")
        if expected.kind == "variable" and str(self._playing.witness.variable(str(name))) == value:
            self._row(line, line.text)
            return
        self._aside(line, lambda one: matching.fits(expected, one, self._playing.stage.known_as))

    def _aside(self, line: Line, fits: Callable[[Happening], bool]) -> None:
        """Something that need not be in a transcript; each such thing is found once."""
        playing = self._playing

        def found() -> Happening | None:
            return next((one for one in playing.world.happened if not one.used and fits(one)), None)

        playing.flow(ASIDE_S, found)
        one = found()
        if one is None:
            raise Parted(f"this has not happened: {line.text}")
        one.used = True
        self._row(line, one.text, at=one.at)

    # ---- deeds -------------------------------------------------------------------------------------------------

    def _do(self, line: Line, deed: Press | Let | HangUp | Calls | TransfersTo) -> None:
        at_once = isinstance(deed, Press | HangUp) and (deed.at_once or deed.who != CALLER)
        if not at_once and not isinstance(deed, Calls):
            self._playing.listen()
        if not at_once and not isinstance(deed, Calls | Let):
            self._settle()
        self._skipping = self._skipping and isinstance(deed, Let)
        self._row(line, line.text)
        self._playing.do(deed)

    def _settle(self) -> None:
        """All that the caller has lived through is in the transcript."""
        playing = self._playing
        playing.waiting = [] if self._skipping else [one for one in playing.waiting if not one.soft]
        if playing.waiting:
            raise Parted("this is not in the transcript")

    # ---- the two columns ---------------------------------------------------------------------------------------

    def _row(self, line: Line, actual: str, at: float | None = None) -> None:
        now = self._playing.world.now
        self.outcome.rows.append(Row(line.number, line.text, actual, now if at is None else at))

    def _show_rest(self) -> None:
        """The line at which it parted, beside what came instead; and what else had happened by then."""
        rows, waiting, number = self.outcome.rows, self._playing.waiting, self.outcome.failed_at
        failed = next((one for one in self._transcript.lines if one.number == number), None)
        expected = failed.text if failed and not (rows and rows[-1].number == number) else ""
        first = next(iter(waiting), None)
        if expected or first:
            actual, at = (first.text, first.at) if first else ("", 0.0)
            rows.append(Row(failed.number if failed else 0, expected, actual, at, right=False))
        rows += [Row(0, "", one.text, one.at, right=False) for one in waiting[1:]]


def together(heard: list[Happening]) -> str:
    """What one line stands for."""
    return " ".join(one.text.removeprefix("hears ") if index else one.text for index, one in enumerate(heard))
