"""From rows to a recipe: the user's own data, or a few examples that show the format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.init.draft import DESCRIPTION_TODO, STRUCTURES, Draft, ExampleKind, Finding, Wishes, task_of
from datarecipe.init.infer.columns import choose_fields, find_label, is_options
from datarecipe.init.infer.dialogue_rows import pick_dialogues, what_seeds_lack
from datarecipe.init.infer.infer_labels import in_words, labelled_kind
from datarecipe.init.infer.pick_seeds import LONGEST_SEED, can_be_seed, pick
from datarecipe.init.infer.structured import SHAPES, find_structure, rules_of, schema_of
from datarecipe.init.read.table import Row, Table, is_empty, seeds_table
from datarecipe.init.value_names import fold, listed
from datarecipe.recipe.example_schema.dialogue import dialogues
from datarecipe.recipe.message_text import show


def draft_from_seeds(name: str, seeds: Sequence[Example], wishes: Wishes) -> Draft:
    """A recipe around seed examples that the user gives, all with the same fields.

    Raises:
        UsageError: no field is the answer, or the wishes do not go with the examples.
    """
    table = seeds_table(seeds)
    kind = _structure(table, wishes)
    if kind is not None:
        fields, findings = _fields(table, kind, wishes.fields)
    else:
        kind, findings = labelled_kind(table, wishes), []
        fields, _ = _fields(table, kind, wishes.fields or table.columns)
    for seed in seeds:
        texts = [field for field in fields if field not in kind.needed]
        if kind.label and (is_empty(seed[kind.label]) or all(is_empty(seed[field]) for field in texts)):
            hint = f"Fill {show(kind.label)} and another field, or name the answer with --label FIELD."
            raise UsageError("a seed example needs an answer and what it answers, and here one is empty", hint=hint)
    examples = [_settled({field: seed[field] for field in fields}, kind) for seed in seeds]
    return _draft(name, examples, kind, wishes, [*findings, *kind.findings])


def draft_from_table(name: str, table: Table, wishes: Wishes, *, seeds: int = 1) -> Draft:
    """A recipe for more data like the user's own. Of its rows only `seeds` typical ones go into it.

    Raises:
        UsageError: no field is the answer, no row is whole, or the wishes do not go with the rows.
    """
    kind = _structure(table, wishes) or labelled_kind(table, wishes)
    fields, findings = _fields(table, kind, wishes.fields)
    rows = [Row(_settled(row.values, kind), row.place) for row in _whole_rows(table, fields) if _fits(row.values, kind)]
    if not rows:
        reason = f"none has an answer that fits ({in_words(kind.labels)})"
        hint = "Say what the labels are with --labels, or name another field with --label."
        raise UsageError(f"{table.source}: no row can be a seed example: {reason}", hint=hint)
    label, labels = kind.label, [fold(label) for label in kind.labels.values]
    if label is not None and labels:
        picked = pick(rows, seeds, lambda row: fold(row.values[label]), labels)
    else:
        picked = pick_dialogues(rows, seeds)
    findings += [*kind.findings, *_missing_labels(table, label), _seed_finding(table, picked, len(labels))]
    draft = _draft(name, [row.values for row in picked], kind, wishes, findings)
    return replace(draft, findings=(*draft.findings, *what_seeds_lack(table.rows, draft.seeds)))


def lacks_label(table: Table, wishes: Wishes) -> bool:
    """Whether the user must say which field is the answer."""
    return wishes.label_field is None and _structure(table, wishes) is None and find_label(table) is None


def _structure(table: Table, wishes: Wishes) -> ExampleKind | None:
    """What the examples are where they have no list of labels; None for those of a task with labels.

    Raises:
        UsageError: the user names a kind, and the rows are of another, or labels are wished too.
    """
    wished = wishes.task if wishes.task in STRUCTURES else None
    kind = None if wishes.is_labelled else find_structure(table, wished)
    if wished is not None and wishes.is_labelled:
        hint = "Leave --labels, --label, --options and --options-field out."
        raise UsageError(f"--task {wished} has neither labels nor options", hint=hint)
    if wished is not None and (kind is None or kind.template != f"{wished}.j2"):
        raise UsageError(f"--task {wished}: {table.source} holds none", hint=f"Such an example has {SHAPES[wished]}.")
    return kind


def _fields(table: Table, kind: ExampleKind, wished: Sequence[str]) -> tuple[list[str], list[Finding]]:
    fields, findings = choose_fields(table, kind.needed, wished)
    if kind.label is not None and not set(fields) - set(kind.needed):
        left_out = listed([f"{finding.found} ({finding.why})" for finding in findings if finding.subject == "left out"])
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
        reason = f"none has a value in all of {listed([*map(show, fields)])}"
        hint = "Leave fields out with --fields, which names those that an example has."
        if whole:
            reason = f"all are longer than {LONGEST_SEED:,} characters, or nested too deep"
            hint = "Shorten the texts, or name other fields with --fields."
        raise UsageError(f"{table.source}: no row can be a seed example: {reason}", hint=hint)
    return short


def _fits(row: Example, kind: ExampleKind) -> bool:
    if kind.label is None:
        return True
    if kind.options is not None:
        options = row[kind.options]
        if not isinstance(options, list) or not is_options(options, row[kind.label]):
            return False
        if kind.labels.kind == "per_example":
            return len(options) == kind.labels.options
        if kind.labels.kind == "fixed":
            return options == list(kind.labels.values)
    return kind.labels.kind != "fixed" or fold(row[kind.label]) in map(fold, kind.labels.values)


def _settled(example: Example, kind: ExampleKind) -> Example:
    """The example with its answer in the spelling of the label space."""
    spelt = {fold(label): label for label in kind.labels.values}
    settled = spelt.get(fold(example[kind.label])) if kind.label is not None else None
    return example if kind.label is None or settled is None else {**example, kind.label: settled}


def _missing_labels(table: Table, label: str | None) -> Iterator[Finding]:
    counts = None if label is None else table.counts.of(label)
    if counts is not None and counts.total() < table.counts.rows:
        missing = table.counts.rows - counts.total()
        yield Finding("note", f"{missing:,} of {table.counts.rows:,} rows have no {show(label or '')}", "not counted")


def _seed_finding(table: Table, picked: Sequence[Row], labels: int) -> Finding:
    """Which rows became seed examples."""
    s = "s" * (len(picked) > 1)
    found = f"{table.unit}{s} {listed([f'{row.place:,}' for row in picked])}"
    more = f"--seeds {labels} for one of each label" if labels and not s else "--seeds N for more"
    return Finding(
        f"seed example{s}", found, "of typical length" + ", of each label in turn" * bool(labels and s), more
    )


def _draft(name: str, examples: Sequence[Example], kind: ExampleKind, wishes: Wishes, findings: list[Finding]) -> Draft:
    fields = tuple(examples[0])
    todo = {} if wishes.description is not None else {"description": DESCRIPTION_TODO}
    if kind.labels_todo is not None:
        todo["labels"] = kind.labels_todo
    # A sentence that is true and says little: a placeholder that a model can work with.
    *texts, answer = (
        " ".join(field.replace("_", " ").split())
        for field in [*(field for field in fields if field not in kind.needed), kind.label or ""]
    )
    placeholder = kind.description or f"Examples with {', '.join(texts)} and the right {answer}."
    roles = dict.fromkeys(role for dialogue in dialogues(examples).values() for role in dialogue.roles)
    if roles and kind.labels.kind == "open":
        why = "those of the seed example; their turns follow as in it"
        findings.append(Finding("roles", listed([*map(show, roles)]), why))
    return Draft(
        name=name,
        description=placeholder if wishes.description is None else wishes.description,
        task=task_of(fields, kind.label, kind.options, kind.labels),
        labels=kind.labels,
        template=kind.template,
        seeds=tuple(examples),
        wishes=wishes,
        rules=rules_of(kind),
        schema=schema_of(kind, examples),
        todo=todo,
        findings=tuple(findings),
    )
