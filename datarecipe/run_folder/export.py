"""A dataset as a table of pandas, or as one of Hugging Face's `datasets`. Both are imported when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from importlib import import_module
from itertools import chain
from typing import Any

from datarecipe.errors import MissingExtraError, UsageError
from datarecipe.generate.events import Lineage
from datarecipe.printable import counted
from datarecipe.recipe.keys.task import LABEL_FIELDS
from datarecipe.recipe.message_text import describe
from datarecipe.run_folder.dataset import MEND, Dataset
from datarecipe.run_folder.layout import DATA, LINEAGE, MANIFEST

INSTALL = "pip install 'datarecipe-llm[export]'"

PREFIX = "lineage_"
"""How the columns begin that say where an example came from."""

_EVERY_TYPE = "to_pandas() takes values of every type."


def pandas_table(dataset: Dataset, *, lineage: bool) -> Any:
    """`Dataset.to_pandas`. A field that an example lacks is None, and a whole number stays one."""
    pandas = _module("pandas", "to_pandas()")
    columns = _columns(dataset, lineage=lineage)
    try:
        table = pandas.DataFrame(columns, dtype=object)
        for name, values in columns.items():
            if len(set(map(type, values))) == 1:  # pandas would make 1.0 of a 1 beside a gap or a 0.5
                table[name] = table[name].infer_objects()
    except UnicodeEncodeError:
        raise _half_a_character("to_pandas()", dataset, columns) from None
    return table


def hugging_face_dataset(dataset: Dataset, *, lineage: bool) -> Any:
    """`Dataset.to_hf`."""
    datasets = _module("datasets", "to_hf()")
    columns = _columns(dataset, lineage=lineage)
    for name, values in columns.items():
        _check_one_type(name, values)
    try:
        made = datasets.Dataset.from_dict(columns)
    except UnicodeEncodeError:
        raise _half_a_character("to_hf()", dataset, columns) from None
    except RecursionError:
        raise UsageError(f"to_hf(): {dataset.path / DATA}: a value is nested too deeply", hint=_EVERY_TYPE) from None
    except (ArithmeticError, TypeError, ValueError) as error:  # the check above lets lists of several types through
        raise UsageError(f"to_hf(): {error}", hint=_EVERY_TYPE) from None
    field, labels = _text_labels(_recipe(dataset))
    if field is None:
        return made
    path = dataset.path / MANIFEST
    if not isinstance(field, str):
        raise UsageError(f"to_hf(): {path}: `recipe.task.label` is {describe(field)}, not a text", hint=MEND)
    try:
        return made.cast_column(field, datasets.ClassLabel(names=labels)) if field in columns else made
    except (TypeError, ValueError) as error:
        what = f"the recipe's `labels` do not fit the field {field}: {error!s:.200}"
        raise UsageError(f"to_hf(): {path}: {what}", hint=MEND) from None


def _module(name: str, asked_by: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        missing = name if error.name in (name, None) else f"{name}, which lacks {error.name}"
        raise MissingExtraError(f"{asked_by} needs {missing}", hint=f"Install it: {INSTALL}") from None


def _columns(dataset: Dataset, *, lineage: bool) -> dict[str, list[Any]]:
    """Field by field, in the order of the seed example; without an example too there are its fields."""
    fields = dict.fromkeys((*_seed_fields(_recipe(dataset)), *(field for example in dataset for field in example)))
    columns = {field: [example.get(field) for example in dataset] for field in fields}
    if lineage:
        origins = dataset.lineage
        if len(origins) != len(dataset):
            raise UsageError(
                f"{dataset.path / DATA} has {counted(len(dataset), 'line')}, and {LINEAGE} has {len(origins):,}",
                hint=MEND,
            )
        names = [each.name for each in dataclass_fields(Lineage) if each.name not in ("vary", "checks")]
        columns |= {f"{PREFIX}{name}": [getattr(origin, name) for origin in origins] for name in names}
        varied = dict.fromkeys(name for origin in origins for name in origin.vary)
        columns |= {f"{PREFIX}vary_{name}": [origin.vary.get(name) for origin in origins] for name in varied}
        checks = [
            {f"{by}_{name}": value for by, notes in origin.checks.items() for name, value in notes.items()}
            for origin in origins
        ]
        columns |= {f"{PREFIX}{name}": [each.get(name) for each in checks] for name in dict.fromkeys(chain(*checks))}
    return columns


def _half_a_character(call: str, dataset: Dataset, columns: Mapping[str, Sequence[Any]]) -> UsageError:
    """The error that names the line of a text that is not to be written as UTF-8."""
    place = f"{dataset.path / MANIFEST}"  # the names of fields are its seed example's too
    for name, values in columns.items():
        lines = (line for line, value in enumerate(values, 1) if value is not None and not _is_utf8({name: value}))
        if (line := next(lines, None)) is not None:
            place = f"{dataset.path / (LINEAGE if name.startswith(PREFIX) else DATA)}:{line}"
            break
    return UsageError(f"{call}: {place}: half of a surrogate pair is not a character", hint=MEND)


def _is_utf8(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _recipe(dataset: Dataset) -> Mapping[str, Any]:
    recipe = dataset.manifest.get("recipe")
    return recipe if isinstance(recipe, dict) else {}


def _seed_fields(recipe: Mapping[str, Any]) -> Iterable[str]:
    seed = recipe.get("seed_example")
    first = seed[0] if isinstance(seed, list) and seed else seed
    return tuple(first) if isinstance(first, dict) else ()


def _text_labels(recipe: Mapping[str, Any]) -> tuple[Any, Sequence[str]]:
    """The label field and the labels, where these are fixed and all texts."""
    task, labels = recipe.get("task"), recipe.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return None, ()
    if isinstance(task, dict):
        return task.get("label"), labels
    return (LABEL_FIELDS.get(task) if isinstance(task, str) else None), labels


def _check_one_type(name: str, values: Sequence[Any]) -> None:
    kinds = {_kind(value) for value in values if value is not None}
    if len(kinds) > 1:
        raise UsageError(
            f"to_hf(): the field {name} holds values of several types ({', '.join(sorted(kinds))})",
            hint=f"Such a dataset has one type for each column; {_EVERY_TYPE}",
        )


def _kind(value: Any) -> str:
    return {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}.get(type(value), "mapping")
