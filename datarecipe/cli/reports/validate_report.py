"""What was found out about recipes that were checked, also for programs and for code hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from datarecipe.cli.output import github_line
from datarecipe.errors import WARNING, DatarecipeError, Problem, RecipeError, UsageError
from datarecipe.exchange import Json
from datarecipe.printable import counted, printable
from datarecipe.recipe import judged_as_base


@dataclass(frozen=True, slots=True)
class Report:
    """One recipe that was checked."""

    name: str
    """How the user called it."""
    error: DatarecipeError | None = None
    warnings: tuple[Problem, ...] = ()
    is_base: bool = False
    """It is incomplete, and others extend it: checked with these."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that there is to say, errors and warnings."""
        if self.error is None:
            return self.warnings
        return self.error.problems if isinstance(self.error, RecipeError) else (_problem(self.name, self.error),)

    @property
    def verdict(self) -> str:
        """In a word or two, when nothing is wrong."""
        return "ok, as a base of others" if self.is_base else "ok, with warnings" if self.warnings else "ok"

    @property
    def exit_code(self) -> int:
        """0, or what is wrong with it."""
        return 0 if self.error is None else self.error.exit_code

    def as_base(self) -> Report:
        """The report of a recipe that others extend: what these add is not missing."""
        if not isinstance(self.error, RecipeError):
            return self
        remaining = judged_as_base(self.error)
        return replace(self, error=remaining, is_base=remaining is None)

    def strictly(self) -> Report:
        """The report where a warning is wrong too."""
        if self.error is not None or not self.warnings:
            return self
        return replace(self, error=RecipeError(*self.warnings), warnings=())


def _problem(name: str, error: DatarecipeError) -> Problem:
    return Problem(error.message, name, hint=error.hint, kind="usage" if isinstance(error, UsageError) else "error")


def summary(reports: Sequence[Report]) -> str:
    """All in one line."""
    wrong = sum(report.error is not None for report in reports)
    warned = sum(len(report.warnings) for report in reports)
    told = f"{len(reports)} recipes: {len(reports) - wrong} right, {wrong} wrong"
    return f"{told}, {counted(warned, 'warning')}" if warned else told


def as_json(reports: Sequence[Report]) -> Iterator[str]:
    """One JSON document: `ok` in all, and for each recipe its name, `ok` and problems."""
    recipes: list[Json] = [
        {"recipe": report.name, "ok": report.error is None, "problems": [_as_json(p) for p in report.problems]}
        for report in reports
    ]
    document = {"ok": all(report.error is None for report in reports), "recipes": recipes}
    yield printable(json.dumps(document, ensure_ascii=False, indent=2), multiline=True)


def _as_json(problem: Problem) -> Json:
    return {
        "severity": _severity(problem),
        "kind": problem.kind,
        "file": None if _is_flag(problem) else problem.source,
        "flag": problem.source if _is_flag(problem) else None,
        "line": problem.line,
        "column": problem.column,
        "end_column": problem.end_column,
        "message": problem.message,
        "hint": problem.hint,
    }


def _is_flag(problem: Problem) -> bool:
    return problem.source.startswith("--")


def _severity(problem: Problem) -> str:
    return "warning" if problem.kind == WARNING else "error"


def as_github(reports: Sequence[Report]) -> Iterator[str]:
    """Workflow commands, which GitHub and what follows it show beside the lines that they are about."""
    # A host shows a few annotations only, and a mistake in a base is one mistake.
    for problem in dict.fromkeys(problem for report in reports for problem in report.problems):
        places = {
            "file": None if _is_flag(problem) else problem.source,
            "line": problem.line,
            "col": problem.column,
            "endColumn": problem.end_column,
            "title": f"datarecipe: {problem.kind}",
        }
        message = f"{problem.source}: {problem.message}" if _is_flag(problem) else problem.message
        text = message if problem.hint is None else f"{message}\n{problem.hint}"
        yield github_line(_severity(problem), places, text)
