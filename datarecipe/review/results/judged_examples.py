"""Brings files of verdicts together with the datasets that they judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.printable import counted
from datarecipe.review.sample.drawn_sample import Drawn
from datarecipe.review.sample.source_dataset import Question, SourceDataset, id_of
from datarecipe.review.verdicts.verdict import Header, Judged, Verdict, merged
from datarecipe.review.verdicts.verdict_file import read_verdicts


@dataclass(frozen=True, slots=True)
class JudgedExamples:
    """Examples that were drawn to be judged, and the verdicts on them."""

    verdicts: Judged
    sampled: Sequence[Drawn]
    """Of each dataset, what any of the reviews drew."""
    given: Mapping[str, str | None]
    """The label of each sampled example, by its id; of an open answer `right`; None where it has none."""
    question: Question


def judged_examples(files: Sequence[Path], sources: Sequence[SourceDataset]) -> JudgedExamples:
    """Read verdicts, and find the examples again.

    Raises `UsageError` where a file is none of verdicts, or judges examples that none of the datasets has.
    """
    headers: dict[Header, Path] = {}
    verdicts: list[Verdict] = []
    for path in files:
        found = read_verdicts(path)
        if not found.headers:
            raise UsageError(f"{path} holds no verdicts", hint="A file of verdicts is what `datarecipe review` writes.")
        headers |= dict.fromkeys(found.headers, path)
        verdicts += found.verdicts
    sampled = _found(headers, sources)
    given = {name: each.source.label_of(example) for each in sampled for name, example in sorted(each.examples.items())}
    questions = {source.question for source in sources}
    question: Question = "label" if "label" in questions else "answer" if "answer" in questions else "valid"
    return JudgedExamples(merged(verdicts), sampled, given, question)


def _found(headers: Mapping[Header, Path], sources: Sequence[SourceDataset]) -> list[Drawn]:
    """What was drawn of each dataset. A sample belongs to the first dataset of the same content, else to the first that has
    all of its examples: a run may have grown since."""
    samples = {each: path for header, path in headers.items() for each in header.datasets}
    wanted = {name for each in samples for name in each.items}
    held = [_held(source, wanted) for source in sources]
    of_each: list[dict[str, Example]] = [{} for _ in sources]
    for sample, path in samples.items():
        fitting = [number for number, found in enumerate(held) if all(name in found for name in sample.items)]
        same = [number for number in fitting if sources[number].sha256 == sample.sha256]
        if not fitting:
            raise UsageError(
                f"{path} judges {counted(len(sample.items), 'example')} of {sample.name}, and none of these datasets has "
                "all of them",
                hint="Name the dataset that was judged: --of DATASET.",
            )
        number = (same or fitting)[0]
        of_each[number] |= {name: held[number][name] for name in sample.items}
    return [Drawn(source, found) for source, found in zip(sources, of_each, strict=True)]


def _held(source: SourceDataset, wanted: set[str]) -> dict[str, Example]:
    found = {}
    for record in source.records():
        if (name := id_of(record, source)) in wanted:
            found[name] = record
    return found
