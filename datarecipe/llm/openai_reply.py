"""What an OpenAI-compatible server sends back, as a completion or as a `Failure`: whatever it is, nothing else comes out.

Servers that speak this protocol differ in what they leave out, set to null and add, so every part is looked at before it
is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from datarecipe.exchange import Apart, Completion, FinishReason, Usage
from datarecipe.llm import providers
from datarecipe.llm.asked_pause import asked_pause
from datarecipe.llm.failure_table import Failure
from datarecipe.llm.failures import Judge, whole_characters
from datarecipe.llm.reply_apart import apart_of

if TYPE_CHECKING:
    from datarecipe.errors import DatarecipeError
    from datarecipe.llm.endpoint import Endpoint

LONGEST_TEXT = 8 * 2**20
"""Characters of a reply that are kept. No batch is that long; a server gone wrong is, and what it sends is stored."""

LONGEST_ERROR = 20_000
"""Characters of an error's words that are looked at."""

_TITLE = re.compile(r"<(?:title|h1)[^>]*>([^<]+)<", re.IGNORECASE)
_NOT_PULLED = re.compile(r"model .+ not found")
_LENGTH = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_FILTERED = frozenset({"content_filter", "content_filtered", "safety", "sensitive", "guardrail_intervened"})
_BROKEN_OFF = frozenset({"error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource"})
_THINKING = re.compile(r"\s*<(think|thinking|budget:thinking)>.*?</(?:think|thinking|budget:thinking)>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Replies:
    """Reads what comes back from one endpoint."""

    endpoint: Endpoint
    secrets: Collection[str] = field(repr=False)
    """What no message may show."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def completion(self, document: object) -> Completion | Failure:
        """The completion in a reply's JSON, or why there is none in it."""
        if not isinstance(document, dict):
            return Failure("garbage", codes=frozenset({"json"}), message=f"not an object: {_cut(document)}")
        choices = document.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        inside = document.get("error") or (choice.get("error") if isinstance(choice, dict) else None)
        if inside or document.get("object") == "error":
            return self._error_inside(document if not inside else {"error": inside})
        if not isinstance(choice, dict) or not isinstance(message, dict):
            return Failure("garbage", codes=frozenset({"no_choices"}), message="no choices")
        read = _content(message.get("content"))
        if read is None:
            return Failure("garbage", codes=frozenset({"no_choices"}), message="the content is no text")
        text, refusal_part = read
        said = choice.get("finish_reason")
        if broken_off(said):
            return Failure("garbage", codes=frozenset({"broken_off"}), message=f"finish_reason {said}")
        reason = _finish_reason(said)
        refusal = message.get("refusal") or refusal_part
        if isinstance(refusal, str) and refusal:
            reason = "refusal" if reason == "stop" else reason
            text = text or refusal
        spoken = without_thinking(text)
        apart = None if spoken.strip() else apart_of(message, text[: len(text) - len(spoken)])
        usage = _usage(document.get("usage"), text or (apart.text if apart is not None else ""))
        return self.made(spoken, reason, usage, document.get("model"), apart)

    def made(
        self,
        text: str,
        reason: FinishReason,
        usage: Usage | None = None,
        model: object = None,
        apart: Apart | None = None,
    ) -> Completion:
        """A completion that arrived now."""
        if len(text) > LONGEST_TEXT:
            text, reason = text[:LONGEST_TEXT], "length"
        if apart is not None:
            tools = tuple(whole_characters(tool) for tool in apart.tools)
            apart = Apart(apart.kind, whole_characters(apart.text[:LONGEST_TEXT]), tools)
        return Completion(
            text=whole_characters(text),
            finish_reason=reason,
            usage=usage,
            model=whole_characters(model) if isinstance(model, str) and model else self.endpoint.name,
            answered_by=f"{self.endpoint.provider}/{self.endpoint.name}",
            created=self.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            apart=apart,
        )

    def outcome(self, failure: Failure) -> Completion | DatarecipeError:
        """What the table makes of `failure`: a response after all, or the error to raise."""
        verdict = Judge(self.endpoint, self.secrets).verdict(failure)
        return self.made("", verdict) if isinstance(verdict, str) else verdict

    def refused(self, status: int, headers: Mapping[str, str], text: str) -> Failure:
        """What a status other than 200 says, with its headers (names in any case) and its body."""
        lower = {name.lower(): value for name, value in headers.items()}
        if 300 <= status < 400:
            return Failure("http", status, message=f"status {status}, to {lower.get('location', 'nowhere')}")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        message, codes, parameter = _error(document)
        message = (message or in_words(text[:LONGEST_ERROR]) or f"status {status}")[:LONGEST_ERROR]
        if self.endpoint.provider in providers.OLLAMA and _NOT_PULLED.match(message):
            codes |= {"not_pulled"}
        return Failure(
            "http", status, codes, message, parameter, asked_pause(status, lower, f"{message} {text}", self.now())
        )

    def _error_inside(self, document: dict[str, Any]) -> Failure:
        message, codes, parameter = _error(document)
        status = next((int(code) for code in codes if code.isdigit() and len(code) == 3 and code[0] in "45"), None)
        if status is None:
            return Failure("garbage", None, codes | {"error"}, message or "an error without words", parameter)
        return Failure(
            "http",
            status,
            codes,
            message or f"status {status}",
            parameter,
            asked_pause(status, {}, message, self.now()),
        )


def in_words(text: str) -> str:
    """A body that is no JSON, for a message; of a page in HTML its title."""
    title = _TITLE.search(text[:10_000]) if text.lstrip().startswith("<") else None
    return " ".join((title.group(1) if title is not None else text).split())


def without_thinking(text: str) -> str:
    """`text` without the thinking that it begins with, as servers that know their model leave it out too."""
    while (thought := _THINKING.match(text)) is not None:
        text = text[thought.end() :]
    return text


def _content(content: object) -> tuple[str, str | None] | None:
    """Text, and a refusal among its parts. None where it is neither text nor parts."""
    if content is None:
        return "", None
    if isinstance(content, str):
        return content, None
    if not isinstance(content, list):
        return None
    texts: list[str] = []
    refusal = None
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            if isinstance(part.get("text"), str) and part.get("type") in (None, "text", "output_text"):
                texts.append(part["text"])
            elif isinstance(part.get("refusal"), str):
                refusal = part["refusal"]
    return "".join(texts), refusal


def broken_off(reason: object) -> bool:
    """Whether a `finish_reason` says that the model did not come to an end."""
    return isinstance(reason, str) and reason.lower() in _BROKEN_OFF


def _finish_reason(reason: object) -> FinishReason:
    if not isinstance(reason, str):
        return "stop"
    if reason.lower() in _LENGTH:
        return "length"
    return "content_filter" if reason.lower() in _FILTERED else "stop"


def _usage(usage: object, text: str) -> Usage | None:
    """What the reply `text` took. None where nobody counted it, or not all of it."""
    if not isinstance(usage, Mapping):
        return None
    prompt, completion, total = (
        _count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    # Some leave thinking out of the completion's tokens and have it in the sum alone. It is paid for all the same.
    completion = max(completion, total - prompt)
    # Zeros are what servers, and libraries, write where nobody counted.
    return Usage(prompt, completion) if prompt and (completion or not text) else None


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        return 0
    return int(value)


def _error(document: Any) -> tuple[str, frozenset[str], str | None]:
    """Message, short words and parameter of an error in any of the shapes that servers give it."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return (document if isinstance(document, str) else ""), frozenset(), None
    inner = document.get("error")
    error: dict[str, Any] = inner if isinstance(inner, dict) else document
    parts = [error.get("message"), inner, error.get("detail"), error.get("error_description")]
    message = "".join([part for part in parts if isinstance(part, str)][:1])
    if not message and error.get("detail"):
        message = _cut(error["detail"])  # FastAPI's list of what does not fit
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str) and raw and raw not in message:
        message = f"{message}: {raw}"  # what the provider behind a router said
    words = (error.get(name) for name in ("code", "type", "status"))
    codes = frozenset(str(word).lower() for word in words if isinstance(word, str | int) and not isinstance(word, bool))
    parameter = error.get("param")
    return message, codes, parameter if isinstance(parameter, str) and parameter else None


def _cut(value: object) -> str:
    try:
        return repr(value)[:300]
    except RecursionError:
        return f"a {type(value).__name__} in many layers"
