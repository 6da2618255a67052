"""How many values a JSON text holds is known before it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe import json_size
from datarecipe.json_size import MOST_VALUES, holds_more, too_many_values

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=6),
    max_leaves=40,
)


def values(document: Any) -> int:
    if isinstance(document, dict):
        return 1 + sum(map(values, document.values()))
    return 1 + sum(map(values, document)) if isinstance(document, list) else 1


@given(DOCUMENTS, st.integers(1, 60))
def test_parsed_values_are_counted(document: Any, most: int) -> None:
    assert holds_more(document, most) == (values(document) > most)


@given(DOCUMENTS)
def test_no_text_with_too_many_values_passes(document: Any) -> None:
    text = json.dumps(document, separators=(",", ":"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_size, "MOST_VALUES", 3)
        # A value brings a comma, or is the first one in a bracket.
        assert too_many_values(text) or values(document) <= 2 * 3 + 1
        assert too_many_values(text) == too_many_values(text.encode())


@pytest.mark.parametrize("unit", ["[],", "{},", "0,", '"":0,', "[", '"a",'])
@pytest.mark.parametrize("packed", [str, str.encode])
def test_what_takes_long_is_refused(unit: str, packed: Any) -> None:
    assert too_many_values(packed(unit * (MOST_VALUES + 1)))


@pytest.mark.parametrize(
    "text", ["", "[]" * 1000, '"' + "a" * 8_000_000 + '"', json.dumps([{"text": "word " * 20}] * 60_000)]
)
def test_what_is_long_and_plain_passes(text: str) -> None:
    assert not too_many_values(text)
    assert not too_many_values(text.encode())
