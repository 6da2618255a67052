"""What a reply holds beside its text: reasoning, calls of tools. Where there is no text, that says what came instead.

Servers put reasoning into fields of several names, and a call's arguments as text or as an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from datarecipe.exchange import Apart
from datarecipe.llm.failures.reply_error import as_text

MOST_CALLS = 100
"""Calls of one reply that are looked at."""
LONGEST_NAME = 64
"""Characters of a tool's name that are kept: OpenAI allows no more."""

_TAGS = re.compile(r"</?(?:think|thinking|budget:thinking)>")
REASONING = ("reasoning_content", "reasoning", "thinking")
"""Fields in which servers put reasoning."""


def apart_of(message: Mapping[str, Any], thought: str = "") -> Apart | None:
    """What `message` holds beside its content; `thought` is what the content itself holds as thinking."""
    calls = list(_calls(message))
    if calls:
        return Apart("tool_calls", "\n".join(text for _, text in calls), tuple(name for name, _ in calls))
    reasoning = _TAGS.sub("", thought or next(_reasoning(message), "")).strip()
    return Apart("reasoning", reasoning) if reasoning else None


def _calls(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and arguments of each call; `function_call` is the protocol's older form."""
    calls = message.get("tool_calls")
    found = calls[:MOST_CALLS] if isinstance(calls, list) else []
    functions = [call.get("function") for call in found if isinstance(call, dict)]
    for function in functions or [message.get("function_call")]:
        if not isinstance(function, dict):
            continue
        name, arguments = function.get("name"), function.get("arguments")
        if isinstance(arguments, dict | list):
            arguments = as_text(arguments)
        yield (name if isinstance(name, str) else "")[:LONGEST_NAME], arguments if isinstance(arguments, str) else ""


def _reasoning(message: Mapping[str, Any]) -> Iterator[str]:
    for name in REASONING:
        if isinstance(value := message.get(name), str) and value.strip():
            yield value
    for name, field in (("reasoning_details", "text"), ("content", "thinking")):
        if text := "".join(_texts(message.get(name), field)).strip():
            yield text


def _texts(parts: object, field: str) -> Iterator[str]:
    """The texts of a list of parts: OpenRouter's `reasoning_details`, Mistral's content with `thinking`."""
    for part in parts if isinstance(parts, list) else ():
        value = part.get(field) if isinstance(part, dict) else None
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _texts(value, "text")
