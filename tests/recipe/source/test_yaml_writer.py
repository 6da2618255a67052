"""Any document is read back as exactly the same value, by our reader and by readers of YAML 1.1, and shows as it is."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.exchange import Json
from datarecipe.printable import printable
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.recipe.source.yaml_writer import yaml_text

SIGNS = [*" \n\t-:#'\"|>?ay1e3{}[],", "\xa0", "\u3000", "\u200d", "\u202e", "\xad", "\U000e0041", "\x85", "\u2028"]
TEXTS = st.text(max_size=8) | st.text(st.sampled_from(SIGNS), max_size=10)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


def test_a_character_of_a_later_unicode_is_escaped_under_every_python() -> None:
    assert yaml_text({"it": "\U0003134d", "\U0003134d": 1}) == 'it: "\\U0003134d"\n"\\U0003134d": 1\n'


@settings(max_examples=300)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_it_is_read_back_and_printable(document: dict[str, Json]) -> None:
    text = yaml_text(document)
    assert printable(text, multiline=True) == text
    assert json.dumps(parse_yaml(text, "test").value) == json.dumps(document)
    assert json.dumps(yaml.safe_load(text)) == json.dumps(document)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("one line", "it: one line\n"),
        ("1e3", 'it: "1e3"\n'),
        ("a\nb", "it: |-\n  a\n  b\n"),
        ("a\n\nb\n", "it: |\n  a\n\n  b\n"),
        ("a\n\n", "it: |+\n  a\n\n"),
        (" a\nb", "it: |2-\n   a\n  b\n"),
        ("10\u00a0km\nfar", "it: |-\n  10\u00a0km\n  far\n"),
        ("a\n\tb", 'it: "a\\n\\tb"\n'),
        ("\n", 'it: "\\n"\n'),
        ("a\u202eb", 'it: "a\\u202eb"\n'),
        ("a\U000e0041", 'it: "a\\U000e0041"\n'),
        ([], "it: []\n"),
        ({}, "it: {}\n"),
        (["a", {"b": None, "c": ["d"]}], "it:\n  - a\n  - b: null\n    c:\n      - d\n"),
    ],
)
def test_it_looks_as_people_write_it(value: Json, written: str) -> None:
    assert yaml_text({"it": value}) == written
