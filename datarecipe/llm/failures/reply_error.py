"""What an error says, in any of the shapes that providers give it: OpenAI's `error`, text alone, FastAPI's `detail`, and
the shapes of those that put errors of their own into a 200."""

from __future__ import annotations

import json
import re
from typing import Any

from datarecipe.llm.failures.failure_table import Failure

LONGEST_ERROR = 20_000
"""Characters of an error's words that are looked at."""

_NOTHING = frozenset({"", "0", "200", "ok", "success", "successful", "succeeded", "none", "null", "no error"})
_DEEPEST = 8
_MESSAGES = ("message", "error", "detail", "error_description", "error_msg", "status_msg", "msg", "Message")
_CODES = ("code", "type", "status", "error_code", "status_code", "http_code", "Code", "error_type", "finishReason")
_GENERATION = re.compile(r"error parsing tool call: raw='|failed to parse input at pos [0-9]{1,9}: ?", re.IGNORECASE)
_FAILED = re.compile(r"[45][0-9][0-9]")
_OUT_OF_ROOM = "max completion tokens reached"


def is_said(value: object, depth: int = 0) -> bool:
    """Whether an `error` says anything. Gateways write an empty one, with zeros and `success`, beside each answer."""
    if isinstance(value, str):
        return value.strip().lower() not in _NOTHING
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return depth >= _DEEPEST or any(is_said(each, depth + 1) for each in inner)
    return bool(value) and value != 200


def said_in(body: object) -> Failure:
    """What the error in a body says, with the status that one of its codes names; nothing where there is none.

    Its kind is not settled: whoever asks replaces it before the failure is judged.
    """
    document: Any = body[0] if isinstance(body, list) and body else body
    if not isinstance(document, dict):
        return Failure("garbage", message=document[:LONGEST_ERROR] if isinstance(document, str) else "")
    error = _innermost(document)
    message: str = next((part for name in _MESSAGES if isinstance(part := error.get(name), str) and part), "")
    if not message and error.get("detail"):
        message = shown(error["detail"])  # FastAPI's list of what does not fit
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str) and raw and raw not in message:
        message = f"{message}: {raw}"  # what the provider behind a router said
    parameter = error.get("param")
    found = (code for name in _CODES if isinstance(code := error.get(name), str | int) and not isinstance(code, bool))
    codes = frozenset(str(code)[:200].lower() for code in found) - {""}
    generation = _generation(error.get("failed_generation"), message)
    nothing_but_that = _OUT_OF_ROOM in generation[:200]
    return Failure(
        "garbage",
        status=next((int(code) for code in sorted(codes) if _FAILED.fullmatch(code)), None),
        codes=codes,
        message=message[:LONGEST_ERROR],
        parameter=parameter if isinstance(parameter, str) and parameter else None,
        generation="" if nothing_but_that else generation,
        out_of_room=nothing_but_that or _OUT_OF_ROOM in message[:LONGEST_ERROR],
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


def _generation(failed: object, message: str) -> str:
    """What the model wrote: Groq's `failed_generation`; Ollama and llama.cpp quote it in their message."""
    if isinstance(failed, str):
        return failed
    if isinstance(failed, dict | list):
        return as_text(failed)
    quoted = _GENERATION.search(message[:LONGEST_ERROR])
    if quoted is None:
        return ""
    text = message[quoted.end() :]
    return text.rpartition("', err=")[0] or text if quoted.group().endswith("'") else text


def as_text(value: dict[str, Any] | list[Any]) -> str:
    """`value` as JSON; empty where its layers are too many to write."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return ""


def shown(value: object) -> str:
    """The beginning of a value, for a message."""
    try:
        return repr(value)[:300]
    except RecursionError:
        return f"a {type(value).__name__} in many layers"
