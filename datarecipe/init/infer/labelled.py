"""Examples with a label field: the answer, its options and the label space, all chosen together."""

from __future__ import annotations

from datarecipe.errors import UsageError
from datarecipe.init.draft import ExampleKind, Finding, Wishes
from datarecipe.init.infer.columns import (
    OPTIONS_NAMES,
    distinct,
    find_label,
    find_options,
    is_options,
    known_field,
    label_candidates,
)
from datarecipe.init.infer.infer_labels import choose_space, in_words
from datarecipe.init.read.table import Table
from datarecipe.init.value_names import listed
from datarecipe.recipe.message_text import show

_TEMPLATES = {"fixed": "fixed_labels.j2", "per_example": "per_example_options.j2", "open": "open_answers.j2"}


def labelled_kind(table: Table, wishes: Wishes) -> ExampleKind:
    """What the examples are, as far as it can be told and as the user wishes.

    Raises:
        UsageError: no field is the answer, or the user's wishes do not go with the rows.
    """
    found = find_label(table)
    if wishes.label_field is not None:
        found = known_field(wishes.label_field, table, "--label"), "you said so"
    if found is None:
        raise _no_label(table)
    label, why = found
    findings = [Finding("label field", show(label), why, "--label FIELD")]
    options = _options(table, label, wishes)
    if options is not None:
        why = f"its lists hold the value of {show(label)}"
        findings.append(Finding("options field", show(options), why, "--options-field FIELD"))
    elif lists := [name for name in table.columns if name.strip().casefold() in OPTIONS_NAMES]:
        why = f"the value of {show(label)} is not in it, letter by letter"
        findings.append(Finding("note", f"{show(lists[0])} is not taken for options to choose from", why))
    space = choose_space(table, label, options, wishes)
    findings.append(Finding("labels", in_words(space.labels), space.why, "--labels A,B, --task open"))
    return ExampleKind(
        needed=(label,) if options is None else (options, label),
        template=_TEMPLATES[space.labels.kind],
        findings=(*findings, *(Finding("note", note) for note in space.notes)),
        label=label,
        options=options,
        labels=space.labels,
        labels_todo=space.todo,
    )


def _options(table: Table, label: str, wishes: Wishes) -> str | None:
    if wishes.options_field is None:
        return None if wishes.task == "open" or wishes.labels else find_options(table, label)
    name = known_field(wishes.options_field, table, "--options-field")
    if name == label or not any(is_options(row.values.get(name), row.values.get(label)) for row in table.rows):
        hint = "An options field is a list of different texts or numbers, and the answer is one of them."
        message = f"{show(name)} is not a list of options that holds the value of {show(label)}"
        raise UsageError(message, hint=hint)
    return name


def _no_label(table: Table) -> UsageError:
    header = "" if table.has_header else "; or, if the first row is data, name the columns: --columns text,label"
    candidates = [f"{show(name)} ({distinct(table, name)} different values)" for name in label_candidates(table)]
    message = f"several fields may hold the answer: {listed(candidates)}"
    if not candidates:
        message = f"no field looks like the answer; the fields are {listed([*map(show, table.columns)])}"
    return UsageError(message, hint=f"Say which one does: --label FIELD{header}")
