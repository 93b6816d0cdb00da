"""From a prompt to a sound file: a recorded one wins, the other language's recording is next, then speech.

Speech is made once per text and kept in the cache directory under a hash of what it was made from; a file appears there
whole or not at all, and the longest unused go when there are many. The engine runs in one thread of its own. What is
spoken may be a customer's number, so it is not logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from softswitch.audio import progress, wav
from softswitch.ivr.model import Prompt
from softswitch.media.speech import SpeechEngine, SpeechError

log = logging.getLogger(__name__)

MOST_SPEECH = 2000  # files in the cache, some 100 kB each
_OTHERS = {"zh": ("en",), "en": ("zh",)}  # better in the other language than not at all


class PromptStore:
    """``prompts`` holds a directory per language; ``cache`` is ours to write."""

    def __init__(self, prompts: Path, cache: Path, engine: SpeechEngine | None, most: int = MOST_SPEECH) -> None:
        self._prompts, self._cache, self._engine, self._most = prompts.resolve(), cache.resolve(), engine, most
        self._worker = ThreadPoolExecutor(1, "speech")

    def find(self, prompt: Prompt) -> Path | None:
        """The file that is there already, or the name of a tone; or None."""
        if prompt.tone:
            return Path(progress.name_of(prompt.language, prompt.tone, prompt.silence_s))
        if prompt.file:
            for language in (prompt.language, *_OTHERS.get(prompt.language, ())):
                path: Path = (self._prompts / language / prompt.file).resolve()
                if path.is_relative_to(self._prompts) and path.is_file():
                    return path
        made = self._made(prompt)
        return made if made is not None and _touched(made) else None

    async def get(self, prompt: Prompt) -> Path | None:
        """The file, made if need be; None (and a line in the log) where that cannot be done."""
        found, made = self.find(prompt), self._made(prompt)
        if found is not None or made is None:
            if found is None:
                log.error("prompt %r (%s): no file, and no text or no speech engine", prompt.file, prompt.language)
            return found
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._make, prompt, made)
        except (SpeechError, OSError) as error:
            log.error("speech %s (%s): %s", made.name, prompt.language, error)
            return None
        return made

    def _made(self, prompt: Prompt) -> Path | None:
        if not prompt.text.strip() or self._engine is None:
            return None
        origin = "\0".join((self._engine.name, prompt.language, prompt.text))
        return self._cache / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.wav"

    def _make(self, prompt: Prompt, path: Path) -> None:
        if path.is_file() or self._engine is None:
            return  # somebody asked for the same a moment ago
        pcm, rate_hz = self._engine.speak(prompt.text, prompt.language)
        self._cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(wav.encode(pcm, rate_hz))
        os.replace(unfinished, path)
        self._prune()

    def _prune(self) -> None:
        """Keep the most recently used."""
        files = sorted(self._cache.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in files[self._most :]:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)


def _touched(path: Path) -> bool:
    """Mark a file of the cache as used now; False where it is not there."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True
