"""Dialogues, preference pairs and extractions, told from the shape of their fields alone, so that one example is enough.

Their values stay as they are written. Which roles speak, and in which order, a recipe takes from its seed examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from datarecipe.exchange import Example, Json
from datarecipe.init.draft import ExampleKind, Finding, TaskName
from datarecipe.init.infer.columns import are_few, find_label, holds, why_id
from datarecipe.init.infer.dialogue_rows import check_turns
from datarecipe.init.read.table import Row, Table
from datarecipe.init.value_names import listed
from datarecipe.recipe import Task
from datarecipe.recipe.example_schema.dialogue import dialogues
from datarecipe.recipe.example_schema.inferred_schema import infer_schema
from datarecipe.recipe.message_text import show

_Place: TypeAlias = tuple[str | None, ...]
"""The way to a value within an example: names of fields, and None for an element of a list."""

_MOST_SEARCHED: Final = 20_000_000
"""Characters of texts that are searched for values, counted once for each value: the first rows show enough."""

_LABEL_FIELDS: Final = ("label", "labels", "answer")
"""With one of these, even dialogues are examples of a task with labels."""


SHAPES: Final[Mapping[TaskName, str]] = {
    "dialogue": 'a list of turns, each with "role" and "content", or with "from" and "value"',
    "preference_pair": '"chosen" and "rejected", and usually "prompt": texts or lists of turns',
    "extraction": "a text, and an object or a list of objects that are found in it",
}


def find_structure(table: Table, wished: TaskName | None = None) -> ExampleKind | None:
    """What the rows are, if they are no examples of a task with plain labels. If something is wished, a label is a field
    like others.

    Raises:
        UsageError: a turn of a dialogue lacks its role or content.
    """
    labels = [name for name in table.columns if name.strip().casefold() in _LABEL_FIELDS and _is_plain(table, name)]
    labelled = bool(labels) and wished is None
    if not labelled:
        for name in table.columns:
            check_turns(table, name)
    pair = tuple(name for name in ("prompt", "chosen", "rejected") if name in table.columns)
    is_pair = all(holds(table, name, str) or _role_key(table, name) for name in pair)
    if {"chosen", "rejected"} <= {*pair} and is_pair and not labelled:
        why = "by their names: an answer, and a worse one to the same prompt"
        description = "Prompts, each with a better and a worse answer."
        return _kind("preference pair", pair, "preference_pair.j2", why, description)
    for name in table.columns:
        if not labelled and (role := _role_key(table, name)):
            return _kind("dialogue", (name,), "dialogue.j2", f"it holds turns, each with {show(role)}", "Dialogues.")
    label = find_label(table)
    texts = [name for name in table.columns if holds(table, name, str) and why_id(table, name) is None]
    nested = [name for name in table.columns if _holds_objects(table, name)]
    if nested and texts and (wished or label is None or label[0] in nested):
        return _extraction(table, texts, nested)
    return None


def _extraction(table: Table, texts: Sequence[str], nested: Sequence[str]) -> ExampleKind:
    why = f"it holds objects, found in {listed([*map(show, texts)])}"
    kind = _kind("extraction", tuple(nested), "extraction.j2", why, "Texts, each with what is found in it.")
    # A value that only a row further down has would be rejected.
    closed = {} if table.others else dict(_closed_values(table, texts, nested))
    findings = []
    for place, values in closed.items():
        found = f"{show(_name(place))} is one of {listed([*map(show, values)], 8)}"
        findings.append(Finding("closed list", found, "they come again and again; `schema` in the recipe lists them"))
    if not closed:
        why = "no value comes again often enough"
        if table.others:
            why = f"only {len(table.rows):,} of {table.counts.rows:,} rows were read whole, and others may hold more values"
        findings.append(Finding("closed list", "none", f"{why}; a `schema` in the recipe can list them (`enum`)"))
    # With the same text, two examples are the same, whatever was found in it.
    label = nested[0] if len(nested) == 1 else None
    return replace(kind, label=label, closed=closed, findings=(*kind.findings, *findings))


def _kind(name: str, fields: tuple[str, ...], template: str, why: str, description: str) -> ExampleKind:
    finding = Finding(name, listed([*map(show, fields)]), why, "--label FIELD for a task with labels")
    return ExampleKind(needed=fields, template=template, findings=(finding,), description=description)


def schema_of(kind: ExampleKind, seeds: Sequence[Example]) -> dict[str, Json] | None:
    """The JSON Schema of one example; None where the one that a recipe infers says the same."""
    if not kind.closed:
        return None
    schema: dict[str, Any] = infer_schema(seeds, Task("none", None, None), kind.labels)
    for place, values in kind.closed.items():
        node = schema
        for step in place:
            node = node.get("items", {}) if step is None else node.get("properties", {}).get(step, {})
        if node.get("type") == "string":
            node["enum"] = list(values)
            node.pop("pattern", None)
    return schema


def rules_of(kind: ExampleKind) -> dict[str, Json]:
    """What the model is told of closed lists."""
    return {
        _name(place): f"{_name(place)} is always one of: {', '.join(values)}." for place, values in kind.closed.items()
    }


def _name(place: _Place) -> str:
    return ".".join(step for step in place if step is not None)


def _role_key(table: Table, name: str) -> str | None:
    """The name of what says who speaks, if all values of a column are dialogues."""
    rows: list[Example] = [{name: value} for value in table.filled(name)]
    dialogue = dialogues(rows).get(name) if rows else None
    return None if dialogue is None else dialogue.role_key


def _closed_values(table: Table, texts: Sequence[str], nested: Sequence[str]) -> Iterator[tuple[_Place, list[str]]]:
    """Values that come again and again and are no part of the text that they are found in."""

    def found(row: Row) -> Iterator[tuple[_Place, str]]:
        return _texts({name: row.values.get(name) for name in nested}, ())

    counts: dict[_Place, Counter[str]] = {}
    for row in table.rows:
        for place, value in found(row):
            counts.setdefault(place, Counter())[value] += 1
    few = {place: values for place, values in counts.items() if are_few(values, values.total())}
    searched: Counter[_Place] = Counter()
    spans: Counter[_Place] = Counter()
    left = _MOST_SEARCHED
    for row in table.rows if few else ():
        text = "\n".join(str(row.values.get(name)) for name in texts)
        is_span: dict[str, bool] = {}
        for place, value in found(row):
            if place not in few:
                continue
            if value not in is_span and left > 0:
                left -= len(text)
                is_span[value] = value in text
            searched[place] += value in is_span
            spans[place] += is_span.get(value, False)
    for place, counted in few.items():
        if spans[place] * 2 < searched[place]:
            yield place, [value for value, _ in counted.most_common()]


def _texts(value: Json, place: _Place) -> Iterator[tuple[_Place, str]]:
    """All texts within a value, each with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list | dict):
        for key, item in value.items() if isinstance(value, dict) else ((None, item) for item in value):
            yield from _texts(item, (*place, key))


def _holds_objects(table: Table, name: str) -> bool:
    """Whether a column holds objects, or lists of them, some of which may be empty."""
    lists = [value if isinstance(value, list) else [value] for value in table.filled(name)]
    return any(lists) and all(isinstance(item, dict) and item for items in lists for item in items)


def _is_plain(table: Table, name: str) -> bool:
    return any(not isinstance(value, list | dict) for value in table.filled(name))
