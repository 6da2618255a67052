"""A template's text -> what is wrong with it, which `vars` it reads, or a template that can be rendered.

Jinja is imported when one of the functions below is called, not with this module: `datarecipe --help` needs none of it.
"""

# ruff: noqa: PLC0415 - Jinja is imported when it is needed

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from datarecipe.recipe.template.bounds import LIMITS, Limits, TemplateBoundError, TemplateFinding, TemplateRefused

if TYPE_CHECKING:
    from jinja2 import nodes

    from datarecipe.recipe.template.checking.analysis import Walk
    from datarecipe.recipe.template.checking.syntax import Tree
    from datarecipe.recipe.template.evaluating.evaluator import Rendered
    from datarecipe.recipe.template.evaluating.steady_parts import SteadyParts


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
        from jinja2.nodes import Name

        return any(each.name == name and each.ctx == "load" for each in self.root.find_all(Name))

    def steady_parts(self, changing: Iterable[str]) -> SteadyParts:
        """For `measured`, where values differ for the names `changing` alone."""
        from datarecipe.recipe.template.evaluating.steady_parts import SteadyParts

        return SteadyParts(self.root, changing)

    def measured(self, values: Mapping[str, Any], steady: SteadyParts | None = None) -> Rendered:
        """As `render`, and what it took."""
        from datarecipe.recipe.template.evaluating.evaluator import evaluate

        return evaluate(self.root, values, self.limits, steady)


def check_template(
    text: str, *, vars: Collection[str], vary: Collection[str], fixed_labels: bool  # noqa: A002 - the recipe's key
) -> tuple[TemplateFinding, ...]:  # fmt: skip
    """All that can be said against the template `text` without rendering it, in the order of the places.

    `vars` and `vary` are the keys that the recipe has there; `fixed_labels` says whether its labels are a list. A
    finding with the severity `error` is certain to fail, or to fail as soon as its line is reached; a `warning` is legal,
    and hardly meant. Where a use is guarded (`is defined`, `default`, `{% if vary %}`) there is no finding: rendering
    checks the rest.
    """
    from datarecipe.recipe.template.checking.analysis import unmentioned

    tree, walk = _walked(text, LIMITS, {"vars": vars, "vary": vary})
    findings = [*tree.findings, *(walk.findings if walk is not None else ())]
    if tree.root is not None and tree.whole:
        findings += unmentioned(tree.root, vary, fixed_labels=fixed_labels)
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: (each.line, each.column, each.message)))


def names_read(text: str) -> frozenset[str] | None:
    """The names of `vars` that the template reads by name: `vars.NAME`, `vars["NAME"]`, `vars.get("NAME")`.

    `None` where it may read any of them, as by `{% for name, value in vars.items() %}` and `{{ vars | tojson }}`, and
    where it does not parse, since nothing can be said about it.
    """
    tree, walk = _walked(text, LIMITS)
    if walk is None or not tree.whole:
        return None
    return None if walk.reads_all or walk.findings else frozenset(walk.read)


def compile_template(text: str, limits: Limits = LIMITS) -> CompiledTemplate:
    """Read the template `text`. Raises `TemplateRefused` with the first thing that is wrong."""
    tree, walk = _walked(text, limits)
    findings = [*tree.findings, *(walk.findings if walk is not None else ())]
    if findings:
        first = min(findings, key=lambda each: (each.line, each.column))
        place = {"line": first.line, "column": first.column, "end_column": first.end_column}
        raise (TemplateBoundError if tree.bound else TemplateRefused)(first.message, **place, hint=first.hint)
    assert tree.root is not None
    return CompiledTemplate(tree.root, limits)


@lru_cache(maxsize=16)
def _walk_alone(text: str, limits: Limits) -> Walk:
    """The walk that looks at the text alone: recipes with one base, and all that is asked of one recipe, share it."""
    from datarecipe.recipe.template.checking.analysis import Walk
    from datarecipe.recipe.template.checking.syntax import parse

    return Walk(parse(text, limits), None)


def _walked(text: str, limits: Limits, given: Mapping[str, Collection[str]] | None = None) -> tuple[Tree, Walk | None]:
    """The tree of `text`, and the walk over it if there is a tree.

    The bounds leave Python's stack enough room; a caller that has filled most of it gets the same refusal as for a bound.
    """
    from datarecipe.recipe.template.checking.analysis import Walk
    from datarecipe.recipe.template.checking.mistakes import PLAINER, finding_at
    from datarecipe.recipe.template.checking.syntax import Tree, parse
    from datarecipe.recipe.template.checking.tokens import Tokens

    try:
        tree = parse(text, limits)
        if tree.root is None:
            return tree, None
        return tree, _walk_alone(text, limits) if given is None else Walk(tree, given)
    except RecursionError:
        return Tree(
            Tokens(), findings=[finding_at(None, "the template is nested too deeply", PLAINER)], bound=True
        ), None
