"""From rows to a recipe: the user's own data, or a few examples that show the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Draft, Finding, Wishes
from datarecipe.init.infer.columns import choose_fields, choose_label
from datarecipe.init.infer.infer_fields import Shape, choose_shape
from datarecipe.init.infer.infer_labels import in_words
from datarecipe.init.infer.inferred_findings import (
    fields_findings,
    label_finding,
    options_findings,
    rows_findings,
    seed_finding,
    space_findings,
)
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.infer.pick_seeds import LONGEST_SEED, can_be_seed, pick
from datarecipe.init.read.table import Table, is_empty
from datarecipe.init.value_names import listed, quoted
from datarecipe.recipe import LabelSpace

DESCRIPTION_TODO = "say in a sentence what your data is; the model reads it"

_LONG_SEED = 4_000
"""Characters of a seed example that every request pays for."""


def draft_from_seeds(name: str, seeds: Sequence[Example], wishes: Wishes) -> Draft:
    """A recipe around seed examples that the user gives, all with the same fields.

    Raises:
        UsageError: no field is the answer, or the wishes do not go with the examples.
    """
    columns = tuple(seeds[0])
    shape = choose_shape(seeds, columns, wishes, is_data=False)
    fields = choose_fields(seeds, columns, shape.needed, wishes.fields or columns)
    _check_filled(seeds, fields.kept, shape)
    examples = [_settled({name: seed[name] for name in fields.kept}, shape) for seed in seeds]
    findings = [label_finding(shape), *options_findings(shape, fields.kept), *space_findings(shape)]
    return _draft(name, tuple(examples), shape, wishes, findings)


def _check_filled(seeds: Sequence[Example], fields: Sequence[str], shape: Shape) -> None:
    for number, seed in enumerate(seeds, 1):
        which = "the seed example" if len(seeds) == 1 else f"seed example {number}"
        if is_empty(seed[shape.label.field]):
            hint = "Write one into it, or name another field with --label FIELD."
            raise UsageError(f"the answer in {quoted(shape.label.field)} of {which} is empty", hint=hint)
        if all(is_empty(seed[name]) for name in fields if name not in shape.needed):
            raise UsageError(
                f"{which} says nothing but its answer", hint="The model imitates it: fill its other fields."
            )


def draft_from_table(name: str, table: Table, wishes: Wishes, *, seeds: int = 1) -> Draft:
    """A recipe for more data like the user's own. Of its rows only `seeds` typical ones go into it.

    Raises:
        UsageError: no field is the answer, no row is whole, or the wishes do not go with the rows.
    """
    rows = [row.values for row in table.rows]
    shape = choose_shape(rows, table.columns, wishes, rest=table.rest, is_data=True, has_header=table.has_header)
    fields = choose_fields(rows, table.columns, shape.needed, wishes.fields)
    usable = [
        replace(row, values=_settled({name: row.values[name] for name in fields.kept}, shape))
        for row in table.rows
        if _is_usable(row.values, fields.kept, shape)
    ]
    if not usable:
        raise _no_seed(table, fields.kept, shape)
    counts = _counts(table, shape) if shape.space.labels.kind == "fixed" else Counter()
    picked = pick(usable, shape.label.field, count=seeds, turns=[label for label, _ in counts.most_common()])
    findings = [
        *fields_findings(fields),
        label_finding(shape),
        *options_findings(shape, fields.kept),
        *space_findings(shape),
        *rows_findings(rows, table.rest, shape, len(usable)),
        seed_finding(table, picked, shape, counts, asked=seeds),
    ]
    return _draft(name, tuple(row.values for row in picked), shape, wishes, findings)


def _counts(table: Table, shape: Shape) -> Counter[str | None]:
    """How often each fixed label is the answer, folded, in the order in which they come."""
    label = shape.label.field
    counts = Counter(fold(row.values.get(label)) for row in table.rows)
    for (_, value), count in (table.rest.counts(label) or {}).items():
        counts[fold(value)] += count
    known = {*map(fold, shape.space.labels.values)}
    return Counter({folded: count for folded, count in counts.items() if folded in known})


def _no_seed(table: Table, fields: Sequence[str], shape: Shape) -> UsageError:
    whole = [row.values for row in table.rows if not any(is_empty(row.values.get(name)) for name in fields)]
    message = f"{table.source}: no row can be a seed example: "
    if not whole:
        message += f"none has a value in all of {listed([*map(quoted, fields)])}"
        return UsageError(message, hint="Leave fields out with --fields, which names those that an example has.")
    if not any(can_be_seed({name: row[name] for name in fields}) for row in whole):
        longest = f"{LONGEST_SEED:,} characters"
        hint = "Shorten the texts, or name other fields with --fields."
        return UsageError(f"{message}all are longer than {longest}, or nested too deep", hint=hint)
    message += f"none has an answer that fits ({in_words(shape.space.labels)})"
    return UsageError(message, hint="Say what the labels are with --labels, or name another field with --label.")


def find_label(table: Table, wishes: Wishes) -> str | None:
    """The field that would be taken for the answer; None when the user must say which one is."""
    choice = choose_label([row.values for row in table.rows], table.columns, wishes.label_field)
    return None if choice is None else choice.field


def _is_usable(row: Example, fields: Sequence[str], shape: Shape) -> bool:
    if any(is_empty(row.get(name)) for name in fields):
        return False
    if not can_be_seed({name: row[name] for name in fields}):
        return False
    space, label = shape.space.labels, fold(row[shape.label.field])
    if shape.options is not None and not _options_fit(row[shape.options.field], label, space):
        return False
    return space.kind != "fixed" or label in map(fold, space.values)


def _options_fit(options: Json, label: str | None, space: LabelSpace) -> bool:
    folded = [fold(option) for option in options] if isinstance(options, list) else []
    if label not in folded:
        return False
    if space.kind == "per_example":
        return len(folded) == len(set(folded) - {None}) == space.options
    return space.kind == "open" or folded == [fold(known) for known in space.values]


def _settled(example: Example, shape: Shape) -> Example:
    """The example with its answer, and fixed options, in the spelling of the label space or of its own options."""
    labels, label = shape.space.labels, shape.label.field
    options = None if shape.options is None else example[shape.options.field]
    known: Sequence[Json] = labels.values if labels.kind == "fixed" else options if isinstance(options, list) else ()
    spelt = {fold(value): value for value in known}
    settled = {**example, label: spelt.get(fold(example[label]), example[label])}
    if shape.options is not None and labels.kind == "fixed" and isinstance(options, list):
        alike = [fold(option) for option in options] == list(spelt)
        settled[shape.options.field] = cast("list[Json]", list(known)) if alike else options
    return settled


def _draft(
    name: str, examples: tuple[Example, ...], shape: Shape, wishes: Wishes, findings: Sequence[Finding]
) -> Draft:
    fields = tuple(examples[0])
    todo = {}
    if wishes.description is None:
        todo["description"] = DESCRIPTION_TODO
    if shape.space.todo is not None:
        todo["labels"] = shape.space.todo
    longest = max(len(str(example)) for example in examples)
    long = [Finding("length", f"the seed example has {longest:,} characters", "every request sends and imitates it")]
    return Draft(
        name=name,
        description=_description(fields, shape) if wishes.description is None else wishes.description,
        task=shape.task(fields),
        labels=shape.space.labels,
        seeds=examples,
        strategy=wishes.strategy,
        target_size=wishes.target_size,
        model=wishes.model,
        todo=todo,
        findings=(*findings, *(long if longest > _LONG_SEED else [])),
    )


def _description(fields: Sequence[str], shape: Shape) -> str:
    """A sentence that is true and says little: a placeholder that a model can work with."""
    texts = [" ".join(name.replace("_", " ").split()) for name in fields if name not in shape.needed]
    answer = " ".join(shape.label.field.replace("_", " ").split())
    return f"Examples with {', '.join(texts)} and the right {answer}."
