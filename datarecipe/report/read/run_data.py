"""Reads a run's folder for a report, within bounds: a folder may hold more than a page can show."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.json_size import holds_more
from datarecipe.measure.examples import Examples
from datarecipe.measure.read_examples import examples_of_run, label_fields_of
from datarecipe.printable import counted
from datarecipe.run_folder.dataset import MEND, Dataset, records, rows
from datarecipe.run_folder.layout import DATA, LINEAGE, REJECTED
from datarecipe.run_folder.manifest import Manifest, load_manifest
from datarecipe.run_folder.run_files import RunFiles

MOST_EXAMPLES: Final = 20_000
"""Examples that a report shows of its runs together."""
MOST_TEXT: Final = 16_000_000
"""Characters of them."""
MOST_REJECTED: Final = 1_000
"""Rejected items that a report shows for each reason."""
MOST_RAW: Final = 500_000
"""Characters of these, for each reason."""
LONGEST: Final = 200_000
"""Characters of one text that a report shows."""
MOST_MEASURED: Final = 100_000
"""Examples that are read; a longer dataset is measured on its beginning."""
_MOST_MEASURED_TEXT: Final = 100_000_000
_LONGEST_MEASURED: Final = 100_000
"""Characters of one text that is measured."""
_MOST_REJECTED_READ: Final = 1_000_000
_MOST_VALUES: Final = 10_000
"""Values within one example that is shown."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many examples of a run a report shows, and how many characters of them."""

    examples: int
    text: int

    @classmethod
    def of(cls, runs: int) -> Bounds:
        """The share of each of so many runs."""
        return cls(MOST_EXAMPLES // runs, MOST_TEXT // runs)


@dataclass(frozen=True, slots=True)
class RejectedItems:
    """What a run rejected."""

    shown: Sequence[RejectedItem]
    by_reason: Mapping[str, int]
    """All of them, surplus too."""
    by_request: Mapping[int, int]
    """Without the surplus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """What a report shows of a run."""

    name: str
    """How the report calls it."""
    path: Path
    manifest: Manifest
    measured: Examples | None
    """None for a run without examples."""
    examples: Sequence[Example]
    """Those that are read: from the first on."""
    lineage: Sequence[Lineage]
    """Of these."""
    shown: int
    """How many of them the report lists."""
    rejected: RejectedItems
    label: str | None
    """The field of the label."""
    options: str | None

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe as the manifest has it: a stranger's document."""
        return self.manifest.recipe

    @property
    def seeds(self) -> Sequence[Example]:
        """Its seed examples."""
        written = self.recipe.get("seed_example")
        listed = written if isinstance(written, list) else [written]
        return [each for each in listed if isinstance(each, dict)]


def read_run(path: Path, name: str, bounds: Bounds) -> RunData:
    """Read a run's folder. Raises `UsageError` where it is none, or holds what no run writes."""
    if not os.path.isdir(path):  # noqa: PTH112 - that of `Path` raises where a name is too long
        raise UsageError(
            f"{path} is not a folder",
            hint="A report takes the folders of runs, which `datarecipe run` names at its end.",
        )
    Dataset(path)
    manifest = load_manifest(path)
    examples = list(_measured_part(rows(RunFiles(path), DATA)))
    lineage = list(islice(records(RunFiles(path), LINEAGE, Lineage), len(examples) + 1))
    if len(lineage) < len(examples) or (len(lineage) > len(examples) == manifest.counts.tally.accepted):
        raise UsageError(
            f"{path / DATA} has {counted(len(examples), 'line')}, and {LINEAGE} has {len(lineage):,}", hint=MEND
        )
    label, options = label_fields_of(manifest.recipe)
    return RunData(
        name=name,
        path=path,
        manifest=manifest,
        measured=_measurable(examples_of_run(path, examples, lineage)) if examples else None,
        examples=examples,
        lineage=lineage[: len(examples)],
        shown=_fitting(examples, bounds),
        rejected=_rejected(records(RunFiles(path), REJECTED, RejectedItem)),
        label=label,
        options=options,
    )


def _measured_part(examples: Iterable[Example]) -> Iterator[Example]:
    text = 0
    for example in islice(examples, MOST_MEASURED):
        text += length(example)
        if text > _MOST_MEASURED_TEXT:
            return
        yield example


def _measurable(examples: Examples) -> Examples:
    return replace(examples, parts=[[text[:_LONGEST_MEASURED] for text in parts] for parts in examples.parts])


def _fitting(examples: Sequence[Example], bounds: Bounds) -> int:
    """How many of the first examples are within the bounds."""
    text = 0
    for number, example in enumerate(examples[: bounds.examples]):
        text += length(example)
        if text > bounds.text or holds_more(example, _MOST_VALUES):
            return number
    return min(len(examples), bounds.examples)


def length(value: object) -> int:
    """About how many characters a value takes as JSON, however deep it is."""
    characters, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        characters += len(each) + 3 if isinstance(each, str) else 6
        if isinstance(each, dict):
            waiting += each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return characters


def _rejected(items: Iterable[RejectedItem]) -> RejectedItems:
    shown: list[RejectedItem] = []
    by_reason: Counter[str] = Counter()
    by_request: Counter[int] = Counter()
    raw: Counter[str] = Counter()
    for item in islice(items, _MOST_REJECTED_READ):
        by_reason[item.reason] += 1
        by_request[item.request] += item.reason != "surplus"
        raw[item.reason] += len(item.raw) + len(item.detail)
        if by_reason[item.reason] <= MOST_REJECTED and raw[item.reason] <= MOST_RAW:
            shown.append(item)
    return RejectedItems(shown, by_reason, by_request)
