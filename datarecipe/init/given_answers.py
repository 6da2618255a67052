"""What stands in flags and answers: names, labels, lists of fields. Read strictly, so that a slip shows at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from datarecipe.errors import RecipeError, UsageError
from datarecipe.init.value_names import fold
from datarecipe.recipe import Scalar
from datarecipe.recipe.message_text import show
from datarecipe.recipe.source.yaml_source import parse_yaml

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_-])?")
_FILE = re.compile(r".*\.(?:ya?ml|json|j2)", re.IGNORECASE)


def check_name(name: str) -> str:
    """`name`, if a recipe may have it.

    Raises:
        UsageError: it may not.
    """
    if not _NAME.fullmatch(name) or _FILE.fullmatch(name):
        raise UsageError(
            f"{show(name)} cannot be the name of a recipe",
            hint="Write 1 to 100 letters (a to z), digits, `_`, `.` and `-`, without a suffix; --dir names the folder.",
        )
    return name


def name_from(text: str) -> str:
    """The nearest thing to `text` that is a name: a proposal for a question."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:100] or "mine"


def read_labels(texts: Iterable[str]) -> tuple[Scalar, ...]:
    """Labels from texts with commas between them, read as a list in a recipe: `1` is a number and `"1"` a text.

    Raises:
        UsageError: no list of labels, fewer than two, or two that are too alike.
    """
    labels: list[Scalar] = []
    for text in texts:
        try:
            values = parse_yaml(f"[{text}]", "--labels").value
        except RecipeError:
            values = None
        for value in values if isinstance(values, list) and values else [None]:
            if fold(value) is None or not isinstance(value, bool | int | float | str):
                hint = (
                    'Put commas between them, and quotes around a text with special characters: \'"a: b", "null", c\''
                )
                raise UsageError(f"the labels {show(text)} cannot be read", hint=hint)
            labels.append(value)
    if len(labels) == 1:
        raise UsageError("one label is no choice: there must be at least two", hint="Separate them by commas: yes, no")
    seen: dict[str | None, Scalar] = {}
    for label in labels:
        if fold(label) in seen:
            twin = show(seen[fold(label)])
            hint = "Write each label once; labels differ in more than case, white space and type."
            raise UsageError(f"the labels {twin} and {show(label)} are too alike", hint=hint)
        seen[fold(label)] = label
    return tuple(labels)


def read_fields(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of fields from texts with commas between them; a name with a comma in it stands in double quotes.

    Raises:
        UsageError: an empty name, or one that stands there twice.
    """
    names: list[str] = []
    for text in texts:
        try:
            found = next(csv.reader([text], skipinitialspace=True, strict=True), [])
        except csv.Error:
            hint = 'A name that contains a comma has double quotes around it: "a, b",c'
            raise UsageError(f"the fields {show(text)} cannot be read", hint=hint) from None
        names += [name.strip() for name in found]
    for index, name in enumerate(names):
        if not name:
            raise UsageError("a field needs a name", hint="Write --field question.")
        if name in names[:index]:
            raise UsageError(f"the field {show(name)} is named twice", hint="Name each field once.")
    return tuple(names)
