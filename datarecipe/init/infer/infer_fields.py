"""What the fields of an example are: the answer, its options, the label space, all chosen together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.init.draft import Wishes, task_of
from datarecipe.init.infer.columns import Choice, choose_label, choose_options, distinct, label_candidates
from datarecipe.init.infer.infer_labels import Space, choose_space, in_words
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.read.table import Rest
from datarecipe.init.value_names import listed, quoted
from datarecipe.recipe import LabelSpace, Task


@dataclass(frozen=True, slots=True)
class Shape:
    """What the fields of an example are, and why."""

    label: Choice
    options: Choice | None
    space: Space

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields that every example has: options and label."""
        return (self.label.field,) if self.options is None else (self.options.field, self.label.field)

    def task(self, fields: Sequence[str]) -> Task:
        """The task of examples with these fields."""
        return task_of(
            fields, self.label.field, None if self.options is None else self.options.field, self.space.labels
        )


def choose_shape(
    rows: Sequence[Example],
    columns: Sequence[str],
    wishes: Wishes,
    *,
    rest: Rest | None = None,
    is_data: bool,
    has_header: bool = True,
) -> Shape:
    """Find the answer, its options and the label space in rows; a few seed examples, or data and counts of its rest.
    Without `has_header` the names of the columns may be data.

    Raises:
        UsageError: no field is the answer, or the user's wishes do not go with the rows.
    """
    label = choose_label(rows, columns, wishes.label_field)
    if label is None:
        raise _no_label(rows, columns, has_header=has_header)
    options = choose_options(rows, columns, label.field, wishes.options_field)
    if options is not None and not _options_are_meant(rows, options.field, wishes):
        options = None
    name = None if options is None else options.field
    return Shape(label, options, choose_space(rows, label.field, name, wishes, rest=rest, is_data=is_data))


def _options_are_meant(rows: Sequence[Example], options: str, wishes: Wishes) -> bool:
    """Whether lists that hold the answer are its options, by what the user says of the answers.

    Raises:
        UsageError: the user names the field and labels that are not in it.
    """
    if wishes.labels:
        wanted = sorted(map(str, map(fold, wishes.labels)))
        lists = [row[options] for row in rows if isinstance(row.get(options), list)]
        alike = [sorted(str(fold(option)) for option in found) == wanted for found in lists if isinstance(found, list)]
        if any(alike):
            return True
        if wishes.options_field is not None:
            raise UsageError(
                f"the lists in {quoted(options)} are not the labels {in_words(LabelSpace('fixed', wishes.labels))}",
                hint="Leave --options-field or --labels out.",
            )
        return False
    return wishes.task != "open" or wishes.options_field is not None


def _no_label(rows: Sequence[Example], columns: Sequence[str], *, has_header: bool) -> UsageError:
    header = "" if has_header else "; or, if the first row is data, name the columns: --columns text,label"
    candidates = label_candidates(rows, columns)
    if len(candidates) > 1:
        counted = [f"{quoted(name)} ({distinct(rows, name)} different values)" for name in candidates]
        return UsageError(
            f"several fields may hold the answer: {listed(counted)}", hint=f"Say which: --label FIELD{header}"
        )
    return UsageError(
        f"no field looks like the answer; the fields are {listed([quoted(name) for name in columns])}",
        hint=f"Say which one is: --label FIELD{header}",
    )
