"""What an error says, in any of the shapes that providers give it: OpenAI's `error`, text alone, FastAPI's `detail`, and
the shapes of those that put errors of their own into a 200."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LONGEST_ERROR = 20_000
"""Characters of an error's words that are looked at."""

_NOTHING = frozenset({"", "0", "200", "ok", "success", "successful", "succeeded", "none", "null", "no error"})
_DEEPEST = 8
_MESSAGES = ("message", "error", "detail", "error_description", "error_msg", "status_msg", "msg", "Message")
_CODES = ("code", "type", "status", "error_code", "status_code", "http_code", "Code", "error_type", "finishReason")
_GENERATION = re.compile(r"error parsing tool call: raw='|failed to parse input at pos [0-9]{1,9}: ?", re.IGNORECASE)
_FAILED = re.compile(r"[45][0-9][0-9]")
_OUT_OF_ROOM = "max completion tokens reached"


@dataclass(frozen=True, slots=True)
class Said:
    """An error in parts."""

    message: str = ""
    codes: frozenset[str] = frozenset()
    """In lower case."""
    parameter: str | None = None
    generation: str = ""
    """What the model wrote, where the provider shows it."""
    out_of_room: bool = False
    """Whether the model wrote until its tokens were used up."""

    @property
    def status(self) -> int | None:
        """The HTTP status that is meant, where a code looks like one of a failure."""
        return next((int(code) for code in sorted(self.codes) if _FAILED.fullmatch(code)), None)


def is_said(value: object, depth: int = 0) -> bool:
    """Whether an `error` says anything. Gateways write an empty one, with zeros and `success`, beside each answer."""
    if isinstance(value, str):
        return value.strip().lower() not in _NOTHING
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return depth >= _DEEPEST or any(is_said(each, depth + 1) for each in inner)
    return bool(value) and value != 200


def said_in(body: object) -> Said:
    """What the error in a body says; nothing where there is none."""
    document: Any = body[0] if isinstance(body, list) and body else body
    if not isinstance(document, dict):
        return Said(document[:LONGEST_ERROR] if isinstance(document, str) else "")
    error = _innermost(document)
    parts = (error.get(name) for name in _MESSAGES)
    message = "".join([part for part in parts if isinstance(part, str) and part][:1])
    if not message and error.get("detail"):
        message = shown(error["detail"])  # FastAPI's list of what does not fit
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str) and raw and raw not in message:
        message = f"{message}: {raw}"  # what the provider behind a router said
    parameter = error.get("param")
    generation = _generation(error.get("failed_generation"), message)
    out_of_room = _OUT_OF_ROOM in generation[:200] or _OUT_OF_ROOM in message[:LONGEST_ERROR]
    return Said(
        message[:LONGEST_ERROR],
        frozenset(_codes(error)),
        parameter if isinstance(parameter, str) and parameter else None,
        "" if _OUT_OF_ROOM in generation[:200] else generation,
        out_of_room,
    )


def _innermost(document: dict[str, Any]) -> dict[str, Any]:
    """Where the error is: OpenAI's `error`, Cloudflare's `errors`, MiniMax's `base_resp`, Tencent's `Response.Error`."""
    response, errors = document.get("Response"), document.get("errors")
    places = (
        document.get("error"),
        document.get("base_resp"),
        errors[0] if isinstance(errors, list) and errors else None,
        response.get("Error") if isinstance(response, dict) else None,
    )
    return next((place for place in places if isinstance(place, dict)), document)


def _codes(error: dict[str, Any]) -> Iterator[str]:
    for name in _CODES:
        code = error.get(name)
        if isinstance(code, str | int) and not isinstance(code, bool) and len(text := str(code)[:200]):
            yield text.lower()


def _generation(failed: object, message: str) -> str:
    """What the model wrote: Groq's `failed_generation`; Ollama and llama.cpp quote it in their message."""
    if isinstance(failed, str):
        return failed
    if isinstance(failed, dict | list):
        try:
            return json.dumps(failed, ensure_ascii=False)
        except RecursionError:
            return ""
    quoted = _GENERATION.search(message[:LONGEST_ERROR])
    if quoted is None:
        return ""
    text = message[quoted.end() :]
    return text.rpartition("', err=")[0] or text if quoted.group().endswith("'") else text


def shown(value: object) -> str:
    """The beginning of a value, for a message."""
    try:
        return repr(value)[:300]
    except RecursionError:
        return f"a {type(value).__name__} in many layers"
