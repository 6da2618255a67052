"""The texts of an example's field, also of one that holds lists or mappings."""

from __future__ import annotations

from collections.abc import Iterator

from datarecipe.exchange import Json


def texts(value: Json) -> Iterator[str]:
    """Every text within a value, in its order. The keys of mappings are no texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
