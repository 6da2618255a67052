"""Reads what is measured: a run's folder, or a file of records. The only module here that reads files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from datarecipe.errors import RecipeError, UsageError
from datarecipe.exchange import Json
from datarecipe.measure.measures import Examples
from datarecipe.recipe.held_out.held_out_records import LARGEST, records_of
from datarecipe.recipe.item_filters.texts import texts
from datarecipe.recipe.keys.settings import read_tests
from datarecipe.recipe.keys.task import LABEL_FIELDS
from datarecipe.recipe.message_text import code, did_you_mean, join
from datarecipe.recipe.recipe import TestedMeasure, Threshold
from datarecipe.recipe.source.document import Source
from datarecipe.recipe.source.paths import display, read_bytes
from datarecipe.recipe.source.source_characters import decode
from datarecipe.run_folder.dataset import MEND, Dataset

LABELS = ("label", "answer", "labels", "class", "target")
"""Fields of a file that hold its label if none is named; the first that the records have."""

Record = Mapping[str, Any]


def read_examples(path: Path, text: Sequence[str] = (), label: str | None = None) -> Examples:
    """The examples of a run's folder or of a file; `text` and `label` are the fields to use instead of its own.

    Raises `UsageError` where there is no such run or file, where it is none, or where it has no such field.
    """
    if path.is_dir():
        return _of_run(path, text, label)
    file = Path.cwd() / path
    source = Source(display(file), path=file)
    try:
        data = read_bytes(file, Source(display(file)).place(), str(path), most=LARGEST)
        found = [record for _, record in records_of(decode(data, source.name), source)]
    except RecipeError as error:
        raise UsageError(str(error)) from None
    records = [{"": record} if isinstance(record, str) else record for record in found]
    fields = list(dict.fromkeys(name for record in records for name in record))
    label = _known(label, fields, path) if label else next((name for name in LABELS if name in fields), None)
    own = [name for name in fields if name != label and any(isinstance(record.get(name), str) for record in records)]
    return _examples(path.name, records, [_known(name, fields, path) for name in text] or own, label, path)


def tests_of(run: Path) -> dict[TestedMeasure, Threshold]:
    """The tests in the recipe of a run's manifest. Raises `UsageError` where it is no run, or has tests that are none."""
    recipe = Dataset(run).manifest.get("recipe")
    written = recipe.get("tests", {}) if isinstance(recipe, dict) else {}
    try:
        return read_tests({name: bounds for name, bounds in written.items() if name in get_args(TestedMeasure)})
    except (AttributeError, TypeError, ValueError):
        raise UsageError(
            f"{display(run)}: `recipe.tests` in its manifest is none that a run writes", hint=MEND
        ) from None


def _of_run(path: Path, text: Sequence[str], label: str | None) -> Examples:
    dataset = Dataset(path)
    records = list(dataset)
    recipe = dataset.manifest.get("recipe")
    task = recipe.get("task") if isinstance(recipe, dict) else None
    of_task = LABEL_FIELDS.get(task) if isinstance(task, str) else task.get("label") if isinstance(task, dict) else None
    options = task.get("options") if isinstance(task, dict) else "options"
    fields = list(dict.fromkeys(name for record in records for name in record))
    label = _known(label, fields, path) if label else of_task if of_task in fields else None
    own = [name for name in fields if name not in (label, options)] or fields
    found = _examples(path.name, records, [_known(name, fields, path) for name in text] or own, label, path)
    lineage, counts = dataset.lineage, dataset.manifest.get("counts")
    rejected = counts.get("rejected") if isinstance(counts, dict) else None
    rejected = rejected if isinstance(rejected, dict) and all(isinstance(n, int) for n in rejected.values()) else {}
    return replace(
        found,
        places=[row.index for row in lineage] if len(lineage) == len(records) else (),
        received=len(records) + sum(rejected.values()),
        rejected=rejected,
    )


def _examples(name: str, records: Sequence[Record], fields: Sequence[str], label: str | None, path: Path) -> Examples:
    if not records:
        raise UsageError(f"{display(path)}: there is no example in it")
    return Examples(
        name,
        ["\n".join(each for field in fields for each in texts(record.get(field))) for record in records],
        [] if label is None else [_label(record.get(label)) for record in records],
    )


def _label(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _known(name: str, fields: Iterable[str], path: Path) -> str:
    known = list(fields)
    if name not in known:
        hint = did_you_mean(name, known) or f"Its fields are {join(map(code, known[:10]), 'and')}."
        raise UsageError(f"{display(path)} has no field {code(name)}", hint=hint)
    return name
