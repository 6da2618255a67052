"""A dataset to draw from: the folder of a run, or a file of records. Reads them within bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json
from datarecipe.generate.judge.example_equality import example_id
from datarecipe.measure.read_examples import (
    LABELS,
    Record,
    known_field,
    label_fields_of,
    label_text,
    records_of_file,
)
from datarecipe.run_folder.dataset import MEND, Dataset, rows
from datarecipe.run_folder.layout import DATA
from datarecipe.run_folder.run_files import RunFiles

Question: TypeAlias = Literal["label", "answer", "valid"]
"""What is asked besides validity: the label, blind; whether the answer that is shown is right; nothing."""

MOST_LABELS: Final = 500
"""Different labels that a judge can choose from; with more they are answers."""
_OPTIONS: Final = "options"


@dataclass(frozen=True)
class SourceDataset:
    """A dataset, and what its recipe or its records say of labels."""

    path: Path
    name: str
    identity: str | None
    """Of the run; None for a file."""
    sha256: str
    examples: int
    question: Question
    label: str | None = None
    """The field of the label or answer."""
    options: str | None = None
    """The field of options that each example brings itself."""
    labels: Sequence[Json] = ()
    """The labels of all examples, where these are fixed."""
    description: str = ""
    """Of the recipe."""
    _records: Sequence[Record] | None = field(default=None, repr=False)

    def records(self, wanted: Collection[int] | None = None) -> Iterator[Example]:
        """Its examples; those with a number in `wanted`, from 0, if that is given. Raises `UsageError`."""
        if self._records is None:
            yield from rows(RunFiles(self.path), DATA, wanted)
        else:
            yield from (dict(each) for number, each in enumerate(self._records) if wanted is None or number in wanted)

    def label_of(self, record: Mapping[str, Any]) -> str | None:
        """The label that an example was given, as text; of an answer, that it is right."""
        if self.label is None or self.label not in record:
            return None
        return RIGHT if self.question == "answer" else label_text(record[self.label])

    def choices_of(self, record: Mapping[str, Any]) -> list[Json]:
        """What a judge may answer."""
        if self.question == "answer":
            return [RIGHT, WRONG]
        if self.options is None:
            return list(self.labels)
        options = record.get(self.options)
        return options if isinstance(options, list) else []


RIGHT: Final = "right"
WRONG: Final = "wrong"
"""Of an open answer: what a judge says of it."""


def read_source(path: Path, label: str | None = None) -> SourceDataset:
    """The dataset at a path; `label` is the field to use instead of its own. Raises `UsageError` where there is none."""
    if path.is_dir():
        return _run(path, label)
    records, _, data = records_of_file(path)
    if not records:
        raise UsageError(f"{path}: there is no example in it")
    label = _label_of(records, label, path)
    named = {"path": path, "name": path.name, "identity": None, "sha256": hashlib.sha256(data).hexdigest()}
    known: dict[str, Any] = {**named, "examples": len(records), "_records": records}
    if label is not None and all(_brings_options(record, label) for record in records):
        return SourceDataset(**known, question="label", label=label, options=_OPTIONS)
    return SourceDataset(**known, **_by_values(label, records))


def _run(path: Path, label: str | None) -> SourceDataset:
    manifest = Dataset(path).manifest
    recipe = manifest.get("recipe")
    recipe = recipe if isinstance(recipe, dict) else {}
    try:
        data = RunFiles(path).described(DATA)
    except OSError as error:
        raise UsageError(f"{path / DATA} cannot be read: {error.strerror or error}", hint=MEND) from None
    if not data.lines:
        raise UsageError(f"{path}: there is no example in it")
    identity, description = manifest.get("identity"), recipe.get("description")
    known: dict[str, Any] = {
        "path": path,
        "name": path.name or path.resolve().name,
        "identity": identity if isinstance(identity, str) else None,
        "sha256": data.sha256,
        "examples": data.lines,
        "description": description if isinstance(description, str) else "",
    }
    of_task, options = label_fields_of(recipe)
    if (label is not None and label != of_task) or not recipe:
        found = list(rows(RunFiles(path), DATA))
        return SourceDataset(**known, **_by_values(_label_of(found, label, path), found))
    labels = recipe.get("labels")
    if of_task is None:
        return SourceDataset(**known, question="valid")
    if isinstance(labels, list) and 0 < len(labels) <= MOST_LABELS:
        return SourceDataset(**known, question="label", label=of_task, labels=labels)
    if isinstance(labels, dict) and options is not None:
        return SourceDataset(**known, question="label", label=of_task, options=options)
    return SourceDataset(**known, question="answer", label=of_task)


def _label_of(records: Sequence[Record], label: str | None, path: Path) -> str | None:
    """The field of the label, where no recipe names it."""
    fields = dict.fromkeys(name for record in records for name in record)
    return known_field(label, fields, path) if label else next((name for name in LABELS if name in fields), None)


def _by_values(label: str | None, records: Sequence[Record]) -> dict[str, Any]:
    """Question and labels, where only the records say what labels there are."""
    if label is None:
        return {"question": "valid"}
    values = {label_text(record[label]): record[label] for record in records if label in record}
    # What is another in most records is an answer, as `stats` has it.
    if len(values) > min(MOST_LABELS, max(2, len(records) // 2)):
        return {"question": "answer", "label": label}
    return {"question": "label", "label": label, "labels": [values[text] for text in sorted(values)]}


def _brings_options(record: Record, label: str) -> bool:
    options = record.get(_OPTIONS)
    return isinstance(options, list) and 1 < len(options) <= MOST_LABELS and record.get(label) in options


def id_of(record: Mapping[str, Any], source: SourceDataset) -> str:
    """The id of an example as `lineage.jsonl` has it. Raises `UsageError` where a record can have none."""
    try:
        return example_id(dict(record))
    except (ValueError, RecursionError):
        raise UsageError(f"{source.path}: one of its records cannot be told by its content") from None
