"""From a prompt to sound files: a recorded one wins, another language's recording is next, then speech.

A sentence or a value that has recordings of its pieces is heard from these where all of them are there in the caller's
language; else it is spoken as a whole. Where nobody can speak, another language's pieces are better than silence.

Speech is made once per text, language and voice, and kept in the cache directory under a hash of these; a file appears
there whole or not at all, and the longest unused go when there are many, or large ones. The engine runs in one thread
of its own. What is spoken may be a customer's number, so it is not logged; what is secret is made anew each time, and
erased when it was heard.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from softswitch.audio import SOUND_FILES, progress, wav
from softswitch.core.legible import legible
from softswitch.ivr.model import RECORDING, Prompt
from softswitch.ivr.speech.language import FALLBACK, chain, kin
from softswitch.ivr.speech.recording import PAUSE
from softswitch.media.speech import SpeechEngine, SpeechError

log = logging.getLogger(__name__)

MOST_SPEECH = 2000  # files in the cache, some 100 kB each
MOST_OCTETS = 500_000_000  # of all of them: an hour and a half of speech at 44 kB a second is 250 MB
PRIVATE_S = 300.0  # so long what is secret may be played: then its file goes
BREATH_S = 0.25  # between the pieces of a telephone number

Sounds = tuple[Path | float, ...]  # files, and seconds of silence between them


@dataclass(frozen=True, slots=True)
class Speaking:
    """How it is spoken where nothing is recorded."""

    voices: Mapping[str, str] = field(default_factory=dict)  # of the engine, by language
    fallback: tuple[str, ...] = FALLBACK  # languages that stand in for a caller's own
    most_octets: int = MOST_OCTETS  # of the cache


SPEAKING = Speaking()


class PromptStore:
    """``prompts`` holds a directory per language; ``cache`` is ours to write."""

    def __init__(
        self,
        prompts: Path,
        cache: Path,
        engine: SpeechEngine | None,
        recordings: Path | None = None,
        most: int = MOST_SPEECH,
        speaking: Speaking = SPEAKING,
    ) -> None:
        self._prompts, self._cache, self._engine, self._most = prompts.resolve(), cache.resolve(), engine, most
        self._recordings = None if recordings is None else recordings.resolve()
        self._fallback, self._most_octets = speaking.fallback, speaking.most_octets
        self._worker = ThreadPoolExecutor(1, "speech")
        self._private, self._serial = self._cache / "private", itertools.count(1)
        shutil.rmtree(self._private, ignore_errors=True)  # of a process that was killed

    def find(self, prompt: Prompt) -> Sounds | None:
        """What is there already: files, the name of a tone, or silence; or None."""
        if prompt.tone:
            return (Path(progress.name_of(prompt.language, prompt.tone, prompt.silence_s)),)
        if prompt.silence_s:
            return (prompt.silence_s,)
        if prompt.file.startswith(RECORDING):
            recording = self._recording(prompt.file.removeprefix(RECORDING))
            return None if recording is None else (recording,)
        for language in chain(prompt.language, self._fallback) if prompt.file else ():
            path = _below(self._prompts, f"{language}/{prompt.file}")
            if path is not None:
                return (path,)
        pieces = self._pieces(prompt, kin(prompt.language))
        if pieces is not None:
            return pieces
        made = None if prompt.private else self._made(prompt)
        return (made,) if made is not None and _touched(made) else None

    def _pieces(self, prompt: Prompt, languages: Iterable[str]) -> Sounds | None:
        """All pieces in one language."""
        for language in languages if prompt.pieces else ():
            found: list[Path | float] = []
            for piece in prompt.pieces:
                path = BREATH_S if piece == PAUSE else self._piece(language, piece)
                if path is None:
                    break
                found.append(path)
            else:
                return tuple(found)
        return None

    def _piece(self, language: str, piece: str) -> Path | None:
        """Asked for often, and in vain as a rule; the name is one of ours."""
        stem = f"{self._prompts}/{language}/{piece}"
        return next((Path(stem + ending) for ending in SOUND_FILES if os.path.isfile(stem + ending)), None)

    def _recording(self, name: str) -> Path | None:
        """One that is not converted yet is a WAVE file."""
        root = self._recordings
        return None if root is None else _below(root, name) or _below(root, f"{name.rpartition('.')[0]}.wav")

    async def get(self, prompt: Prompt) -> Sounds | None:
        """The same, made if need be; None (and a line in the log) where that cannot be done."""
        found = self.find(prompt)
        return found if found is not None else await self._speech(prompt) or self._instead(prompt)

    async def _speech(self, prompt: Prompt) -> Sounds | None:
        made = self._made(prompt)
        if made is None:
            return None
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._make, prompt, made)
        except (SpeechError, OSError) as error:
            log.error("speech %s (%s): %s", made.name, prompt.language, error)
            return None
        if prompt.private:
            asyncio.get_running_loop().call_later(PRIVATE_S, partial(made.unlink, missing_ok=True))
        return (made,)

    def _instead(self, prompt: Prompt) -> Sounds | None:
        """Another language's pieces, where nobody speaks."""
        found = self._pieces(prompt, chain(prompt.language, self._fallback))
        if found is None:
            log.error("prompt %r (%s): no file, and no text or no speech engine", prompt.file, prompt.language)
        return found

    def _made(self, prompt: Prompt) -> Path | None:
        if not prompt.text.strip() or self._engine is None:
            return None
        if prompt.private:
            return self._private / f"{next(self._serial)}.wav"
        origin = "\0".join((self._engine.name, prompt.text_language or prompt.language, legible(prompt.text)))
        return self._cache / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.wav"

    def _make(self, prompt: Prompt, path: Path) -> None:
        if path.is_file() or self._engine is None:
            return  # somebody asked for the same a moment ago
        pcm, rate_hz = self._engine.speak(legible(prompt.text), prompt.text_language or prompt.language)
        path.parent.mkdir(0o700 if prompt.private else 0o777, parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(wav.encode(pcm, rate_hz))
        os.replace(unfinished, path)
        self._prune(path)

    def _prune(self, newest: Path) -> None:
        """Keep the most recently used, ``newest`` before all that have the same time: some disks have a coarse one."""
        known = [(path.stat(), path) for path in self._cache.iterdir() if path != self._private]
        octets = 0
        known.sort(key=lambda one: (one[0].st_mtime_ns, one[1] == newest), reverse=True)
        for place, (found, path) in enumerate(known):
            octets += found.st_size
            if place >= self._most or (octets > self._most_octets and place):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._private, ignore_errors=True)


def _below(root: Path, name: str) -> Path | None:
    """The file of that name; None where there is none, and for a name that none can have: a plan may play what a web
    server has named."""
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):
        return None


def _touched(path: Path) -> bool:
    """Mark a file of the cache as used now; False where it is not there."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True
