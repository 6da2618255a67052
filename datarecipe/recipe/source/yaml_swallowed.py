"""A comment that swallows what a list or mapping in brackets needs: the bracket that closes it, or a comma.

As in `{text: I love #python}`, where all from ` #` to the line's end is a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from datarecipe.errors import Problem
from datarecipe.recipe.message_text import code
from datarecipe.recipe.source.document import Source
from datarecipe.recipe.source.yaml_hints import LONGEST_LINE, in_quotes

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


def swallowed(source: Source, start: int, end: int) -> Problem | None:
    """The first comment that swallows what YAML needs, between the outermost bracket that is open, at `start`, and where the
    parser stopped.
    """
    text = source.text
    found = _swallowing(text, start, end)
    if found is None:
        return None
    place = source.at(found.comment.start(), len(found.comment[0].rstrip()))
    opened = source.at(found.opened)
    where = f"column {opened.column}" if opened.line == place.line else f"line {opened.line}, column {opened.column}"
    begin = text[found.opened]
    what, ends = "the `,` in it", None
    if found.closes:
        what = f"the {code(_CLOSED_BY[begin])} that closes the {code(begin)} in {where}"
        ends = _VALUE_ENDS[begin].search(found.comment[0])
    value = (
        text[found.value : found.comment.start() + ends.start() if ends else found.comment.end()].strip().rstrip(",")
    )
    hint = f"write: {in_quotes(value)}" if len(value) <= LONGEST_LINE else "put the whole text into quotes"
    message = f"` #` begins a comment, which swallows {what}"
    return place.problem(message, f"{hint}; or write what is missing before the comment")


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment, and where the bracket and the value begin that it is in."""

    opened: int
    value: int
    comment: re.Match[str]
    closes: bool
    """Whether it swallows the bracket's counterpart; else a comma."""


def _swallowing(text: str, start: int, end: int) -> _Comment | None:
    """The first comment that swallows what is still missing at the end."""
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
    return next((comment for _, comment in opened if comment is not None), last)


def _closes(comment: str) -> str | None:
    """The first bracket in a comment that closes none of its own."""
    depth = 0
    for sign in _SIGN.findall(comment):
        if sign in "]}" and depth == 0:
            return str(sign)
        depth += 1 if sign in "[{" else -1
    return None
