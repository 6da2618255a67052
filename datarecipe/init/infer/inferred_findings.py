"""What is said of that which was inferred: each with its reason, and the flags that say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Finding
from datarecipe.init.infer.columns import OPTIONS_NAMES, Fields, filled
from datarecipe.init.infer.infer_fields import Shape
from datarecipe.init.infer.infer_labels import in_words
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.read.table import Rest, Row, Table
from datarecipe.init.value_names import listed, quoted


def label_finding(shape: Shape) -> Finding:
    """Which field holds the answer."""
    return Finding("label field", quoted(shape.label.field), shape.label.why, "--label FIELD")


def options_findings(shape: Shape, fields: Sequence[str]) -> Iterator[Finding]:
    """Which field holds the options, or why one that is called so does not."""
    if shape.options is not None:
        yield Finding("options field", quoted(shape.options.field), shape.options.why, "--options-field FIELD")
        return
    for name in fields:
        if name.strip().casefold() in OPTIONS_NAMES:
            why = f"the value of {quoted(shape.label.field)} is not in it, letter by letter"
            yield Finding("note", f"{quoted(name)} is not taken for options to choose from", why)


def space_findings(shape: Shape) -> Iterator[Finding]:
    """What an answer may be."""
    flags = "--labels A,B, --task open"
    yield Finding("labels", in_words(shape.space.labels), shape.space.why, flags)
    for note in shape.space.notes:
        yield Finding("note", note)


def fields_findings(fields: Fields) -> Iterator[Finding]:
    """Which fields an example has, and which ones were left out."""
    yield Finding("fields", listed([quoted(name) for name in fields.kept]), "", "--fields A,B,C")
    for name, why in fields.left_out.items():
        yield Finding("left out", quoted(name), why)
    for name in fields.constant:
        yield Finding("note", f"{quoted(name)} says the same in every row", "", "--fields A,B,C leaves it out")


def rows_findings(rows: Sequence[Example], rest: Rest, shape: Shape, usable: int) -> Iterator[Finding]:
    """Which rows did not count."""
    unlabelled = len(rows) - filled(rows, shape.label.field)
    counts = rest.counts(shape.label.field)
    missing = unlabelled + (0 if counts is None else rest.rows - counts.total())
    if missing:
        yield Finding(
            "note", f"{missing:,} of {len(rows) + rest.rows:,} rows have no {quoted(shape.label.field)}", "not counted"
        )
    if usable < len(rows) - unlabelled:
        incomplete = len(rows) - unlabelled - usable
        yield Finding(
            "note", f"{incomplete:,} more rows can be no seed example", "a field is empty, or the answer does not fit"
        )


def seed_finding(
    table: Table, picked: Sequence[Row], shape: Shape, counts: Mapping[str | None, int], *, asked: int
) -> Finding:
    """Which rows became seed examples; `counts` says how often each fixed label comes."""
    places = listed([f"{row.place:,}" for row in picked])
    labels = shape.space.labels
    fixed = labels.kind == "fixed"
    if len(picked) == 1:
        found = f"the row in line {places}" if table.unit == "line" else f"row {places}"
        why = "of typical length" + (_how_frequent(picked[0].values[shape.label.field], counts) if fixed else "")
        more = len(labels.values) if fixed else 4
        return Finding("seed example", found, why, f"--seeds {more} for {'one of each label' if fixed else 'more'}")
    found = f"the rows in lines {places}" if table.unit == "line" else f"rows {places}"
    why = "of typical length" + (", of each label in turn" if fixed else "")
    if len(picked) < asked:
        why += f"; there are no more than {len(picked)}"
    return Finding("seed examples", found, why, "--seeds N")


def _how_frequent(label: Json, counts: Mapping[str | None, int]) -> str:
    most, own = max(counts.values()), counts[fold(label)]
    if own < most:
        return ""
    alone = [*counts.values()].count(most) == 1
    return f", with {'the most frequent label' if alone else 'one of the most frequent labels'}"
