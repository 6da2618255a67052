"""The line with carets: under what is meant, whatever the line holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.recipe.source.excerpt import WIDTH, excerpt


@pytest.mark.parametrize(
    ("line", "column", "end", "shown"),
    [
        ("a: bcd", 4, 7, ["     7 | a: bcd", "       |    ^^^"]),
        ("a: bcd", 4, None, ["     7 | a: bcd", "       |    ^"]),
        ("a: ", 4, None, ["     7 | a:", "       |    ^"]),
        ("日本: x", 5, 6, ["     7 | 日本: x", "       |       ^"]),
        ("日本: x", 1, 3, ["     7 | 日本: x", "       | ^^^^"]),
        ("e\u0301: x", 5, 6, ["     7 | e\u0301: x", "       |    ^"]),
        ("a: 👩\u200d🔬 x", 8, 9, ["     7 | a: 👩\u200d🔬 x", "       |         ^"]),
        ("a:\u00a0x", 2, 3, ["     7 | a:\\u00a0x", "       |  ^"]),
        ("a:\u3000x", 3, 4, ["     7 | a:\\u3000x", "       |   ^^^^^^"]),
        ("\ta: x", 2, 3, ["     7 |  a: x", "       |  ^"]),
    ],
)
def test_the_carets_stand_under_what_is_meant(line: str, column: int, end: int | None, shown: list[str]) -> None:
    assert excerpt(line, 7, column, end).split("\n") == shown


def test_what_a_terminal_would_obey_is_escaped() -> None:
    text = excerpt("a: \x1b[31m\u202ex", 1, 4, 8)
    assert "\x1b" not in text
    assert "\u202e" not in text


@given(st.text(alphabet=st.characters(exclude_characters="\n"), max_size=400), st.integers(1, 400), st.integers(1, 50))
def test_any_line_is_shown_in_bounds(line: str, column: int, length: int) -> None:
    column = min(column, len(line) + 1)
    first, second = excerpt(line, 1, column, column + length).split("\n")
    assert "^" in second
    assert set(second) <= set(" |^")
    assert len(second) <= WIDTH + 20
    assert first.startswith("     1 |")


@given(st.text(alphabet="abc日", min_size=1, max_size=300), st.data())
def test_the_caret_stands_under_the_character(line: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(line) - 1))
    marked = line[:index] + "X" + line[index + 1 :]
    first, second = excerpt(marked, 1, index + 1, index + 2).split("\n")
    columns = [char for char in first for _ in range(2 if char == "日" else 1)]
    assert columns[second.index("^")] == "X"
    assert second.count("^") == 1
