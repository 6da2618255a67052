"""Reads what is measured: a run's folder, or a file of records. The only module here that reads files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from datarecipe.errors import RecipeError, UsageError
from datarecipe.exchange import Json, texts_within
from datarecipe.generate.events import Lineage
from datarecipe.measure.examples import Examples
from datarecipe.measure.sample import sample
from datarecipe.recipe.keys.settings import read_tests
from datarecipe.recipe.keys.task import LABEL_FIELDS
from datarecipe.recipe.message_text import code, did_you_mean, join
from datarecipe.recipe.recipe import TestedMeasure, Threshold
from datarecipe.recipe.source.document import Source
from datarecipe.recipe.source.paths import display, read_bytes
from datarecipe.recipe.source.source_characters import decode
from datarecipe.run_folder.dataset import MEND, Dataset, rows
from datarecipe.run_folder.layout import DATA, LINEAGE
from datarecipe.run_folder.run_files import RunFiles

if TYPE_CHECKING:
    from datarecipe.measure.drift.drift import Traced

LABELS = ("label", "answer", "labels", "class", "target")
"""Fields of a file that hold its label if none is named; the first that the records have."""

Record = Mapping[str, Any]


def read_examples(path: Path, text: Sequence[str] = (), label: str | None = None) -> Examples:
    """The examples of a run's folder or of a file; `text` and `label` are the fields to use instead of its own.

    Raises `UsageError` where there is no such run or file, where it is none, or where it has no such field.
    """
    if path.is_dir():
        return _of_run(path, text, label)
    records, lines, _ = records_of_file(path)
    fields = dict.fromkeys(name for record in records for name in record)
    label = known_field(label, fields, path) if label else _label_field(records, fields)
    chosen = frozenset(known_field(name, fields, path) for name in text)
    # Where none is chosen, all fields whose value is text: not lists of options, not numbers.
    own = frozenset(name for record in records for name, value in record.items() if isinstance(value, str)) - {label}
    return replace(_examples(path, records, chosen or own, label), lines=lines)


def records_of_file(path: Path) -> tuple[list[Record], list[int], bytes]:
    """The records of a file, their lines, and its bytes; a line of text is a record with one field, of no name.

    Raises `UsageError`.
    """
    from datarecipe.recipe.held_out.held_out_records import LARGEST, records_of  # noqa: PLC0415 - runs need no other reader

    file = Path.cwd() / path
    source = Source(display(file), path=file)
    try:
        data = read_bytes(file, Source(display(file)).place(), str(path), most=LARGEST)
        numbered = [*records_of(decode(data, source.name), source)]
    except RecipeError as error:
        raise UsageError(str(error)) from None
    records = [{"": record} if isinstance(record, str) else record for _, record in numbered]
    return records, [line for line, _ in numbered], data


def sampled_of_run(path: Path, count: int, size: int) -> Examples:
    """A sample of the examples of a run that has `count`, without the rest in memory, and without lineage."""
    wanted = frozenset(sample(range(count), size))
    records = [*rows(RunFiles(path), DATA, wanted)]
    return _labelled(path, records, Dataset(path), (), None)


def read_traced(path: Path, text: Sequence[str] = (), label: str | None = None) -> Traced:
    """The examples of a run's folder with their lineage and the recipe's seed examples; fields as in `read_examples`.

    Raises `UsageError` where it is no run's folder, has no example or no such field, or where its files do not belong
    together.
    """
    if path.is_file():
        raise UsageError(f"{display(path)}: a file has no lineage", hint="Drift is measured in the folder of a run.")
    dataset = Dataset(path)
    count, lineage = len(dataset), dataset.lineage
    if len(lineage) != count:
        raise UsageError(f"{display(path)}: {DATA} and {LINEAGE} differ in their number of lines", hint=MEND)
    written = _recipe(dataset).get("seed_example", [])
    seeds = [seed for seed in (written if isinstance(written, list) else [written]) if isinstance(seed, dict)]
    if not count:
        raise UsageError(f"{display(path)}: there is no example in it")
    # Seed examples are read beside the others, so that the same fields count.
    found = _labelled(path, [*dataset, *seeds], dataset, text, label)
    from datarecipe.measure.drift.drift import Traced  # noqa: PLC0415 - the end of a run needs none of it

    return Traced(found.name, found.texts[:count], found.labels[:count], lineage, found.texts[count:])


def tests_of(run: Path) -> dict[TestedMeasure, Threshold]:
    """The tests in the recipe of a run's manifest. Raises `UsageError` where it is no run, or has tests that are none."""
    written = _recipe(Dataset(run)).get("tests", {})
    try:
        return read_tests({name: bounds for name, bounds in written.items() if name in get_args(TestedMeasure)})
    except (AttributeError, TypeError, ValueError):
        raise UsageError(
            f"{display(run)}: `recipe.tests` in its manifest is none that a run writes", hint=MEND
        ) from None


def _of_run(path: Path, text: Sequence[str], label: str | None) -> Examples:
    dataset = Dataset(path)
    return examples_of_run(path, list(dataset), dataset.lineage, text, label)


def examples_of_run(
    path: Path,
    records: Sequence[Record],
    lineage: Sequence[Lineage],
    text: Sequence[str] = (),
    label: str | None = None,
) -> Examples:
    """The examples of a run's folder, whose rows are read already. Raises `UsageError` as `read_examples` does."""
    dataset = Dataset(path)
    found = _labelled(path, records, dataset, text, label)
    counts = dataset.manifest.get("counts")
    rejected = counts.get("rejected") if isinstance(counts, dict) else None
    rejected = rejected if isinstance(rejected, dict) and all(isinstance(n, int) for n in rejected.values()) else {}
    return replace(
        found,
        lines=range(1, len(found.parts) + 1),
        ids=[row.id for row in lineage] if len(lineage) == len(found.parts) else (),
        places=[row.index for row in lineage] if len(lineage) == len(found.parts) else (),
        received=len(found.parts) + sum(rejected.values()),
        rejected=rejected,
    )


def _labelled(
    path: Path, records: Sequence[Record], dataset: Dataset, text: Sequence[str], label: str | None
) -> Examples:
    """Records of a run, with the label that its recipe has."""
    recipe = _recipe(dataset)
    labels = recipe.get("labels")
    of_task, options = label_fields_of(recipe)
    fields = dict.fromkeys(name for record in records for name in record)
    used = known_field(label, fields, path) if label else of_task if of_task in fields else None
    chosen = frozenset(known_field(name, fields, path) for name in text)
    found = _examples(path, records, chosen or frozenset(fields) - {used, options} or frozenset(fields), used)
    known = tuple(map(label_text, labels)) if isinstance(labels, list) and used == of_task is not None else ()
    return replace(found, known_labels=known)


def label_fields_of(recipe: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The fields of label and options that the task of a resolved recipe names."""
    task = recipe.get("task")
    if not isinstance(task, dict):
        return LABEL_FIELDS.get(task) if isinstance(task, str) else None, "options"
    label, options = task.get("label"), task.get("options")
    return label if isinstance(label, str) else None, options if isinstance(options, str) else None


def _recipe(dataset: Dataset) -> Mapping[str, Any]:
    recipe = dataset.manifest.get("recipe")
    return recipe if isinstance(recipe, dict) else {}


def _examples(path: Path, records: Sequence[Record], fields: Collection[str], label: str | None) -> Examples:
    if not records:
        raise UsageError(f"{display(path)}: there is no example in it")
    return Examples(
        path.name or path.resolve().name,
        [
            [text for name, value in record.items() if name in fields for text in texts_within(value)]
            for record in records
        ],
        [] if label is None else [label_text(record.get(label)) for record in records],
    )


def _label_field(records: Sequence[Record], fields: Collection[str]) -> str | None:
    """The first of `LABELS` that the records have. What is another in most records is an answer, and no label."""
    for name in LABELS:
        if name in fields:
            different = len({label_text(record.get(name)) for record in records})
            return name if different <= max(2, len(records) // 2) else None
    return None


def label_text(value: Json) -> str:
    """A label as text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def known_field(name: str, fields: Iterable[str], path: Path) -> str:
    """The name. Raises `UsageError` where it is none of the fields of `path`."""
    known = list(fields)
    if name not in known:
        hint = did_you_mean(name, known) or f"Its fields are {join(map(code, known[:10]), 'and')}."
        raise UsageError(f"{display(path)} has no field {code(name)}", hint=hint)
    return name
