"""Hints that show a text of YAML between the quotes that it needs."""

from __future__ import annotations

import re

from datarecipe.errors import Problem
from datarecipe.printable import printable
from datarecipe.recipe.message_text import code
from datarecipe.recipe.source.document import Place

LONGEST_LINE = 90
"""Characters of a line that a hint shows."""
_WITH_VALUE = re.compile(r"\s*((?:- +)*[\w.-]+: +|(?:- +)+)(\S.*)")
"""A line of block YAML with a value in it: what is before the value, and the value."""


def in_quotes(text: str) -> str:
    """A text between the quotes that it needs, on one line."""
    if '"' in text or "\\" in text:
        return printable("'" + text.replace("'", "''") + "'")
    return printable(f'"{text}"')


def line_in_quotes(line: str) -> str | None:
    """A hint that shows the line with its value in quotes, if it is a line with a value and short."""
    found = _WITH_VALUE.fullmatch(line.rstrip())
    if found is None or len(line) > LONGEST_LINE:
        return None
    head, text = found.groups()
    if len(text) > 1 and text[0] == text[-1] and text[0] in ('"', "'"):
        text = text[1:-1]
    return f"write: {printable(head)}{in_quotes(text)}"


def value_in_quotes(place: Place) -> str | None:
    """A hint that shows the value around a place, which stands in brackets, in quotes."""
    line, index = place.line_text, place.index
    start = max(line.rfind(sign, 0, index) for sign in "[{,") + 1
    colon = re.search(r":\s", line[start:index])
    start += colon.end() if colon else 0
    value = (line[start:index] + re.split(r"[,\]}]", line[index:], maxsplit=1)[0]).strip()
    return f"write: {in_quotes(value)}" if value and len(value) <= LONGEST_LINE else None


def template_in_quotes(place: Place, begin: str) -> Problem:
    """The problem of a template without quotes, which YAML reads as a mapping; `begin` is `{{` or `{%`."""
    hint = line_in_quotes(place.line_text)
    hint = hint or "or use a block: the key, then `|`, then the text in the lines below, indented"
    return place.problem(f"a text that begins with {code(begin)} needs quotes: in YAML `{{` begins a mapping", hint)
