"""The dialogues of seed examples: what is wrong with one, and what is hardly meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from datarecipe.errors import Problem, SeedExampleError
from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.dialogue import FORMS, dialogues, is_turn
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.message_text import code, nearest, show
from datarecipe.recipe.source.document import Place

_NAMES = ("messages", "conversations", "conversation", "dialogue")


def check_turns(seeds: Sequence[Seed]) -> None:
    """In a list of a seed example, all elements are turns of one form, or none is.

    Raises:
        SeedExampleError: with a problem for each element that lacks a key of its neighbours, as a misspelt one does.
    """
    problems = [
        _no_turn(seed.place(name, at), name, turn, form)
        for seed in seeds
        for name, value in seed.example.items()
        for form in FORMS
        if isinstance(value, list) and any(is_turn(turn, *form) for turn in value)
        for at, turn in enumerate(value)
        if isinstance(turn, dict) and not is_turn(turn, *form)
    ]
    if problems:
        raise SeedExampleError(*problems)


def _no_turn(place: Place, name: str, turn: Mapping[str, Json], form: tuple[str, str]) -> Problem:
    missing = next((key for key in form if key not in turn), form[0])
    message = f"{code(missing)} is missing: the other turns of {code(name)} have {code(form[0])} and {code(form[1])}"
    near = nearest(missing, turn)
    return place.problem(message, f"write {code(missing)} instead of {code(near)}" if near else "give each turn both")


def dialogue_warnings(seeds: Sequence[Seed]) -> Iterator[Problem]:
    """Fields with the name of a dialogue that are none, and speakers who speak twice."""
    found = dialogues([seed.example for seed in seeds])
    for name in seeds[0].example:
        if name in _NAMES and name not in found:
            message = f"{code(name)} is no dialogue here, so neither roles nor the order of turns are checked"
            hint = "write a list of turns, each with `role` and `content`, or `from` and `value`"
            yield seeds[0].place(name).warning(message, hint)
    for seed in seeds:
        for name, dialogue in found.items():
            if (twice := dialogue.twice(seed.example[name])) is not None:
                message = f"{show(twice)} speaks twice in a row in {code(name)}, so every example may do so"
                yield seed.place(name).warning(message, "let turns alternate if that is not meant")
