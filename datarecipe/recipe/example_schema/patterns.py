r"""Which regular expressions of a stranger's schema may run on Python's backtracking `re`.

A pattern is accepted when the steps of a search are known to be few for any text of ordinary length. The ways in which
the pattern can be tried at one place are counted: alternatives add up, parts in a row multiply, a repetition without a
bound counts as often as the text is long and must repeat something that matches in only one way. Ways times width,
and, without a `^` in front, times the places to begin, must stay below a bound.

So `^(Who|What).{3,80}[?]$` and `[a-z]+ing` run; `(a+)+$`, `a*a*b` and forty times `a?` are refused, though an engine
without backtracking could run them. The cost of the rule is that some harmless patterns are refused too
(`^(\w+ )+$`): nothing in them says that they are harmless.
"""

from __future__ import annotations

import re
import re._constants as op  # type: ignore[import-not-found]  # typeshed has no stub for it
import re._parser as parser  # type: ignore[import-not-found]
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 500
MAX_STEPS = 2 * 10**9
TEXT_LENGTH = 10_000
"""The text for which the steps are counted; a longer one takes longer, as its square at the worst."""


@dataclass(frozen=True, slots=True)
class _Ways:
    """In how many ways a part may be tried at one place: `count` times the text's length to the `degree`."""

    count: int
    degree: int
    width: int
    """How many characters one way looks at, a repetition without a bound counted once."""


class _Refused(Exception):  # noqa: N818 - never leaves this module
    pass


_NOTHING = _Ways(1, 0, 0)
_SINGLE = frozenset({op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.AT, op.CATEGORY})
_REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})


def why_refused(pattern: str) -> str | None:
    """Why a pattern may not run, or None if it may."""
    try:
        _check(pattern)
    except re.error as error:
        return f"it is not a regular expression that Python knows: {error.msg}"
    except (RecursionError, OverflowError):
        return "it is too deeply nested"
    except _Refused as refused:
        return str(refused)
    return None


def _check(pattern: str) -> None:
    if len(pattern) > MAX_LENGTH:
        raise _Refused(f"it is longer than {MAX_LENGTH} characters")
    if re.compile(pattern).flags != re.UNICODE:
        # A validator joins the patterns of `patternProperties`; flags would then stand in the middle.
        raise _Refused("it sets flags")
    parts = parser.parse(pattern)
    ways = _sequence(parts)
    starts = 0 if len(parts) and parts[0] == (op.AT, op.AT_BEGINNING) else 1
    if ways.count * max(ways.width, 1) * TEXT_LENGTH ** (ways.degree + starts) > MAX_STEPS:
        hint = "" if starts == 0 else ", and a `^` in front saves trying them at every place"
        raise _Refused(f"there are too many ways to try it; `*` and `+` cost most{hint}")


def _sequence(items: Any) -> _Ways:
    ways = _NOTHING
    for item in items:
        part = _part(*item)
        # Far above the bound no more precision is needed.
        count = min(ways.count * part.count, MAX_STEPS)
        ways = _Ways(count, ways.degree + part.degree, ways.width + part.width)
    return ways


def _part(kind: Any, argument: Any) -> _Ways:
    if kind in _SINGLE:
        return _Ways(1, 0, 1)
    if kind is op.BRANCH:
        branches = [_sequence(branch) for branch in argument[1]]
        return _Ways(sum(b.count for b in branches), max(b.degree for b in branches), max(b.width for b in branches))
    if kind is op.SUBPATTERN:
        return _sequence(argument[-1])
    if kind is op.ATOMIC_GROUP:
        return _sequence(argument)
    if kind in (op.ASSERT, op.ASSERT_NOT):
        # A look around is tried in its own ways, each time the pattern comes to it.
        return _sequence(argument[1])
    if kind in _REPEATS:
        return _repeat(*argument)
    raise _Refused("it refers back to what it matched, or uses another construct that cannot be bounded")


def _repeat(least: Any, most: Any, items: Any) -> _Ways:
    inner = _sequence(items)
    if int(most) <= 1:
        return _Ways(inner.count + (1 if int(least) == 0 else 0), inner.degree, inner.width)
    if (inner.count, inner.degree) != (1, 0):
        raise _Refused("it repeats something that can itself match in several ways, which can take for ever")
    if int(most) > TEXT_LENGTH:
        return _Ways(1, 1, inner.width)
    return _Ways(int(most) - int(least) + 1, 0, int(most) * inner.width)
