"""What each of our processes asks of the system when it starts."""

from __future__ import annotations

import resource


def raise_file_limit() -> None:
    """As many files as the system allows: every stream and every TCP phone is one, and the usual 1024 are soon used."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
