"""What litellm gives or raises, as a completion or as an error of ours in plain words.

A thin layer: it finds out what happened on the wire beneath litellm's own classes and words, and the table in
`failure_table.py` judges that, as it does for requests without litellm. Judged by HTTP status and by the names of classes
rather than by the classes, so that this imports no litellm.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from datarecipe.exchange import Completion
from datarecipe.llm.failures.failure_errors import no_answer
from datarecipe.llm.failures.failure_table import Failure
from datarecipe.llm.failures.network_failures import chain, network_failure
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.transports.openai_reply import Replies, broken_off

if TYPE_CHECKING:
    from datarecipe.errors import DatarecipeError
    from datarecipe.llm.providers.endpoint import Endpoint

_CODES = {
    "ContextWindowExceededError": "context_length_exceeded",
    "ContentPolicyViolationError": "content_policy_violation",
    "AuthenticationError": "invalid_api_key",
}
"""What litellm found out about providers whose words it knows, in the table's."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Judges the outcomes of requests to one endpoint."""

    endpoint: Endpoint
    secrets: Collection[str] = field(repr=False)
    """What no message may show."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def completion(self, reply: Any) -> Completion:
        """The completion in a `ModelResponse`. Raises a `DatarecipeError` when there is none in it."""
        read = self._replies.completion(_document(reply, self.endpoint.provider))
        outcome = self._replies.outcome(read) if isinstance(read, Failure) else read
        if isinstance(outcome, Completion):
            return outcome
        raise outcome

    def judged(self, found: Completion | Failure) -> Completion | DatarecipeError:
        """A response after all, or the error to raise."""
        return self._replies.outcome(found) if isinstance(found, Failure) else found

    def refused(self, status: int, headers: Mapping[str, str]) -> Completion | DatarecipeError:
        """What an answer means of which the status and the headers are all that counts."""
        return self._replies.outcome(self._replies.refused(status, headers, ""))

    def unreadable(self, why: str) -> Completion | DatarecipeError:
        """What a reply means that was not read to its end."""
        return self._replies.outcome(Failure("garbage", codes=frozenset({"json"}), message=why))

    def timed_out(self, seconds: float) -> DatarecipeError:
        """The error for a request that nobody answered within `seconds`."""
        outcome = self._replies.outcome(no_answer(seconds))
        assert not isinstance(outcome, Completion)
        return outcome

    @property
    def _replies(self) -> Replies:
        return Replies(self.endpoint, self.secrets, self.now)

    def found(self, error: Exception) -> Completion | Failure:
        """What happened on the wire beneath an exception of litellm's."""
        text = str(error)
        if any(words in text for words in ("No module named", "Please install", "pip install")):
            return Failure("machine", message=text)
        names = {kind.__name__ for kind in type(error).__mro__}
        found = frozenset(code for name, code in _CODES.items() if name in names)
        status, body = _answer(error)
        if (status is None or 200 <= status < 300) and (unread := _unread(error)) is not None:
            return self._replies.read(unread)
        if status is None:
            status = _status(error)
            lost = network_failure(error)
            # litellm gives a lost connection, and an answer that cannot be read, a status of its own.
            if lost is not None and (status not in range(400, 500) or lost.kind != "garbage"):
                return lost
            if not 300 <= status < 600:
                return lost or Failure("garbage", codes=frozenset({"json"}), message=text)
        failure = self._replies.refused(status, _headers(error), text if body is None else body)
        return replace(failure, codes=failure.codes | found)


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


def _document(reply: Any, provider: str) -> dict[str, Any]:
    """What a `ModelResponse` holds, as the JSON that it came from."""
    model = getattr(reply, "model", None)
    if (
        isinstance(model, str) and provider_facts.facts(provider).dialect.prefix != f"{provider}/"
    ):  # as of `openrouter/auto`
        model = model.removeprefix(f"{provider}/")  # litellm puts it before what some providers say
    choices = getattr(reply, "choices", None) or [None]
    message = getattr(choices[0], "message", None)
    usage = getattr(reply, "usage", None)
    document: dict[str, Any] = {
        "model": model,
        "usage": {name: getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens", "total_tokens")},
    }
    if message is None:
        return document
    fields = getattr(message, "provider_specific_fields", None) or {}
    refusal = getattr(message, "refusal", None) or fields.get("refusal")
    return {
        **document,
        "choices": [
            {
                "finish_reason": _finish_reason(choices[0]),
                "message": {
                    "content": getattr(message, "content", None),
                    "refusal": refusal,
                    **_apart(message, fields),
                },
            }
        ],
    }


def _apart(message: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Reasoning and calls of tools, as they came."""
    return {
        "reasoning_content": getattr(message, "reasoning_content", None) or fields.get("reasoning"),
        "tool_calls": [_plain(call) for call in getattr(message, "tool_calls", None) or ()],
        "function_call": _plain(getattr(message, "function_call", None)),
    }


def _plain(model: Any) -> Any:
    """One of litellm's objects as the JSON that it came from."""
    return model.model_dump() if hasattr(model, "model_dump") else None


def _finish_reason(choice: Any) -> Any:
    """As litellm understood it; as it came where litellm takes the end of a broken answer for an end like any other."""
    came = (getattr(choice, "provider_specific_fields", None) or {}).get("native_finish_reason")
    return came if broken_off(came) else getattr(choice, "finish_reason", None)


def _status(error: Exception) -> int:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0
