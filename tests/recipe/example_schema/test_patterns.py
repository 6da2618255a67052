"""Patterns of a stranger: what is accepted cannot run for ever on any text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.recipe.example_schema.patterns import why_refused


@pytest.mark.parametrize(
    "pattern",
    [
        r"\S",
        "[?]$",
        "^[A-Z]",
        "^.{10,200}$",
        "^(Who|What|When).{3,80}[?]$",
        r"^\d{4}-\d{2}-\d{2}$",
        "^[a-z]+$",
        "^(ab)*$",
        r"^(?!.*bad)",
        "(?:yes|no)",
        r"\bword\b",
        "^[^@ ]{1,64}@[^@ ]{1,64}$",
        "",
        "^a?b?c?$",
        "colou?r",
        "[a-z]+ing",
        "^(?:a|b)+$",
        ".{10,200}[?]$",
    ],
)
def test_usual_patterns_run(pattern: str) -> None:
    assert why_refused(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*",
        "(a|a)*$",
        "(a|ab)*c",
        "a*a*b",
        r"\s*\S+.*x",
        "(a?){30}a{30}",
        "a?" * 40 + "a" * 40,
        r"(a)\1",
        "(.{0,50}){50}x",
        ".{0,200}.{0,200}.{0,200}x",
        "(?i)a",
        "(",
        "[",
        "a" * 501,
        "(" * 400 + ")" * 400,
        r"(?=(a+)+$)x",
        "(?P<n>a)(?(n)b|c)",
        "a{1,20000}a{1,20000}",
        "a*.{5000}",
        ".{0,5000}x",
        "^a{5000}*b*",
    ],
)
def test_patterns_that_may_run_for_ever_or_are_none_are_refused(pattern: str) -> None:
    assert why_refused(pattern)


PARTS = st.recursive(
    st.sampled_from(["a", "b", "[ab]", ".", r"\w", "^", "$", r"\b"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{0,3}", "{2}", "{1,40}", "*?", "+?"])).map(
            lambda p: f"(?:{p[0]}){p[1]}"
        )
        | st.lists(inner, min_size=1, max_size=4).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})")
        | inner.map(lambda part: f"(?={part})")
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(PARTS)
def test_what_is_accepted_runs_in_bounded_time(pattern: str) -> None:
    if why_refused(pattern) is not None:
        return
    for text in ("a" * 1500, "ab" * 750, "a" * 1499 + "!"):
        started = time.monotonic()
        re.search(f"(?:{pattern})Q", text)
        assert time.monotonic() - started < 30
