"""What a server sends back to a request for an embedding, as an `Embedding` or as a `Failure`."""

from __future__ import annotations

import base64
import json
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from datarecipe.exchange import LONGEST_NAME, Embedding, Usage
from datarecipe.json_size import MOST_VALUES, too_many_values
from datarecipe.llm.failures.failure_errors import FailureJudge, whole_characters
from datarecipe.llm.failures.failure_table import Failure, garbage
from datarecipe.llm.rounded_vector import MOST_DIMENSIONS, rounded
from datarecipe.llm.transports.foreign_reply import never_json, other_protocol
from datarecipe.llm.transports.openai_reply import Replies, count_of, in_words

if TYPE_CHECKING:
    from datarecipe.errors import DatarecipeError


@dataclass(slots=True)
class EmbeddingReplies:
    """Reads what comes back from one endpoint, whose vectors must all have the same length."""

    replies: Replies
    """For what all replies of the endpoint have in common: errors."""
    _dimensions: int | None = None

    def read(self, body: bytes | str) -> Embedding | Failure:
        """The embedding in the body of a success, whatever it is."""
        if too_many_values(body):
            return garbage("json", f"more than {MOST_VALUES} values")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            text = body if isinstance(body, str) else body.decode("utf-8-sig", "replace")
            words = f"{type(error).__name__}: {in_words(text[:10_000])[:200]}"
            return never_json(text) or garbage("json", words)
        return self.embedding(document)

    def embedding(self, document: object) -> Embedding | Failure:
        """The embedding in a reply's JSON, or why there is none in it."""
        if not isinstance(document, dict):
            return other_protocol(document) or garbage("json", "not an object")
        data = document.get("data")
        if not isinstance(data, list) and (said := self.replies.error_in(document)) is not None:
            return said
        try:
            vector = self._vector(data)
        except ValueError as error:
            return garbage("embedding", str(error))
        return self._made(vector, _usage(document.get("usage")), document.get("model"))

    def _vector(self, data: object) -> tuple[int, ...]:
        """The vector of the one text that was sent. Raises `ValueError`, in words."""
        row = data[0] if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict) else None
        if row is None:
            raise ValueError(f"{len(data) if isinstance(data, list) else 'no'} embeddings for one text")
        values = _numbers(row.get("embedding"))
        if not 0 < len(values) <= MOST_DIMENSIONS:
            raise ValueError(f"an embedding of {len(values):,} numbers")
        if self._dimensions not in (None, len(values)):
            raise ValueError(f"an embedding of {len(values):,} numbers, after one of {self._dimensions:,}")
        vector = rounded(values)
        self._dimensions = len(values)
        return vector

    def outcome(self, answer: Embedding | Failure) -> Embedding | DatarecipeError:
        """`answer` if it is an embedding; else what the table makes of it.

        That the model takes no such text is an answer, for it never will: an embedding without a vector.
        """
        if isinstance(answer, Embedding):
            return answer
        verdict = FailureJudge(self.replies.endpoint, self.replies.secrets).verdict(answer)
        return self._made((), None, None) if isinstance(verdict, str) else verdict

    def _made(self, vector: tuple[int, ...], usage: Usage | None, model: object) -> Embedding:
        endpoint = self.replies.endpoint
        return Embedding(
            vector=vector,
            usage=usage,
            model=whole_characters(model[:LONGEST_NAME]) if isinstance(model, str) and model else endpoint.name,
            answered_by=endpoint.answers_as,
            created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )


def _numbers(embedding: object) -> list[float]:
    """The numbers of an embedding; in Base64 they are floats of 32 bits, the lower byte first. Raises `ValueError`."""
    if isinstance(embedding, str):
        numbers = array("f")
        numbers.frombytes(base64.b64decode(embedding, validate=True))
        if sys.byteorder == "big":
            numbers.byteswap()
        return list(numbers)
    is_number = isinstance(embedding, list) and all(type(each) in (int, float) for each in embedding)
    if not isinstance(embedding, list) or not is_number:
        raise ValueError("the embedding is no list of numbers")
    try:
        return [float(each) for each in embedding]
    except OverflowError:
        raise ValueError("a number of the embedding is not finite") from None


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    prompt = count_of(usage.get("prompt_tokens")) or count_of(usage.get("total_tokens"))
    return Usage(prompt, 0) if prompt else None
