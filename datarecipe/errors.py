"""Every error that datarecipe raises on purpose, as one tree.

Each class says which exit code the command line ends with (docs/exit-codes.md). A message has three parts: what is wrong,
where, and how to mend it. Anything that leaves the program and is not in this tree is a defect of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
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
    """One thing that is wrong, or surely not meant, in a file that the user wrote.

    Lines and columns count from 1, columns in characters; they are `None` when the place is not in a file (`source` names
    the flag then).
    """

    message: str
    source: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None
    """What to write instead."""
    end_column: int | None = None
    """The end of the faulty text: the column after its last character. `None` if it ends on another line or is unknown."""
    excerpt: str | None = None
    """The line, and under it a line with carets: ready to be shown."""
    kind: str = ""
    """Which kind of error it belongs to: the `kind` of a class below; `warning` for what is legal."""

    @property
    def place(self) -> str:
        """`file:line:column`, as editors and terminals make clickable."""
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        head = f"{self.place}: {'warning: ' if self.kind == WARNING else ''}{self.message}"
        hint = None if self.hint is None else f"  {self.hint}"
        return "\n".join(part for part in (head, self.excerpt, hint) if part is not None)


WARNING = "warning"
"""The kind of a `Problem` that is no error."""


class RecipeError(DatarecipeError):
    """A recipe, or a file that it names, is wrong. `problems` holds all that was found, in the order of their places.

    `hint` is that of the one problem; where there are several, each has its own.
    """

    exit_code = 2
    kind: ClassVar[str] = "recipe"
    """A short word for the class, for machines: what `validate --format json` prints."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(p if p.kind else replace(p, kind=self.kind) for p in problems)
        hint = self.problems[0].hint if len(self.problems) == 1 else None
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)

    def __str__(self) -> str:
        return self.message  # with the hint of each problem

    def __reduce__(self) -> tuple[type[RecipeError], tuple[Problem, ...]]:
        return type(self), self.problems


class RecipeSyntaxError(RecipeError):
    """The file is not YAML (or JSON) that can be read: syntax, duplicate keys, encoding, size, nesting."""

    kind = "syntax"


class RecipeNotFoundError(RecipeError):
    """There is no such recipe: neither a file of that path nor a shipped recipe of that name."""

    kind = "not-found"


class ReleaseError(RecipeError):
    """The recipe is of another format, or requires another release of datarecipe."""

    kind = "release"


class FormatError(RecipeError):
    """A key is unknown or missing, or its value has another type or range than the format gives it."""

    kind = "format"


class MissingKeyError(FormatError):
    """A key that every recipe has is not there."""

    kind = "missing-key"


class CompositionError(RecipeError):
    """What a recipe extends cannot be followed: a cycle, too many files, a base that is no recipe."""

    kind = "composition"


class UnsafePathError(RecipeError):
    """A path in a recipe leads out of the recipe's project."""

    kind = "unsafe-path"


class MissingFileError(RecipeError):
    """A file that a recipe names is not there or cannot be read."""

    kind = "file"


class TaskError(RecipeError):
    """The task does not fit the seed example's fields, or the labels."""

    kind = "task"


class LabelError(RecipeError):
    """The label space is wrong, or a seed example's answer or options are not of it."""

    kind = "label"


class SeedExampleError(RecipeError):
    """A seed example is no example, lacks a field, or does not fit the schema."""

    kind = "seed-example"


class ExampleSchemaError(RecipeError):
    """The JSON Schema that a recipe gives is none, or may not run."""

    kind = "schema"


class FilterError(RecipeError):
    """A filter names a field that is not there, cannot work, or rejects a seed example."""

    kind = "filter"


class TemplateError(RecipeError):
    """The instruction template cannot be compiled or rendered."""

    kind = "template"


class OverrideError(RecipeError):
    """A flag (`--set`, `--var`) cannot be applied to the recipe."""

    kind = "override"


class NotYetError(RecipeError):
    """The key belongs to format 1, and this release does not implement it yet."""

    kind = "not-yet"


class UntrustedEndpointError(DatarecipeError):
    """A recipe names an endpoint that the user did not name."""

    exit_code = 2


class RunConflictError(DatarecipeError):
    """The run's folder holds the dataset of another run, or files that somebody changed, also while the run went on."""

    exit_code = 2


class ProviderError(DatarecipeError):
    """The provider said no in a way that no retry could help: wrong key, unknown model, no credit."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str | None = None, kind: str = "other", charged: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        """The name of the failure, as in docs/failures.md."""
        self.charged = charged
        """Whether the attempt may cost something: where a model answered, and not in a way that can be read."""


class TransientError(DatarecipeError):
    """The provider failed in a way that may pass: rate limit, overload, timeout, lost connection."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after: float | None = None,
        rate_limited: bool = False,
        charged: bool = True,
        kind: str = "other",
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        """The name of the failure, as in docs/failures.md."""
        self.retry_after = retry_after
        """The pause in seconds that the provider asked for."""
        self.rate_limited = rate_limited
        """Whether the provider asks for fewer requests; a fault of another kind says nothing about their number."""
        self.charged = charged
        """Whether the attempt may cost something: not where the provider refused it before a model ran."""


class CapReachedError(DatarecipeError):
    """A cap leaves no room for the next request; `cap` is its name, as `limits.usd`, and `at` where it stands.

    `needed` is where it would have to stand for one more request.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        cap: str = "",
        at: Decimal | int | None = None,
        needed: Decimal | int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.cap = cap
        self.at = at
        self.needed = needed


class UnknownPriceError(DatarecipeError):
    """There is a cap in dollars, and the model's price is not known."""

    exit_code = 2


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
