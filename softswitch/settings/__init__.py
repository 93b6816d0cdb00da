"""What the admin wrote in ``config/``, read once, checked whole, and handed on as plain values.

Seven files (``softswitch users trunks agents queues calendars campaigns``, each ``.yaml``) become one ``Settings``.
Every mistake in all of them is reported at once, each as ``file:line:column: key: what is wrong, what would be right``;
nothing starts on settings that are wrong. Durations are written with their unit (``20s``).

Any text may be ``${NAME}`` (environment) or ``file:PATH`` (first line of that file, relative to the directory of the
configuration), which is how secrets stay out of these files. ``SOFTSWITCH__HTTP__LISTEN=...`` in the
environment overrides ``http: {listen: ...}``.

Relative paths are relative to the project root, the parent of the directory of the configuration.

Settings know the nouns of the ACD and the ledger (``AgentSpec``, ``QueueSpec``, ``Policy``) and make them; they know
nothing of sockets, dialplans or the running switch.
"""

from softswitch.settings.load import load
from softswitch.settings.model import Settings

__all__ = ["Settings", "load"]
