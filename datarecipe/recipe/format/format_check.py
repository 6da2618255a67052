"""The recipe format: is every key known, of the right type and in its range?

The rules are `recipe-1.schema.json`, which editors read too; jsonschema applies them. What belongs to the
format and is not implemented yet is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from datarecipe.errors import FormatError, MissingKeyError, NotYetError, Problem
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.format.schema_errors import translated
from datarecipe.recipe.format.schema_file import format_schema
from datarecipe.recipe.message_text import code, dotted
from datarecipe.recipe.source.document import Document, Keys

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

NOT_YET: tuple[tuple[str, ...], ...] = (("evaluate",),)
"""Keys of format 1 that this release refuses, since to ignore them would give another dataset."""


_COUNTED = 10_000
"""Problems that are found at most. Only the first by their places are told, so all are needed, up to what takes a second."""


def check_format(document: Document, findings: Findings) -> frozenset[str]:
    """Add what is wrong with the keys, types and ranges to `findings`; return the top-level keys that are concerned."""
    concerned: set[str] = set()
    refused = [later for later in NOT_YET if document.get(later) is not None]
    for later in refused:
        findings.add(NotYetError(_not_yet(document, later)))
        concerned.add(str(later[0]))
    seen: set[Keys] = set()
    for keys, problem in islice(_problems(document), _COUNTED):
        concerned.add(str(keys[0]))
        hidden = any(keys[: len(later)] == later for later in refused)
        # One value, one message: it says all that the value must be.
        if keys not in seen and not hidden:
            findings.add((MissingKeyError if problem.kind == MissingKeyError.kind else FormatError)(problem))
        seen.add(keys)
    return frozenset(concerned)


def _not_yet(document: Document, keys: Keys) -> Problem:
    name = code(dotted(keys))
    message = f"{name} belongs to format 1, but this release does not implement it yet"
    return document.key_place(keys).problem(message, f"remove {name}, or use a release that implements it")


def _problems(document: Document) -> Iterator[tuple[Keys, Problem]]:
    for error in _judge().iter_errors(document.value):
        yield from translated(error, document)


@cache
def _judge() -> Draft202012Validator:
    """The format's validator. Making it takes longer than using it."""
    # jsonschema takes 75 ms to import; a command that loads no recipe does not pay for it.
    from jsonschema import Draft202012Validator, ValidationError  # noqa: PLC0415
    from jsonschema.validators import extend  # noqa: PLC0415

    def whole_pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
        # The format's patterns are anchored, and Python's `$` would let a line break pass at the end.
        if isinstance(instance, str) and not re.fullmatch(pattern.removesuffix("$"), instance):
            yield ValidationError("does not match")

    strict = extend(Draft202012Validator, {"pattern": whole_pattern})  # type: ignore[no-untyped-call]  # the stub's gap
    made: Draft202012Validator = strict(format_schema())
    return made
