"""Which regular expressions of a stranger's schema may run on Python's backtracking `re`.

A pattern is accepted when the number of ways in which it can be tried at one place of a text is known to grow no faster
than the text is long: alternatives add up, parts in a row multiply, an unbounded repetition counts once, must repeat
something that can match in only one way, and may stand in a pattern only once. So `^\\s*(a|b).{3,80}[?]$` runs, and
`(a+)+$`, `a*a*b` or forty times `a?` are refused, though an engine without backtracking could run them.
"""

from __future__ import annotations

import re
import re._constants as op  # type: ignore[import-not-found]  # typeshed has no stub for it
import re._parser as parser  # type: ignore[import-not-found]
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 500
MAX_WAYS = 10_000
_UNBOUNDED = 10_000
"""A repetition with a higher bound, or none, counts as unbounded."""


@dataclass(frozen=True, slots=True)
class _Ways:
    """In how many ways a part may match at one place: at most `count` times the text's length to the `degree`."""

    count: int
    degree: int


class _Refused(Exception):  # noqa: N818 - never leaves this module
    pass


_ONE = _Ways(1, 0)
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
    ways = _sequence(parser.parse(pattern))
    if ways.degree > 1:
        raise _Refused("it has two repetitions without a bound (`*`, `+`), which can take very long together")
    if ways.count > MAX_WAYS:
        raise _Refused("it can match in too many ways")


def _sequence(items: Any) -> _Ways:
    ways = _ONE
    for item in items:
        part = _part(*item)
        ways = _Ways(min(ways.count * part.count, MAX_WAYS + 1), ways.degree + part.degree)
    return ways


def _part(kind: Any, argument: Any) -> _Ways:
    if kind in _SINGLE:
        return _ONE
    if kind is op.BRANCH:
        branches = [_sequence(branch) for branch in argument[1]]
        return _Ways(sum(b.count for b in branches), max(b.degree for b in branches))
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
        return _Ways(inner.count + (1 if int(least) == 0 else 0), inner.degree)
    if inner != _ONE:
        raise _Refused("it repeats something that can itself match in several ways, which can take for ever")
    if int(most) > _UNBOUNDED:
        return _Ways(1, 1)
    return _Ways(int(most) - int(least) + 1, 0)
