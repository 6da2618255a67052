"""A reply that came as a stream of server-sent events, put together to the reply that it would have been without.

Asked for is `stream: false`, and there are servers and gateways that stream all the same. Time and memory are in proportion
to the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from datarecipe.llm.failures.reply_error import is_said
from datarecipe.llm.transports.reply_apart import MOST_CALLS, REASONING

MOST_LINES = 8
"""Lines of data that may be one event's."""

_STREAM = re.compile(r"(?:(?:event|id|retry)?:[^\n]*\n\s*)*data:")


def is_stream(text: str) -> bool:
    """Whether a body is a stream of events."""
    return _STREAM.match(text[:10_000].lstrip()) is not None


def put_together(text: str) -> tuple[dict[str, Any] | None, bool]:
    """What the events in `text` make, and whether the stream says that it is at its end.

    That is the reply; an error that came in the stream; the first event, where that is of no chat completion; or nothing.
    """
    reply = _Reply()
    for event in _events(text):
        if event is None:
            return reply.document(), True
        if is_said(event.get("error")) or event.get("object") == "error":
            return event, True
        if not reply.take(event) and reply.first is None:
            return event, True
    return reply.document(), reply.finish_reason is not None


def _events(text: str) -> Iterator[dict[str, Any] | None]:
    """The JSON of each event; None for `[DONE]`. An event's data may go over several lines."""
    waiting: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):  # `splitlines` knows ends of lines that JSON's strings may hold
        if not line.strip():
            waiting.clear()
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            yield None
            return
        event = _json(data)
        if event is None and len(waiting) < MOST_LINES:
            waiting.append(data)
            event = _json("\n".join(waiting)) if len(waiting) > 1 else None
        if event is not None:
            waiting.clear()
            yield event


def _json(data: str) -> dict[str, Any] | None:
    if not data.rstrip().endswith("}"):
        return None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@dataclass(slots=True)
class _Reply:
    """A reply on its way."""

    first: dict[str, Any] | None = None
    finish_reason: object = None
    usage: object = None
    texts: dict[str, list[str]] = field(default_factory=lambda: {"content": [], "refusal": [], "reasoning_content": []})
    calls: dict[object, tuple[list[str], list[str]]] = field(default_factory=dict)
    """Of each call the names and the arguments."""

    def take(self, event: dict[str, Any]) -> bool:
        """Add an event. Whether it is one of a chat completion."""
        choices = event.get("choices")
        if not isinstance(choices, list) or any(isinstance(c, dict) and "text" in c for c in choices[:1]):
            return False  # those with `text` are plain completions
        self.first = self.first or event
        self.usage = event.get("usage") or self.usage
        for choice in choices:
            if isinstance(choice, dict) and choice.get("index") in (0, None):
                self._add(choice)
        return True

    def _add(self, choice: dict[str, Any]) -> None:
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            return
        self.texts["content"] += _texts(delta.get("content"))
        self.texts["refusal"] += _texts(delta.get("refusal"))
        self.texts["reasoning_content"] += next((found for name in REASONING if (found := _texts(delta.get(name)))), [])
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else [{"function": delta.get("function_call")}]:
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                index = call.get("index") if isinstance(call.get("index"), int) else None
                if index in self.calls or len(self.calls) < MOST_CALLS:
                    names, arguments = self.calls.setdefault(index, ([], []))
                    names += _texts(function.get("name"))
                    arguments += _texts(function.get("arguments"))

    def document(self) -> dict[str, Any] | None:
        """The whole reply."""
        if self.first is None:
            return None
        calls = [
            {"function": {"name": "".join(names[:1]), "arguments": "".join(arguments)}}
            for names, arguments in self.calls.values()
        ]
        message = {name: "".join(texts) for name, texts in self.texts.items()} | {"tool_calls": calls}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        return {"model": self.first.get("model"), "usage": self.usage, "choices": [choice]}


def _texts(value: object) -> list[str]:
    """The text of a part of a delta, which may be a list of parts."""
    if isinstance(value, str):
        return [value] if value else []
    parts = value if isinstance(value, list) else []
    return [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
