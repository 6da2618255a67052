"""Dialogues: lists of turns, each with a role, as in `[{"role": "user", "content": "..."}, ...]`.

A list is a dialogue by its turns and by the name of its field or of a role (`recipe/keys/turns.py`).
JSON Schema can say which roles there are, but not that turns of any number alternate, so that rule is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from datarecipe.exchange import Example, Json
from datarecipe.recipe.keys.turns import form_of, lack

DIALOGUE_RULE = 1
"""Version of the rule that turns follow, part of the identity of a recipe with dialogues."""

_OPENING_ROLES = frozenset({"system", "developer"})
"""Roles that set the scene: they stand first, once, or not at all."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How the turns of one field follow each other, as in the seed examples."""

    role_key: str
    """`role` or `from`: the key that names who speaks."""
    roles: tuple[str, ...]
    """All roles of the seed examples, in the order in which they first speak. No example has another."""
    first: str | None
    """Who speaks first, after a system message if there is one; None where the seed examples differ."""
    last: str | None
    """Who speaks last; None where the seed examples differ."""
    alternates: bool
    """Whether no role speaks twice in a row."""
    scene_first: bool
    """Whether a system message stands first or nowhere."""

    def twice(self, turns: Json) -> str | None:
        """Who speaks twice in a row, if anybody."""
        return _twice(_spoken(_roles(turns, self.role_key)))

    def fault(self, turns: Json) -> str | None:
        """What is wrong with the order of the turns, in words; None where it is that of the seed examples.

        `turns` has passed the schema, which may be the recipe's own and let more through than turns.
        """
        roles = _roles(turns, self.role_key)
        if not isinstance(turns, list) or len(roles) != len(turns) or not roles:
            return f"some element has no {_quoted(self.role_key)}, a text" if turns else "no turns"
        known = frozenset(self.roles)
        strange = next((role for role in roles if role not in known), None)
        if strange is not None:
            return f"{_quoted(strange)} is no role of the seed examples"
        return next(self._disorder(_spoken(roles)), None)

    def _disorder(self, spoken: Sequence[str]) -> Iterator[str]:
        if self.first not in (None, spoken[0]):
            yield f"the first turn is not by {_quoted(self.first)}"
        if self.last not in (None, spoken[-1]):
            yield f"the last turn is not by {_quoted(self.last)}"
        late = next((role for role in spoken if role in _OPENING_ROLES), None)
        if late is not None and self.scene_first:
            yield f"{_quoted(late)} speaks, but not first"
        if self.alternates and (twice := _twice(spoken)) is not None:
            yield f"{_quoted(twice)} speaks twice in a row"


def dialogues(seeds: Sequence[Example]) -> Mapping[str, Dialogue]:
    """The fields that hold a dialogue in every seed example."""
    found = {name: _dialogue(name, [seed.get(name) for seed in seeds]) for name in seeds[0]}
    return {name: dialogue for name, dialogue in found.items() if dialogue is not None}


def _dialogue(name: str, values: Sequence[Json]) -> Dialogue | None:
    form = next((form for value in values if (form := form_of(name, value)) is not None), None)
    if form is None or not all(_is_dialogue(value, form) for value in values):
        return None
    roles = [_roles(value, form[0]) for value in values]
    spoken = [_spoken(each) for each in roles]
    return Dialogue(
        form[0],
        tuple(dict.fromkeys(role for each in roles for role in each)),
        _only({each[0] for each in spoken}),
        _only({each[-1] for each in spoken}),
        alternates=all(_twice(each) is None for each in spoken),
        scene_first=not any(role in _OPENING_ROLES for each in spoken for role in each),
    )


def _is_dialogue(value: Json, form: tuple[str, str]) -> bool:
    return isinstance(value, list) and bool(value) and all(lack(turn, form) is None for turn in value)


def _roles(turns: Json, role_key: str) -> list[str]:
    """Who speaks, turn by turn; elements that say nothing of it are left out."""
    elements = turns if isinstance(turns, list) else []
    roles = [turn.get(role_key) if isinstance(turn, dict) else None for turn in elements]
    return [role for role in roles if isinstance(role, str)]


def _spoken(roles: list[str]) -> list[str]:
    """The turns after a system message; a system message alone is a turn."""
    return roles[1:] if len(roles) > 1 and roles[0] in _OPENING_ROLES else roles


def _twice(spoken: Sequence[str]) -> str | None:
    return next((role for role, after in pairwise(spoken) if role == after), None)


def _quoted(role: str | None) -> str:
    return json.dumps(role, ensure_ascii=False)


def _only(roles: set[str]) -> str | None:
    return next(iter(roles)) if len(roles) == 1 else None
