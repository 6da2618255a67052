"""The instruction template: checked without rendering, rendered within bounds.

A recipe comes from a stranger, and its instruction is a small program in Jinja's language. This package says where it is
wrong (`check_template`), which of the recipe's `vars` it reads (`names_read`), and renders it with all work counted
(`compile_template`). What a template may do is an allow-list: filters, tests, functions, and attributes of values.

    bounds.py       the limits, and the one error of a template that is refused
    values.py       what a template sees, and what is within a value
    check.py        a template's text -> findings, names, or what can be rendered
    checking/       tokens with line and column, tree, mistakes in plain words, analysis
    evaluating/     the walk over the tree, its budget, operators, functions and filters, methods

Jinja is imported when one of the functions below is called, not with this package: `datarecipe --help` needs none of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from datarecipe.recipe.template.bounds import (
    LIMITS,
    Limits,
    TemplateBoundError,
    TemplateFinding,
    TemplateRefused,
)
from datarecipe.recipe.template.values import KNOWN_NAMES, TemplateLabels

if TYPE_CHECKING:
    from datarecipe.recipe.template.check import CompiledTemplate

__all__ = [
    "KNOWN_NAMES",
    "LIMITS",
    "Limits",
    "TemplateBoundError",
    "TemplateFinding",
    "TemplateLabels",
    "TemplateRefused",
    "check_template",
    "compile_template",
    "names_read",
]


def check_template(
    text: str,
    *,
    vars: Collection[str],  # noqa: A002 - the recipe's key
    vary: Collection[str],
    fixed_labels: bool,
) -> tuple[TemplateFinding, ...]:
    """All that can be said against the template `text` without rendering it, in the order of the places.

    `vars` and `vary` are the keys that the recipe has there; `fixed_labels` says whether its labels are a list. A
    finding with the severity `error` is certain to fail, or to fail as soon as its line is reached; a `warning` is legal,
    and hardly meant. Where a use is guarded (`is defined`, `default`, `{% if vary %}`) there is no finding: rendering
    checks the rest.
    """
    from datarecipe.recipe.template.check import check  # noqa: PLC0415

    return check(text, frozenset(vars), frozenset(vary), fixed_labels=fixed_labels)


def names_read(text: str) -> frozenset[str] | None:
    """The names of `vars` that the template reads by name: `vars.NAME`, `vars["NAME"]`, `vars.get("NAME")`.

    `None` where it may read any of them, as by `{% for name, value in vars.items() %}` and `{{ vars | tojson }}`, and
    where it does not parse, since nothing can be said about it.
    """
    from datarecipe.recipe.template.check import vars_read  # noqa: PLC0415

    return vars_read(text)


def compile_template(text: str, limits: Limits = LIMITS) -> CompiledTemplate:
    """Compile the template `text`. Raises `TemplateRefused` with the first thing that is wrong."""
    from datarecipe.recipe.template.check import compiled  # noqa: PLC0415

    return compiled(text, limits)
