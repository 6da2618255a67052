"""Every error that datarecipe raises on purpose, as one tree.

Each class says which exit code the command line ends with (docs/exit-codes.md). A message has three parts: what is wrong,
where, and how to mend it. Anything that leaves the program and is not in this tree is a defect of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class DatarecipeError(Exception):
    """Base of the tree. `hint` says how to mend it, in a sentence or a command."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  {self.hint}"


class UsageError(DatarecipeError):
    """A command, flag or argument that cannot be meant."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file that the user wrote.

    `line` and `column` count from 1; `None` when the place is not in a file (a flag, say: `source` names it).
    """

    message: str
    source: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    @property
    def place(self) -> str:
        """`file:line:column`, as editors and terminals make clickable."""
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        return text if self.hint is None else f"{text}\n  {self.hint}"


class RecipeError(DatarecipeError):
    """A recipe, or a file that it names, is wrong. `problems` holds all that was found, in the order of their places."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class RecipeSyntaxError(RecipeError):
    """The file is not YAML (or JSON) that can be read: syntax, duplicate keys, encoding, size, nesting."""


class RecipeNotFoundError(RecipeError):
    """There is no such recipe: neither a file of that path nor a shipped recipe of that name."""


class UnsafePathError(RecipeError):
    """A path in a recipe leads out of the recipe's project."""


class TemplateError(RecipeError):
    """The instruction template cannot be compiled or rendered."""


class NotYetError(RecipeError):
    """The key belongs to format 1, and this release does not implement it yet."""


class UntrustedEndpointError(DatarecipeError):
    """A recipe names an endpoint that the user did not name."""

    exit_code = 2


class RunConflictError(DatarecipeError):
    """The run's folder holds the dataset of another run."""

    exit_code = 2


class ProviderError(DatarecipeError):
    """The provider said no in a way that no retry could help: wrong key, unknown model, no credit."""

    exit_code = 4


class TransientError(DatarecipeError):
    """The provider failed in a way that may pass: rate limit, overload, timeout, lost connection.

    `retry_after` is the pause in seconds that the provider asked for.
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class OfflineMissError(DatarecipeError):
    """`--offline` was given, and the next response is not in the cache."""

    exit_code = 4


class CacheError(DatarecipeError):
    """The response cache cannot be read or written, or holds what it must not."""

    exit_code = 4


class RunLockedError(DatarecipeError):
    """Another process is writing the same run."""

    exit_code = 4


class StorageError(DatarecipeError):
    """The run's files cannot be written: disk full, no permission."""

    exit_code = 4


class MachineError(DatarecipeError):
    """Something that the run needs is not installed or cannot be had on this machine."""

    exit_code = 4


class MissingExtraError(MachineError):
    """An optional part is not installed. The hint is the line that installs it."""


class WeightsError(MachineError):
    """The embedded model's weights cannot be fetched, or are not what was asked for."""
