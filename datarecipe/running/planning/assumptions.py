"""Ranges for what nobody knows before a run: the share of items accepted, from bytes to tokens, from tokens to seconds.

Every provider counts tokens in its own way, and few say how; a token is some 4 bytes of English, and fewer of most other
scripts and of JSON. What earlier responses show replaces the range.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from datarecipe.exchange import Complete, Content
from datarecipe.running.planning.dry_run import Measured
from datarecipe.running.resolve.resolved_run import ResolvedRun

T = TypeVar("T")
End: TypeAlias = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class Range(Generic[T]):
    """From `low` to `high`, both of them possible."""

    low: T
    high: T

    def at(self, end: End) -> T:
        return self.low if end == "low" else self.high


ASSUMED_SHARE = Range(0.6, 0.95)
"""Accepted items to items asked for, where nothing is known: instruction and model decide it."""

BALANCED = 0.6
"""By which the low end is multiplied where `filters.balance` rejects what comes too often: of two labels, so much is
accepted if a model writes one of them in 70 % of its items."""

_LEAST_SHARE = 0.02

BYTES_PER_TOKEN = Range(3.0, 5.0)
BYTES_PER_TOKEN_BEYOND_ASCII = Range(2.0, 5.0)
"""Where more than a twentieth of the text is not ASCII."""

TOKENS_AROUND_A_PROMPT = Range(4, 32)
"""Roles and marks of its messages."""

TOKENS_AROUND_A_TEXT = 2
"""Marks at the ends of a text that is embedded."""

REPLY_LENGTH = Range(0.6, 1.6)
"""A reply's length to that of as many seed examples."""

THINKING_TOKENS = Range(100, 2_000)
"""Of a model that thinks before it answers."""

SECONDS_BEFORE_A_REPLY = Range(0.3, 2.0)
TOKENS_A_SECOND = Range(30.0, 150.0)
"""That a provider writes, in one reply."""

STRAGGLING = 1.3
"""How much longer than typical latency a run's requests may take in the mean."""

EMBEDDED_PROMPT_TOKENS_A_SECOND = Range(80.0, 120.0)
EMBEDDED_TOKENS_A_SECOND = Range(40.0, 80.0)
"""Of the embedded model on two cores, over all of its requests together."""


@dataclass(frozen=True, slots=True)
class Share:
    """Accepted items to items asked for."""

    range: Range[float]
    source: Literal["stated", "measured", "assumed"]
    responses: int = 0
    """What it was measured over."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens requests take."""

    per_prompt_byte: Range[float]
    with_each_prompt: Range[float]
    completion: Range[float] | None
    """For a reply, as measured; None: from the reply's bytes."""
    per_reply_byte: Range[float]
    thinking: Range[int]
    most: int | None
    """Tokens that a reply may have."""
    measured: int
    """Responses that this was measured over; 0 where it is assumed."""

    def of_prompt(self, size: int) -> Range[int]:
        """Prompt tokens of a request whose messages have so many bytes."""
        each, around = self.per_prompt_byte, self.with_each_prompt
        return Range(math.floor(size * each.low + around.low), math.ceil(size * each.high + around.high))

    def of_reply(self, size: int) -> Range[int]:
        """Completion tokens of a reply, which has so many bytes where nothing was measured."""
        each = self.per_reply_byte
        found = self.completion or Range(
            size * REPLY_LENGTH.low * each.low + self.thinking.low,
            size * REPLY_LENGTH.high * each.high + self.thinking.high,
        )
        most = math.inf if self.most is None else self.most
        return Range(math.floor(min(found.low, most)), math.ceil(min(found.high, most)))


def share_of(stated: float | None, measured: Measured | None, batch_size: int, *, balanced: bool = False) -> Share:
    """As the user states it, else as measured, else assumed; `balanced`: with `filters.balance`."""
    if stated is not None:
        return Share(Range(stated, stated), "stated")
    if measured is None:
        low, high = ASSUMED_SHARE.low, ASSUMED_SHARE.high
        return Share(Range(round(low * BALANCED, 2), high) if balanced else ASSUMED_SHARE, "assumed")
    mean = min(1.0, measured.new / (measured.responses * batch_size))
    # The items of one response stand and fall together, more or less; so it is the responses that count.
    margin = 0.02 + 2 * math.sqrt(max(mean * (1 - mean), 0.05) / measured.responses)
    low, high = (min(1.0, max(_LEAST_SHARE, mean + sign * margin)) for sign in (-1, 1))
    return Share(Range(low, high), "measured", measured.responses)


def tokens_of(setup: ResolvedRun, first: Complete, measured: Measured | None) -> Tokens:
    """How requests like `first` are counted."""
    maximum = setup.model.sampling.get("max_tokens")
    most = maximum if isinstance(maximum, int) else None
    per_byte = _tokens_per_byte(first.content)
    thinks = setup.model.profile.thinking_tokens > 0
    thinking = THINKING_TOKENS if thinks else Range(0, 0)
    if measured is None:
        around = _around_prompt(first.content, per_byte, in_process=setup.embedded)
        return Tokens(per_byte, around, None, per_byte, thinking, most, 0)
    counted = measured.counted
    spread = 1 / math.sqrt(counted)
    prompt = _around(measured.prompt_tokens / counted, 0.02 + 0.1 * spread)
    completion = _around(measured.completion_tokens / counted, 0.05 + 0.3 * spread)
    none, size = Range(0.0, 0.0), measured.prompt_bytes / counted
    by_byte, by_prompt = (Range(prompt.low / size, prompt.high / size), none) if size else (none, prompt)
    return Tokens(by_byte, by_prompt, completion, per_byte, thinking, most, counted)


def token_range(content: Content) -> Range[int]:
    """Prompt tokens of a request to a model behind an API, where nothing is measured."""
    size, each = sum(len(text.encode()) for _, text in content.messages), _tokens_per_byte(content)
    around = _around_prompt(content, each, in_process=False)
    return Range(math.floor(size * each.low + around.low), math.ceil(size * each.high + around.high))


def text_token_range(size: float, *, is_ascii: bool) -> Range[int]:
    """Tokens of a text of so many bytes that is sent alone."""
    per_token = BYTES_PER_TOKEN if is_ascii else BYTES_PER_TOKEN_BEYOND_ASCII
    return Range(math.floor(size / per_token.high), math.ceil(size / per_token.low) + TOKENS_AROUND_A_TEXT)


def _tokens_per_byte(content: Content) -> Range[float]:
    text = "".join(text for _, text in content.messages)
    beyond_ascii = sum(not character.isascii() for character in text) > len(text) / 20
    per_token = BYTES_PER_TOKEN_BEYOND_ASCII if beyond_ascii else BYTES_PER_TOKEN
    return Range(1 / per_token.high, 1 / per_token.low)


def _around_prompt(content: Content, per_byte: Range[float], *, in_process: bool) -> Range[float]:
    """Tokens beside the messages' own. Some providers write the schema into the prompt, and count it."""
    form, around = content.response_format, TOKENS_AROUND_A_PROMPT
    schema = 0.0 if form is None or in_process else len(json.dumps(dict(form))) * per_byte.high
    return Range(around.low, around.high + schema)


def latency_of(setup: ResolvedRun, prompt: Range[float], reply: Range[int], stated: float | None) -> Range[float]:
    """Seconds that one of many requests takes; `prompt` and `reply` are its tokens."""
    if setup.embedded:
        prompts, replies = EMBEDDED_PROMPT_TOKENS_A_SECOND, EMBEDDED_TOKENS_A_SECOND
        return Range(
            prompt.low / prompts.high + reply.low / replies.high, prompt.high / prompts.low + reply.high / replies.low
        )
    if stated is not None:
        return Range(stated, stated * STRAGGLING)
    before, rate = SECONDS_BEFORE_A_REPLY, TOKENS_A_SECOND
    return Range(before.low + reply.low / rate.high, (before.high + reply.high / rate.low) * STRAGGLING)


def _around(value: float, margin: float) -> Range[float]:
    return Range(value * (1 - margin), value * (1 + margin))
