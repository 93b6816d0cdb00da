"""What is heard: whatever the language of a caller who comes to a step, there is something in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from softswitch.core.yaml_nodes import Path
from softswitch.ivr import template
from softswitch.ivr.speech import choose, kin
from softswitch.ivr.verb.item import Item
from softswitch.ivr.view import View
from softswitch.ivr.world import World


def _prompts(view: View) -> None:
    for name, step in view.plan.steps.items():
        if name in view.scope.languages:
            for below, play, say in step.verb.parts():
                _heard(_Part(view, name, below, play, say))


@dataclass(frozen=True, slots=True)
class _Part:
    """Something that is heard in a step."""

    view: View
    step: str
    below: Path
    play: Sequence[str]
    say: Sequence[Item]

    def problem(self, key: Path, message: str) -> None:
        self.view.problem(self.step, (*self.below, *key), message)


def _heard(part: _Part) -> None:
    """Whatever the language of a caller who comes here: there is a recording, or a text and an engine for it."""
    world, languages = part.view.world, part.view.scope.languages[part.step]
    lacking = {language: _missing_files(world, part.play, language) for language in languages}
    mute = sorted(language for language, files in lacking.items() if files or not part.play)
    without = [language for language in mute if not _recorded(world, part.say, language)]
    if without and not (part.say and world.speech):
        _nothing_to_hear(part, without, lacking)
    for index, item in enumerate(part.say):
        silent = [one for one in mute if item.each is not None and choose(one, item.each, ()) is None]
        if silent and item.language is None:
            message = f"callers with language {' and '.join(silent)} come here, and have no text"
            part.problem(("say", index), message)


def _nothing_to_hear(part: _Part, mute: list[str], lacking: Mapping[str, Sequence[str]]) -> None:
    if not part.play:
        message = f"there is no speech engine for this text; record it for {' and '.join(mute)}, and play the file"
        part.problem(("say",), message)
        return
    places = " and ".join(f"media/prompts/{language}" for language in mute)
    file = lacking[mute[0]][0]
    near = part.view.draft.sheet.hint(file, (part.view.world.prompts or {}).get(mute[0], frozenset()))
    part.problem(("play",), f"no file {file!r} in {places}{near}")


def _missing_files(world: World, play: Sequence[str], language: str) -> list[str]:
    if world.prompts is None:
        return []
    known = [world.prompts.get(one, frozenset()) for one in kin(language)]
    return [file for file in play if not (template.is_template(file) or any(file in files for files in known))]


def _recorded(world: World, say: Sequence[Item], language: str) -> bool:
    """All that is said is made of recordings, whatever the values are."""
    names = _recordings(tuple((world.prompts or {}).get(one, frozenset()) for one in kin(language)))
    return bool(say) and all(item.recorded(language, names) for item in say)


@lru_cache(maxsize=16)
def _recordings(files: tuple[frozenset[str], ...]) -> frozenset[str]:
    """Their names without the ending."""
    return frozenset(file.rpartition(".")[0] for some in files for file in some)


CHECKS = (_prompts,)
