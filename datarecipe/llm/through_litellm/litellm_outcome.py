"""What litellm gives or raises: what happened on the wire beneath its own classes and words, as requests without it have it.

Told by HTTP status and by the names of classes rather than by the classes, so that this imports no litellm.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from datarecipe.llm.failures.failure_table import Failure, garbage
from datarecipe.llm.failures.network_failures import chain, network_failure
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.transports.openai_reply import broken_off

if TYPE_CHECKING:
    from datarecipe.llm.transports.openai_reply import Replies

T = TypeVar("T")

_CODES = {
    "ContextWindowExceededError": "context_length_exceeded",
    "ContentPolicyViolationError": "content_policy_violation",
    "AuthenticationError": "invalid_api_key",
}
"""What litellm found out about providers whose words it knows, in the table's."""


def answer_behind(error: Exception, replies: Replies, read: Callable[[str], T | Failure]) -> T | Failure:
    """What happened on the wire beneath an exception of litellm's; `read` reads the body of a success."""
    text = str(error)
    if any(words in text for words in ("No module named", "Please install", "pip install")):
        return Failure("machine", message=text)
    names = {kind.__name__ for kind in type(error).__mro__}
    codes = frozenset(code for name, code in _CODES.items() if name in names)
    status, body = _answer(error)
    if (status is None or 200 <= status < 300) and (unread := _unread(error)) is not None:
        return read(unread)
    if status is None:
        status = said if isinstance(said := getattr(error, "status_code", None), int) else 0
        lost = network_failure(error)
        # litellm gives a lost connection, and an answer that cannot be read, a status of its own.
        if lost is not None and (status not in range(400, 500) or lost.kind != "garbage"):
            return lost
        if not 300 <= status < 600:
            return lost or garbage("json", text)
    failure = replies.refused(status, _headers(error), text if body is None else body)
    return replace(failure, codes=failure.codes | codes)


def _unread(error: Exception) -> str | None:
    """The body of a success that could not be read: as litellm quotes it, as Python writes a text, or as json met it."""
    text = str(error)
    said, quotes, body = text.partition("Original Response: ")
    if quotes and "Unable to get json response" in said:
        return body
    quoted = text.partition("Received: ")[2].rpartition(". Check the reverse proxy")[0]
    try:
        value = ast.literal_eval(quoted)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        value = next((each.doc for each in chain(error) if isinstance(each, json.JSONDecodeError)), None)
    return value if isinstance(value, str) else None


def _answer(error: Exception) -> tuple[int | None, str | None]:
    """Status and body of the HTTP response at the root, where one is kept."""
    for each in chain(error):
        response = getattr(each, "response", None)
        status = getattr(response, "status_code", None)
        # litellm hangs an empty response with a status of its own on its errors.
        if isinstance(status, int) and (body := _text(response)):
            return status, body
    return None, None


def _text(response: Any) -> str | None:
    try:
        text = response.text
    except Exception:  # noqa: BLE001  # a body that was streamed cannot be read any more
        return None
    return text if isinstance(text, str) else None


def _headers(error: Exception) -> dict[str, str]:
    for each in chain(error):
        for headers in (
            getattr(each, "litellm_response_headers", None),
            getattr(getattr(each, "response", None), "headers", None),
        ):
            if isinstance(headers, Mapping) and headers:
                return {str(name): str(value) for name, value in headers.items()}
    return {}


def _model_and_usage(reply: Any, provider: str) -> tuple[Any, dict[str, Any]]:
    model = getattr(reply, "model", None)
    # litellm puts the provider before what some say, but not before `openrouter/auto`.
    if isinstance(model, str) and provider_facts.facts(provider).dialect.prefix != f"{provider}/":
        model = model.removeprefix(f"{provider}/")
    usage = getattr(reply, "usage", None)
    return model, {name: getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens", "total_tokens")}


def embeddings_of(reply: Any, provider: str) -> dict[str, Any]:
    """What an `EmbeddingResponse` holds, as the JSON that it came from."""
    model, counts = _model_and_usage(reply, provider)
    rows = getattr(reply, "data", None) or ()
    data = [{"embedding": each["embedding"] if isinstance(each, Mapping) else each.embedding} for each in rows]
    return {"model": model, "usage": counts, "data": data}


def document_of(reply: Any, provider: str) -> dict[str, Any]:
    """What a `ModelResponse` holds, as the JSON that it came from."""
    model, counts = _model_and_usage(reply, provider)
    choices = getattr(reply, "choices", None) or [None]
    message = getattr(choices[0], "message", None)
    if message is None:
        return {"model": model, "usage": counts}
    fields = getattr(message, "provider_specific_fields", None) or {}
    content = {
        "content": getattr(message, "content", None),
        "refusal": getattr(message, "refusal", None) or fields.get("refusal"),
        "reasoning_content": getattr(message, "reasoning_content", None) or fields.get("reasoning"),
        "tool_calls": [_plain(call) for call in getattr(message, "tool_calls", None) or ()],
        "function_call": _plain(getattr(message, "function_call", None)),
    }
    choice = {"finish_reason": _finish_reason(choices[0]), "message": content}
    return {"model": model, "usage": counts, "choices": [choice]}


def _plain(model: Any) -> Any:
    """One of litellm's objects as the JSON that it came from."""
    return model.model_dump() if hasattr(model, "model_dump") else None


def _finish_reason(choice: Any) -> Any:
    """As litellm understood it; as it came where litellm takes the end of a broken answer for an end like any other."""
    came = (getattr(choice, "provider_specific_fields", None) or {}).get("native_finish_reason")
    return came if broken_off(came) else getattr(choice, "finish_reason", None)
