"""A response as one JSON text with a version, and back. What comes back from a file is never trusted.

The request's content and draw stand in the open beside the response: about a kilobyte for each, so that a cache can say
what it holds, why a request misses, and be shared without the run that made it. Reading compares them with the request.
"""

from __future__ import annotations

import base64
import json
import sys
from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from datarecipe.exchange import (
    LONGEST_NAME,
    MOST_TOKENS,
    Apart,
    Complete,
    Completion,
    Embedding,
    FinishReason,
    Usage,
    thawed,
)
from datarecipe.json_size import MOST_VALUES, too_many_values
from datarecipe.llm.rounded_vector import MOST_DIMENSIONS

if TYPE_CHECKING:
    from datarecipe.exchange import Json, Request, Response

RECORD_VERSION = 1
"""Version of the value's format. Not part of the cache key."""

_FINISH_REASONS: tuple[FinishReason, ...] = get_args(FinishReason)
_APART: tuple[Literal["reasoning", "tool_calls"], ...] = ("reasoning", "tool_calls")


class RecordError(ValueError):
    """A text that no release of ours can have written for this request. The message says what is wrong with it."""


MOST_RETRIES = 1000
"""How often one request can be asked again by hand."""

_RETRIED = "retried"


class VersionError(RecordError):
    """A text that another release of ours may have written."""


def encode(request: Request, response: Response) -> str:
    """One line of JSON. Raises `RecordError` for what JSON or UTF-8 cannot hold: lone surrogates, NaN, infinity."""
    fields = {name: value for name, value in _fields(response).items() if name != "apart" or value is not None}
    return _text_of({"v": RECORD_VERSION, "kind": _kind(request), **fields, "request": request_document(request)})


def _fields(record: Any) -> dict[str, Any]:
    """What `asdict` gives for a response, without copying every value."""
    values = ((name, getattr(record, name)) for name in record.__dataclass_fields__)
    return {name: _written(value) if name == "vector" else _nested(value) for name, value in values}


def _nested(value: Any) -> Any:
    return _fields(value) if isinstance(value, Usage | Apart) else value


def _written(vector: tuple[int, ...]) -> str:
    """A vector as text: its numbers as 16 bits each, the lower byte first, in Base64. Raises `RecordError`."""
    try:
        return base64.b64encode(_ordered(array("h", vector)).tobytes()).decode("ascii")
    except (TypeError, OverflowError) as error:
        raise RecordError(f"its vector cannot be written: {error}") from error


def _ordered(numbers: array[int]) -> array[int]:
    """Between the machine's order of bytes and the record's."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _kind(request: Request) -> str:
    return "completion" if isinstance(request, Complete) else "embedding"


def _text_of(document: Mapping[str, Json]) -> str:
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError as error:  # UnicodeEncodeError is one
        raise RecordError(f"cannot be written as text: {error}") from error
    return text


def decode(text: str, request: Request) -> tuple[Response, int]:
    """The response to `request`, and the number of the retry that stands for it; 0 where it stands for itself.

    Raises `RecordError` for anything that `encode` does not write for it.
    """
    document = parse(text)
    if document.get("request") != request_document(request):
        raise RecordError("it answers another request than its key says")
    if document.get("kind") != _kind(request):
        raise RecordError(f"its kind is {document.get('kind')!r:.40}, not {_kind(request)!r}")
    response = _completion(document) if isinstance(request, Complete) else _embedding(document)
    return response, _retries(document)


def retried(text: str, number: int) -> str:
    """The same record, with the number of the retry that stands for it, unless a later one does. Raises `RecordError`."""
    document = parse(text)
    return _text_of(document | {_RETRIED: max(number, _retries(document))})


def _retries(document: Mapping[str, Json]) -> int:
    return _count(document.get(_RETRIED, 0), _RETRIED, MOST_RETRIES)


def parse(text: str) -> dict[str, Json]:
    """The document as it stands, its version checked. Raises `RecordError`."""
    if too_many_values(text):
        raise RecordError(f"it holds more than {MOST_VALUES:,} values")
    try:
        document = json.loads(text, parse_constant=_no_constant)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise RecordError("it is not JSON") from error
    if not isinstance(document, dict):
        raise RecordError("it is not a JSON object")
    version = document.get("v")
    if version != RECORD_VERSION or isinstance(version, bool):
        other = isinstance(version, int) and not isinstance(version, bool)
        raise (VersionError if other else RecordError)(
            f"its format is version {version!r:.40}, this release reads version {RECORD_VERSION}"
        )
    return document


def usage_of(document: Mapping[str, Json]) -> Usage | None:
    """The tokens that stand in a parsed document. Raises `RecordError`."""
    usage = document.get("usage")
    if usage is None:
        return None
    if not isinstance(usage, dict):
        raise RecordError("`usage` is not an object")
    names = ("prompt_tokens", "completion_tokens")
    return Usage(*(_count(usage.get(name), f"usage.{name}", MOST_TOKENS) for name in names))


def _completion(document: Mapping[str, Json]) -> Completion:
    reason = document.get("finish_reason")
    known = next((r for r in _FINISH_REASONS if r == reason), None)
    if known is None:
        raise RecordError(f"its finish reason is {reason!r:.40}")
    return Completion(
        text=_text(document, "text"),
        finish_reason=known,
        usage=usage_of(document),
        model=_text(document, "model")[:LONGEST_NAME],
        answered_by=_text(document, "answered_by")[:LONGEST_NAME],
        created=_text(document, "created"),
        apart=_apart(document.get("apart")),
    )


def _apart(value: Json) -> Apart | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise RecordError("`apart` is not an object")
    kind, tools = value.get("kind"), value.get("tools")
    known = next((k for k in _APART if k == kind), None)
    if known is None or not isinstance(tools, list):
        raise RecordError("`apart` is neither reasoning nor calls of tools")
    return Apart(known, _text(value, "text"), tuple(_text({"tools": tool}, "tools") for tool in tools))


def _embedding(document: Mapping[str, Json]) -> Embedding:
    numbers = array("h")
    try:
        numbers.frombytes(base64.b64decode(_text(document, "vector"), validate=True))
    except ValueError as error:
        raise RecordError("`vector` is not numbers in Base64") from error
    if len(numbers) > MOST_DIMENSIONS:
        raise RecordError(f"`vector` has more than {MOST_DIMENSIONS:,} numbers")
    return Embedding(
        vector=tuple(_ordered(numbers)),
        usage=usage_of(document),
        model=_text(document, "model")[:LONGEST_NAME],
        answered_by=_text(document, "answered_by")[:LONGEST_NAME],
        created=_text(document, "created"),
    )


def request_document(request: Request) -> dict[str, Json]:
    """What stands in a record of the request that it answers."""
    if isinstance(request, Complete):
        content, draw = request.content, request.draw
        return {
            "content": {
                "model": content.model,
                "api_base": content.api_base,
                "messages": thawed(content.messages),
                "sampling": thawed(content.sampling),
                "response_format": thawed(content.response_format),
            },
            "draw": draw.numbers,
        }
    return {"embedder": request.embedder, "api_base": request.api_base, "text": request.text}


def _text(document: Mapping[str, Json], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise RecordError(f"`{name}` is not text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RecordError(f"`{name}` holds half a character (a lone surrogate)") from error
    return value


def _count(value: Json, name: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise RecordError(f"`{name}` is not a count")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
