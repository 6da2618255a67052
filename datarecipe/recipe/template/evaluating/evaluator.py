"""Evaluates a template's tree: a walk over an allow-list of nodes, each step of which draws from the budget.

Nothing is compiled, and values are plain data, so there is nothing to break out of.
"""

# ruff: noqa: C901, PLR0911, PLR0912 - one case for each kind of node

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from datarecipe.recipe.message_text import code
from datarecipe.recipe.template.bounds import Limits, TemplateBoundError, TemplateRefused
from datarecipe.recipe.template.evaluating.functions import FILTERS, FUNCTIONS, TESTS, Apply
from datarecipe.recipe.template.evaluating.methods import methods_of
from datarecipe.recipe.template.evaluating.operators import UNARY, binary, compare
from datarecipe.recipe.template.evaluating.steady_parts import SteadyPart, SteadyParts, Step
from datarecipe.recipe.template.evaluating.work_budget import ITERABLES, Budget
from datarecipe.recipe.template.values import NO_ELSE, Loop, Missing, item, kind_of, part_of, present

MAY_BE_MISSING = frozenset({"d", "default", "defined", "undefined"})
"""The filters and tests that take a value that is undefined."""

_LONGEST_MESSAGE = 300
_NOWHERE = object()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, and how many operations it took (`Limits.operations` is the most)."""

    text: str
    operations: int
    characters: int
    """Characters of all texts that were made on the way (`Limits.characters` is the most)."""


def evaluate(
    root: nodes.Template, values: Mapping[str, Any], limits: Limits, steady: SteadyParts | None = None
) -> Rendered:
    """Render the tree `root` with `values` for its names.

    With the `steady` parts of this tree, in which values change for the names that they know of alone, text and counts are
    the same and take less time.

    Raises `TemplateRefused` with the line where it fails, and `TemplateBoundError` where it would do too much.
    """
    budget = Budget(limits)
    try:
        evaluation = _Evaluation(budget, values)
        text = evaluation.block(root.body) if steady is None else evaluation.in_steps(steady)
    except TemplateRefused as refused:
        refused.line = refused.line or budget.line
        raise
    except RecursionError:
        raise TemplateBoundError("is nested too deeply", line=budget.line, hint="write it plainer") from None
    except MemoryError:
        raise TemplateBoundError("needs too much memory", line=budget.line, hint="write it plainer") from None
    except Exception as error:  # noqa: BLE001
        # A template is a small program of a stranger's: whatever it raises is its own fault, and no defect of ours.
        said = f"{type(error).__name__}: {error}"
        said = said if len(said) <= _LONGEST_MESSAGE else said[:_LONGEST_MESSAGE] + "..."
        raise TemplateRefused(said, line=budget.line) from None
    return Rendered(text, budget.operations, budget.characters)


class _Evaluation:
    def __init__(self, budget: Budget, values: Mapping[str, Any]) -> None:
        self._budget = budget
        self._names = dict(values)

    # --- statements

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """What is set within is unknown afterwards. An error ends the rendering, so nothing needs mending then."""
        outer, self._names = self._names, dict(self._names)
        self._budget.spend(1 + len(outer) // 8)
        yield
        self._names = outer

    def block(self, body: Iterable[nodes.Node]) -> str:
        """The text of `body`, in a scope of its own."""
        out = _Text(self._budget.limits.text)
        with self._scope():
            self._run(body, out)
        return str(self._budget.made("".join(out.parts)))

    def in_steps(self, steady: SteadyParts) -> str:
        """The text of a template; what is steady in it is made once."""
        budget, out = self._budget, _Text(self._budget.limits.text)
        with self._scope():
            for number, step in enumerate(steady.steps):
                part = steady.made.get(number)
                # Without room for it the step is rendered again: the error has to name its line.
                # A scope costs by the names that it copies: with other names the counts would differ.
                fits = part is not None and part.known == len(self._names) and len(part.text) <= out.room
                if part is not None and fits and budget.has_room(part):
                    budget.take(part)
                    self._names.update(part.names)
                    out.write(part.text)
                elif steady.may_keep(number):
                    before, written, known = budget.taken, len(out.parts), len(self._names)
                    self._step(step, out)
                    taken = (now - then for now, then in zip(budget.taken, before, strict=True))
                    names = steady.set_by(number, self._names)
                    steady.made[number] = SteadyPart("".join(out.parts[written:]), names, known, budget.line, *taken)
                else:
                    self._step(step, out)
        return str(budget.made("".join(out.parts)))

    def _step(self, step: Step, out: _Text) -> None:
        if step.goes_on:
            assert isinstance(step.node, nodes.Output)
            self._write(step.node, out)
        else:
            self._run((step.node,), out)

    def _run(self, body: Iterable[nodes.Node], out: _Text) -> None:
        budget = self._budget
        for node in body:
            budget.at(node)
            match node:
                case nodes.Output():
                    self._write(node, out)
                case nodes.If():
                    branches = (branch for branch in (node, *node.elif_) if self._value(branch.test))
                    chosen = next(branches, None)
                    self._run(node.else_ if chosen is None else chosen.body, out)
                case nodes.For():
                    self._loop(node, out)
                case nodes.Assign():
                    self._assign(node.target, self._value(node.node))
                case nodes.AssignBlock():
                    self._assign(node.target, self._filtered(node.filter, self.block(node.body)))
                case nodes.FilterBlock():
                    out.write(budget.text(self._filtered(node.filter, self.block(node.body))))
                case nodes.With():
                    values = [self._value(value) for value in node.values]
                    with self._scope():
                        for target, value in zip(node.targets, values, strict=True):
                            self._assign(target, value)
                        self._run(node.body, out)
                case _:
                    raise TypeError(f"{type(node).__name__} is no statement of a template")

    def _write(self, node: nodes.Output, out: _Text) -> None:
        for part in node.nodes:
            out.write(part.data if isinstance(part, nodes.TemplateData) else self._printed(part))

    def _loop(self, node: nodes.For, out: _Text) -> None:
        values = self._budget.elements(self._value(node.iter))
        if node.test is not None:
            values = [value for value in values if self._holds(node, node.test, value)]
        outer, loop = self._names, Loop(values)
        for loop.index0, value in enumerate(values):
            self._names = {**outer, "loop": loop}
            self._budget.spend(1 + len(outer) // 8)
            self._assign(node.target, value)
            self._run(node.body, out)
        self._names = outer
        if not values:
            with self._scope():
                self._run(node.else_, out)

    def _holds(self, node: nodes.For, test: nodes.Node, value: Any) -> bool:
        with self._scope():
            self._assign(node.target, value)
            return bool(self._value(test))

    def _assign(self, target: nodes.Node, value: Any) -> None:
        match target:
            case nodes.Name():
                self._names[target.name] = value
            case nodes.Tuple():
                if not isinstance(value, ITERABLES) or len(value) != len(target.items):
                    raise ValueError(
                        f"{len(target.items)} names are set from a {kind_of(value)} that has not as many parts"
                    )
                for each, part in zip(target.items, value, strict=True):
                    self._assign(each, part)

    # --- expressions

    def _value(self, node: nodes.Node, *, maybe: bool = False) -> Any:
        """The value of an expression. Where it is undefined: `Missing` with `maybe`, else an error."""
        budget = self._budget
        budget.at(node)
        match node:
            case nodes.Name():
                found = self._names.get(node.name, _NOWHERE)
                if found is _NOWHERE and node.name in FUNCTIONS:
                    raise _no_text(f"{code(node.name)} is a function")
                if found is _NOWHERE:
                    found = Missing(f"'{node.name}' is undefined")
            case nodes.Const():
                return node.value
            case nodes.Getattr():
                owner = self._value(node.node)
                if node.attr in methods_of(owner):
                    raise _no_text(f"{code(node.attr)} is a method")
                found = item(owner, node.attr)
            case nodes.Getitem(arg=nodes.Slice() as part):
                bounds = [None if bound is None else self._value(bound) for bound in (part.start, part.stop, part.step)]
                return budget.made(part_of(self._value(node.node), bounds))
            case nodes.Getitem():
                found = item(self._value(node.node), self._value(node.arg))
            case nodes.Filter():
                assert node.node is not None
                value = self._value(node.node, maybe=node.name in MAY_BE_MISSING)
                found = self._applied(FILTERS[node.name], node, value)
            case nodes.Test():
                value = self._value(node.node, maybe=node.name in MAY_BE_MISSING)
                return self._applied(TESTS[node.name], node, value)
            case nodes.Call():
                return self._call(node)
            case nodes.CondExpr():
                chosen = node.expr1 if self._value(node.test) else node.expr2
                found = NO_ELSE if chosen is None else self._value(chosen, maybe=maybe)
            case nodes.Compare():
                return self._compare(node)
            case nodes.And():
                return self._value(node.left) and self._value(node.right)
            case nodes.Or():
                return self._value(node.left) or self._value(node.right)
            case nodes.Concat():
                texts = [self._printed(part) for part in node.nodes]
                budget.fits(sum(map(len, texts)))
                return budget.made("".join(texts))
            case nodes.BinExpr(operator=str(sign)):
                return binary(budget, sign, self._value(node.left), self._value(node.right))
            case nodes.UnaryExpr(operator=str(sign)):
                return UNARY[sign](self._value(node.node))
            case nodes.List() | nodes.Tuple():
                items = [self._value(each) for each in node.items]
                return budget.made(items if isinstance(node, nodes.List) else tuple(items))
            case nodes.Dict():
                pairs = [(self._value(pair.key), self._value(pair.value)) for pair in node.items]
                budget.keys(key for key, _ in pairs)
                return dict(pairs)
            case _:
                raise TypeError(f"{type(node).__name__} is no expression of a template")
        return found if maybe else present(found)

    def _printed(self, node: nodes.Node) -> str:
        """The value of an expression as text."""
        value = self._value(node, maybe=isinstance(node, nodes.CondExpr))
        return "" if value is NO_ELSE else self._budget.text(present(value))

    def _filtered(self, node: nodes.Expr | None, text: str) -> Any:
        """The text of a block, filtered by a chain of filters."""
        if not isinstance(node, nodes.Filter):
            return text
        return present(self._applied(FILTERS[node.name], node, self._filtered(node.node, text)))

    def _applied(self, apply: Apply, node: nodes.Filter | nodes.Test | nodes.Call, *first: Any) -> Any:
        """What `apply` makes of the arguments in the brackets of `node`, behind the `first` ones."""
        arguments = [self._value(each) for each in node.args]
        options = {str(each.key): self._value(each.value) for each in node.kwargs}
        return self._budget.call(apply, *first, *arguments, **options)

    def _call(self, node: nodes.Call) -> Any:
        match node.node:
            case nodes.Name(name=str(name)) if name in FUNCTIONS and name not in self._names:
                return self._applied(FUNCTIONS[name], node)
            case nodes.Getattr(node=inner, attr=str(name)):
                owner = self._value(inner)
                if name in methods_of(owner):
                    return self._applied(methods_of(owner)[name], node, owner)
                said = f"a {kind_of(owner)} has no method {code(name)}"
            case _:
                said = f"a {kind_of(self._value(node.node))} is called"
        raise TemplateRefused(said, hint="brackets after a name call a method, `range` or `dict`")

    def _compare(self, node: nodes.Compare) -> bool:
        left = self._value(node.expr)
        for operand in node.ops:
            right = self._value(operand.expr)
            if not compare(self._budget, operand.op, left, right):
                return False
            left = right
        return True


class _Text:
    """A text that is being written."""

    def __init__(self, most: int) -> None:
        self.parts: list[str] = []
        self._most = self.room = most

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.room -= len(text)
        if self.room < 0:
            said = f"renders to more than {self._most:,} characters"
            raise TemplateBoundError(said, hint="a prompt of this length fits into few models. Loop over less")


def _no_text(what: str) -> TemplateRefused:
    return TemplateRefused(
        f"{what}, and cannot be written into a prompt: is a pair of brackets missing?",
        hint="only texts, numbers, true and false, and lists and mappings of these can be printed",
    )
