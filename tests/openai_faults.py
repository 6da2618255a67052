"""What can go wrong with a provider, as the test server plays it: kinds of faults, and plans that say when."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tests.openai_author import Body, Reply

FaultKind: TypeAlias = Literal[
    "rate_limit", "no_quota", "server_error", "unavailable", "bad_key", "no_permission", "no_model", "bad_parameter",
    "context_length", "policy", "hang", "cut_connection", "html", "broken_json", "no_choices", "null_content",
    "content_filter", "refusal", "length", "huge", "surrogate", "raw", "drop",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """Something other than the answer. `retry_after` in seconds goes out with the error statuses.

    `raw` sends `status`, `headers` and `body` as they are; `drop` closes the connection without a byte.
    """

    kind: FaultKind
    retry_after: float | None = None
    message: str | None = None
    status: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)


def raw(status: int, body: object, headers: Mapping[str, str] | None = None) -> Fault:
    """An answer that is `body`, as JSON unless it is text."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return Fault("raw", status=status, body=text, headers={"Content-Type": "application/json", **(headers or {})})


FaultPlan: TypeAlias = Callable[[int, Body], "Fault | None"]
"""(number of the request from 0, body) -> what goes wrong with it."""


def first(count: int, fault: Fault) -> FaultPlan:
    """The first `count` requests fail."""
    return lambda number, body: fault if number < count else None


def every(step: int, *faults: Fault) -> FaultPlan:
    """Every `step`-th request fails, with each fault in turn."""

    def plan(number: int, body: Body) -> Fault | None:
        turn, rest = divmod(number, step)
        return faults[turn % len(faults)] if rest == step - 1 else None

    return plan


def always(fault: Fault) -> FaultPlan:
    """Every request fails."""
    return lambda number, body: fault


def _error(status: int, kind: str, code: str | None, message: str) -> tuple[int, dict[str, str | None]]:
    return status, {"message": message, "type": kind, "param": None, "code": code}


ERRORS: dict[str, tuple[int, dict[str, str | None]]] = {
    "rate_limit": _error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests"),
    "no_quota": _error(
        429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, check your plan."
    ),
    "server_error": _error(500, "server_error", None, "The server had an error while processing your request"),
    "unavailable": _error(
        503, "server_error", "overloaded", "The engine is currently overloaded, please try again later"
    ),
    "bad_key": _error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
    "no_permission": _error(403, "invalid_request_error", "permission_denied", "You have no access to this model"),
    "no_model": _error(404, "invalid_request_error", "model_not_found", "The model does not exist"),
    "bad_parameter": _error(
        400, "invalid_request_error", "unsupported_value", "Unsupported value: 'temperature' must be 1."
    ),
    "context_length": _error(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
    ),
    "policy": _error(
        400, "invalid_request_error", "content_policy_violation", "Your request was rejected by the safety system."
    ),
}
"""Kind -> HTTP status and the `error` object, in OpenAI's words."""

PAGES: dict[str, tuple[str, str]] = {
    "html": ("text/html", "<!doctype html><h1>502 Bad Gateway</h1>"),
    "broken_json": ("application/json", '{"id": "chatcmpl-1", "choices": [{"ind'),
}
"""Kind -> content type and text of a 200 that is no completion."""

REPLIES: dict[str, Reply] = {
    "null_content": Reply(None),
    "content_filter": Reply(None, finish_reason="content_filter"),
    "refusal": Reply(None, refusal="I can't help with that."),
    "length": Reply('{"examples": [{"te', finish_reason="length"),
    "huge": Reply("x" * 40_000_000),
    "surrogate": Reply('{"examples": [{"text": "a \ud800 b"}]}'),
}
"""Kind -> a whole completion that is no good answer."""

UNDELIVERED = frozenset({"hang", "cut_connection", *PAGES})
"""Kinds in which a model has written its reply, and it is paid for, though it never arrives."""
