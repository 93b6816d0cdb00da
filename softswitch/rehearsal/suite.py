"""All transcripts of some files: which numbers they call, whether they name what there is, and what became of them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePath

from softswitch.core.effect import DomainEvent
from softswitch.core.errors import Problem
from softswitch.ivr.plan import Plan, with_flows
from softswitch.rehearsal.customer import customer
from softswitch.rehearsal.outcome import Outcome
from softswitch.rehearsal.performance import Performance
from softswitch.rehearsal.reading import read
from softswitch.rehearsal.script import (
    CALLER,
    CalendarIs,
    Calls,
    CampaignCalls,
    From,
    HangUp,
    Happens,
    Hears,
    Is,
    Line,
    OthersWait,
    Picks,
    Press,
    To,
    Transcript,
    TransfersTo,
)
from softswitch.rehearsal.stage import Scene, WrongScene, unix
from softswitch.switch.configuration import Configuration


def read_all(texts: Mapping[str, str], configuration: Configuration) -> tuple[list[Transcript], list[Problem]]:
    """``file name -> text``. Transcripts that name what is not there are problems too."""
    transcripts: list[Transcript] = []
    problems: list[Problem] = []
    for file, text in sorted(texts.items()):
        found, wrong = read(text, file)
        transcripts += found
        problems += wrong
        problems += dict.fromkeys(problem for one in found for problem in _unknown(one, configuration))
    return transcripts, problems


def perform(transcript: Transcript, configuration: Configuration) -> Outcome:
    return Performance(transcript, configuration, first_number(transcript, configuration.plans)).run()


def first_number(transcript: Transcript, plans: Mapping[str, Plan]) -> str:
    """Of the plan beside the file."""
    stem = PurePath(transcript.file).stem
    beside = [plan for plan in plans.values() if PurePath(plan.file).stem == stem]
    return next((number for plan in beside for number in plan.numbers), "")


def _unknown(transcript: Transcript, configuration: Configuration) -> Iterator[Problem]:
    people = {spec.name for spec in configuration.agents} | set(configuration.users)
    for line in transcript.lines:
        for kind, name in _names(line):
            known: Collection[str] = {
                "queue": {spec.name for spec in configuration.queues},
                "campaign": set(configuration.campaigns),
                "trunk": set(configuration.trunks),
                "calendar": set(configuration.calendars),
                "step": {step for plan in with_flows(configuration.plans).values() for step in plan.steps},
                "fact": set(_facts(DomainEvent)),
            }.get(kind, people)
            if name in known or (kind == "person" and (name == CALLER or name.lstrip("+").isdecimal())):
                continue
            yield Problem(transcript.file, line.number, 1, "", f"there is no {kind} {name!r}{_meant(name, known)}")
    scene = Scene.of(transcript.lines)
    try:
        now = unix(transcript, scene, configuration)
        if scene.campaign is not None and scene.campaign.campaign in configuration.campaigns:
            customer(scene.campaign, configuration, now)
    except WrongScene as error:
        yield Problem(transcript.file, error.line, 1, "", str(error))
    except ValueError as error:
        yield Problem(transcript.file, scene.campaign_line, 1, "", str(error))
    if scene.campaign is not None:
        yield from _two_callers(transcript, scene)
        return
    if not (first_number(transcript, configuration.plans) or _says_number(transcript.lines)):
        message = "says nobody is called: no plan with numbers is beside this file; write   to NUMBER"
        yield Problem(transcript.file, transcript.number, 1, "", message)


def _two_callers(transcript: Transcript, scene: Scene) -> Iterator[Problem]:
    """What holds for other calls of the file, of ``always:``, does not matter here."""
    made = next(line for line in transcript.lines if line.number == scene.campaign_line)
    for line in transcript.lines:
        if isinstance(line.meaning, From | To | CampaignCalls) and line is not made and line.number > transcript.number:
            message = f"{line.text!r} is too much: {made.text!r} says who calls whom; leave one of them out"
            yield Problem(transcript.file, line.number, 1, "", message)


def _says_number(lines: Iterable[Line]) -> bool:
    return any(getattr(line.meaning, "to", "") or type(line.meaning).__name__ == "To" for line in lines)


def _names(line: Line) -> Iterator[tuple[str, str]]:
    match line.meaning:
        case From(_, _, _, trunk) if trunk:
            yield "trunk", trunk
        case CampaignCalls(campaign):
            yield "campaign", campaign
        case CalendarIs(calendar):
            yield "calendar", calendar
        case OthersWait(_, queue):
            yield "queue", queue
        case Happens("fact", _, details):
            yield "fact", str(details["name"])
        case Happens(_, who, details):
            yield "person", who
            for what, key in (("queue", "queue"), ("step", "step"), ("person", "with")):
                if key in details:
                    yield what, str(details[key])
        case Hears(_, _, who) | HangUp(who) | Press(_, _, who) | Is(who) | Picks(who) | Calls(who) | TransfersTo(who):
            yield "person", who


def _facts(kind: type[DomainEvent]) -> Iterator[str]:
    for one in kind.__subclasses__():
        yield one.__name__
        yield from _facts(one)


def _meant(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return (
        f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(sorted(known)[:20])}" if known else ""
    )
