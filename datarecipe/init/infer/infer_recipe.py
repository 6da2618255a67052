"""From rows to a recipe: the user's own data, or a few examples that show the format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.init.draft import DESCRIPTION_TODO, Draft, Finding, Wishes, task_of
from datarecipe.init.infer.columns import (
    OPTIONS_NAMES,
    choose_fields,
    distinct,
    find_label,
    find_options,
    is_options,
    known_field,
    label_candidates,
)
from datarecipe.init.infer.infer_labels import Space, choose_space, in_words
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.infer.pick_seeds import LONGEST_SEED, can_be_seed, pick
from datarecipe.init.infer.structured import Structure, find_structure
from datarecipe.init.read.table import Row, Table, is_empty, seeds_table
from datarecipe.init.value_names import listed, quoted
from datarecipe.recipe import LabelSpace, Scalar

_TEMPLATES = {"fixed": "fixed_labels.j2", "per_example": "per_example_options.j2", "open": "open_answers.j2"}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the fields of an example are, and how that was found."""

    label: str
    options: str | None
    space: Space
    findings: tuple[Finding, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields that every example has: options and label."""
        return (self.label,) if self.options is None else (self.options, self.label)


def draft_from_seeds(name: str, seeds: Sequence[Example], wishes: Wishes) -> Draft:
    """A recipe around seed examples that the user gives, all with the same fields.

    Raises:
        UsageError: no field is the answer, or the wishes do not go with the examples.
    """
    table = seeds_table(seeds)
    structure = None if wishes.is_labelled else find_structure(table)
    if structure is not None:
        fields, findings = choose_fields(table, structure.fields, wishes.fields)
        examples = [{field: seed[field] for field in fields} for seed in seeds]
        return _structured_draft(name, examples, structure, wishes, [*findings, *structure.findings])
    shape = _choose_shape(table, wishes)
    fields, _ = _labelled_fields(table, shape, wishes.fields or table.columns)
    for seed in seeds:
        if is_empty(seed[shape.label]) or all(is_empty(seed[field]) for field in fields if field not in shape.needed):
            hint = f"Fill {quoted(shape.label)} and another field, or name the answer with --label FIELD."
            raise UsageError("a seed example needs an answer and what it answers, and here one is empty", hint=hint)
    examples = [_settled({field: seed[field] for field in fields}, shape) for seed in seeds]
    return _labelled_draft(name, examples, shape, wishes, shape.findings)


def draft_from_table(name: str, table: Table, wishes: Wishes, *, seeds: int = 1) -> Draft:
    """A recipe for more data like the user's own. Of its rows only `seeds` typical ones go into it.

    Raises:
        UsageError: no field is the answer, no row is whole, or the wishes do not go with the rows.
    """
    structure = None if wishes.is_labelled else find_structure(table)
    if structure is not None:
        fields, findings = choose_fields(table, structure.fields, wishes.fields)
        picked = pick(_whole_rows(table, fields), seeds)
        findings = [*findings, *structure.findings, _seed_finding(table, picked, ())]
        return _structured_draft(name, [row.values for row in picked], structure, wishes, findings)
    shape = _choose_shape(table, wishes)
    fields, findings = _labelled_fields(table, shape, wishes.fields)
    labels = shape.space.labels.values
    whole = _whole_rows(table, fields)
    usable = [Row(_settled(row.values, shape), row.place) for row in whole if _answer_fits(row.values, shape)]
    if not usable:
        reason = f"none has an answer that fits ({in_words(shape.space.labels)})"
        hint = "Say what the labels are with --labels, or name another field with --label."
        raise UsageError(f"{table.source}: no row can be a seed example: {reason}", hint=hint)
    picked = pick(usable, seeds, shape.label, [fold(label) for label in labels])
    findings += [*shape.findings, *_missing_labels(table, shape.label), _seed_finding(table, picked, labels)]
    return _labelled_draft(name, [row.values for row in picked], shape, wishes, findings)


def lacks_label(table: Table, wishes: Wishes) -> bool:
    """Whether the user must say which field is the answer."""
    if wishes.label_field is not None or (not wishes.is_labelled and find_structure(table) is not None):
        return False
    return find_label(table) is None


def _labelled_fields(table: Table, shape: _Shape, wished: Sequence[str]) -> tuple[list[str], list[Finding]]:
    fields, findings = choose_fields(table, shape.needed, wished)
    if not set(fields) - set(shape.needed):
        left_out = listed([f"{finding.found} ({finding.why})" for finding in findings[1:]])
        raise UsageError(
            "no field remains that the answer could be about" + (f"; left out: {left_out}" if left_out else ""),
            hint="Name the fields of an example with --fields text,label, or another answer with --label FIELD.",
        )
    return fields, findings


def _whole_rows(table: Table, fields: Sequence[str]) -> list[Row]:
    """The rows that have a value in each of the fields and that a recipe can hold.

    Raises:
        UsageError: there are none.
    """
    whole = [
        Row({field: row.values[field] for field in fields}, row.place)
        for row in table.rows
        if not any(is_empty(row.values.get(field)) for field in fields)
    ]
    short = [row for row in whole if can_be_seed(row.values)]
    if not short:
        reason = f"none has a value in all of {listed([*map(quoted, fields)])}"
        hint = "Leave fields out with --fields, which names those that an example has."
        if whole:
            reason = f"all are longer than {LONGEST_SEED:,} characters, or nested too deep"
            hint = "Shorten the texts, or name other fields with --fields."
        raise UsageError(f"{table.source}: no row can be a seed example: {reason}", hint=hint)
    return short


def _choose_shape(table: Table, wishes: Wishes) -> _Shape:
    """Find the answer, its options and the label space.

    Raises:
        UsageError: no field is the answer, or the user's wishes do not go with the rows.
    """
    found = find_label(table)
    if wishes.label_field is not None:
        found = known_field(wishes.label_field, table, "--label"), "you said so"
    if found is None:
        raise _no_label(table)
    label, why = found
    findings = [Finding("label field", quoted(label), why, "--label FIELD")]
    options = None
    if wishes.options_field is not None:
        options = known_field(wishes.options_field, table, "--options-field")
        if options == label or not any(
            is_options(row.values.get(options), row.values.get(label)) for row in table.rows
        ):
            hint = "An options field is a list of different texts or numbers, and the answer is one of them."
            message = f"{quoted(options)} is not a list of options that holds the value of {quoted(label)}"
            raise UsageError(message, hint=hint)
    elif wishes.task != "open" and not wishes.labels:
        options = find_options(table, label)
    if options is not None:
        why = f"its lists hold the value of {quoted(label)}"
        findings.append(Finding("options field", quoted(options), why, "--options-field FIELD"))
    elif lists := [name for name in table.columns if name.strip().casefold() in OPTIONS_NAMES]:
        why = f"the value of {quoted(label)} is not in it, letter by letter"
        findings.append(Finding("note", f"{quoted(lists[0])} is not taken for options to choose from", why))
    space = choose_space(table, label, options, wishes)
    findings.append(Finding("labels", in_words(space.labels), space.why, "--labels A,B, --task open"))
    return _Shape(label, options, space, (*findings, *(Finding("note", note) for note in space.notes)))


def _no_label(table: Table) -> UsageError:
    header = "" if table.has_header else "; or, if the first row is data, name the columns: --columns text,label"
    candidates = [f"{quoted(name)} ({distinct(table, name)} different values)" for name in label_candidates(table)]
    message = f"several fields may hold the answer: {listed(candidates)}"
    if not candidates:
        message = f"no field looks like the answer; the fields are {listed([quoted(name) for name in table.columns])}"
    return UsageError(message, hint=f"Say which one does: --label FIELD{header}")


def _answer_fits(row: Example, shape: _Shape) -> bool:
    space = shape.space.labels
    if shape.options is not None:
        options = row[shape.options]
        if not isinstance(options, list) or not is_options(options, row[shape.label]):
            return False
        if space.kind == "per_example":
            return len(options) == space.options
        if space.kind == "fixed":
            return options == list(space.values)
    return space.kind != "fixed" or fold(row[shape.label]) in map(fold, space.values)


def _settled(example: Example, shape: _Shape) -> Example:
    """The example with its answer in the spelling of the label space."""
    spelt = {fold(label): label for label in shape.space.labels.values}
    return {**example, shape.label: spelt.get(fold(example[shape.label]), example[shape.label])}


def _missing_labels(table: Table, label: str) -> Iterator[Finding]:
    counts = table.counts.of(label)
    missing = len(table.rows) - len(table.filled(label)) if counts is None else table.counts.rows - counts.total()
    if missing:
        rows = f"{missing:,} of {table.counts.rows:,} rows"
        yield Finding("note", f"{rows} have no {quoted(label)}", "not counted")


def _seed_finding(table: Table, picked: Sequence[Row], labels: Sequence[Scalar]) -> Finding:
    """Which rows became seed examples."""
    s = "s" * (len(picked) > 1)
    found = f"{table.unit}{s} {listed([f'{row.place:,}' for row in picked])}"
    more = f"--seeds {len(labels)} for one of each label" if labels and not s else "--seeds N for more"
    why = "of typical length" + ", of each label in turn" * bool(labels and s)
    return Finding(f"seed example{s}", found, why, more)


def _structured_draft(
    name: str, examples: Sequence[Example], structure: Structure, wishes: Wishes, findings: Sequence[Finding]
) -> Draft:
    return Draft(
        name=name,
        description=wishes.description or structure.description,
        task=None,
        labels=LabelSpace("open"),
        template=structure.template,
        seeds=tuple(examples),
        wishes=wishes,
        schema=structure.schema(examples),
        todo={} if wishes.description is not None else {"description": DESCRIPTION_TODO},
        findings=tuple(findings),
    )


def _labelled_draft(
    name: str, examples: Sequence[Example], shape: _Shape, wishes: Wishes, findings: Sequence[Finding]
) -> Draft:
    fields, labels = tuple(examples[0]), shape.space.labels
    todo = {} if wishes.description is not None else {"description": DESCRIPTION_TODO}
    if shape.space.todo is not None:
        todo["labels"] = shape.space.todo
    # A sentence that is true and says little: a placeholder that a model can work with.
    *texts, answer = (
        " ".join(field.replace("_", " ").split())
        for field in [*(field for field in fields if field not in shape.needed), shape.label]
    )
    placeholder = f"Examples with {', '.join(texts)} and the right {answer}."
    return Draft(
        name=name,
        description=placeholder if wishes.description is None else wishes.description,
        task=task_of(fields, shape.label, shape.options, labels),
        labels=labels,
        template=_TEMPLATES[labels.kind],
        seeds=tuple(examples),
        wishes=wishes,
        todo=todo,
        findings=tuple(findings),
    )
