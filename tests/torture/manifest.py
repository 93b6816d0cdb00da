"""The torture messages of RFC 4475 and RFC 5118 with their verdicts, where they are at hand."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TORTURE = Path(__file__).parents[3] / "shared" / "torture"
MANIFEST = TORTURE / "manifest.tsv"
# Final answers of an element that has read the request whole and serves it, or not, for what it asks.
SERVED = frozenset({*range(200, 300), 401, 403, 404, 405, 415, 480, 481, 486, 488, 501, 603})


@dataclass(frozen=True, slots=True)
class Row:
    """One message. Verdicts are "accept", "drop", "close" (of the connection) or a status."""

    name: str
    data: bytes
    wellformed: bool
    datagram: frozenset[str]  # verdicts that are right
    stream: frozenset[str]
    headers: tuple[str, ...]  # that the refusal must have
    note: str

    def right(self, verdict: str, wanted: frozenset[str]) -> bool:
        served = verdict.isdigit() and int(verdict) in SERVED
        kinds = {verdict, "accept" if served else verdict, f"{verdict[0]}xx"}
        return bool(kinds & wanted)


def rows() -> list[Row]:
    if not MANIFEST.exists():
        return []
    lines = MANIFEST.read_text("utf-8").splitlines()
    return [_row(fields) for fields in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _row(fields: dict[str, str]) -> Row:
    words = set(fields["expect"].split(",")) | set(fields["also"].split(","))
    plain = frozenset(word for word in words if word != "-" and ":" not in word)
    stream = frozenset(fields["expect_tcp"].split(","))
    return Row(
        fields["name"],
        (TORTURE / fields["file"]).read_bytes(),
        fields["wellformed"] == "yes",
        plain,
        plain if stream == {"-"} else stream,
        tuple(word[4:] for word in words if word.startswith("hdr:")),
        fields["note"],
    )
