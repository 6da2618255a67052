"""A recipe as it was loaded: with its document, files and places, for messages and for decisions on the user's machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datarecipe.errors import Problem, TemplateError
from datarecipe.recipe.recipe import IN_INSTRUCTION, Recipe
from datarecipe.recipe.source.document import Document, MappingNode, Source
from datarecipe.recipe.source.text_place import TextPlace

Role = Literal["recipe", "extends", "instruction", "seed_example", "schema", "decontaminate"]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that a recipe was loaded from."""

    path: Path
    """Absolute, symlinks resolved."""
    sha256: str
    """Of its bytes, in hexadecimal."""
    role: Role
    """`recipe` for the recipe itself, else the key that named the file first."""


@dataclass(frozen=True, kw_only=True)
class LoadedRecipe(Recipe):
    """A `Recipe` that also knows where it comes from."""

    project: Path
    """The folder that bounds every path of the recipe; also the home of its cache and runs. Absolute."""
    source: Path | None
    """The recipe's file. Absolute, symlinks resolved."""
    files: tuple[FileRead, ...] = field(default=(), repr=False, compare=False)
    """Every file that was read, each once: the recipe, then what it extends, then the others."""
    written: Document = field(
        default_factory=lambda: Document(MappingNode({}, Source("").place())), repr=False, compare=False
    )
    """The recipe as written, what it extends and the overrides merged in; each value knows its place."""
    instruction_place: TextPlace = field(
        default_factory=lambda: TextPlace(Source(IN_INSTRUCTION).place()), repr=False, compare=False
    )
    """Where the instruction was written."""
    warnings: tuple[Problem, ...] = field(default=(), repr=False, compare=False)
    """What is legal in it and surely not meant; each is a `Problem` of the kind `warning`."""

    @contextmanager
    def placing_errors(self) -> Iterator[None]:
        """Place in the user's file what rendering finds wrong within: the loop counts lines within the template."""
        try:
            yield
        except TemplateError as error:
            raise self.placed(error) from None

    def placed(self, error: TemplateError) -> TemplateError:
        """The error with its places in the user's file; those that are there already stay."""
        return TemplateError(*map(self._placed, error.problems))

    def _placed(self, problem: Problem) -> Problem:
        if problem.source != IN_INSTRUCTION:
            return problem
        place = self.instruction_place.at(problem.line, problem.column, problem.end_column)
        return place.problem(problem.message, problem.hint)
