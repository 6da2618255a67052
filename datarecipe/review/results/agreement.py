"""How far reviewers agree, beyond what chance would bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of all items that two reviewers or more have judged."""

    items: int
    pairs: int
    """Pairs of verdicts of two reviewers on one item."""
    agreeing: int
    """Pairs in which both say the same."""
    alpha: float | None
    """Krippendorff's alpha: 1 is perfect agreement, 0 what chance would bring. None where all verdicts are the same."""


def agreement(items: Sequence[Sequence[str]]) -> Agreement | None:
    """Krippendorff's alpha for nominal values, and pairwise agreement; None where no item has two values.

    `items` has the values that reviewers gave each item, without those that are missing. With `n` values on items that have
    at least two, `n_c` of them the value `c`, and `o` of them agreeing,

        alpha = 1 - (n - 1) * (n - o) / (n**2 - sum(n_c**2)),   o = sum over items of sum(n_uc * (n_uc - 1)) / (n_u - 1)

    where item `u` has `n_u` values and `n_uc` times `c`. Computed in fractions. Krippendorff 2011, "Computing
    Krippendorff's Alpha-Reliability", section C: the coincidences are n - o off the diagonal.
    """
    shared = [Counter(values) for values in items if len(values) > 1]
    if not shared:
        return None
    totals: Counter[str] = sum(shared, Counter())
    n = totals.total()
    observed = sum(
        (Fraction(sum(count * (count - 1) for count in item.values()), item.total() - 1) for item in shared), Fraction()
    )
    expected = n * n - sum(count * count for count in totals.values())
    return Agreement(
        items=len(shared),
        pairs=sum(item.total() * (item.total() - 1) // 2 for item in shared),
        agreeing=sum(count * (count - 1) // 2 for item in shared for count in item.values()),
        alpha=float(1 - (n - 1) * (n - observed) / expected) if expected else None,
    )
