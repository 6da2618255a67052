"""What is legal in a recipe, and surely not meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datarecipe.errors import Problem
from datarecipe.exchange import canonical_json
from datarecipe.recipe.example_schema.dialogue_seeds import dialogue_warnings
from datarecipe.recipe.keys.labels import label_warnings
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.keys.settings import read_fallbacks, read_stop_when, whole
from datarecipe.recipe.keys.task import LABEL_FIELDS
from datarecipe.recipe.message_text import code
from datarecipe.recipe.recipe import LabelSpace, Strategy, StrategyKind, Task
from datarecipe.recipe.source.document import Document, Place
from datarecipe.recipe.strategy_table import without_effect
from datarecipe.recipe.yaml_pitfalls import pitfalls

_DEFAULTS = Strategy("tree")


def warnings(
    document: Document, seeds: Sequence[Seed], labels: LabelSpace, task: Task, schema: Mapping[str, Any]
) -> Iterator[Problem]:
    """Warnings for a recipe in which nothing is wrong."""
    misread = tuple(pitfalls(document, seeds, task))
    yield from misread
    told = {(problem.source, problem.line) for problem in misread}
    nulls = () if document.get(("schema",)) is not None else _only_null(seeds, schema)
    yield from (problem for problem in nulls if (problem.source, problem.line) not in told)
    yield from _no_task(task, seeds[0])
    yield from _batch_size(document)
    yield from _strategy(document)
    yield from _stop_when(document)
    yield from _fallbacks(document)
    yield from label_warnings(document, labels.values)
    yield from _equal_seeds(seeds)
    yield from dialogue_warnings(seeds)


def _no_task(task: Task, seed: Seed) -> Iterator[Problem]:
    """A field with the name of a label field, in a recipe that names no task."""
    names = {field: name for name, field in LABEL_FIELDS.items()} if task.kind == "none" else {}
    for field in names.keys() & seed.example.keys():
        message = f"{code(field)} counts as text: the recipe names no `task`, so no field is the label"
        hint = f"if it holds the label, add `task: {names[field]}` or `task: {{label: {field}}}`"
        yield seed.place(field).warning(message, hint)


def _batch_size(document: Document) -> Iterator[Problem]:
    batch, target = document.get(("batch_size",)), document.get(("target_size",))
    # A trial with a small --target-size is meant as it is.
    if batch is None or target is None or batch.place.is_flag != target.place.is_flag:
        return
    size, wanted = whole(_value(document, "batch_size")), whole(_value(document, "target_size"))
    if size > wanted:
        message = f"`batch_size` ({size}) is larger than `target_size` ({wanted})"
        yield batch.place.warning(message, "write a smaller `batch_size`")


def _value(document: Document, key: str) -> Any:
    """What the recipe says, None where it says nothing."""
    return document.value.get(key)  # type: ignore[union-attr]


def _strategy(document: Document) -> Iterator[Problem]:
    written = _value(document, "strategy")
    if not isinstance(written, dict):
        return
    kind: StrategyKind = written["kind"]
    chosen = document.place(("strategy", "kind"))
    for key in without_effect(kind):
        place = document.key_place(("strategy", key))
        # One hand must have written both: a base's setting may well mean nothing to the strategy of what extends it.
        if key in written and written[key] != getattr(_DEFAULTS, key) and place.source == chosen.source:
            message = f"the strategy {code(kind)} ignores {code(key)}"
            yield place.warning(message, "remove it, or choose another kind")


def _stop_when(document: Document) -> Iterator[Problem]:
    written = (_value(document, "limits") or {}).get("stop_when")
    if written is not None and read_stop_when(written) is None:
        place = document.key_place(("limits", "stop_when"))
        message = "`limits.stop_when` names nothing that ends the run"
        yield place.warning(message, "write `yield_below`, `duplicates_above` or both, or remove it")


def _fallbacks(document: Document) -> Iterator[Problem]:
    seen = {_value(document, "model")}
    for index, fallback in enumerate(read_fallbacks(_value(document, "fallbacks") or ())):
        if fallback.model in seen:
            place = document.place(("fallbacks", index))
            message = f"{code(fallback.model)} is tried before this fallback, which is therefore never useful"
            yield place.warning(message, "name another model, or remove it")
        seen.add(fallback.model)


def _only_null(seeds: Sequence[Seed], schema: Mapping[str, Any]) -> Iterator[Problem]:
    for name, shape in schema["properties"].items():
        if shape == {"type": "null"}:
            message = f"{code(name)} is null in every seed example, so every reply must have null there"
            yield seeds[0].place(name).warning(message, "write what it holds, or leave the field out")


def _equal_seeds(seeds: Sequence[Seed]) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for seed in seeds:
        first = seen.setdefault(canonical_json(seed.example), seed.place())
        if first != seed.place():
            yield seed.place().warning(f"the seed example is the same as the one at {first}", "remove one of them")
