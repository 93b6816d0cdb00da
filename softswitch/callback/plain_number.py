"""The short way to E.164 for what nearly every caller and list has: mobile numbers of one country, in digits alone.

phonenumbers needs 40 us to say what is plain to see. Here its own pattern is asked, and only where nothing else of
its rules can come into play; whatever is not plain is left to ``number.searched``, against which a test holds it.
"""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

from softswitch.callback.reading import Reading

# Kinds that go before "mobile" when the kind of a number is looked for, or make it two at once.
_OTHERS = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line",
)  # fmt: skip


class PlainNumbers:
    """As somebody in the region of ``reading`` writes them."""

    def __init__(self, reading: Reading) -> None:
        self._internal = re.compile(reading.internal) if reading.internal else None
        self._code = ""
        region = reading.region
        metadata: Any = PhoneMetadata.metadata_for_region(region, None)
        alone = metadata is not None and [*phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code]] == [region]
        if not alone or (reading.countries and region not in reading.countries):
            return
        self._code = str(metadata.country_code)
        self._mobile = re.compile(metadata.mobile.national_number_pattern)
        self._others = _any(_patterns(metadata))
        self._before = _any(
            [one for one in (metadata.national_prefix_for_parsing, metadata.international_prefix) if one]
        )

    def dial(self, written: str) -> str | None:
        """None: this way cannot tell."""
        code = self._code
        if not code or not written.isascii():
            return None
        national = written[len(code) + 1 :] if written.startswith("+") else written
        if written[0:1] == "+" and written[1 : len(code) + 1] != code:
            return None
        if not national.isdigit() or self._mobile.fullmatch(national) is None or self._doubtful(national):
            return None
        if self._internal is not None and self._internal.fullmatch(written) is not None:
            return None
        return f"+{code}{national}"

    def _doubtful(self, national: str) -> bool:
        if national[0] == "0" or national.startswith(self._code):
            return True
        return self._before.match(national) is not None or self._others.fullmatch(national) is not None


def _patterns(metadata: Any) -> list[str]:
    kinds = [getattr(metadata, name) for name in _OTHERS]
    return [kind.national_number_pattern for kind in kinds if kind is not None and kind.national_number_pattern]


def _any(patterns: list[str]) -> re.Pattern[str]:
    """What matches where one of them does; of none, nowhere."""
    return re.compile("|".join(f"(?:{one})" for one in patterns) or "(?!)")
