"""The dialogues of seed examples: what is wrong with one, and what is hardly meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datarecipe.errors import Problem, SeedExampleError
from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.dialogue import dialogues
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.keys.turns import DIALOGUE_NAMES, form_of, lack
from datarecipe.recipe.message_text import code, nearest, show
from datarecipe.recipe.source.document import Place


def check_turns(seeds: Sequence[Seed]) -> None:
    """In a list that is a dialogue by some element, all elements are turns of one form.

    Raises:
        SeedExampleError: with a problem for each that is none, as one with a misspelt key.
    """
    problems = [
        _no_turn(seed.place(name, at), f"turn {at + 1} of {code(name)} {wrong}", turn, form)
        for seed in seeds
        for name, value in seed.example.items()
        if isinstance(value, list) and (form := form_of(name, value)) is not None
        for at, turn in enumerate(value)
        if (wrong := lack(turn, form)) is not None
    ]
    if problems:
        raise SeedExampleError(*problems[: MAX_PROBLEMS + 1])


def _no_turn(place: Place, message: str, turn: Json, form: tuple[str, str]) -> Problem:
    keys = turn.keys() if isinstance(turn, dict) else ()
    missing = next((key for key in form if key not in keys), form[0])
    near = nearest(missing, keys - {*form}) if keys else None
    hint = f"write {code(missing)} instead of {code(near)}" if near else None
    return place.problem(message, hint or f"give each turn {code(form[0])}, a text, and {code(form[1])}")


def dialogue_warnings(seeds: Sequence[Seed]) -> Iterator[Problem]:
    """Fields with the name of a dialogue that are none, and speakers who speak twice."""
    found = dialogues([seed.example for seed in seeds])
    for name in seeds[0].example:
        if name in DIALOGUE_NAMES and name not in found:
            message = f"{code(name)} is no dialogue here, so neither roles nor the order of turns are checked"
            hint = "write a list of turns, each with `role` and `content`, or `from` and `value`"
            yield seeds[0].place(name).warning(message, hint)
    for seed in seeds:
        for name, dialogue in found.items():
            if (twice := dialogue.twice(seed.example[name])) is not None:
                message = f"{show(twice)} speaks twice in a row in {code(name)}, so every example may do so"
                yield seed.place(name).warning(message, "let turns alternate if that is not meant")
