"""How a model likes to be asked: the layout of messages, the response format, the defaults of sampling.

A profile is chosen by the model's name from a table with a version. What it decides is part of the rendered content, so
of the cache key and of what `datarecipe prompt` shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from datarecipe.exchange import LOCAL_PREFIX, Embed, Json
from datarecipe.generate.prompt.embedded_prompt import EMBEDDED_SAMPLING, EMBEDDED_VERSION
from datarecipe.recipe.models.named_models import FilterModel, Judge, Verify
from datarecipe.recipe.recipe import Recipe, ResponseFormat

TABLE_VERSION = 3
"""Changes with the tables below; a release that changes requests says so before anything is paid."""

LONGEST_EMBEDDED = 20_000
"""Characters of a text that an embedder is asked about. A reply may be endless, and each character is paid for."""

Layout: TypeAlias = Literal["system_and_user", "user_only", "embedded"]
Format: TypeAlias = Literal["json_schema", "json_object", "none"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the table says of a family of models."""

    name: str
    layout: Layout
    response_format: Format
    """What `response_format: auto` becomes: the strongest that all models of the family can be held to."""
    sampling: Mapping[str, Json] = field(default_factory=dict)
    """Defaults that go under what the recipe says; None sends nothing."""
    thinking_tokens: int = 0
    """Room for thinking text that `max_tokens` has to leave beside the answer."""


_EMBEDDED = Profile(f"embedded-{EMBEDDED_VERSION}", "embedded", "json_schema", EMBEDDED_SAMPLING)
_SCHEMA = Profile("json-schema", "system_and_user", "json_schema")
_OBJECT = Profile("json-object", "system_and_user", "json_object")
_PLAIN = Profile("plain", "system_and_user", "none")
_THINKING = Profile("thinking", "system_and_user", "json_schema", {"temperature": None}, thinking_tokens=8192)
_FOLDED = Profile("no-system-role", "user_only", "none")

# By the beginnings of names; the first row that fits counts. Unknown models get no response format: a server that refuses
# the parameter would refuse every request, and the parser needs none.
_TABLE: tuple[tuple[tuple[str, ...], Profile], ...] = (
    ((LOCAL_PREFIX,), _EMBEDDED),
    (("openai/o1", "openai/o3", "openai/o4", "openai/gpt-5", "o1", "o3", "o4", "gpt-5"), _THINKING),
    (("openai/gpt-4o", "openai/gpt-4.1", "gpt-4o", "gpt-4.1"), _SCHEMA),
    (("openai/gpt-4-turbo", "openai/gpt-3.5-turbo"), _OBJECT),
    (("gemini/gemma",), _FOLDED),
    (("gemini/gemini-", "hosted_vllm/", "ollama_chat/", "ollama/"), _SCHEMA),
    (("mistral/", "deepseek/deepseek-chat"), _OBJECT),
)


# By a part of the model's own name in small letters, wherever it is served. These think before they answer, and what they
# think counts as their answer's tokens: with room for the answer alone every reply would be cut off.
_THINKING_FAMILIES = ("deepseek-r1", "deepseek-reasoner", "magistral", "qwq", "qwen3", "gpt-oss")
# Their template refuses a system message, or did for long; the newer ones write it before the user's, as is done here.
_WITHOUT_SYSTEM = (
    "gemma-2", "gemma-1.1", "gemma-7b", "gemma-2b",
    "mistral-7b-instruct-v0.1", "mistral-7b-instruct-v0.2", "mixtral-8x7b-instruct-v0.1",
)  # fmt: skip
# Servers that render a model's own template; OpenAI itself serves none of these models.
_OWN_TEMPLATE = ("hosted_vllm/", "openai/", "openai_like/", "custom_openai/")


def profile_of(model: str) -> Profile:
    """The profile of a model, by its name in litellm's spelling (`provider/model`)."""
    profile = next((found for beginnings, found in _TABLE if model.startswith(beginnings)), _PLAIN)
    if profile.layout == "embedded":
        return profile
    if not profile.thinking_tokens and _among(_THINKING_FAMILIES, model):
        profile = replace(profile, name=f"{profile.name}-thinking", thinking_tokens=_THINKING.thinking_tokens)
    if model.startswith(_OWN_TEMPLATE) and _among(_WITHOUT_SYSTEM, model):
        profile = replace(profile, name=f"{profile.name}-no-system-role", layout="user_only")
    return profile


def profile_named(name: str) -> Profile | None:
    """The profile of that name, as a manifest keeps it; None where this release has none, such as an older embedded one."""
    plain = name.removesuffix("-no-system-role").removesuffix("-thinking")
    known = {each.name: each for each in (_EMBEDDED, _SCHEMA, _OBJECT, _PLAIN, _THINKING, _FOLDED)}
    if name in known or plain not in known:
        return known.get(name)
    return replace(known[plain], name=name, layout="user_only" if name.endswith("role") else known[plain].layout)


def _among(parts: tuple[str, ...], model: str) -> bool:
    return any(part in model.lower() for part in parts)


@dataclass(frozen=True, slots=True)
class EmbedderSettings:
    """An embedder that is asked: all that decides a vector beside the text."""

    name: str
    """Of one that runs here, with its version."""
    api_base: str | None = None
    """As in `ModelSettings`."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The model of a run and how it is asked: with the recipe, all that decides a request's content."""

    name: str
    api_base: str | None
    """Without user info and query; None for the provider's own; for a named endpoint its name."""
    profile: Profile
    sampling: Mapping[str, Json]
    response_format: Format
    of_filters: Mapping[str, ModelSettings] = field(default_factory=dict)
    """The models that the recipe's filters ask, by the name of the filter."""
    embedders: Mapping[str, EmbedderSettings] = field(default_factory=dict)
    """Those that are asked, by the name that the recipe gives them."""

    def embed(self, embedder: str, text: str) -> Embed:
        """The request for the embedding of `text` by what the recipe calls `embedder`."""
        asked = self.embedders.get(embedder)
        return Embed(embedder, text) if asked is None else Embed(asked.name, text[:LONGEST_EMBEDDED], asked.api_base)


def settle_model(recipe: Recipe, model: str, api_base: str | None, known_as: str | None = None) -> ModelSettings:
    """Profile, sampling and response format of `model` for `recipe`; what the recipe says wins.

    `known_as` is the name that `profile_of` takes, where it is another.
    """
    profile = profile_of(known_as or model)
    defaults: dict[str, Json] = {"temperature": 1, "max_tokens": default_max_tokens(recipe) + profile.thinking_tokens}
    sampling = {**defaults, **profile.sampling, **recipe.sampling}
    return _settled(model, api_base, profile, sampling, recipe.response_format)


def settle_filter_model(
    recipe: Recipe,
    filter_name: str,
    api_base: str | None,
    known_as: str | None = None,
    *,
    chosen: ResponseFormat = "auto",
) -> ModelSettings:
    """The same of the model that the filter of that name asks about each example; `chosen` is its response format."""
    asked = recipe.filters.models[filter_name]
    profile = profile_of(known_as or asked.model)
    defaults: dict[str, Json] = {
        # Votes that are to differ must be drawn; a single answer is the likeliest.
        "temperature": 1 if isinstance(asked, Verify) and asked.votes > 1 else 0,
        "max_tokens": _longest_answer(recipe, asked) + profile.thinking_tokens,
    }
    return _settled(asked.model, api_base, profile, {**defaults, **profile.sampling, **asked.sampling}, chosen)


def _settled(
    model: str, api_base: str | None, profile: Profile, sampling: Mapping[str, Json], chosen: ResponseFormat
) -> ModelSettings:
    return ModelSettings(
        model,
        api_base,
        profile,
        {name: value for name, value in sorted(sampling.items()) if value is not None},
        profile.response_format if chosen == "auto" else chosen,
    )


def default_max_tokens(recipe: Recipe) -> int:
    """About four times the longest seed example for each example of a batch.

    Tokens are counted as a third of the UTF-8 bytes: high for English, near the truth for other scripts.
    """
    longest = max(len(json.dumps(example, ensure_ascii=False).encode()) for example in recipe.seed_examples)
    return max(256, -(-longest * 4 * recipe.batch_size // 3 // 64) * 64)


def _longest_answer(recipe: Recipe, asked: FilterModel) -> int:
    """Tokens for an answer as JSON, and some words around it from models that do not keep to JSON.

    For labels that are not listed, four times the longest of the seed examples.
    """
    field, space = recipe.task.label_field, recipe.labels
    if isinstance(asked, Judge):
        answers: list[Json] = [dict.fromkeys(asked.rubric, asked.scale)]
    else:
        known = space.values or [example.get(field or "") for example in recipe.seed_examples]
        answers = [{field or "": label} for label in known]
    longest = max(len(json.dumps(answer, ensure_ascii=False).encode()) for answer in answers)
    listed = isinstance(asked, Judge) or bool(space.values)
    return max(128, -(-longest * (1 if listed else 4) // 3 // 64) * 64 + 64)
