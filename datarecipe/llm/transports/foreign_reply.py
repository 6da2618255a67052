"""Bodies that will never be an answer, however often the request is sent: another protocol's reply, a page to log in, a text
of a server that is no such server. What may pass (a gateway's page, an empty body, JSON that was cut off) is told from them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from datarecipe.llm.failures.failure_table import Failure, garbage

LONGEST_LOOK = 10_000
"""Characters of a body that are looked at."""
SHOWN = 120
"""Characters of its beginning that a message shows."""

# Texts, which `re` compiles when it first needs them: few replies are foreign.
TITLE = r"(?i)<(?:title|h1)[^>]{0,200}>([^<]{1,500})<"
"""What a page calls itself."""
_BEYOND = r"(?i)\b5[0-9]{2}\b|gateway|unavailable|maintenance"
"""What a page to log in does not say of itself."""
_LOGIN_FIELD = r"(?i)type=[\"']?password"
_LOGIN = r"(?i)\b(?:log|sign)(?:ged|ging|ing)?[ -]?(?:in|on)\b|\bpassword\b"
_HTML = (
    r"(?is)(?>(?:\s++|(?><!--.*?-->)|(?><\?.*?\?>))*)"
    r"<(?:!doctype\s+html|html|head|body|title|meta|link|base|style|script|noscript|h[1-6]"
    r"|center|div|main|header|section|nav|p|form|table|pre|span|font|strong|br|hr|img|iframe|frameset|a|b|i)\b"
)
_UNSEEN = r"(?is)<(script|style|template)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*+>?"
"""What a page holds and nobody reads."""
_TRANSIENT = (
    r"(?i)\b(?:5[0-9]{2}|408|409|425|429)\b|gateway|unavailable|time[ -]?out|timed out|overload|temporar|again|too many"
    r"|maintenance|error|upstream|moment|checking|connection|reset|busy|start|load|prepar|building|waking|capacity"
    r"|rate limit|retry|wait|queue|offline|fail|down\b|not ready|origin"
)
_NO_TEXT = r"[\x00-\x08\x0e-\x1f\ufffd]"


_PROTOCOLS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "Anthropic's Messages API (the prefix `anthropic/`)": (
        {"type": "message", "content": list},
        {"type": "message_start|content_block_start|content_block_delta|message_delta|ping"},
    ),
    "Ollama's own API (the prefix `ollama_chat/`, or an address that ends in /v1)": (
        {"done": bool, "message": dict},
        {"done": bool, "response": str},
    ),
    "OpenAI's Responses API (an address that ends in /v1, not in /responses)": (
        {"object": "response", "output": list},
        {"type": r"response\..*"},
    ),
    "Gemini's own API (the prefix `gemini/`)": ({"candidates": list}, {"promptFeedback": dict}),
    "the API for plain completions (an address that ends in /v1, not in /completions)": (
        {"choices": [{"text": str, "message": None}]},
    ),
    "the API of Text Generation Inference (an address that ends in /v1)": ({"generated_text": str},),
    "llama.cpp's own API (an address that ends in /v1)": (
        {"content": str, "stop": bool},
        {"content": str, "tokens_predicted": int},
    ),
    "Triton's own API": ({"text_output": str},),
    "Amazon Bedrock's Converse API (the prefix `bedrock/`)": ({"output": dict, "stopReason": str},),
    "DashScope's own API (an address that ends in /compatible-mode/v1)": ({"output": dict, "request_id": str},),
    "Cohere's own API (the prefix `cohere_chat/`)": (
        {"text": str, "generation_id": str},
        {"finish_reason": str, "message": dict},
    ),
    "Cloudflare's own API (an address that ends in /ai/v1)": ({"result": dict, "success": bool},),
    "Replicate's API (the prefix `replicate/`)": ({"urls": dict, "status": str},),
    "an API for a list of models or embeddings": ({"object": "list", "data": list},),
}
"""The shapes of each protocol's replies: types, patterns of texts, None for what is not there, the first of a list."""


def _fits(value: object, shape: Any) -> bool:
    if isinstance(shape, type):
        return isinstance(value, shape)
    if isinstance(shape, str):
        return isinstance(value, str) and re.fullmatch(shape, value, re.DOTALL) is not None
    if isinstance(shape, list):
        return isinstance(value, list) and value != [] and _fits(value[0], shape[0])
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(value.get(name), inner) for name, inner in shape.items())
    return value is None


def other_protocol(document: object) -> Failure | None:
    """Why JSON without an answer in it is the reply of another protocol; None where it looks like none."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return None
    name = next((name for name, shapes in _PROTOCOLS.items() if any(_fits(document, each) for each in shapes)), None)
    if name is None:
        return None
    beginning = json.dumps({key: _short(value) for key, value in list(document.items())[:8]}, ensure_ascii=False)
    return garbage("other_protocol", f"{name} answers so: {beginning[:SHOWN]}")


def _short(value: object) -> object:
    return value[:40] if isinstance(value, str) else "..." if isinstance(value, dict | list) else value


def never_json(text: str) -> Failure | None:
    """Why a retry cannot help if the body is not JSON; None if a retry may help."""
    head = text.removeprefix("\ufeff")[:LONGEST_LOOK].strip()
    if re.match(_HTML, head) is not None:
        return _page(head)
    if not head or re.search(_NO_TEXT, head):
        return None
    if head[0] in "{[":
        # Lines of JSON, as Ollama streams them, begin with a whole one.
        return other_protocol(_first_value(head))
    if head[0] in '<"-0123456789' or re.search(_TRANSIENT, head) or head in ("null", "true", "false"):
        return None
    return garbage("plain_text", " ".join(head[:SHOWN].split()))


def _page(head: str) -> Failure | None:
    """Why a web page ends the run; None where its title, or else its first words, speak of what may pass."""
    title = re.search(TITLE, head)
    seen = title.group(1).strip() if title is not None else ""
    words = " ".join((seen or re.sub(_UNSEEN, " ", head)).split())[:SHOWN]
    asks = re.search(_LOGIN_FIELD, head) or (re.search(_LOGIN, words) and not re.search(_BEYOND, words))
    if (re.search(_TRANSIENT, words) and not asks) or not (words or asks or "</" in head):
        return None
    return garbage("page", words or " ".join(head[:SHOWN].split()))


def _first_value(head: str) -> object:
    try:
        return json.JSONDecoder().raw_decode(head)[0]
    except (ValueError, RecursionError):
        return None
