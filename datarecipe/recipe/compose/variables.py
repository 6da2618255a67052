"""`--var`: a variable of that name must be there, since a misspelt one would change nothing and say nothing."""

from __future__ import annotations

from collections.abc import Sequence

from datarecipe.errors import OverrideError
from datarecipe.recipe.compose.overrides import Override
from datarecipe.recipe.message_text import code, did_you_mean, join
from datarecipe.recipe.source.document import Document, MappingNode, Source
from datarecipe.recipe.template import names_read


def check_variables(overrides: Sequence[Override], written: Document, template: str) -> None:
    """Every `--var` names one of the recipe's `vars` as `written` before any override, or one that the template reads.

    Raises:
        OverrideError: with a problem for each that does not.
    """
    named = [override for override in overrides if override.is_variable]
    read = names_read(template) if named else None
    if read is None:
        return
    declared = written.get(("vars",))
    known = {*(declared.entries if isinstance(declared, MappingNode) else ()), *read}
    problems = []
    for override in named:
        name = override.keys[1]
        if name not in known:
            message = f"the recipe has no variable {code(name)}"
            listed = f"its variables are {join(map(code, sorted(known)), 'and')}" if known else "it has none in `vars`"
            place = Source(override.flag).place()
            problems.append(place.problem(message, did_you_mean(name, known) or listed))
    if problems:
        raise OverrideError(*problems)
