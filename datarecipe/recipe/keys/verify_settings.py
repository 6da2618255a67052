"""`filters.verify`: its settings, and what is checked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datarecipe.errors import Problem
from datarecipe.exchange import Json
from datarecipe.recipe.keys.settings import read_prices, read_sampling, whole
from datarecipe.recipe.message_text import code, did_you_mean, join, show
from datarecipe.recipe.recipe import Prices, Task
from datarecipe.recipe.source.document import Document, Keys


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
    def as_written(self) -> dict[str, Json]:
        """The mapping that a recipe has for it."""
        written: dict[str, Json] = {"model": self.model, "votes": self.votes}
        if self.agree is not None:
            written["agree"] = self.agree
        if self.fields:
            written["fields"] = list(self.fields)
        if self.instruction is not None:
            written["instruction"] = self.instruction
        if self.sampling:
            written["sampling"] = dict(self.sampling)
        if self.prices is not None:
            per_input, per_output = self.prices.input_per_million, self.prices.output_per_million
            written["prices"] = {"input_per_million": per_input, "output_per_million": per_output}
        return written


def read_verify(written: Any) -> Verify:
    """The settings, from the short or the long form of the key."""
    settings = written if isinstance(written, Mapping) else {"model": written}
    return Verify(
        model=settings["model"],
        votes=whole(settings.get("votes", Verify.votes)),
        agree=whole(settings["agree"]) if "agree" in settings else None,
        fields=tuple(settings.get("fields", ())),
        instruction=settings.get("instruction"),
        sampling=read_sampling(settings.get("sampling", {})),
        prices=read_prices(settings.get("prices")),
    )


def unfit_verify(document: Document, verify: Verify, task: Task, fields: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the settings beyond their types and ranges; `fields` are those of the seed examples."""
    keys: Keys = ("filters", "verify")
    if task.label_field is None:
        message = "`filters.verify` needs a label that a model can answer, and the examples of this recipe have none"
        yield document.place(keys).problem(message, "remove the key, or name the label field in `task`")
    may_be_shown = [name for name in fields if name != task.label_field]
    for number, name in enumerate(verify.fields):
        if name not in may_be_shown:
            is_label = name == task.label_field
            message = f"{show(name)} is {'the label, which the model must not see' if is_label else 'no field'}"
            hint = (
                did_you_mean(name, may_be_shown) or f"name some of {join([show(each) for each in may_be_shown], 'and')}"
            )
            yield document.place((*keys, "fields", number)).problem(message, hint)
    if verify.needed > verify.votes:
        message = f"`filters.verify.agree` ({verify.needed}) is above `votes` ({verify.votes})"
        yield document.place((*keys, "agree")).problem(message, f"write {verify.votes} or less, or more votes")
    if verify.sampling.get("max_tokens", 0) is None:
        message = f"{code('filters.verify.sampling.max_tokens')} is null, so answers are unbounded"
        yield document.place((*keys, "sampling", "max_tokens")).problem(message, "leave it out, or write a number")
