"""A dataset as a table of pandas, or as one of Hugging Face's `datasets`. Both are imported when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from importlib import import_module
from typing import Any

from datarecipe.errors import MissingExtraError, UsageError
from datarecipe.generate.events import Lineage
from datarecipe.recipe.keys.task import LABEL_FIELDS
from datarecipe.run_folder.dataset import Dataset

INSTALL = "pip install 'datarecipe-llm[export]'"

LINEAGE = "lineage_"
"""How the columns begin that say where an example came from."""


def pandas_table(dataset: Dataset, *, lineage: bool) -> Any:
    """A `pandas.DataFrame`. A field that an example lacks is None, and a whole number stays one."""
    pandas = _module("pandas", "to_pandas()")
    columns = _columns(dataset, lineage=lineage)
    table = pandas.DataFrame(columns, dtype=object)
    for name, values in columns.items():
        if len(set(map(type, values))) == 1:  # pandas would make 1.0 of a 1 beside a gap or a 0.5
            table[name] = table[name].infer_objects()
    return table


def hugging_face_dataset(dataset: Dataset, *, lineage: bool) -> Any:
    """A `datasets.Dataset`. The label of a fixed label space of texts is a `ClassLabel` with the recipe's labels.

    Raises:
        UsageError: a column holds values of several types, which such a dataset cannot.
    """
    datasets = _module("datasets", "to_hf()")
    columns = _columns(dataset, lineage=lineage)
    for name, values in columns.items():
        _check_one_type(name, values)
    try:
        made = datasets.Dataset.from_dict(columns)
    except (
        ArithmeticError,
        TypeError,
        ValueError,
    ) as error:  # what the check above lets through: lists of several types
        raise UsageError(f"to_hf(): {error}", hint="to_pandas() takes values of every type.") from None
    field, labels = _text_labels(dataset.manifest)
    if field in columns:
        made = made.cast_column(field, datasets.ClassLabel(names=labels))
    return made


def _module(name: str, asked_by: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        missing = name if error.name in (name, None) else f"{name}, which lacks {error.name}"
        raise MissingExtraError(f"{asked_by} needs {missing}", hint=f"Install it: {INSTALL}") from None


def _columns(dataset: Dataset, *, lineage: bool) -> dict[str, list[Any]]:
    """Field by field, in the order of the seed example; without an example too there are its fields."""
    fields = dict.fromkeys((*_seed_fields(dataset.manifest), *(field for example in dataset for field in example)))
    columns = {field: [example.get(field) for example in dataset] for field in fields}
    if lineage:
        origins = dataset.lineage
        names = [each.name for each in dataclass_fields(Lineage) if each.name != "vary"]
        columns |= {f"{LINEAGE}{name}": [getattr(origin, name) for origin in origins] for name in names}
        varied = dict.fromkeys(name for origin in origins for name in origin.vary)
        columns |= {f"{LINEAGE}vary_{name}": [origin.vary.get(name) for origin in origins] for name in varied}
    return columns


def _seed_fields(manifest: Mapping[str, Any]) -> Iterable[str]:
    recipe = manifest.get("recipe")
    seed = recipe.get("seed_example") if isinstance(recipe, dict) else None
    first = seed[0] if isinstance(seed, list) and seed else seed
    return tuple(first) if isinstance(first, dict) else ()


def _text_labels(manifest: Mapping[str, Any]) -> tuple[str | None, Sequence[str]]:
    """The label field and the labels, where these are fixed and all texts."""
    recipe = manifest.get("recipe")
    if not isinstance(recipe, dict):
        return None, ()
    task, labels = recipe.get("task"), recipe.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return None, ()
    return (task.get("label") if isinstance(task, dict) else LABEL_FIELDS.get(str(task))), labels


def _check_one_type(name: str, values: Sequence[Any]) -> None:
    kinds = {_kind(value) for value in values if value is not None}
    if len(kinds) > 1:
        raise UsageError(
            f"to_hf(): the field {name} holds values of several types ({', '.join(sorted(kinds))})",
            hint="Such a dataset has one type for each column; to_pandas() takes values of every type.",
        )


def _kind(value: Any) -> str:
    return {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}.get(type(value), "mapping")
