"""What passes between the loop and the models: requests, draws and responses, as frozen data.

The loop (`datarecipe.generate`) makes requests and takes responses; it never learns how one became the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A value that JSON can hold."""

Example: TypeAlias = "dict[str, Json]"
"""One example: field name to value, in the order of the seed example's fields."""

FinishReason: TypeAlias = Literal["stop", "length", "content_filter", "refusal", "context_overflow"]
"""Why a reply ended. All but `stop` are responses too: stored, and an empty or partial batch with a reason."""

LOCAL_PREFIX = "local/"
"""Models whose name begins so run in this process."""

MOST_TOKENS = 10**12
"""No honest count of tokens is as high. What is said beyond it is refused or left out, wherever it comes from."""

LONGEST_NAME = 200
"""Characters that are kept of a model's name as its provider gives it."""

KEY_VERSION = 1
"""Part of every cache key. It changes only when the meaning of a key changes, and the changelog says so."""


def canonical_json(value: object) -> str:
    """The one way a value is written where its bytes matter: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def texts_within(value: Json) -> Iterator[str]:
    """Every text within a value, in its order, however deep. The keys of mappings are no texts."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list | dict):
            waiting += reversed([*(each.values() if isinstance(each, dict) else each)])


def thawed(value: Any) -> Json:
    """Plain dicts and lists of the caller's own, as `json.loads` would give them back."""
    if isinstance(value, Mapping):
        return {key: thawed(inner) for key, inner in value.items()}
    return [thawed(inner) for inner in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class Draw:
    """Which of the many answers to the same content is meant.

    `lane` names the chain, root draw or *fixed* number that asks (`chain:3`, `root:0`, `fixed:12`; `node:0` for the
    other nodes of a tree, `verify:1` for a vote of a filter); `index` counts that lane's earlier requests of the same
    content. Never the order of sending.
    """

    random_seed: int
    lane: str
    index: int
    retry: int = 0
    """How often the user had the same asked again, since what came held nothing (`datarecipe retry`)."""

    @property
    def asker(self) -> str:
        """The first word of the lane: the kind of place that asks, or the filter."""
        return self.lane.partition(":")[0]

    @property
    def numbers(self) -> list[Json]:
        """The draw as it stands in a cache key."""
        return [self.random_seed, self.lane, self.index, *([self.retry] if self.retry else [])]

    @property
    def seed(self) -> int:
        """What is sent as `seed` where the provider takes one: 31 bits of a hash of the draw alone."""
        digest = hashlib.blake2b(canonical_json(self.numbers).encode(), digest_size=4)
        return int.from_bytes(digest.digest(), "big") & 0x7FFF_FFFF


Messages: TypeAlias = "tuple[tuple[str, str], ...]"
"""(role, text) in order; roles are `system`, `user`, `assistant`."""


def without_system(messages: Messages) -> Messages:
    """The messages for a model that takes no system message: its text begins the user's message that follows."""
    match messages:
        case (("system", instruction), ("user", text), *rest):
            return (("user", f"{instruction}\n\n{text}"), *rest)
        case (("system", instruction), *rest):
            return (("user", instruction), *rest)
    return messages


@dataclass(frozen=True)
class Content:
    """The rendered content of a completion request: all that decides the answer, and nothing else.

    Not in it, so not in the cache key: keys, timeouts, concurrency, retries, transport.
    """

    model: str
    messages: Messages
    sampling: Mapping[str, Json]
    """Sampling parameters that are sent (temperature, max_tokens ...)."""
    response_format: Mapping[str, Json] | None
    """The OpenAI `response_format` object, or None to send none."""
    api_base: str | None
    """Without user info and query; for a named endpoint its name, so that a server that moves is the same model."""

    @cached_property
    def canonical(self) -> str:
        """The content as JSON text. The order of a schema's properties is kept: models write fields in that order."""
        return json.dumps(
            [self.model, self.api_base, sorted(self.sampling.items()), self.response_format, self.messages],
            separators=(",", ":"),
            allow_nan=False,
        )


@dataclass(frozen=True)
class Complete:
    """Ask a model for a batch of examples, or a question about one."""

    content: Content
    draw: Draw

    @cached_property
    def key(self) -> str:
        """The cache key: hash of content and draw, in hexadecimal."""
        text = f"{KEY_VERSION}\n{self.content.canonical}\n{canonical_json(self.draw.numbers)}"
        return "complete:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Embed:
    """Ask for the embedding of one text. It has no draw: the same text and embedder give the same vector."""

    embedder: str
    """The model's name; of one that runs here, with its version."""
    text: str
    api_base: str | None = None
    """As in `Content`."""

    @cached_property
    def canonical(self) -> str:
        """What decides the answer, as JSON text."""
        return canonical_json([self.embedder, self.api_base, self.text])

    @cached_property
    def key(self) -> str:
        """The cache key: hash of embedder, address and text, in hexadecimal."""
        text = f"{KEY_VERSION}\n{self.canonical}"
        return "embed:" + hashlib.sha256(text.encode()).hexdigest()


Request: TypeAlias = Complete | Embed


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the provider counted."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Apart:
    """What a reply without text holds in another of its fields."""

    kind: Literal["reasoning", "tool_calls"]
    text: str
    """The reasoning; or the arguments of the calls, one after another. Never with lone surrogates."""
    tools: tuple[str, ...] = ()
    """The names of the tools that are called, one for each call."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for a `Complete`."""

    text: str
    """The reply as it came, without the thinking text that came apart from it or stood at its beginning; never with lone
    surrogates."""
    finish_reason: FinishReason
    usage: Usage | None
    model: str
    """The model as the provider names it."""
    answered_by: str
    """Which of our transports and models answered."""
    created: str
    """Time of arrival, UTC, ISO 8601."""
    apart: Apart | None = None
    """What came instead of a text, where none came."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What came back for an `Embed`."""

    vector: tuple[int, ...]
    """Of any length in space: only directions are compared. Whole numbers, so that no last bit of a float is ever compared.
    Empty where the model takes no such text: it is too long, or filtered."""
    usage: Usage | None = None
    model: str = ""
    """The model as the provider names it."""
    answered_by: str = ""
    """Which of our transports and models answered."""
    created: str = ""
    """Time of arrival, UTC, ISO 8601."""


Response: TypeAlias = Completion | Embedding
