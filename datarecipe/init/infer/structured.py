"""Examples without a label field: dialogues, preference pairs and extractions, told from their shape alone, so that one
example is enough. The values stay as they are written; what comes again and again within them becomes a closed list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Finding
from datarecipe.init.infer.columns import LONGEST_LABEL, MAX_LABELS, find_label
from datarecipe.init.read.table import Table
from datarecipe.init.value_names import listed, quoted
from datarecipe.recipe import LabelSpace, Task
from datarecipe.recipe.example_schema.inferred_schema import infer_schema

_Place: TypeAlias = tuple[str | None, ...]
"""The way to a value within an example: names of fields, and None for an element of a list."""

_TURNS: Final = (("role", "content"), ("from", "value"))
"""Who speaks and what is said, as OpenAI and TRL name them, and as ShareGPT does."""

_DEEPEST: Final = 20
"""Lists and objects in each other that are looked into."""

_LABEL_FIELDS: Final = ("label", "labels", "answer")
"""With one of these, even dialogues are examples of a task with labels."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What the examples are, and the fields that say so."""

    template: str
    """The shipped instruction template."""
    fields: tuple[str, ...]
    description: str
    """A sentence that is true and says little: a placeholder that a model can work with."""
    findings: tuple[Finding, ...]
    closed: Mapping[_Place, Sequence[str]]
    """Values of a place that nothing else can stand in."""

    def schema(self, seeds: Sequence[Example]) -> dict[str, Json] | None:
        """The JSON Schema of one example; None where the one that a recipe infers says the same."""
        if not self.closed:
            return None
        schema: dict[str, Any] = infer_schema(seeds, Task("open", next(iter(seeds[0])), None), LabelSpace("open"))
        for place, values in self.closed.items():
            node = schema
            for step in place:
                node = node.get("items", {}) if step is None else node.get("properties", {}).get(step, {})
            if node.get("type") == "string":
                node["enum"] = list(values)
                node.pop("pattern", None)
        for name in self.fields if self.template == "dialogue.j2" else ():
            schema["properties"][name]["minItems"] = min(2, *(len(cast("list[Json]", seed[name])) for seed in seeds))
        return schema


def find_structure(table: Table) -> Structure | None:
    """What examples with these fields are, if they need no label field."""
    labelled = any(name.strip().casefold() in _LABEL_FIELDS and _is_plain(table, name) for name in table.columns)
    if {"chosen", "rejected"} <= set(table.columns) and not labelled:
        fields = tuple(name for name in ("prompt", "chosen", "rejected") if name in table.columns)
        if all(_holds_texts(table, name) or _speaker(table, name) for name in fields):
            return _preference_pair(table, fields)
    dialogues = [name for name in table.columns if _speaker(table, name)]
    if dialogues and not labelled:
        return _dialogue(table, dialogues[0])
    label, texts = find_label(table), [name for name in table.columns if _holds_texts(table, name)]
    nested = [name for name in table.columns if _holds_objects(table, name)]
    if nested and texts and (label is None or label[0] in nested):
        return _extraction(table, texts, nested)
    return None


def _dialogue(table: Table, name: str) -> Structure:
    speaker = _speaker(table, name)
    why = f"its lists hold turns, each with {quoted(speaker)}"
    findings = [Finding("dialogue", quoted(name), why, "--label FIELD for a task with labels")]
    closed = dict(_closed_roles(table, [name]))
    findings += [_closed_finding(place, roles) for place, roles in closed.items()]
    return Structure("dialogue.j2", (name,), "Dialogues.", tuple(findings), closed)


def _preference_pair(table: Table, fields: tuple[str, ...]) -> Structure:
    why = f"by the name{'s' * (len(fields) > 1)}: the answer that is better, and the one that is worse"
    found = listed([quoted(name) for name in fields])
    findings = [Finding("preference pair", found, why, "--label FIELD for a task with labels")]
    closed = dict(_closed_roles(table, fields))
    findings += [_closed_finding(place, roles) for place, roles in closed.items()]
    description = "Prompts, each with a better and a worse answer."
    return Structure("preference_pair.j2", fields, description, tuple(findings), closed)


def _extraction(table: Table, texts: Sequence[str], nested: Sequence[str]) -> Structure:
    found, where = listed([quoted(name) for name in nested]), listed([quoted(name) for name in texts])
    why = f"objects with what is to be found in {where}"
    findings = [Finding("extraction", found, why, "--label FIELD for a task with labels")]
    closed = dict(_closed_values(table, texts, nested))
    findings += [_closed_finding(place, values) for place, values in closed.items()]
    if not closed:
        why = "no value comes again often enough; a `schema` in the recipe can list them (`enum`)"
        findings.append(Finding("closed list", "none", why))
    description = "Texts, each with what is to be found in it."
    return Structure("extraction.j2", (*texts, *nested), description, tuple(findings), closed)


def _closed_finding(place: _Place, values: Sequence[str]) -> Finding:
    name = ".".join(step for step in place if step is not None)
    return Finding("closed list", f"{quoted(name)} is one of {listed([quoted(v) for v in values], 8)}", "in `schema`")


def _speaker(table: Table, name: str) -> str:
    """The name of what says who speaks, if all values of a column are dialogues."""
    values = table.filled(name)
    for speaker, text in _TURNS if values else ():
        if all(_is_dialogue(value, speaker, text) for value in values):
            return speaker
    return ""


def _is_dialogue(value: Json, speaker: str, text: str) -> bool:
    # A turn that calls a tool may hold no text.
    turns = value if isinstance(value, list) else []
    return bool(turns) and all(
        isinstance(turn, dict) and isinstance(turn.get(speaker), str) and (text in turn or "tool_calls" in turn)
        for turn in turns
    )


def _closed_roles(table: Table, names: Iterable[str]) -> Iterator[tuple[_Place, list[str]]]:
    for name in names:
        if speaker := _speaker(table, name):
            place = (name, None, speaker)
            roles = Counter(text for value in table.filled(name) for at, text in _texts(value, (name,)) if at == place)
            if len(roles) <= MAX_LABELS:
                yield place, list(roles)


def _closed_values(table: Table, texts: Sequence[str], nested: Sequence[str]) -> Iterator[tuple[_Place, list[str]]]:
    """Values that come again and again and are no part of the text that they are found in."""
    counts: dict[_Place, Counter[str]] = {}
    spans: Counter[_Place] = Counter()
    for row in table.rows:
        text = "\n".join(str(row.values.get(name)) for name in texts)
        for name in nested:
            for place, value in _texts(row.values.get(name), (name,)):
                counter = counts.setdefault(place, Counter())
                # More values than are closed are not counted, so memory stays bounded.
                counter[value if len(counter) <= MAX_LABELS else next(iter(counter))] += 1
                spans[place] += value in text
    for place, found in counts.items():
        few = 2 <= len(found) <= min(MAX_LABELS, found.total() // 2)
        if few and spans[place] * 2 < found.total() and max(map(len, found)) <= LONGEST_LABEL:
            yield place, [value for value, _ in found.most_common()]


def _texts(value: Json, place: _Place) -> Iterator[tuple[_Place, str]]:
    """All texts within a value, each with its place."""
    if isinstance(value, str):
        yield place, value
    elif len(place) > _DEEPEST:
        return
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, (*place, None))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*place, key))


def _holds_texts(table: Table, name: str) -> bool:
    values = table.filled(name)
    return bool(values) and all(isinstance(value, str) for value in values)


def _holds_objects(table: Table, name: str) -> bool:
    """Whether a column holds objects, or lists of them, some of which may be empty."""
    lists = [value if isinstance(value, list) else [value] for value in table.filled(name)]
    return any(lists) and all(isinstance(item, dict) and item for items in lists for item in items)


def _is_plain(table: Table, name: str) -> bool:
    return any(not isinstance(value, list | dict) for value in table.filled(name))
