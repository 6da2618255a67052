"""A template's text -> what is wrong with it, which `vars` it reads, or a template that can be rendered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from datarecipe.recipe.template.bounds import LIMITS, Limits, TemplateBoundError, TemplateFinding, TemplateRefused
from datarecipe.recipe.template.checking.analysis import Walk
from datarecipe.recipe.template.checking.syntax import parse
from datarecipe.recipe.template.evaluating.evaluator import Rendered, evaluate


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template that is ready to be rendered, any number of times."""

    root: nodes.Template
    limits: Limits

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for `values`, a value for each name that the template sees.

        Raises `TemplateRefused` with the line where it fails, and `TemplateBoundError` where it would do too much.
        """
        return self.measured(values).text

    def reads(self, name: str) -> bool:
        """Whether the template reads the name, which it may also have set itself."""
        return any(each.name == name and each.ctx == "load" for each in self.root.find_all(nodes.Name))

    def measured(self, values: Mapping[str, Any]) -> Rendered:
        """As `render`, and what it took."""
        return evaluate(self.root, values, self.limits)


@lru_cache(maxsize=64)
def check(
    text: str, vars_given: frozenset[str], vary: frozenset[str], *, fixed_labels: bool
) -> tuple[TemplateFinding, ...]:
    """All findings on the template `text`, in the order of their places. Recipes with one base ask the same again."""
    tree = parse(text, LIMITS, all_mistakes=True)
    findings = list(tree.findings)
    if tree.root is not None:
        findings += Walk(tree, {"vars": vars_given, "vary": vary}).findings
        if tree.whole:
            findings += _unmentioned(tree.root, vary, fixed_labels=fixed_labels)
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: (each.line, each.column, each.message)))


@lru_cache(maxsize=64)
def vars_read(text: str) -> frozenset[str] | None:
    """The names of `vars` that the template `text` reads; `None` where it may read any of them."""
    tree = parse(text, LIMITS, all_mistakes=True)
    if tree.root is None or not tree.whole:
        return None
    walk = Walk(tree)
    return None if walk.reads_all or walk.findings else frozenset(walk.read)


@lru_cache(maxsize=64)
def compiled(text: str, limits: Limits) -> CompiledTemplate:
    """Read the template `text`. Raises `TemplateRefused` with the first thing that is wrong.

    A run compiles its template several times, and recipes with one base have one template: it is kept.
    """
    tree = parse(text, limits, all_mistakes=False)
    findings = tree.findings if tree.root is None else Walk(tree).findings
    if findings:
        first = min(findings, key=lambda each: (each.line, each.column))
        place = {"line": first.line, "column": first.column, "end_column": first.end_column}
        raise (TemplateBoundError if tree.bound else TemplateRefused)(first.message, **place, hint=first.hint)
    assert tree.root is not None
    return CompiledTemplate(tree.root, limits)


def _unmentioned(root: nodes.Template, vary: Collection[str], *, fixed_labels: bool) -> list[TemplateFinding]:
    names = {name.name for name in root.find_all(nodes.Name) if name.ctx == "load"}
    wanted = {
        "batch_size": (True, "the model is not told how many examples to write", "Write {{ batch_size }} new examples"),
        "labels": (fixed_labels, "the model is not told which labels there are", 'one of {{ labels | join(", ") }}'),
        "vary": (
            vary,
            "what the recipe varies does not reach the model",
            f"About {{{{ vary.{min(vary, default='')} }}}}",
        ),
    }
    return [
        TemplateFinding(1, 1, 1, f"the template never mentions `{name}`, so {why}", f'say "{instead}"', "warning")
        for name, (needed, why, instead) in wanted.items()
        if needed and name not in names
    ]
