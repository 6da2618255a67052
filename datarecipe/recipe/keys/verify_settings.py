"""Reads `filters.verify`, and checks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datarecipe.errors import Problem
from datarecipe.recipe.keys.settings import read_prices, read_sampling, whole
from datarecipe.recipe.message_text import code, did_you_mean, join, show
from datarecipe.recipe.recipe import Task, Verify
from datarecipe.recipe.source.document import Document, Keys


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
    values: Any = document.value
    # Options that all examples share are told as the labels.
    hidden = (task.label_field, task.options_field if isinstance(values.get("labels"), list) else None)
    may_be_shown = [name for name in fields if name not in hidden]
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
