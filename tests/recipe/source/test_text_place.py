"""Places in a text that stands in a recipe: as exactly as the file shows them."""

from __future__ import annotations

import pytest

from datarecipe.recipe.source.document import ScalarNode
from datarecipe.recipe.source.text_place import place_of_value
from datarecipe.recipe.source.yaml_source import parse_yaml


@pytest.mark.parametrize(
    ("yaml", "line", "column", "place"),
    [
        ("t: |\n  one\n  two\n", 2, 2, "x.yaml:3:4"),
        ("t: |\n\n    one\n      two\n", 3, 5, "x.yaml:4:9"),
        ("t: |-\n  one\n\n  three", 3, 1, "x.yaml:4:3"),
        ("t: |2\n    one\n  two\n", 1, 3, "x.yaml:2:5"),
        ("t: one two\n", 1, 5, "x.yaml:1:8"),
        ('t: "one two"\n', 1, 5, "x.yaml:1:9"),
        ("t: 'one'\n", 1, 1, "x.yaml:1:5"),
        ("a: {b: c, t: one}\n", 1, 2, "x.yaml:1:15"),
        # What stands otherwise in the file than in the value is told as the value.
        ("t: >\n  one\n  two\n\n  three\n", 2, 2, "x.yaml:1:4"),
        ('t: "one\\ntwo"\n', 2, 1, "x.yaml:1:4"),
        ("t: 'it''s'\n", 1, 1, "x.yaml:1:4"),
        ("t: one\n  two\n", 1, 5, "x.yaml:1:4"),
    ],
)
def test_a_place_in_the_text_is_one_in_the_file(yaml: str, line: int, column: int, place: str) -> None:
    document = parse_yaml(yaml, "x.yaml")
    node = document.get(("t",)) or document.get(("a", "t"))
    assert isinstance(node, ScalarNode)
    assert str(place_of_value(node).at(line, column)) == place
