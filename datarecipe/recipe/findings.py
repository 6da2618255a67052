"""Collects all that is wrong with a recipe, so that the user hears it at once and in the order of the places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from datarecipe.errors import Problem, RecipeError

MAX_PROBLEMS = 100
"""Problems that are told at once; who has more begins with these."""


class Findings:
    """A `with` block around a step keeps its `RecipeError` and lets the next step go on."""

    def __init__(self, source: str) -> None:
        self._source = source
        # Not the errors: each would keep alive what the step that raised it held, a file's text say.
        self._kinds: dict[type[RecipeError], None] = {}
        self._problems: dict[Problem, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, RecipeError):
            return False
        self.add(error)
        return True

    def add(self, error: RecipeError) -> None:
        """Keep what an error says."""
        self._kinds[type(error)] = None
        self._problems.update(dict.fromkeys(error.problems))

    def raise_all(self) -> None:
        """Raise what was found, if anything was: as the kind of error that all are, else as a `RecipeError`."""
        if not self._kinds:
            return
        # The nearest class that all are of: a missing key beside a wrong value is a `FormatError` still.
        kind = next(base for base in next(iter(self._kinds)).__mro__ if all(issubclass(k, base) for k in self._kinds))
        problems: list[Problem] = [*in_order(self._problems, self._source)]
        if len(problems) > MAX_PROBLEMS:
            more = Problem(f"there are {len(problems) - MAX_PROBLEMS:,} more problems", self._source)
            problems = [*problems[:MAX_PROBLEMS], more]
        raise kind(*problems)


def in_order(problems: Iterable[Problem], source: str) -> tuple[Problem, ...]:
    """Problems by their places: those in the file `source` first, then other files, then flags."""

    def order(problem: Problem) -> tuple[bool, bool, str, int, int]:
        other_file = problem.source != source
        return (problem.line is None, other_file, problem.source, problem.line or 0, problem.column or 0)

    return tuple(sorted(problems, key=order))
