"""What the keys of a configuration may hold, and the mistakes in one, each with its place.

Every command reads the configuration, so a walk over the few keys stands here in place of an import of jsonschema.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from itertools import islice
from typing import Any

from datarecipe.errors import FormatError, Problem, UsageError
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import check_url
from datarecipe.llm.providers.named_endpoint import NamedEndpoint
from datarecipe.recipe import Place, Prices
from datarecipe.recipe.findings import MAX_PROBLEMS, in_order
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.schema_file import Schema
from datarecipe.recipe.message_text import code, describe, dotted, join, nearest
from datarecipe.recipe.source.document import Document, Keys, ListNode, MappingNode, Node, ScalarNode, to_json

_TEXT: Schema = {"type": "string", "minLength": 1}
_PRICE_NAMES = [price.name for price in fields(Prices)]
_PRICES: Schema = {
    "type": "object",
    "properties": {name: {"type": "number", "minimum": 0} for name in _PRICE_NAMES},
    "required": _PRICE_NAMES,
    "x-expected": "a mapping with " + join(map(code, _PRICE_NAMES), "and"),
    "examples": ["{input_per_million: 0.15, output_per_million: 0.60}"],
}
_ENDPOINT: Schema = {
    "type": "object",
    "properties": {
        "provider": {**_TEXT, "examples": [provider_facts.PLAIN]},
        "urls": {
            "type": "array",
            "items": _TEXT,
            "minItems": 1,
            "x-expected": "a list of addresses",
            "examples": ['["http://localhost:8000/v1"]'],
        },
        "key_env": {**_TEXT, "x-expected": "the name of an environment variable"},
        "prices": _PRICES,
    },
    "required": ["provider", "urls"],
    "x-expected": "a mapping with `provider` and `urls`",
    "examples": [f'{{provider: {provider_facts.PLAIN}, urls: ["http://localhost:8000/v1"]}}'],
}
_FORM: Schema = {
    "type": "object",
    "properties": {
        "model": _TEXT,
        "api_base": _TEXT,
        "data_roots": {
            "type": "array",
            "items": _TEXT,
            "x-expected": "a list of folders",
            "examples": ["[../shared-data]"],
        },
        "prices": {
            "type": "object",
            "additionalProperties": _PRICES,
            "x-expected": "a mapping of models to prices",
            "examples": [f"{{openai/gpt-4o-mini: {_PRICES['examples'][0]}}}"],
        },
        "endpoints": {
            "type": "object",
            "additionalProperties": _ENDPOINT,
            "x-expected": "a mapping of names to endpoints",
            "examples": [f"{{lab: {_ENDPOINT['examples'][0]}}}"],
        },
    },
    "examples": ["openai/gpt-4o-mini"],
}
USER_KEYS = tuple(_FORM["properties"])
PROJECT_KEYS = ("model",)

_PRIVATE = ("endpoints", "api_base")
"""Where a key or a password may stand. No message shows a value below, but for its kind."""
_KIND: Mapping[type, str] = {bool: "a boolean", int: "this number", float: "this number", str: "text"}

_KEYS = {*USER_KEYS, *_ENDPOINT["properties"], *_PRICE_NAMES}
# Texts, which `re` compiles when it first needs them: for mistakes.
_OUR_OWN = (
    r"\b(?:text|list|mapping)'s\b|\bwrite [\"'] at|\b(?:line|column) \d+"
    rf"|([`\"])(?:key: value|[^\w`\"'\s]{{1,3}}|{'|'.join(map(re.escape, sorted(_KEYS)))})\1"
)
"""What a message of the parser may quote or count: keys, signs, places."""
_QUOTES_A_FILE = r"[`\"'\d]|\bwrite: "
_KEY = re.compile(r"[A-Za-z][A-Za-z_-]{0,29}")
"""What reads like a key. Another text in a key's place may be an address or a password."""


def without_values(problem: Problem) -> Problem:
    """What the parser says of a configuration, without what it quotes: any of that may be a key or a password."""
    message = "this cannot be read as YAML" if _quotes(problem.message) else problem.message
    hint = None if _quotes(problem.hint or "") else problem.hint
    return replace(problem, message=message, hint=hint, excerpt=None)


def _quotes(text: str) -> bool:
    return bool(re.search(_QUOTES_A_FILE, re.sub(_OUR_OWN, "", text)))


def check_configuration(document: Document, allowed: Collection[str]) -> None:
    """Raise `FormatError` with all mistakes in a configuration that may set the keys `allowed`."""
    form = {**_FORM, "properties": {key: _FORM["properties"][key] for key in allowed}}
    problems = list(islice(_mistakes(document.root, (), form), MAX_PROBLEMS))
    if "api_base" in allowed and document.get(("api_base",)) and not document.get(("model",)):
        message = "`api_base` needs `model` beside it: a server goes with the model that it has"
        problems.append(_problem(document.key_place(("api_base",)), message))
    if problems:
        raise FormatError(*in_order(problems, problems[0].source))


def endpoint(name: str, row: Mapping[str, Any]) -> NamedEndpoint:
    """An endpoint from its row, whose form is right. Raises `UsageError`."""
    if len(row["urls"]) > 1:
        raise UsageError("a pool of several URLs is not supported yet")
    check_url(row["urls"][0], code(f"endpoints.{name}"))
    return NamedEndpoint(name, row["provider"], row["urls"][0], row.get("key_env"))


def _mistakes(node: Node, keys: Keys, form: Schema) -> Iterator[Problem]:
    match node:
        case MappingNode() if form["type"] == "object":
            yield from _wrong_entries(node, keys, form)
        case ListNode() if form["type"] == "array" and len(node.items) >= form.get("minItems", 0):
            for number, item in enumerate(node.items):
                yield from _mistakes(item, (*keys, number), form["items"])
        case ScalarNode(value=str() as text) if form["type"] == "string" and text:
            return
        case ScalarNode(value=int() | float() as usd) if (
            form["type"] == "number" and type(usd) is not bool and usd >= 0
        ):
            return
        case _:
            yield _wrong(node, keys, form)


def _wrong_entries(node: MappingNode, keys: Keys, form: Schema) -> Iterator[Problem]:
    known = form.get("properties", {})
    meant = set()
    for key, (place, value) in node.entries.items():
        inner = known.get(key, form.get("additionalProperties"))
        if inner is not None:
            wrong = [*_mistakes(value, (*keys, key), inner)]
            yield from wrong or (_wrong_endpoint(place, value, key) if inner is _ENDPOINT else ())
            continue
        if not keys and key in USER_KEYS:
            message = f"{code(key)} cannot be set here; a project's configuration may only name a `model`"
            yield _problem(place, message, "write it into your own configuration")
            continue
        near = nearest(key, known)
        meant.add(near)
        shown = f" {code(key)}" if _KEY.fullmatch(key) else ""
        hint = f"did you mean {code(near)}?" if near else f"the keys here are {', '.join(map(code, known))}"
        yield _problem(place, f"unknown key{shown}{_inside(keys)}", hint)
    for key in form.get("required", ()):
        if key not in node.entries and key not in meant:
            yield _problem(node.place, f"{code(key)} is missing{_inside(keys)}", _example(key, known[key]))


def _wrong_endpoint(place: Place, node: Node, name: str) -> Iterator[Problem]:
    try:
        row: Any = to_json(node)
        endpoint(name, row)
    except UsageError as error:
        message = error.message if error.message.startswith("`endpoints") else f"`endpoints.{name}`: {error.message}"
        yield _problem(place, message, error.hint)


def _wrong(node: Node, keys: Keys, form: Schema) -> Problem:
    value = to_json(node)
    name = code(dotted(keys)) if keys else "a configuration"
    wanted = expected(form if value == "" else {**form, "minLength": 0})
    if value in (None, ""):
        message = f"{name} is empty; it must be {wanted}"
    else:
        private = not keys or keys[0] in _PRIVATE
        kind = _KIND.get(type(value)) if private else None
        message = f"{name} must be {wanted}, not {kind or describe(value)}"
    return _problem(node.place, message, _example(keys[-1] if keys else "model", form))


def _example(key: str | int, form: Schema) -> str | None:
    written = form.get("examples", [None])[0]
    return None if written is None else f"for example: {f'{key}: ' if isinstance(key, str) else ''}{written}"


def _inside(keys: Keys) -> str:
    return f" in {code(dotted(keys))}" if keys else ""


def _problem(place: Place, message: str, hint: str | None = None) -> Problem:
    # No line is shown, whatever is wrong in it: a key or a password may stand beside that.
    return replace(place.problem(message, hint), excerpt=None)
