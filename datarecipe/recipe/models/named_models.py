"""The models that a recipe names beside its own, and what models cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from datarecipe.exchange import Json


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs, in US dollars for a million tokens."""

    input_per_million: float
    output_per_million: float


@dataclass(frozen=True, slots=True)
class Fallback:
    """A model that answers when the ones before it cannot."""

    model: str
    prices: Prices | None = None


HASHED_NGRAMS, MINILM = "hashed-ngrams", "minilm"
"""The embedders that need no provider: a function of the text, and a small model in this process."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """Turns texts into vectors that are near to each other where the texts are alike."""

    model: str = HASHED_NGRAMS
    """One of the two above, or an embedding model in litellm's spelling."""
    prices: Prices | None = None


BUILT_IN_EMBEDDER = Embedder()


@dataclass(frozen=True)
class Verify:
    """Rejects an example whose label is not confirmed by a model that answers it without seeing the label."""

    model: str
    votes: int = 3
    """How many times each example is answered."""
    agree: int | None = None
    """How many of the answers must be its label; None: more than half."""
    fields: tuple[str, ...] = ()
    """The fields that the model sees; none: all but the label."""
    instruction: str | None = None
    """What the model is told about the task; None: the recipe's description."""
    sampling: Mapping[str, Json] = field(default_factory=dict)
    """As written. The rest comes with the model's profile."""
    prices: Prices | None = None

    @property
    def needed(self) -> int:
        """How many of the answers must be the label."""
        return self.votes // 2 + 1 if self.agree is None else self.agree

    @property
    def decides(self) -> Json:
        """What of it decides which examples pass, beside the model and how it is asked."""
        return [self.votes, self.needed, list(self.fields), self.instruction]

    @property
    def as_written(self) -> dict[str, Json]:
        """The mapping that a recipe has for it."""
        agree: dict[str, Json] = {} if self.agree is None else {"agree": self.agree}
        return {"model": self.model, "votes": self.votes, **agree, **_asking(self)}


@dataclass(frozen=True)
class Judge:
    """Rejects an example to which a model gives a low score by a criterion of the rubric."""

    model: str
    rubric: Mapping[str, str]
    """By the name of each criterion: the question that the model answers with a score."""
    scale: int = 5
    """The highest score; the lowest is 1."""
    keep: Mapping[str, int] = field(default_factory=dict)
    """The least score that an example needs, by criterion; the others are written down alone."""
    fields: tuple[str, ...] = ()
    """The fields that the model sees; none: all."""
    instruction: str | None = None
    """What the model is told about the task; None: the recipe's description."""
    sampling: Mapping[str, Json] = field(default_factory=dict)
    """As written. The rest comes with the model's profile."""
    prices: Prices | None = None

    @property
    def decides(self) -> Json:
        """What of it decides which examples pass, beside the model and how it is asked."""
        return [dict(self.rubric), self.scale, dict(sorted(self.keep.items())), list(self.fields), self.instruction]

    @property
    def as_written(self) -> dict[str, Json]:
        """The mapping that a recipe has for it."""
        keep: dict[str, Json] = {"keep": dict(self.keep)} if self.keep else {}
        return {"model": self.model, "rubric": dict(self.rubric), "scale": self.scale, **keep, **_asking(self)}


FilterModel: TypeAlias = Verify | Judge


def _asking(settings: FilterModel) -> dict[str, Json]:
    """What a recipe says of how the model is asked, where it says it."""
    written: dict[str, Json] = {}
    if settings.fields:
        written["fields"] = list(settings.fields)
    if settings.instruction is not None:
        written["instruction"] = settings.instruction
    if settings.sampling:
        written["sampling"] = dict(settings.sampling)
    if settings.prices is not None:
        prices = settings.prices
        written["prices"] = {
            "input_per_million": prices.input_per_million,
            "output_per_million": prices.output_per_million,
        }
    return written
