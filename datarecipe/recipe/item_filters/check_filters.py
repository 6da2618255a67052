"""Checks `filters` when a recipe is loaded: fields, bounds and patterns, and that the seed examples pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from datarecipe.errors import FilterError, Problem
from datarecipe.exchange import texts_within
from datarecipe.recipe.example_schema.pattern_dialect import PatternError
from datarecipe.recipe.example_schema.patterns import MAX_INSTRUCTIONS_IN_ALL, compile_pattern
from datarecipe.recipe.example_schema.validation_cost import MAX_STEPS_AT_LOAD, Work
from datarecipe.recipe.item_filters.copied_spans import at, path_of
from datarecipe.recipe.item_filters.item_filter_table import item_filters_of
from datarecipe.recipe.item_filters.text_length import contradictory
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.message_text import code, did_you_mean, join, show
from datarecipe.recipe.recipe import Filters, Recipe, Task
from datarecipe.recipe.source.document import Document, Keys, ListNode, MappingNode

_KEYS_OF_LANGUAGES: Keys = ("filters", "language")


def check_filters(document: Document, filters: Filters, seeds: Sequence[Seed], task: Task) -> None:
    """Every field that a filter names must be a field of the seed example, and every pattern must run.

    Raises:
        FilterError: with all that is wrong with them.
    """
    problems = [
        *_unknown_fields(document, filters, tuple(seeds[0].example)),
        *_contradictions(document, filters),
        *_unfit_patterns(document, filters),
        *_unfound_spans(document, filters, seeds),
        *_unknown_languages(document, filters),
        *_without_label(document, filters, task),
        *_unfit_models(document, filters, task, tuple(seeds[0].example)),
    ]
    if problems:
        raise FilterError(*problems)


def _unfit_models(document: Document, filters: Filters, task: Task, fields: Sequence[str]) -> Iterator[Problem]:
    if filters.models:
        from datarecipe.recipe.keys.filter_models import unfit_models  # noqa: PLC0415 - few recipes ask for them

        yield from unfit_models(document, filters, task, fields)


def check_seeds_pass(recipe: Recipe, seeds: Sequence[Seed]) -> None:
    """Every seed example must pass the recipe's filters: what imitates it would be rejected too.

    Raises:
        FilterError: with a problem for each that does not.
    """
    filters, work, problems = item_filters_of(recipe), Work(MAX_STEPS_AT_LOAD), []
    for seed in seeds:
        for reason, fault in filters:
            detail = fault(seed.example, work)
            if detail is not None:
                message = f"the seed example does not pass the recipe's own filter ({reason}): {detail}"
                problems.append(seed.place().problem(message, "change the seed example or the filter"))
                break
    if problems:
        raise FilterError(*problems)


def _unknown_fields(document: Document, filters: Filters, fields: Sequence[str]) -> Iterator[Problem]:
    named: list[tuple[Keys, str]] = [
        *((("filters", name, field), field) for name in ("length", "patterns") for field in getattr(filters, name)),
        *((("filters", "copies", span), path_of(span, fields)[0]) for span in filters.copies),
    ]
    for keys, field in named:
        if field not in fields:
            yield document.key_place(keys).problem(*_no_field(field, fields))
    values: list[tuple[Keys, str]] = [(("filters", "copies", span), within) for span, within in filters.copies.items()]
    if not isinstance(filters.leakage, bool):
        values += [(("filters", "leakage", number), field) for number, field in enumerate(filters.leakage)]
    if filters.language is not None:
        values += [
            (("filters", "language", "fields", number), field) for number, field in enumerate(filters.language.fields)
        ]
    for keys, field in values:
        if field not in fields:
            yield document.place(keys).problem(*_no_field(field, fields))


def _unknown_languages(document: Document, filters: Filters) -> Iterator[Problem]:
    if filters.language is None:
        return
    from datarecipe.recipe.language.language_profiles import profiles  # noqa: PLC0415 - few recipes ask for it

    known, keys = sorted(profiles()), _KEYS_OF_LANGUAGES
    if isinstance(document.get(keys), MappingNode):
        keys = (*keys, "is")
    for number, name in enumerate(filters.language.languages):
        if name not in known:
            place = document.place((*keys, number) if isinstance(document.get(keys), ListNode) else keys)
            yield place.problem(f"the language {show(name)} is not known", f"the known ones are {join(known, 'and')}")


def _no_field(field: str, fields: Sequence[str]) -> tuple[str, str]:
    hint = did_you_mean(field, fields) or f"its fields are {join(map(code, fields), 'and')}"
    return f"the seed example has no field {code(field)}", hint


def _contradictions(document: Document, filters: Filters) -> Iterator[Problem]:
    for field, length in filters.length.items():
        if contradictory(length):
            place = document.place(("filters", "length", field))
            yield place.problem(
                f"no text of {code(field)} can have this length", "write a minimum that is not above the maximum"
            )


def _unfit_patterns(document: Document, filters: Filters) -> Iterator[Problem]:
    instructions = 0
    for field, patterns in filters.patterns.items():
        for kind in ("require", "forbid"):
            for number, written in enumerate(getattr(patterns, kind)):
                keys: Keys = ("filters", "patterns", field, kind)
                listed = isinstance(_at(document.value, keys), list)
                place = document.place((*keys, number) if listed else keys)
                try:
                    instructions += compile_pattern(written).instructions
                except PatternError as error:
                    hint = "write several patterns: all of `require` must be found, and none of `forbid`"
                    yield place.problem(
                        f"the pattern {show(written)} cannot run: {error}", hint if "(?" in written else None
                    )
                if instructions > MAX_INSTRUCTIONS_IN_ALL:
                    message = "up to here, the patterns of `filters` are too large together"
                    yield place.problem(message, "large counts and classes cost most")
                    return


def _without_label(document: Document, filters: Filters, task: Task) -> Iterator[Problem]:
    if filters.leakage and task.label_field is None:
        place = document.key_place(("filters", "leakage"))
        yield place.problem("`leakage` needs a label, and the recipe names no `task`", "remove it, or add `task`")


def _unfound_spans(document: Document, filters: Filters, seeds: Sequence[Seed]) -> Iterator[Problem]:
    fields = tuple(seeds[0].example)
    for span in filters.copies:
        path = path_of(span, fields)
        found = (text for seed in seeds for value in at(seed.example, path) for text in texts_within(value))
        if path[0] in fields and next(found, None) is None:
            place = document.key_place(("filters", "copies", span))
            hint = "a span is a field, or `entities.span` for the `span` of each entry of the field `entities`"
            yield place.problem(f"no seed example has a text at {code(span)}, so nothing would be checked", hint)


def _at(value: Any, keys: Keys) -> Any:
    for key in keys:
        value = value[key]
    return value
