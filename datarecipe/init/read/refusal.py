"""The one way in which a file of the user's is refused."""

from __future__ import annotations

from typing import NoReturn

from datarecipe.errors import Problem, RecipeError


def refuse(source: str, message: str, line: int | None = None, *, hint: str | None = None) -> NoReturn:
    """Say what is wrong with a file, where, and how to mend it.

    Raises:
        RecipeError: always.
    """
    raise RecipeError(Problem(message, source, line, hint=hint))
