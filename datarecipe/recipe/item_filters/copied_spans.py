"""`filters.copies`: what an example extracts from a text must occur in that text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datarecipe.characters import nfc
from datarecipe.exchange import Example, Json, texts_within
from datarecipe.recipe.example_schema.validation_cost import TooMuchWorkError, Work
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.recipe import Recipe

_SEARCHED, _LONG = 2_500, 100
"""Characters of a text times those of a span, up to 100 of these, that weigh as much as a step of `Work`."""


class CopiesFilter:
    def __init__(self, recipe: Recipe) -> None:
        self._copies = [(span, path_of(span, recipe.fields), within) for span, within in recipe.filters.copies.items()]

    def __call__(self, example: Example, work: Work) -> str | None:
        """Compared letter by letter, case too; white space and composition (NFC) make no difference."""
        try:
            for span, path, within in self._copies:
                text = "\n".join(map(_plain, texts_within(example.get(within))))
                for copy in dict.fromkeys(found for value in at(example, path) for found in texts_within(value)):
                    work.spend(1 + len(text) * min(len(copy), _LONG) // _SEARCHED)
                    if _plain(copy) not in text:
                        return f"{code(span)} is {show(copy)}, which does not occur in {code(within)}"
        except TooMuchWorkError:
            return "too many spans to be searched in so long a text"
        return None


def path_of(span: str, fields: Sequence[str]) -> tuple[str, ...]:
    """The steps to a span: a field, or `entities.span` for the `span` of each entry of the field `entities`."""
    return (span,) if span in fields else tuple(span.split("."))


def at(value: Json, path: Sequence[str]) -> Iterator[Json]:
    """What stands at the end of a path; a path goes through each entry of a list."""
    if isinstance(value, list):
        for item in value:
            yield from at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from at(value[path[0]], path[1:])


def _plain(text: str) -> str:
    return " ".join(nfc(text).split())
