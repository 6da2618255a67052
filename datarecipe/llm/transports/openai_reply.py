"""What an OpenAI-compatible server sends back, as a completion or as a `Failure`: whatever it is, nothing else comes out.

Servers that speak this protocol differ in what they leave out, set to null and add, so every part is looked at before it
is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from datarecipe.exchange import LONGEST_NAME, Apart, Completion, FinishReason, Usage
from datarecipe.json_size import MOST_VALUES, too_many_values
from datarecipe.llm.failures.failure_errors import FailureJudge, whole_characters
from datarecipe.llm.failures.failure_table import RESPONSES, Failure, garbage, row_of
from datarecipe.llm.failures.reply_error import LONGEST_ERROR, is_said, said_in, shown
from datarecipe.llm.transports.foreign_reply import TITLE, never_json, other_protocol
from datarecipe.llm.transports.reply_apart import apart_of
from datarecipe.llm.transports.streamed_reply import is_stream, put_together

if TYPE_CHECKING:
    from datarecipe.errors import DatarecipeError
    from datarecipe.llm.providers.endpoint import Endpoint

LONGEST_TEXT = 8 * 2**20
"""Characters of a reply that are kept. No batch is that long; a server gone wrong is, and what it sends is stored."""

_NOT_PULLED = re.compile(r"model .+ not found")
_LENGTH = frozenset(
    {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded", "error_limit"}
)
# OpenAI and Azure; Bedrock; Zhipu; Gemini, also as `content_filter: PROHIBITED_CONTENT`; Cohere; Databricks.
_FILTERED = frozenset(
    {
        "content_filter", "content_filtered", "guardrail_intervened", "sensitive", "safety", "recitation", "blocklist",
        "prohibited_content", "spii", "image_safety", "image_prohibited_content", "image_recitation", "error_toxic",
        "input_guardrail_triggered", "output_guardrail_triggered",
    }
)  # fmt: skip
_BROKEN_OFF = frozenset(
    {"error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "network_error"}
)
_THINKING = re.compile(
    r"\s*+<(?:think|thinking|budget:thinking)>[^<]*+(?>(?:<(?!/(?:think|thinking|budget:thinking)>)[^<]*+)*)</[a-z:]++>"
)


@dataclass(frozen=True, slots=True)
class Replies:
    """Reads what comes back from one endpoint."""

    endpoint: Endpoint
    secrets: Collection[str] = field(repr=False)
    """What no message may show."""

    def read(self, body: bytes | str) -> Completion | Failure:
        """The completion in the body of a success, whatever it is."""
        if too_many_values(body):
            return garbage("json", f"more than {MOST_VALUES} values")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            text = body if isinstance(body, str) else body.decode("utf-8-sig", "replace")
            if is_stream(text):
                return self._streamed(text)
            words = f"{type(error).__name__}: {in_words(text[:10_000])[:200]}"
            return never_json(text) or garbage("json", words)
        return self.completion(document)

    def _streamed(self, text: str) -> Completion | Failure:
        document, whole = put_together(text)
        if document is None:
            return garbage("empty_stream" if whole else "broken_off", " ".join(text[:200].split()))
        read = self.completion(document)
        if isinstance(read, Failure) or whole:
            return read
        return garbage("broken_off", "the stream ends before the answer does")

    def completion(self, document: object) -> Completion | Failure:
        """The completion in a reply's JSON, or why there is none in it."""
        if not isinstance(document, dict):
            return other_protocol(document) or garbage("json", f"not an object: {shown(document)}")
        choices = document.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        said = choice.get("finish_reason") if isinstance(choice, dict) else None
        if message is None and _finish_reason(said) == "content_filter":
            message = {}  # Gemini's answer to OpenAI's protocol leaves it out
        if (inside := _error_of(document, choice, answered=isinstance(message, dict))) is not None:
            return self._error_inside(inside)
        if not isinstance(choice, dict) or not isinstance(message, dict):
            return other_protocol(document) or garbage("no_choices", "no choices")
        read = _content(message.get("content"))
        if read is None:
            return garbage("no_choices", "the content is no text")
        text, refusal_part = read
        if broken_off(said):
            return garbage("broken_off", f"finish_reason {said}")
        reason = _finish_reason(said)
        refusal = message.get("refusal") or refusal_part
        if isinstance(refusal, str) and refusal:
            reason = "refusal" if reason == "stop" else reason
            text = text or refusal
        spoken = without_thinking(text)
        apart = None if spoken.strip() else apart_of(message, text[: len(text) - len(spoken)])
        usage = _usage(document.get("usage"), text or (apart.text if apart is not None else ""))
        return self.made(spoken, reason, usage, document.get("model"), apart)

    def error_in(self, document: dict[str, Any]) -> Failure | None:
        """The error in a success without an answer, if there is one."""
        inside = _error_of(document, None, answered=False)
        return None if inside is None else self._error_inside(inside)

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
            model=whole_characters(model[:LONGEST_NAME]) if isinstance(model, str) and model else self.endpoint.name,
            answered_by=self.endpoint.answers_as,
            created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            apart=apart,
        )

    def outcome(self, answer: Completion | Failure) -> Completion | DatarecipeError:
        """`answer` if it is a completion; else what the table makes of it, a response after all or the error to raise."""
        if isinstance(answer, Completion):
            return answer
        verdict = FailureJudge(self.endpoint, self.secrets).verdict(answer)
        if verdict == "generation":
            return self.made(without_thinking(answer.generation), "length" if answer.out_of_room else "stop")
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
        said = said_in(document)
        message = (said.message or in_words(text[:LONGEST_ERROR]) or f"status {status}")[:LONGEST_ERROR]
        codes = said.codes
        if self.endpoint.facts.dialect.as_plain and _NOT_PULLED.match(message):
            codes |= {"not_pulled"}
        pause = _asked_pause(status, lower, f"{message} {text[:LONGEST_ERROR]}")
        return replace(said, kind="http", status=status, codes=codes, message=message, retry_after=pause)

    def _error_inside(self, said: Failure) -> Failure:
        if said.status is not None:
            pause = _asked_pause(said.status, {}, said.message)
            return replace(said, kind="http", message=said.message or f"status {said.status}", retry_after=pause)
        # Those that put all their errors into a 200 say of a refusal what others say with a 400.
        refusal = replace(said, kind="http", status=400)
        if row_of(refusal).meaning in RESPONSES:
            return refusal
        return replace(said, message=said.message or "an error without words", codes=said.codes | {"error"})


def _asked_pause(status: int, headers: Mapping[str, str], text: str) -> float | None:
    from datarecipe.llm.failures.asked_pause import asked_pause  # noqa: PLC0415 - compiles much, for failures only

    return asked_pause(status, headers, text, datetime.now(UTC))


def _error_of(document: dict[str, Any], choice: object, *, answered: bool) -> Failure | None:
    """The error in a 200, if there is one; where there is an answer beside it, only one that says something."""
    for inside in (document.get("error"), choice.get("error") if isinstance(choice, dict) else None):
        if is_said(inside):
            return said_in({"error": inside})
    if document.get("object") == "error":
        return said_in(document)
    said = None if answered else said_in(document)
    return said if said is not None and is_said(said.message) else None


def in_words(text: str) -> str:
    """A body that is no JSON, for a message; of a page in HTML its title."""
    title = re.search(TITLE, text[:10_000]) if text.lstrip().startswith("<") else None
    return " ".join((title.group(1) if title is not None else text).split())


def without_thinking(text: str) -> str:
    """`text` without the thinking that it begins with, as litellm leaves it out: a reply is one text over both transports.

    Other styles of thinking stay in the text. The loop's parser knows them all, these too.
    """
    end = 0
    while (thought := _THINKING.match(text, end)) is not None:
        end = thought.end()
    return text[end:]


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
    reason = reason[:100].lower().partition(":")[0].strip()
    if reason in _LENGTH:
        return "length"
    if reason in _FILTERED:
        return "content_filter"
    return "refusal" if reason == "refusal" else "stop"


def _usage(usage: object, text: str) -> Usage | None:
    """What the reply `text` took. None where nobody counted it, or not all of it."""
    if not isinstance(usage, Mapping):
        return None
    prompt, completion, total = (
        count_of(usage.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    # Some leave thinking out of the completion's tokens and have it in the sum alone. It is paid for all the same.
    completion = max(completion, total - prompt)
    # Zeros are what servers, and libraries, write where nobody counted.
    return Usage(prompt, completion) if prompt and (completion or not text) else None


def count_of(value: object) -> int:
    """A count of tokens in a reply; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        return 0
    return int(value)
