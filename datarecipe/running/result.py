"""What a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Example
from datarecipe.llm.limits.account import Caps
from datarecipe.llm.limits.amount import NOTHING, Amount
from datarecipe.running.dispatch import End, Traffic
from datarecipe.running.tally import Tally

INTERRUPTED_EXIT = 130
SHORT_EXIT = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """What a dataset has used: attempts that failed too, and at its most what nobody counted."""

    in_all: Amount
    """Over all runs of the dataset."""
    now: Amount
    """In this run."""
    by_model: Mapping[tuple[str, bool], Amount] = field(default_factory=dict)
    """Over all runs, by the model's name and whether its price was known."""
    assumed: Amount = NOTHING
    """Over all runs, what nobody told: it counts at its most, and a bill may be lower by so much."""
    assumed_now: Amount = NOTHING
    """In this run."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Attempts of this run that failed, by the name of the failure (docs/failures.md)."""

    @property
    def unpriced_tokens(self) -> int:
        """Over all runs, of models whose price is not known: the dollars say nothing of them."""
        return sum(amount.tokens for (_, known), amount in self.by_model.items() if not known)


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run ended, and where its files are."""

    name: str
    output: Path
    target_size: int
    end: End
    error: DatarecipeError | None
    why: str | None
    """The figures behind an end that is short of the target without an error."""
    tally: Tally
    traffic: Traffic
    spent: Spent
    first: tuple[Example, ...]
    """The first few examples."""
    kept_lines: int
    """Lines of an earlier, larger `data.jsonl` of the same run that was left in place; 0 where this run's was written."""
    shortened_from: int
    """Lines of `data.jsonl` before, where a lower target made them fewer; else 0."""
    caps: Caps
    priced: bool
    """Whether the model's price is known."""
    free: bool
    """Whether the model runs in this process, and costs nothing."""
    written: bool
    """Whether the folder now holds what this run committed."""
    seconds: float
    stand_ins: Mapping[str, int] = field(default_factory=dict)
    """Responses that another model than the run's own answered, by its name."""

    @property
    def waiting(self) -> int:
        """Responses that are stored, and not in the dataset: they lie behind one that is missing, or were not needed."""
        return max(0, self.traffic.stored + self.traffic.answered - self.tally.responses)

    @property
    def exit_code(self) -> int:
        """The process's exit code (docs/exit-codes.md)."""
        match self.end:
            case "target":
                return 0
            case "barren" | "degraded":
                return SHORT_EXIT
            case "interrupted":
                return INTERRUPTED_EXIT
            case "failed" | "capped":
                return self.error.exit_code if self.error else 1
