"""What a reviewer says of an example, and what was drawn to be judged: the lines of a file of verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

VERSION: Final = 1
"""Of the files. It rises when an older release would read them wrongly."""
LONGEST_NOTE: Final = 4_000
"""Characters."""
LONGEST_NAME: Final = 100
"""Characters of a reviewer's name."""

_MOMENT: Final = re.compile(r"(?:19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


@dataclass(frozen=True, slots=True)
class SampledDataset:
    """A dataset of which a sample was drawn."""

    name: str
    identity: str | None
    """Of the run; None for a file."""
    sha256: str
    """Of `data.jsonl`, or of the file."""
    examples: int
    """How many it had."""
    items: tuple[str, ...]
    """Ids of the examples that were drawn."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: what is judged, and by whom."""

    verdicts: int
    """`VERSION`."""
    reviewer: str
    sample: int
    """How many examples were asked for."""
    seed: int
    datasets: tuple[SampledDataset, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every other line. A later one of the same reviewer about the same example replaces it."""

    item: str
    """The id of the example, as in `lineage.jsonl`."""
    reviewer: str
    valid: bool | None
    """None for an example that is not judged: a verdict was taken back, or there is only a note."""
    label: str | None
    """The right label in the reviewer's opinion; of open answers `right` or `wrong`. None where none was given."""
    note: str
    time: str
    """UTC, with milliseconds: times are in the order of these texts."""


Judged: TypeAlias = Mapping[tuple[str, str], Verdict]
"""The verdict that counts, by reviewer and id."""


def merged(verdicts: Iterable[Verdict]) -> Judged:
    """The last verdict of each reviewer on each example, whatever the order in which they come.

    Of verdicts with one time, which no file of ours has, the one with the greatest content counts.
    """
    found: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        key = (verdict.reviewer, verdict.item)
        if key not in found or _rank(found[key]) < _rank(verdict):
            found[key] = verdict
    return found


def _rank(verdict: Verdict) -> tuple[str, int, str, str]:
    valid = {None: 0, False: 1, True: 2}[verdict.valid]
    return verdict.time, valid, "" if verdict.label is None else f"={verdict.label}", verdict.note


def is_moment(text: str) -> bool:
    """Whether it is a time as verdicts have it."""
    if _MOMENT.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def moment_after(earlier: str, now: datetime) -> str:
    """The time `now`, or a millisecond after `earlier` where the clock does not say more."""
    if earlier >= _written(now):
        now = datetime.fromisoformat(earlier) + timedelta(milliseconds=1)
    return _written(now)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
