"""A comment that swallows what a list or mapping in brackets needs: the bracket that closes it, or a comma.

As in `{text: I love #python}`, where all from ` #` to the line's end is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from datarecipe.recipe.message_text import code
from datarecipe.recipe.source.document import Place, Source

_TOKEN = re.compile(
    r"""
    (?P<quoted> "(?:\\.|[^"\\])*" | '(?:''|[^'])*' ) | ["'].*  # the last one has no end
    | (?P<comment> \#[^\n]* )
    | (?P<sign> [\[\]{},:] )
    | (?P<plain> [^\s,\[\]{}:] (?: [^\s,\[\]{}:] | :(?![\s,\[\]{}]) | [ \t]+(?![#\s]) )* )
    """,
    re.DOTALL | re.VERBOSE,
)
_SIGN = re.compile(r"[\[\]{}]")
_CLOSED_BY = {"[": "]", "{": "}"}
_VALUE_ENDS = {"[": re.compile(r"[,\]}]"), "{": re.compile(r",\s*[\w.-]+:(?=\s)|[\]}]")}


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A comment, what is wrong with it, and the value that was meant to go on in it."""

    place: Place
    message: str
    value: str


def swallowed(source: Source, start: int, end: int) -> Swallowed | None:
    """The first comment that swallows what YAML needs, between the outermost bracket that is open, at `start`, and where the
    parser stopped.
    """
    text = source.text or ""
    found = next(_swallowing(text, start, end), None)
    if found is None:
        return None
    place = source.at(found.comment.start(), len(found.comment[0].rstrip()))
    opened = source.at(found.opened)
    where = f"column {opened.column}" if opened.line == place.line else f"line {opened.line}, column {opened.column}"
    begin = text[found.opened]
    what = (
        f"the {code(_CLOSED_BY[begin])} that closes the {code(begin)} in {where}" if found.closes else "the `,` in it"
    )
    ends = _VALUE_ENDS[begin].search(found.comment[0]) if found.closes else None
    value = text[found.value : found.comment.start() + ends.start() if ends else found.comment.end()]
    return Swallowed(place, f"` #` begins a comment, which swallows {what}", value.strip().rstrip(","))


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment, and where the bracket and the value begin that it is in."""

    opened: int
    value: int
    comment: re.Match[str]
    closes: bool
    """Whether it swallows the bracket's counterpart; else a comma."""


def _swallowing(text: str, start: int, end: int) -> Iterator[_Comment]:
    """Comments that swallow what is still missing at the end."""
    opened: list[tuple[int, _Comment | None]] = []
    value: int | None = None
    last: _Comment | None = None
    for token in _TOKEN.finditer(text, start, end):
        sign, last = token["sign"], None
        if sign in _CLOSED_BY:
            opened.append((token.start(), None))
        elif sign in ("]", "}"):
            del opened[-1:]
        elif opened and token["comment"] and (value is not None or not token[0].startswith("# ")):
            at, before = opened[-1]
            if before is None and _closes(token[0]) == _CLOSED_BY[text[at]]:
                opened[-1] = at, _Comment(at, token.start() if value is None else value, token, closes=True)
            elif value is not None and "," in token[0]:
                last = _Comment(at, value, token, closes=False)
        value = token.start() if token["plain"] or token["quoted"] else None
    yield from (comment for _, comment in opened if comment is not None)
    if last is not None:
        yield last


def _closes(comment: str) -> str | None:
    """The first bracket in a comment that closes none of its own."""
    depth = 0
    for sign in _SIGN.findall(comment):
        if sign in "]}" and depth == 0:
            return str(sign)
        depth += 1 if sign in "[{" else -1
    return None
