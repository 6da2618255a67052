"""Which of the known languages a text may be in.

A multinomial naive Bayes over runs of letters (Lui and Baldwin, ACL 2012), with costs that are whole numbers: nothing is
rounded while a text is looked at, so the result is the same on every machine. The costs of two languages differ by how much
likelier the text is in one of them, in parts of a bit. Neighbouring runs overlap, so the evidence counts about three times;
`MARGIN` was measured with that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from datarecipe.recipe.language.language_profiles import ABSENT, BITS, cheaper_in, profiles
from datarecipe.recipe.language.letter_runs import SCRIPTS, runs_of

MARGIN: Final = 30 * BITS
"""By how much the cheapest of the other languages must be cheaper. Measured on short texts (docs/filters.md)."""

SHORT: Final = 20
"""Letters below which nothing is certain, since a name can be all of a text; a letter of `SCRIPTS` counts as three."""

_FOREIGN: Final = 14 * BITS
"""What a single letter costs that is none of a language's own, nor of the names that it quotes."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text says of its language."""

    likeliest: str
    """The likeliest of all languages."""
    is_other: bool
    """Whether the text is certainly in none of the wanted languages."""
    is_wanted: bool
    """Whether it is certainly in one of them."""


def language_of(text: str, wanted: Sequence[str]) -> Found | None:
    """Compare the wanted languages with all others; None where the text has no letters."""
    runs = runs_of(text)
    if not runs:
        return None
    costs = _costs(runs)
    own = min(wanted, key=lambda language: (costs[language], language))
    other = min(costs.keys() - set(wanted), key=lambda language: (costs[language], language))
    ahead = costs[own] - costs[other]
    is_other = ahead > MARGIN and not (_is_short(runs) and any(_has_letters_of(runs, each) for each in wanted))
    return Found(other if ahead > 0 else own, is_other=is_other, is_wanted=-ahead > MARGIN)


def _is_short(runs: Mapping[str, int]) -> bool:
    return sum(count for run, count in runs.items() if len(run) == 1 or run in SCRIPTS) < SHORT


def _has_letters_of(runs: Mapping[str, int], language: str) -> bool:
    profile = profiles()[language]
    return any(profile.get(run, ABSENT) < _FOREIGN for run in runs if len(run) == 1 or run in SCRIPTS)


def _costs(runs: Counter[str]) -> dict[str, int]:
    """By language."""
    costs = dict.fromkeys(profiles(), ABSENT * runs.total())
    cheaper = cheaper_in()
    for run, count in runs.items():
        for language, saved in cheaper.get(run, ()):
            costs[language] -= count * saved
    return costs
