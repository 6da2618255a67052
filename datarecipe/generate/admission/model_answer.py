"""What a model answered to a question of a filter: the fields that it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from datarecipe.exchange import Completion, Json, Response
from datarecipe.generate.parse import Fragment, parse, value_of


def answered_fields(response: Response, names: Iterable[str]) -> Mapping[str, Json]:
    """The first object of the reply that has one of the fields; empty where none has."""
    assert isinstance(response, Completion)
    wanted = frozenset(names)
    for found in parse(response.text, wanted):
        value = None if isinstance(found, Fragment) else value_of(found)
        if isinstance(value, dict) and not wanted.isdisjoint(value):
            return value
    return {}
