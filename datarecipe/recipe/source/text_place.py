"""Places within a text that is itself a value: a template of several lines in a recipe, or a template's own file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datarecipe.recipe.source.document import Place, ScalarNode, Source


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a text stands, so that a place in the text can be told as one in the file."""

    around: Place
    """The value that holds it; for a file of its own the file's beginning."""
    first_line: int | None = None
    """The file's line with the text's first line; None when the text's lines are not the file's (a folded block, say)."""
    before: int = 0
    """Characters in front of each of its lines: the indentation of a block, the quote of a text on one line."""

    def at(self, line: int | None, column: int | None = None, end_column: int | None = None) -> Place:
        """The place of a line and column of the text (from 1), as exactly as it is known."""
        if line is None or self.first_line is None:
            return self.around
        source, number, shift = self.around.source, self.first_line + line - 1, self.before
        if column is not None:
            return source.place(number, column + shift, None if end_column is None else end_column + shift)
        place = source.place(number)
        text = place.line_text.strip()
        return place.in_line(place.line_text.index(text), len(text)) if text else place


def place_of_file(source: Source) -> TextPlace:
    """A text that is a file of its own."""
    return TextPlace(source.place(1, 1), 1, 0)


def place_of_value(node: ScalarNode) -> TextPlace:
    """A text that is a value in a file: a literal block, or a text on one line, can be found again line by line."""
    lines = str(node.value).rstrip("\n").split("\n")
    place = node.place
    if place.line is not None:
        for first in (place.line, place.line + 1):
            before = _before(place.source.lines[first - 1 : first - 1 + len(lines)], lines)
            if before is not None:
                return TextPlace(place, first, before)
    return TextPlace(place)


def _before(written: Sequence[str], lines: Sequence[str]) -> int | None:
    """How many characters stand in front of each of `lines` as written, when they are there unchanged."""
    if len(written) != len(lines):
        return None
    before = next(
        (found for w, line in zip(written, lines, strict=True) if line and (found := w.find(line)) >= 0), None
    )
    if before is None:
        return None
    fits = all(not line.strip() or w[before:].startswith(line) for w, line in zip(written, lines, strict=True))
    alone = len(lines) == 1 or all(not w[:before].strip() for w, line in zip(written, lines, strict=True) if line)
    return before if fits and alone else None
