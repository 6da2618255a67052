"""What a failed request comes to for the run: the table's verdict, in words that a terminal can show and no key is in.

A transport says what happened as a `Failure`. The table says whether that is a response after all (a prompt that is too
long stays too long), worth a retry, or the end of the run, with what to do; whether the attempt may cost something; and
whether the provider asks for fewer requests.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from datarecipe.errors import DatarecipeError, MachineError, ProviderError, TransientError
from datarecipe.llm.failures.failure_table import Failure, Row, row_of
from datarecipe.llm.transport import SAMPLING

if TYPE_CHECKING:
    from datarecipe.llm.providers.endpoint import Endpoint

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_PREFIX = re.compile(r"^(?:litellm\.\w+:\s*|\w*(?:Error|Exception)\w*(?::| -)\s*)+")
_LOOKS_LIKE_A_KEY = re.compile(
    r"(?<=Basic )[A-Za-z0-9+/=]{8,}"
    r"|(?:(?<=Bearer )|(?<=bearer )|\b(?:sk|gsk|pk|rk|hf|xai|AIza)[-_]?)[A-Za-z0-9_*.\-]{8,}"
)
_FORMAT = re.compile(r"response_format|json_schema|json_object|json mode|structured output", re.IGNORECASE)
_LEAVE_OUT = (
    "`sampling.NAME: null` in the recipe (or `--set sampling.NAME=null`) sends the parameter NAME no more; "
    "`response_format: none` asks for no JSON mode."
)
LONGEST_MESSAGE = 300
"""Characters of a provider's text that a message shows."""
SHORTEST_PART = 8
"""Characters of a secret, or a third of it, that may not be shown."""
LONGEST_READ = 10 * LONGEST_MESSAGE
"""Characters of it that are looked at for what to show: patterns on a megabyte would hold up all that goes on."""


@dataclass(frozen=True, slots=True)
class FailureJudge:
    """Puts the table's verdicts on requests to one endpoint into words."""

    endpoint: Endpoint
    secrets: Collection[str]
    """What no message may show."""

    def verdict(
        self, failure: Failure
    ) -> Literal["context_overflow", "content_filter", "generation"] | DatarecipeError:
        """What kind of response `failure` is, or the error to raise."""
        row = row_of(failure)
        message, hint = self._message(row, failure), self._hint(row, failure)
        if row.kind == "machine":
            return MachineError(message, hint=hint)
        if row.meaning == "end":
            return ProviderError(message, hint=hint, kind=row.name, charged=row.charged)
        if row.meaning == "retry":
            return TransientError(
                message,
                hint=hint,
                kind=row.name,
                retry_after=failure.retry_after,
                rate_limited=row.rate_limited,
                charged=row.charged,
            )
        return row.meaning

    def readable(self, text: str) -> str:
        """A provider's text on one line of a terminal, without secrets."""
        text = text.partition("Traceback (most recent call last)")[0]
        for secret in sorted((s for s in self.secrets if len(s) > 3), key=len, reverse=True):
            text = _without(text, secret)
        text = _LOOKS_LIKE_A_KEY.sub("***", text[:LONGEST_READ])
        text = _PREFIX.sub("", _CONTROL.sub(" ", whole_characters(text)).strip())
        return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "..."

    @property
    def _who(self) -> str:
        where = f" at {self.endpoint.host}" if self.endpoint.host else ""
        return f"{self.endpoint.alias or self.endpoint.provider}{where} ({self.endpoint.name})"

    def _message(self, row: Row, failure: Failure) -> str:
        detail = self.readable(failure.message)
        return f"{self._who} {row.says}: {detail}" if detail else f"{self._who} {row.says}"

    def _hint(self, row: Row, failure: Failure) -> str | None:
        if row.hint is None:
            return None
        return (
            row.hint.replace("{key_variables}", " or ".join(self.endpoint.key_variables[:2]))
            .replace("{name}", self.endpoint.name)
            .replace("{leave_out}", _leave_out(failure))
        )


def _without(text: str, secret: str) -> str:
    """`text` without the secret, and without what is left of one that was cut off where a text was made shorter."""
    least = min(len(secret), max(SHORTEST_PART, -(-len(secret) // 3)))
    first, *others = text.split(secret[:least])
    return "***".join([first, *(each[_alike(each, secret[least:]) :] for each in others)])


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


def whole_characters(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced, so that it can be written as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def no_answer(seconds: float) -> Failure:
    """Nothing came within the time that the user gives a request."""
    return Failure("timeout", message=f"nothing within {seconds:g} seconds")


def _leave_out(failure: Failure) -> str:
    """How to send what the provider does not take no more; by name where it says which parameter that is."""
    named = [failure.parameter or "", *re.findall(r"\w+", failure.message)]
    wire = {"max_completion_tokens": "max_tokens", "thinking": "reasoning_effort"}
    for word in named:
        name = wire.get(word, word)
        if name in SAMPLING:
            return (
                f"`sampling.{name}: null` in the recipe (or `--set sampling.{name}=null`) sends it no more; "
                f"another value may do too."
            )
    if _FORMAT.search(f"{failure.parameter or ''} {failure.message}"):
        return "`response_format: none` in the recipe (or `--set response_format=none`) asks for no JSON mode."
    return _LEAVE_OUT
