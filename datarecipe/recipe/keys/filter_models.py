"""Reads the keys of filters that ask a model, `filters.verify` and `filters.judge`, and checks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datarecipe.errors import Problem
from datarecipe.recipe.keys.settings import read_prices, read_sampling, whole
from datarecipe.recipe.message_text import code, did_you_mean, join, show
from datarecipe.recipe.models.named_models import Judge, Verify
from datarecipe.recipe.recipe import Filters, Task
from datarecipe.recipe.source.document import Document, Keys


def read_verify(written: Any) -> Verify:
    """The settings, from the short or the long form of the key."""
    settings = written if isinstance(written, Mapping) else {"model": written}
    return Verify(
        votes=whole(settings.get("votes", Verify.votes)),
        agree=whole(settings["agree"]) if "agree" in settings else None,
        **_asking(settings),
    )


def read_judge(written: Mapping[str, Any]) -> Judge:
    """The settings. A single number in `keep` is that of every criterion."""
    rubric, keep = dict(written["rubric"]), written.get("keep") or {}
    least = keep if isinstance(keep, Mapping) else dict.fromkeys(rubric, keep)
    return Judge(
        rubric=rubric,
        scale=whole(written.get("scale", Judge.scale)),
        keep={name: whole(score) for name, score in least.items()},
        **_asking(written),
    )


def _asking(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What all of them have: the model and how it is asked."""
    return {
        "model": settings["model"],
        "fields": tuple(settings.get("fields", ())),
        "instruction": settings.get("instruction"),
        "sampling": read_sampling(settings.get("sampling", {})),
        "prices": read_prices(settings.get("prices")),
    }


def unfit_models(document: Document, filters: Filters, task: Task, fields: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the settings beyond their types and ranges; `fields` are those of the seed examples."""
    if filters.verify is not None:
        yield from _unfit_verify(document, filters.verify, task, fields)
    if filters.judge is not None:
        yield from _unfit_judge(document, filters.judge, fields)
    for name, settings in filters.models.items():
        if settings.sampling.get("max_tokens", 0) is None:
            message = f"{code(f'filters.{name}.sampling.max_tokens')} is null, so answers are unbounded"
            place = document.place(("filters", name, "sampling", "max_tokens"))
            yield place.problem(message, "leave it out, or write a number")


def _unfit_verify(document: Document, verify: Verify, task: Task, fields: Sequence[str]) -> Iterator[Problem]:
    keys: Keys = ("filters", "verify")
    if task.label_field is None:
        message = "`filters.verify` needs a label that a model can answer, and the examples of this recipe have none"
        yield document.place(keys).problem(message, "remove the key, or name the label field in `task`")
    values: Any = document.value
    # Options that all examples share are told as the labels.
    hidden = (task.label_field, task.options_field if isinstance(values.get("labels"), list) else None)
    may_be_shown = [name for name in fields if name not in hidden]
    yield from _unknown(document, keys, verify.fields, may_be_shown, task.label_field)
    if verify.needed > verify.votes:
        message = f"`filters.verify.agree` ({verify.needed}) is above `votes` ({verify.votes})"
        yield document.place((*keys, "agree")).problem(message, f"write {verify.votes} or less, or more votes")


def _unfit_judge(document: Document, judge: Judge, fields: Sequence[str]) -> Iterator[Problem]:
    keys: Keys = ("filters", "judge")
    yield from _unknown(document, keys, judge.fields, fields)
    written: Any = document.value
    by_name = isinstance(written["filters"]["judge"].get("keep"), Mapping)
    for name, least in judge.keep.items():
        place = document.place((*keys, "keep", name) if by_name else (*keys, "keep"))
        if name not in judge.rubric:
            hint = (
                did_you_mean(name, judge.rubric) or f"name some of {join([show(each) for each in judge.rubric], 'and')}"
            )
            yield place.problem(f"{show(name)} is no criterion of the rubric", hint)
        elif least > judge.scale:
            message = f"no example can reach {least} by {show(name)}: scores go from 1 to {judge.scale}"
            yield place.problem(message, f"write {judge.scale} or less, or a higher `scale`")
            if not by_name:
                return


def _unknown(
    document: Document, keys: Keys, named: Sequence[str], known: Sequence[str], label: str | None = None
) -> Iterator[Problem]:
    """Of the fields to show, those that are none, or must not be shown."""
    for number, name in enumerate(named):
        if name not in known:
            message = f"{show(name)} is {'the label, which the model must not see' if name == label else 'no field'}"
            hint = did_you_mean(name, known) or f"name some of {join([show(each) for each in known], 'and')}"
            yield document.place((*keys, "fields", number)).problem(message, hint)
