"""What a turn of a dialogue is: one element of `[{"role": "user", "content": "..."}, ...]`."""

from __future__ import annotations

from collections.abc import Callable

from datarecipe.exchange import Json
from datarecipe.recipe.message_text import code, describe

FORMS = (("role", "content"), ("from", "value"))
"""The keys of a turn, who speaks and what is said, as OpenAI and TRL and as ShareGPT have them."""

DIALOGUE_NAMES = frozenset({"messages", "conversations", "conversation", "dialogue", "turns", "chat"})
"""Fields that hold a dialogue whatever their roles are called."""

ROLES = frozenset(
    {
        "system",
        "developer",
        "user",
        "assistant",
        "tool",
        "function",
        "human",
        "gpt",
        "bot",
        "model",
        "agent",
        "customer",
    }
)
"""Roles by which a list in any other field is known as a dialogue: `from` and `value` may as well be a range."""

_TOOL_CALLS = "tool_calls"
"""A turn that calls tools may say nothing beside."""


def lack(turn: Json, form: tuple[str, str], named: Callable[[str], str] = code) -> str | None:
    """What keeps a value from being a turn of that form, in words; None where it is one."""
    role_key, content_key = form
    if not isinstance(turn, dict):
        return f"is {describe(turn)}"
    missing = [key for key in form if key not in turn and not (key == content_key and _TOOL_CALLS in turn)]
    if missing:
        return f"has no {named(missing[0])}"
    if not isinstance(turn[role_key], str):
        return f"has {describe(turn[role_key])} as {named(role_key)}"
    if not isinstance(turn.get(content_key), str | list | None):
        return f"has {describe(turn[content_key])} as {named(content_key)}"
    return None


def form_of(name: str, value: Json) -> tuple[str, str] | None:
    """The form of the turns that a field holds, by its first turn; None where it holds no dialogue.

    Some element is a turn, and the field's name or a role says that it is a dialogue. Other elements may be broken.
    """
    if not isinstance(value, list):
        return None
    for turn in value:
        for form in FORMS:
            if (
                isinstance(turn, dict)
                and lack(turn, form) is None
                and (name in DIALOGUE_NAMES or turn[form[0]] in ROLES)
            ):
                return form
    return None
