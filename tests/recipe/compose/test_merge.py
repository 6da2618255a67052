"""Laws of merging documents, against the plain words of it: a recursive update of plain mappings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Json
from datarecipe.recipe.compose.merge import merged
from datarecipe.recipe.source.document import Document, MappingNode, Source, from_json

KEYS = st.sampled_from(["vars", "x-a", "limits", "vary", "a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from([1, "t", True, 2.5]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


def node(value: Json, name: str) -> MappingNode:
    made = from_json(value, Source(name).place())
    assert isinstance(made, MappingNode)
    return made


def plain(base: Json, own: Json) -> Json:
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return {**base, **{key: plain(base[key], value) if key in base else value for key, value in own.items()}}


@given(MAPPINGS, MAPPINGS)
def test_merging_is_a_recursive_update(base: dict[str, Json], own: dict[str, Json]) -> None:
    whole = Document(merged(node(base, "base"), node(own, "own")))
    assert whole.value == plain(base, own)


@given(MAPPINGS)
def test_an_empty_layer_changes_nothing(value: dict[str, Json]) -> None:
    whole = node(value, "x")
    assert Document(merged(whole, node({}, "y"))).value == value
    assert Document(merged(node({}, "y"), whole)).value == value


@given(MAPPINGS, MAPPINGS)
def test_every_value_keeps_the_place_where_it_was_written(base: dict[str, Json], own: dict[str, Json]) -> None:
    whole = Document(merged(node(base, "base"), node(own, "own")))
    for key in {**base, **own}:
        assert whole.place((key,)).source.name == ("own" if key in own else "base")
