"""Dialogues: lists of turns, each with a role, as in `[{"role": "user", "content": "..."}, ...]`.

Both forms that training libraries read are known: `role` and `content` (OpenAI, TRL) and `from` and `value` (ShareGPT).
JSON Schema can say which roles there are, but not that turns of any number alternate, so that rule is here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from datarecipe.exchange import Example, Json

DIALOGUE_RULE = 1
"""Version of the rule that turns follow, part of the identity of a recipe with dialogues."""

FORMS = (("role", "content"), ("from", "value"))
"""The keys of a turn: who speaks, and what is said."""
_TOOL_CALLS = "tool_calls"
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
        spoken = _spoken(_roles(turns, self.role_key))
        return next((role for role, after in pairwise(spoken) if role == after), None)

    def fault(self, turns: Json) -> str | None:
        """What is wrong with the order of the turns, in words; None where it is that of the seed examples.

        `turns` has passed the schema; a field that a schema of the recipe's own lets be something else has no order.
        """
        roles = _roles(turns, self.role_key)
        if not roles:
            return None
        spoken = _spoken(roles)
        if self.first not in (None, spoken[0]):
            return f"the first turn is not by {_quoted(self.first)}"
        if self.last not in (None, spoken[-1]):
            return f"the last turn is not by {_quoted(self.last)}"
        late = next((role for role in spoken if role in _OPENING_ROLES), None)
        if late is not None and self.scene_first:
            return f"{_quoted(late)} speaks, but not first"
        if self.alternates and (twice := self.twice(turns)) is not None:
            return f"{_quoted(twice)} speaks twice in a row"
        return None


def dialogues(seeds: Sequence[Example]) -> Mapping[str, Dialogue]:
    """The fields that hold a dialogue in every seed example."""
    found = {name: _dialogue([seed.get(name) for seed in seeds]) for name in seeds[0]}
    return {name: dialogue for name, dialogue in found.items() if dialogue is not None}


def _dialogue(values: Sequence[Json]) -> Dialogue | None:
    for role_key, content_key in FORMS:
        if all(_is_dialogue(value, role_key, content_key) for value in values):
            roles = [_roles(value, role_key) for value in values]
            spoken = [_spoken(each) for each in roles]
            return Dialogue(
                role_key,
                tuple(dict.fromkeys(role for each in roles for role in each)),
                _only({each[0] for each in spoken}),
                _only({each[-1] for each in spoken}),
                alternates=not any(role == after for each in spoken for role, after in pairwise(each)),
                scene_first=not any(role in _OPENING_ROLES for each in spoken for role in each),
            )
    return None


def _is_dialogue(value: Json, role_key: str, content_key: str) -> bool:
    return isinstance(value, list) and bool(value) and all(is_turn(turn, role_key, content_key) for turn in value)


def is_turn(value: Json, role_key: str, content_key: str) -> bool:
    """Whether a value is a turn of that form. One that calls tools may say nothing beside."""
    return (
        isinstance(value, dict)
        and isinstance(value.get(role_key), str)
        and (content_key in value or _TOOL_CALLS in value)
    )


def _roles(turns: Json, role_key: str) -> list[str]:
    """Who speaks, turn by turn; nothing where that is not said of every turn."""
    if not isinstance(turns, list):
        return []
    roles = [turn.get(role_key) if isinstance(turn, dict) else None for turn in turns]
    return [role for role in roles if isinstance(role, str)] if all(isinstance(r, str) for r in roles) else []


def _spoken(roles: list[str]) -> list[str]:
    """The turns after a system message; a system message alone is a turn."""
    return roles[1:] if len(roles) > 1 and roles[0] in _OPENING_ROLES else roles


def _quoted(role: str | None) -> str:
    return json.dumps(role, ensure_ascii=False)


def _only(roles: set[str]) -> str | None:
    return next(iter(roles)) if len(roles) == 1 else None
