"""A comment within brackets that swallows what they need."""

from __future__ import annotations

import pytest

from datarecipe.errors import Problem, RecipeSyntaxError
from datarecipe.recipe.source.yaml_source import parse_yaml


def problem_of(text: str) -> Problem:
    with pytest.raises(RecipeSyntaxError) as caught:
        parse_yaml(text, "x.yaml")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("after", ["", "\n", "\nlabels: [spam, ham]\n", "\n# the end }]\n", "\nx: it's\n", "\nx: |\n  a",
                                   "\n'x': \"#\"\n", "\nx: a: b\n", "\n\tx: 1\n", "\nx: &b c",
                                   "\nx: {{ a }}\n"])  # fmt: skip
@pytest.mark.parametrize(
    ("written", "closing", "quoted"),
    [
        ("a: {label: spam, text: I love #python}", "}", '"I love #python"'),
        ("a: {label: spam, text: #python}", "}", '"#python"'),
        ("a: {text: I love #python, label: spam}", "}", '"I love #python"'),
        ("a: {text: I love #python, really, label: spam}", "}", '"I love #python, really"'),
        ("a: {text: I love #python, options: [a, b]}", "}", '"I love #python"'),
        ("a: {text: http://x.org/#y #now}", "}", '"http://x.org/#y #now"'),
        ("a: {text: say \"hi\" #now}", "}", "'say \"hi\" #now'"),
        ("a: {text: it's #1}", "}", '"it\'s #1"'),
        ("a: {'text': \"#1 {\", b: see #2}", "}", '"see #2"'),
        ("a: {\n  label: spam,  # a label\n  text: see #1}", "}", '"see #1"'),
        ("a:\n  - {label: spam, text: see #1 now}\n  - {label: ham, text: b}", "}", '"see #1 now"'),
        ("a:\n  - {label: spam, text: see #1 now}\n  - {label: ham, text: see #2}", "}", '"see #1 now"'),
        ("a: [{b: spam #1}, {b: ham}]", "}", '"spam #1"'),
        ("a: [spam #1, ham]", "]", '"spam #1"'),
        ("a: [spam, ham #1]", "]", '"ham #1"'),
        ("a: [spam, ham # the second]", "]", '"ham # the second"'),
        ("a: [#spam, ham]", "]", '"#spam"'),
        ("a: {b: [x #1, y], c: d}", "]", '"x #1"'),
        ("a: [spam #1, ham]\nb: [spam #2, ham]", "]", '"spam #1"'),
    ],
)  # fmt: skip
def test_a_bracket_in_a_comment_closes_nothing(written: str, closing: str, quoted: str, after: str) -> None:
    problem = problem_of(written + after)
    assert problem.message.startswith(f"` #` begins a comment, which swallows the `{closing}` that closes")
    assert problem.line is not None
    assert problem.column is not None
    lines = written.split("\n")
    assert lines[problem.line - 1][problem.column - 1] == "#"
    assert (problem.hint or "").startswith(f"write: {quoted}; or ")


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("a: [\n  spam #1,\n  ham\n]", '"spam #1"'),
        ("a: [spam #1,\n  ham]", '"spam #1"'),
        ("a: {\n  text: I love #python,\n  label: spam\n}", '"I love #python"'),
        ('a: {\n  text: "hi" #now, then,\n  label: spam\n}', "'\"hi\" #now, then'"),
    ],
)
def test_a_comma_in_a_comment_parts_nothing(written: str, quoted: str) -> None:
    problem = problem_of(written)
    assert problem.message == "` #` begins a comment, which swallows the `,` in it"
    assert (problem.hint or "").startswith(f"write: {quoted}; or ")


@pytest.mark.parametrize(
    "written",
    [
        "a: [spam, ham # see {this}",
        "a: [spam, # the first [1]\n  ham",
        "a: [spam, # smile :]\n  ham, @b]",
        "a: [spam, # smile :]\n  ham]\nb: [c",
        "a: {b: [1, # one ]\n 2], c: @d}",
        'a: {label: "I love #python}',
        "a: ['#]', ham",
        "a: [b#], ham",
    ],
)
def test_a_comment_that_swallows_nothing_is_not_blamed(written: str) -> None:
    assert "swallows" not in problem_of(written).message
