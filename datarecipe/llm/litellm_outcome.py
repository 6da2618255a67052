"""What litellm gives or raises, as a completion or as an error of ours in plain words.

Judged by HTTP status and by the names of litellm's classes rather than by the classes, so that this imports no litellm.
"""

from __future__ import annotations

import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from datarecipe.errors import DatarecipeError, MachineError, ProviderError, TransientError
from datarecipe.exchange import Completion, FinishReason, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from datarecipe.llm.endpoint import Endpoint

_PREFIX = re.compile(r"^(?:litellm\.\w+:\s*|\w*(?:Error|Exception)\w*(?::| -)\s*)+")
_LOOKS_LIKE_A_KEY = re.compile(r"(?:(?<=Bearer )|(?<=bearer )|\b(?:sk|gsk|pk|rk|hf|xai|AIza)[-_]?)[A-Za-z0-9_*.\-]{8,}")
LONGEST_TEXT = 8 * 2**20
"""Characters of a reply that are kept. No batch is that long; a server gone wrong is, and what it sends is stored."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_LEAVE_OUT = (
    "`sampling.NAME: null` in the recipe (or `--set sampling.NAME=null`) sends the parameter NAME no more; "
    "`response_format: none` asks for no JSON mode."
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Judges the outcomes of requests to one endpoint."""

    endpoint: Endpoint
    secrets: Collection[str]
    """What no message may show."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def completion(self, reply: Any) -> Completion:
        """The completion in a `ModelResponse`. Raises `TransientError` when there is none in it."""
        choices = getattr(reply, "choices", None) or [None]
        message = getattr(choices[0], "message", None)
        if message is None:
            raise TransientError(f"{self._who} answered without an answer (no choices)")
        refusal = getattr(message, "refusal", None) or (getattr(message, "provider_specific_fields", None) or {}).get(
            "refusal"
        )
        text = getattr(message, "content", None)
        reason = _finish_reason(getattr(choices[0], "finish_reason", None))
        if isinstance(refusal, str) and refusal and reason == "stop":
            reason = "refusal"
            text = text or refusal
        return self.made(
            text if isinstance(text, str) else "",
            reason,
            _usage(getattr(reply, "usage", None)),
            getattr(reply, "model", None),
        )

    def made(self, text: str, reason: FinishReason, usage: Usage | None = None, model: object = None) -> Completion:
        """A completion that arrived now."""
        endpoint = self.endpoint
        if len(text) > LONGEST_TEXT:
            text, reason = text[:LONGEST_TEXT], "length"
        return Completion(
            text=whole_characters(text),
            finish_reason=reason,
            usage=usage,
            model=whole_characters(model) if isinstance(model, str) and model else endpoint.name,
            answered_by=f"litellm:{endpoint.provider}/{endpoint.name}",
            created=self.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        )

    def failure(self, error: Exception) -> Completion | DatarecipeError:
        """What an exception of litellm's means: a response after all, or the error to raise."""
        names = {kind.__name__ for kind in type(error).__mro__}
        if "ContextWindowExceededError" in names:
            return self.made("", "context_overflow")
        if "ContentPolicyViolationError" in names:
            return self.made("", "content_filter")
        return self._error(error, names)

    def readable(self, text: str) -> str:
        """A provider's text on one line of a terminal, without secrets."""
        for secret in sorted((s for s in self.secrets if len(s) > 3), key=len, reverse=True):
            text = text.replace(secret, "***")
        text = _LOOKS_LIKE_A_KEY.sub("***", text)
        text = _PREFIX.sub("", _CONTROL.sub(" ", whole_characters(text)).strip())
        return text if len(text) <= 300 else text[:300] + "..."

    @property
    def _who(self) -> str:
        where = f" at {self.endpoint.host}" if self.endpoint.host else ""
        return f"{self.endpoint.provider}{where} ({self.endpoint.name})"

    def _error(self, error: Exception, names: set[str]) -> DatarecipeError:
        detail = self.readable(str(error))
        status = _status(error)
        if any(words in detail for words in ("No module named", "Please install", "pip install")):
            return MachineError(f"{self._who} needs a package that is not installed: {detail}")
        if status == 429 and self._no_credit(error):
            return ProviderError(
                f"{self._who} has no credit left for this key: {detail}",
                hint="Add credit with the provider, then run the same command again: what was paid for is kept.",
            )
        may_pass = status in (408, 409, 425, 429) or status >= 500
        if not may_pass and 400 <= status < 500:
            return self._refused(status, names, detail)
        # Also what has no status, as a lost connection, and a 200 that is no completion: a proxy's HTML, broken JSON.
        return TransientError(f"{self._who} failed: {detail}", retry_after=self._retry_after(error))

    def _refused(self, status: int, names: set[str], detail: str) -> ProviderError:
        endpoint = self.endpoint
        if status in (401, 403) or "AuthenticationError" in names:
            variables = " or ".join(endpoint.key_variables[:2])
            hint = f"The key is read from {variables}. Is it set, valid, and allowed to use this model?"
            return ProviderError(f"{self._who} does not accept the key: {detail}", hint=hint)
        if status == 404:
            hint = "Is the model's name right? A server of your own often wants the URL to end in /v1."
            return ProviderError(f"{self._who} does not know the model, or there is no such path: {detail}", hint=hint)
        if status == 402:
            return ProviderError(f"{self._who} wants to be paid first: {detail}", hint="Add credit with the provider.")
        return ProviderError(f"{self._who} does not take the request: {detail}", hint=_LEAVE_OUT)

    def _no_credit(self, error: Exception) -> bool:
        text = str(error)
        if "insufficient_quota" in text or "insufficient_quota" in str(getattr(error, "body", "")):
            return True
        # Google says the same of a limit per minute.
        google = self.endpoint.provider in ("gemini", "vertex_ai")
        return not google and "exceeded your current quota" in text

    def _retry_after(self, error: Exception) -> float | None:
        for headers in (
            getattr(error, "litellm_response_headers", None),
            getattr(getattr(error, "response", None), "headers", None),
        ):
            if headers is not None and (seconds := _seconds(headers, self.now())) is not None:
                return seconds
        return None


def whole_characters(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced, so that it can be written as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _finish_reason(reason: object) -> FinishReason:
    # litellm translates every provider's words into OpenAI's; anything else was an ordinary end.
    if reason == "length":
        return "length"
    return "content_filter" if reason == "content_filter" else "stop"


def _usage(usage: object) -> Usage | None:
    prompt, completion = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    if not isinstance(prompt, int) or not isinstance(completion, int) or (prompt, completion) == (0, 0):
        return None  # litellm writes zeros where the provider counted nothing
    return Usage(max(0, prompt), max(0, completion))


def _status(error: Exception) -> int:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0


def _seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """`retry-after-ms` (OpenAI's) or `Retry-After` (RFC 9110, 10.2.3: seconds or a date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if not value:
            continue
        try:
            return min(max(0.0, float(value) * unit), 86_400.0)
        except ValueError:
            pass
        try:
            date = email.utils.parsedate_to_datetime(value)
        except ValueError:
            continue
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp())
    return None
