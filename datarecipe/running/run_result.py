"""What a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datarecipe.amount import Amount, Caps
from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Example
from datarecipe.run_folder.counts.commit_counts import Tally
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.run_folder.manifest import End

INTERRUPTED_EXIT = 130
SHORT_EXIT = 3


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run ended, and where its files are."""

    name: str
    output: Path
    counts: Counts
    end: End
    error: DatarecipeError | None
    why: str | None
    """The figures behind an end that is short of the target without an error."""
    first: tuple[Example, ...]
    """The first few examples."""
    kept_lines: int = 0
    """Lines of an earlier, larger `data.jsonl` of the same run that was left in place; 0 where this run's was written."""
    shortened_from: int = 0
    """Lines of `data.jsonl` before, where a lower target made them fewer; else 0."""
    caps: Caps
    priced: bool
    """Whether the model's price is known."""
    free: bool
    """Whether all that is asked runs in this process, and costs nothing."""
    written: bool = False
    """Whether the folder now holds what this run committed."""
    seconds: float
    priced_by_recipe: bool = False
    """Whether the recipe alone says what a model costs, without the user's consent."""
    stand_ins: Mapping[str, int] = field(default_factory=dict)
    """Responses that another model than the run's own answered, by its name."""
    of_filters: Mapping[tuple[str, bool], Amount] = field(default_factory=dict)
    """What the models used that filters ask, over all runs, by their costs' name and whether a price is known."""

    @property
    def tally(self) -> Tally:
        return self.counts.tally

    @property
    def traffic(self) -> Traffic:
        return self.counts.traffic

    @property
    def spent(self) -> Spent:
        return self.counts.spent

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
