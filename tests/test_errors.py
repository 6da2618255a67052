"""The tree of errors: each can be sent to another process, and caught by the class that it is of."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from datarecipe import errors
from datarecipe.errors import DatarecipeError, Problem, RecipeError


def tree(top: type[DatarecipeError]) -> Iterator[type[DatarecipeError]]:
    yield top
    for below in top.__subclasses__():
        yield from tree(below)


@pytest.mark.parametrize("kind", list(dict.fromkeys(tree(DatarecipeError))), ids=lambda kind: kind.__name__)
def test_an_error_survives_a_process(kind: type[DatarecipeError]) -> None:
    if issubclass(kind, RecipeError):
        error: DatarecipeError = kind(
            Problem("wrong", "a.yaml", 1, 2, "do it", 4, "  1 | x"), Problem("other", "--set x")
        )
    else:
        error = kind("wrong", hint="do it")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == str(error)
        assert (other.hint, other.exit_code) == (error.hint, error.exit_code)
        if isinstance(error, RecipeError):
            assert isinstance(other, RecipeError)
            assert other.problems == error.problems


@pytest.mark.parametrize("kind", [kind for kind in tree(DatarecipeError) if issubclass(kind, RecipeError)])
def test_the_hint_of_one_problem_is_the_errors_own_and_is_said_once(kind: type[RecipeError]) -> None:
    error = kind(Problem("wrong", "a.yaml", 1, 2, "do it"))
    assert error.hint == "do it"
    assert str(error).count("do it") == 1
    assert kind(Problem("wrong", "a.yaml")).hint is None
    assert kind(Problem("wrong", "a.yaml", hint="do it"), Problem("other", "a.yaml", hint="do that")).hint is None


def test_every_class_of_the_tree_is_public_and_each_kind_has_its_word() -> None:
    kinds = [kind for kind in tree(RecipeError) if issubclass(kind, RecipeError)]
    assert all(getattr(errors, kind.__name__) is kind for kind in kinds)
    words = [kind.kind for kind in dict.fromkeys(kinds)]
    assert len(set(words)) == len(words)
