"""The resolved recipe: all that shapes requests and judges replies. Plain frozen data that knows no file and no place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as dataclass_fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

from datarecipe.exchange import Example, Json
from datarecipe.recipe.format import FORMAT
from datarecipe.recipe.models.named_models import (
    BUILT_IN_EMBEDDER,
    Embedder,
    Fallback,
    FilterModel,
    Judge,
    Prices,
    Verify,
)

if TYPE_CHECKING:
    from datarecipe.recipe.held_out.held_out_texts import Decontaminate

Scalar: TypeAlias = "bool | int | float | str"
StrategyKind: TypeAlias = Literal["fixed", "random", "contrastive", "similar", "tree"]
Contrast: TypeAlias = Literal["drop", "keep"]
Unsure: TypeAlias = Literal["accept", "reject"]
OtherValues: TypeAlias = Literal["keep", "reject"]
PiiKind: TypeAlias = Literal["email", "iban", "card", "ssn", "phone", "ip"]
ResponseFormat: TypeAlias = Literal["auto", "json_schema", "json_object", "none"]

IN_INSTRUCTION = "instruction"
"""The `source` of a `Problem` whose line and column count within the instruction, wherever that was written."""


@dataclass(frozen=True, slots=True)
class Task:
    """Which fields carry the answer. Every other field of the seed example is text."""

    kind: str
    """`yes_no`, `multiple_choice`, `open`, `classification`, `custom` for a task given by its fields, or `none`."""
    label_field: str | None
    """None where examples have no answer: dialogues, preference pairs."""
    options_field: str | None
    """None where examples carry no list of options."""


@dataclass(frozen=True, slots=True)
class LabelSpace:
    """What an answer may be (the paper's section 3.1: fixed and variable label spaces; `open` goes beyond it)."""

    kind: Literal["fixed", "per_example", "open"]
    values: tuple[Scalar, ...] = ()
    """`fixed`: the labels as written, with their types."""
    options: int = 0
    """`per_example`: how many options each example brings."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How the next formatting example is found (the paper's section 3.3)."""

    kind: StrategyKind
    chains: int = 8
    roots: int = 8
    patience: int = 3
    embedder: Embedder = BUILT_IN_EMBEDDER


@dataclass(frozen=True, slots=True)
class StopWhen:
    """When more examples bring too little to go on. Shares of 1, over the last `window` committed responses."""

    yield_below: float | None = None
    """Accepted items to items asked for."""
    duplicates_above: float | None = None
    """Duplicates to items that came."""
    window: int = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a run. Never part of its identity.

    `usd`, `tokens` and `calls` count all runs of a dataset together, failed attempts too.
    """

    usd: float | None = None
    """US dollars; None: the user says nothing, and the default cap holds where a price is known."""
    tokens: int | None = None
    calls: int | None = None
    concurrency: int = 16
    max_concurrency: int | None = None
    """Where adaptation ends on its way up; None: at `concurrency`."""
    rpm: int | None = None
    """Requests a minute."""
    tpm: int | None = None
    """Tokens a minute."""
    timeout: float = 600.0
    """Seconds that one attempt at a request may take."""
    barren: int = 50
    """Committed responses in a row without an accepted example that end the run."""
    stop_when: StopWhen | None = None


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Rejects an example whose text is nearly that of a seed example or of an accepted one."""

    threshold: float = 0.7
    """Similarity from which on it is rejected: grams in common to all grams of both, above 0 and at most 1."""
    contrast: Contrast = "drop"
    """What becomes of an example whose nearest one has another label: human authors write such pairs on purpose."""
    embedding: float | None = None
    """The cosine of two embeddings from which on the later text is rejected too; None: embeddings are not compared."""
    embedder: Embedder = BUILT_IN_EMBEDDER


@dataclass(frozen=True)
class Balance:
    """Holds the values of a field to their shares of the accepted examples."""

    field: str
    values: tuple[Scalar, ...]
    """Those with a share, in the order of the labels, of the schema's `enum`, or of the shares."""
    weights: tuple[int, ...]
    """Of each value: how many of the sum of all weights are its share. They have no common divisor."""
    window: int = 20
    """Accepted examples after which the shares are to be reached, again and again."""
    tolerance: float = 0.1
    """How far a value may be ahead of its share then, as a part of its share of one window."""
    others: OtherValues = "reject"
    """What becomes of examples with another value."""

    @property
    def as_written(self) -> dict[str, Json]:
        """The mapping that a recipe has for it. Keys of a mapping are texts: where 1 and "1" are values, the shares are
        equal, and none are written.
        """
        names = [share_key(value) for value in self.values]
        shares: dict[str, Json] = dict(zip(names, self.weights, strict=True))
        return {
            "field": self.field,
            **({"shares": shares} if len(shares) == len(names) else {}),
            "window": self.window,
            "tolerance": self.tolerance,
            "others": self.others,
        }


def share_key(value: Scalar) -> str:
    """A value as the key that names it in `filters.balance.shares`."""
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class Length:
    """Bounds of a field's text, each of them allowed itself. None: no bound."""

    min_words: int | None = None
    max_words: int | None = None
    min_characters: int | None = None
    max_characters: int | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Regular expressions that must be found in a field's text, and some that must not."""

    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()


@dataclass(frozen=True)
class Language:
    """Rejects an example with a text in another language."""

    languages: tuple[str, ...]
    """Codes (ISO 639-1). A text must be in one of them."""
    fields: tuple[str, ...] = ()
    """The fields that are looked at; none: all text fields."""
    unsure: Unsure = "accept"
    """What becomes of a text that may be in one of them and in another."""

    @property
    def as_written(self) -> dict[str, Json]:
        """The mapping that a recipe has for it."""
        fields: dict[str, Json] = {"fields": list(self.fields)} if self.fields else {}
        return {"is": list(self.languages), **fields, "unsure": self.unsure}


@dataclass(frozen=True, slots=True)
class Pii:
    """Rejects an example with personal data."""

    kinds: tuple[PiiKind, ...] = get_args(PiiKind)
    mask: bool = False
    """Whether `rejected.jsonl` has the kind in its place."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What else is kept out of the dataset. What is None, False or empty is not asked for."""

    length: Mapping[str, Length] = field(default_factory=dict)
    """By field."""
    patterns: Mapping[str, Patterns] = field(default_factory=dict)
    """By field."""
    copies: Mapping[str, str] = field(default_factory=dict)
    """By a span, `entities` or `entities.span`: the field in which it must occur."""
    leakage: bool | tuple[str, ...] = False
    """The fields that must not name the label; True: all texts."""
    refusals: bool = False
    language: Language | None = None
    pii: Pii | None = None
    secrets: bool = False
    decontaminate: Decontaminate | None = None
    contradictions: bool = False
    near_duplicates: NearDuplicates | None = None
    balance: Balance | None = None
    verify: Verify | None = None
    judge: Judge | None = None
    repair: int = 0
    """How often the author may correct an item that was rejected."""

    @property
    def models(self) -> dict[str, FilterModel]:
        """Those that ask a model, by the names of their keys, in the order in which they judge."""
        asking = {"verify": self.verify, "judge": self.judge}
        return {name: settings for name, settings in asking.items() if settings is not None}


TestedMeasure: TypeAlias = Literal[
    "examples", "yield", "evenness", "learnability", "near_duplicate_rate", "distinct_1", "distinct_2", "distinct_3",
    "compression_ratio", "self_bleu", "median_words", "longest_words", "vendi", "nearest_distance", "mean_distance",
    "label_errors", "giveaway_words", "drift_p",
]  # fmt: skip
"""What of a dataset can be tested (docs/stats.md)."""


class Threshold(NamedTuple):
    """The bounds of a measure, and what it means to break them."""

    min: float | None = None
    max: float | None = None
    severity: Literal["error", "warn"] = "error"


@dataclass(frozen=True, slots=True)
class About:
    """What a recipe says of itself. Never part of a run's identity."""

    requires: str | None = None
    """The releases of datarecipe that it needs; loading has checked it."""
    version: str | None = None
    license: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe with everything resolved: templates and seed examples by content, overrides and defaults applied."""

    name: str
    description: str = ""
    task: Task
    instruction: str
    """The Jinja source of the instruction."""
    seed_examples: tuple[Example, ...]
    labels: LabelSpace
    strategy: Strategy
    target_size: int
    batch_size: int = 5
    random_seed: int = 0
    schema: Mapping[str, Json]
    """JSON Schema (draft 2020-12) of one example, as the recipe gives it or as inferred."""
    schema_inferred: bool = True
    vars: Mapping[str, Json] = field(default_factory=dict)
    vary: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    vary_weights: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For the keys of `vary` whose values are not all to come alike: how often each comes, one beside the others."""
    model: str | None = None
    api_base: str | None = None
    sampling: Mapping[str, Json] = field(default_factory=dict)
    """As written: only what the recipe (or a flag) says. Defaults come with the model's profile."""
    response_format: ResponseFormat = "auto"
    fallbacks: tuple[Fallback, ...] = ()
    prices: Prices | None = None
    filters: Filters = Filters()
    limits: Limits = Limits()
    tests: Mapping[TestedMeasure, Threshold] = field(default_factory=dict)
    about: About = About()
    own_keys: Mapping[str, Json] = field(default_factory=dict)
    """The user's own keys, `x-*`, as written."""

    @cached_property
    def resolved(self) -> Mapping[str, Json]:
        """The recipe as one JSON document in the order of the format, with defaults filled in and files by content.

        `show` prints it, the manifest keeps it. It is a recipe itself and needs no other file, except for held-out files,
        which are named with their hashes. Keys without a value and without a default are left out.
        """
        about = self.about
        examples: list[Json] = [dict(example) for example in self.seed_examples]
        document: dict[str, Json] = {
            "recipe": FORMAT,
            "name": self.name,
            "description": self.description,
            "version": about.version,
            "license": about.license,
            "tags": list(about.tags),
            "requires": about.requires,
            "task": _task(self.task),
            "instruction": self.instruction,
            "seed_example": examples[0] if len(examples) == 1 else examples,
            "labels": _labels(self.labels),
            "strategy": asdict(self.strategy) | {"embedder": _priced(self.strategy.embedder)},
            "target_size": self.target_size,
            "batch_size": self.batch_size,
            "random_seed": self.random_seed,
            "schema": dict(self.schema),
            "vars": dict(self.vars),
            "vary": self.vary_as_written,
            "model": self.model,
            "api_base": self.api_base,
            "fallbacks": [_priced(fallback) for fallback in self.fallbacks] or None,
            "prices": None if self.prices is None else asdict(self.prices),
            "sampling": dict(self.sampling),
            "response_format": self.response_format,
            "filters": self.filters_as_written or None,
            "limits": asdict(self.limits, dict_factory=_without_none),
            "tests": {name: _without_none(each._asdict().items()) for name, each in self.tests.items()} or None,
        }
        return {**{key: value for key, value in document.items() if value is not None}, **self.own_keys}

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The seed example's fields, in its order."""
        return tuple(self.seed_examples[0])

    @property
    def filters_as_written(self) -> dict[str, Json]:
        """The filters that the recipe asks for, with their settings, defaults filled in."""
        filters = self.filters
        held_out = filters.decontaminate
        others = {"language": filters.language, "balance": filters.balance, **filters.models}
        plain = replace(filters, decontaminate=None, language=None, balance=None, verify=None, judge=None)
        written: dict[str, Json] = _plain(asdict(plain))
        near = filters.near_duplicates
        if near is not None:
            settings: dict[str, Json] = {"threshold": near.threshold, "contrast": near.contrast}
            compared = (
                {} if near.embedding is None else {"embedding": near.embedding, "embedder": _priced(near.embedder)}
            )
            written["near_duplicates"] = {**settings, **compared}
        if held_out is not None:
            files: list[Json] = [{"file": each.file, "sha256": each.sha256} for each in held_out.against]
            fields: dict[str, Json] = {"fields": list(held_out.fields)} if held_out.fields else {}
            written["decontaminate"] = {"against": files, "threshold": held_out.threshold, **fields}
        written |= {name: settings.as_written for name, settings in others.items() if settings is not None}
        names = (each.name for each in dataclass_fields(self.filters))
        return {name: written[name] for name in names if written.get(name)}

    @property
    def vary_as_written(self) -> dict[str, Json]:
        """`vary` as a recipe has it: values with their weights where they have some."""
        written: dict[str, Json] = {}
        for name, values in self.vary.items():
            weights = self.vary_weights.get(name, (1,) * len(values))
            written[name] = [
                value if weight == 1 else {"value": value, "weight": weight}
                for value, weight in zip(values, weights, strict=True)
            ]
        return written

    @cached_property
    def text_fields(self) -> tuple[str, ...]:
        """The fields that make two examples the same example: all but label and options; all where no other is left."""
        texts = tuple(f for f in self.fields if f not in (self.task.label_field, self.task.options_field))
        return texts or self.fields


def _priced(asked: Fallback | Embedder) -> Json:
    return asked.model if asked.prices is None else {"model": asked.model, "prices": asdict(asked.prices)}


def _without_none(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if value is not None}


def _plain(value: Any) -> Any:
    """The same without what is None or empty, and with lists for tuples."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if inner not in (None, (), {})}
    return list(value) if isinstance(value, tuple) else value


def _task(task: Task) -> Json:
    if task.kind == "none":
        return None
    return {"label": task.label_field, "options": task.options_field} if task.kind == "custom" else task.kind


def _labels(labels: LabelSpace) -> Json:
    if labels.kind == "fixed":
        return list(labels.values)
    return {"per_example": labels.options} if labels.kind == "per_example" else "open"
