"""The author behind the test server: answers that are a pure function of the request, and as untidy as a real model's.

It reads the formatting example out of the messages and writes examples in its format. What differs from call to call is
drawn from a hash of the request (messages, model, seed), so the same request always gets the same reply.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Body: TypeAlias = dict[str, Any]
"""The JSON body of a chat-completions request."""

Shape: TypeAlias = Literal["object", "array", "fenced", "prose", "thinking", "lines", "cut", "empty", "refusal"]
Flaw: TypeAlias = Literal["none", "malformed", "wrong_label", "missing_field", "extra_field", "copy", "short_text"]

TIDY_SHAPES: Mapping[Shape, float] = {"object": 1.0}
TIDY_FLAWS: Mapping[Flaw, float] = {"none": 1.0}
UNTIDY_SHAPES: Mapping[Shape, float] = {
    "object": 0.72,
    "array": 0.05,
    "fenced": 0.08,
    "prose": 0.05,
    "thinking": 0.03,
    "lines": 0.02,
    "cut": 0.03,
    "empty": 0.02,
}
UNTIDY_FLAWS: Mapping[Flaw, float] = {
    "none": 0.86,
    "malformed": 0.03,
    "wrong_label": 0.04,
    "missing_field": 0.03,
    "extra_field": 0.01,
    "copy": 0.02,
    "short_text": 0.01,
}

_WORDS = (
    "amber", "bridge", "candle", "desert", "engine", "forest", "garden", "harbor",
    "island", "jacket", "kettle", "ladder", "marble", "needle", "orchard", "pepper",
    "quarry", "river", "saddle", "temple", "umbrella", "valley", "window", "yellow",
    "zipper", "anchor", "basket", "copper", "dragon", "feather", "glacier", "hammer",
)  # fmt: skip


_CLOSED = ("role", "from", "type")
"""Fields within fields that hold one of a few words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One assistant message. `text` None sends `content: null`."""

    text: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None


def canonical_hash(body: Mapping[str, Any]) -> str:
    """Hash of the whole body, in hexadecimal: equal bodies are the same request."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def formatting_example(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The last JSON object in the last user message, else in any message from the end."""
    messages = [m for m in body.get("messages", []) if isinstance(m.get("content"), str)]
    for roles in (("user",), ("user", "assistant", "system")):
        for message in reversed(messages):
            if message["role"] in roles and (found := list(_objects(message["content"]))):
                return _unwrap(found[-1])
    return None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


def _unwrap(example: dict[str, Any]) -> dict[str, Any]:
    inner = example.get("examples")
    return inner[-1] if isinstance(inner, list) and inner and isinstance(inner[-1], dict) else example


@dataclass(frozen=True)
class Author:
    """`answer(body)` for the test server."""

    batch_size: int = 5
    variety: int = 5000
    """How many different texts it knows. Few make duplicates."""
    labels: Sequence[Any] | None = None
    """The answers it gives; None: found in the request (options field, schema enum, list in the instruction)."""
    label_fields: Sequence[str] = ("answer", "label")
    shapes: Mapping[Shape, float] = field(default_factory=lambda: dict(UNTIDY_SHAPES))
    flaws: Mapping[Flaw, float] = field(default_factory=lambda: dict(UNTIDY_FLAWS))
    fewer: float = 0.1
    """Share of replies that hold fewer items than asked for."""

    @classmethod
    def tidy(cls, **changes: Any) -> Author:
        """Only valid items in the shape asked for; duplicates still occur."""
        tidy: dict[str, Any] = {"shapes": dict(TIDY_SHAPES), "flaws": dict(TIDY_FLAWS), "fewer": 0.0}
        return cls(**tidy | changes)

    def __call__(self, body: Body) -> Reply:
        """The reply to `body`."""
        what = {key: body.get(key) for key in ("messages", "model", "seed")}
        chance = random.Random(canonical_hash(what))
        example = formatting_example(body) or {"text": "a text", "label": "a label"}
        count = chance.randint(1, self.batch_size) if chance.random() < self.fewer else self.batch_size
        labels = self._labels(body, example)
        return _write(_pick(self.shapes, chance), [self._item(example, labels, chance) for _ in range(count)], chance)

    def _labels(self, body: Body, example: Mapping[str, Any]) -> Sequence[Any]:
        if self.labels is not None:
            return self.labels
        name = next((f for f in self.label_fields if f in example), None)
        if name is None:
            return ()
        for value in example.values():
            if isinstance(value, list) and example[name] in value:
                return value
        if found := _enum(body.get("response_format"), name):
            return found
        for message in body.get("messages", []):
            if found := _list_with(example[name], str(message.get("content"))):
                return found
        return ("yes", "no") if example[name] in ("yes", "no") else (example[name],)

    def _item(self, example: Mapping[str, Any], labels: Sequence[Any], chance: random.Random) -> str:
        flaw = _pick(self.flaws, chance)
        number = chance.randrange(self.variety)
        item: dict[str, Any] = {}
        for name, value in example.items():
            if name in self.label_fields:
                item[name] = chance.choice(labels) if labels else value
            else:
                item[name] = value if flaw == "copy" else _vary(name, value, number)
        if flaw == "wrong_label":
            item[next((f for f in self.label_fields if f in item), "label")] = "no such label"
        elif flaw == "missing_field":
            del item[chance.choice(list(item))]
        elif flaw == "extra_field":
            item["explanation"] = "because it is so"
        elif flaw == "short_text":
            item |= {
                name: "" for name, value in item.items() if isinstance(value, str) and name not in self.label_fields
            }
        text = json.dumps(item, ensure_ascii=bool(number % 2))
        return text.replace(":", " ", 1) if flaw == "malformed" else text


def _vary(name: str, value: Any, number: int) -> Any:
    if isinstance(value, bool):
        return bool(number % 2)
    if isinstance(value, int | float):
        return number % 1000
    if isinstance(value, list):
        return [_vary(f"{name} {at}", one, number) if isinstance(one, dict) else one for at, one in enumerate(value)]
    if isinstance(value, dict):
        return {key: inner if key in _CLOSED else _vary(f"{name} {key}", inner, number) for key, inner in value.items()}
    digest = hashlib.blake2b(f"{name} {number}".encode(), digest_size=4).digest()
    words = " ".join(_WORDS[byte % len(_WORDS)] for byte in digest)
    mark = "?" if isinstance(value, str) and value.rstrip().endswith("?") else "."
    return f"{words} {number}, “quoted” naïve 漢字{mark}" if number % 7 == 0 else f"{words} {number}{mark}"


def _enum(response_format: Any, name: str) -> list[Any]:
    """The `enum` of the property `name`, wherever in the schema it stands."""
    if isinstance(response_format, dict):
        properties = response_format.get("properties")
        if isinstance(properties, dict) and isinstance(properties.get(name), dict) and "enum" in properties[name]:
            return list(properties[name]["enum"])
        return next((found for value in response_format.values() if (found := _enum(value, name))), [])
    return []


def _list_with(label: Any, text: str) -> list[Any]:
    """A JSON list in `text` that holds `label`."""
    decoder = json.JSONDecoder()
    at = text.find("[")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
        except ValueError:
            value = None
        if isinstance(value, list) and label in value:
            return value
        at = text.find("[", at + 1)
    return []


def _write(shape: Shape, items: list[str], chance: random.Random) -> Reply:
    whole = '{"examples": [' + ", ".join(items) + "]}"
    if shape == "cut":
        return Reply(whole[: chance.randrange(1, len(whole))], finish_reason="length")
    texts: dict[Shape, str] = {
        "object": whole,
        "array": "[" + ", ".join(items) + "]",
        "fenced": f"```json\n{whole}\n```",
        "prose": f"Sure! Here are {len(items)} more examples:\n\n{whole}\n\nLet me know if you need others.",
        "thinking": f"<think>The user wants examples like {{this}}.</think>\n{whole}",
        "lines": "\n".join(items),
        "empty": "",
        "refusal": "I'm sorry, but I can't help with that.",
    }
    return Reply(texts[shape])


def _pick(weights: Mapping[Any, float], chance: random.Random) -> Any:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
