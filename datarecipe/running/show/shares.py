"""What a terminal shows of the shares that `filters.balance` holds."""

from __future__ import annotations

import json
from typing import Any

from datarecipe.printable import counted, printable
from datarecipe.recipe.message_text import code
from datarecipe.run_folder.counts.balanced_values import Balanced, BalancedValue
from datarecipe.running.show.rejections import percent

MOST_SHOWN = 6
"""Values that are named; of more, those that are farthest from their shares."""


def share_line(balanced: Balanced) -> str:
    """One line: each value with the share that it has and the one that it should have."""
    shown = balanced.by_value if len(balanced.by_value) <= MOST_SHOWN else balanced.far()[:MOST_SHOWN]
    parts = [_of_value(each, balanced) for each in shown]
    if rest := len(balanced.by_value) - len(shown):
        parts.append(f"{counted(rest, 'value')} nearer to their shares" if rest > 1 else "1 value nearer to its share")
    if balanced.others:
        parts.append(f"{counted(balanced.others, 'example')} with other values")
    return f"shares of {code(balanced.field)}: {', '.join(parts)}"


def _of_value(each: BalancedValue, balanced: Balanced) -> str:
    reached = percent(each.examples / balanced.examples) if balanced.examples else "0 %"
    return f"{_words(each.value)} {reached} (wanted {percent(each.weight / balanced.weights)})"


def _words(value: Any) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value))
