"""Writes a dataset without what reviewers struck out, into a new file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import StorageError, UsageError
from datarecipe.exchange import Example, Json
from datarecipe.measure.read_examples import label_text
from datarecipe.review.results.review_results import Decision, ReviewResults
from datarecipe.review.sample.source_dataset import SourceDataset, id_of
from datarecipe.run_folder.json_records import json_line


@dataclass(frozen=True, slots=True)
class Keeping:
    """What to leave out and what to change, besides leaving out what a majority finds invalid."""

    relabel: bool = False
    """Give an example the label that most reviewers give it."""
    drop_wrong: bool = False
    """Leave out what then still has another label than that, or a wrong answer."""
    drop_ties: bool = False
    """Leave out on what reviewers are equally divided."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Numbers of examples."""

    written: int
    invalid: int
    tied: int
    """Left out with `drop_ties`; else kept."""
    wrong: int
    """Left out with `drop_wrong`."""
    relabelled: int


def write_kept(path: Path, source: SourceDataset, found: ReviewResults, keeping: Keeping) -> Kept:
    """Write the dataset to a new file, a JSON object a line, in its order. Examples that nobody judged are kept.

    Raises `UsageError` where something is there already, `StorageError`.
    """
    counts = dict.fromkeys(("written", "invalid", "tied", "wrong", "relabelled"), 0)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="Name a new file: --keep FILE.") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(map(json_line, _kept(source, found, keeping, counts)))
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Kept(**counts)


def _kept(source: SourceDataset, found: ReviewResults, keeping: Keeping, counts: dict[str, int]) -> Iterator[Example]:
    for example in source.records():
        decision = found.decisions.get(id_of(example, source))
        fate = "written" if decision is None else _fate(decision, example, source, keeping)
        if fate == "relabelled" and decision is not None:
            example[source.label or ""] = _typed(decision.label, example, source)
            counts["written"] += 1
        counts[fate] += 1
        if fate in {"written", "relabelled"}:
            yield example


def _fate(decision: Decision, example: Mapping[str, object], source: SourceDataset, keeping: Keeping) -> str:
    """The count that an example belongs to."""
    if decision.valid is None and keeping.drop_ties:
        return "tied"
    if decision.valid is False:
        return "invalid"
    given = source.label_of(dict(example))
    if decision.valid is None or given is None or decision.label in {None, given}:
        return "written"
    if keeping.relabel and source.question == "label":
        return "relabelled"
    return "wrong" if keeping.drop_wrong else "written"


def _typed(label: str | None, example: Example, source: SourceDataset) -> Json:
    """The label as the dataset writes it: a number stays one."""
    return next((choice for choice in source.choices_of(example) if label_text(choice) == label), label)
