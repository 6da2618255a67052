"""The static checks: what is wrong with a template for every value that it could be rendered with.

One walk over the tree, which also finds the nodes that templates do not have. A finding must be certain. So a use that
something guards is left alone (`is defined`, `default`, a condition on the mapping), and rendering checks the rest.

Names are set as in Jinja: a loop, a `with`, a `filter` and a `set` block have names of their own, and an `if` has not. What
is set within is unknown after it. Within one scope the order is not looked at, and rendering checks the rest.
"""

# ruff: noqa: C901, PLR0912 - one case for each kind of node

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from inspect import signature
from typing import Any, Literal

from jinja2 import nodes

from datarecipe.recipe.message_text import code, join, nearest
from datarecipe.recipe.template.bounds import TemplateFinding
from datarecipe.recipe.template.checking.mistakes import finding_at
from datarecipe.recipe.template.checking.syntax import Tree
from datarecipe.recipe.template.checking.tokens import Token
from datarecipe.recipe.template.evaluating.evaluator import MAY_BE_MISSING
from datarecipe.recipe.template.evaluating.functions import FILTERS, FUNCTIONS, OVER_LISTS, TESTS, Apply
from datarecipe.recipe.template.evaluating.methods import METHODS
from datarecipe.recipe.template.values import KNOWN_HINT, KNOWN_NAMES, LABELS_ATTRIBUTES, LOOP_ATTRIBUTES, Loop

_signature = cache(signature)

_ALWAYS = frozenset({*KNOWN_NAMES, *FUNCTIONS})

_PLAIN = "a prompt is plain text: leave it out"
_WRITTEN_HERE = "write its text here, or put what changes into `vars`"
_COLLECT = "collect with a filter, such as `map`, `select`, `sum` or `join`"

_INSTEAD = {
    **dict.fromkeys(("e", "escape", "forceescape", "safe", "striptags", "urlencode", "urlize", "xmlattr"), _PLAIN),
    **dict.fromkeys(("center", "wordwrap"), "a model needs no layout: leave it out"),
    "attr": "write `value[name]`",
    "cycler": "write `loop.cycle(...)`",
    "filesizeformat": "write the number with its unit",
    "groupby": "write a loop over the groups, with `selectattr` in it",
    "joiner": "write `join`, or ask `loop.last`",
    "namespace": f"names set in a loop are undefined after it: {_COLLECT}",
    "pprint": "write `tojson(indent=2)`",
    "random": "templates have no randomness: use `vary` to make requests differ",
    "slice": "write `batch`",
}
"""What to write instead of what Jinja has and a prompt does not need."""

_LOADS = {nodes.Include: "include", nodes.Import: "import", nodes.FromImport: "from", nodes.Extends: "extends"}
_REFUSED: Mapping[type[nodes.Node], tuple[str, str, str]] = {
    **{
        kind: (name, "an instruction stands by itself, and loads no other template", _WRITTEN_HERE)
        for kind, name in _LOADS.items()
    },
    nodes.Block: ("block", "an instruction stands by itself, and no other template fills it", "leave out its tags"),
    nodes.Macro: ("macro", "a prompt has no functions of its own", "write its text in a loop, or `{% set %}` it once"),
    nodes.CallBlock: ("call", "a prompt has no functions of its own", "write its text here"),
    nodes.Scope: ("autoescape", "a prompt is plain text", "leave it out"),
}  # fmt: skip
"""Jinja's statements that instructions do not have: the tag, why, and what to write instead."""

_HOLDING_PARTS = (
    nodes.BinExpr, nodes.Compare, nodes.Concat, nodes.Const, nodes.Dict, nodes.List, nodes.Slice, nodes.Tuple,
    nodes.UnaryExpr,
)  # fmt: skip
"""Expressions of which nothing is to be said but what is to be said of their parts."""

_MOST_LISTED = 12
_MOST_SEARCHES = 100
"""Comparing words takes long when both many names are set and many are misspelt."""


Use = Literal["value", "maybe", "condition"]
"""What an expression is for: a value that must be there, one that may be missing, or whether it holds."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a node: the names that are set, and the mappings about whose content some condition asks."""

    names: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()


class Walk:
    """One walk over a tree.

    `given` has the keys of the recipe's `vars` and `vary`; without it, only the syntax is looked at. What the walk finds
    stands in `findings`, in no order; which of `vars` the template reads by name in `read`, and whether it may read any
    of them in `reads_all`.
    """

    def __init__(self, tree: Tree, given: Mapping[str, Collection[str]] | None = None) -> None:
        assert tree.root is not None
        self.findings: list[TemplateFinding] = []
        self.read: set[str] = set()
        self.reads_all = False
        self._tree, self._given = tree, given
        self._searches = 0
        self._stored = {name.name for name in tree.root.find_all(nodes.Name) if name.ctx != "load"}
        asked = (test for test in tree.root.find_all(nodes.Test) if test.name in MAY_BE_MISSING)
        self._tested = {_path(test.node) for test in asked}
        self._block(tree.root.body, _Around())

    def _say(self, place: int, message: str, hint: str | None) -> None:
        """Say something of the token that a node has its line from."""
        self.findings.append(finding_at(place if isinstance(place, Token) else None, message, hint))

    # --- statements

    def _block(self, body: list[nodes.Node], around: _Around, names: Iterable[str] = ()) -> None:
        """The statements of a scope, in which `names` are set too."""
        self._statements(body, replace(around, names=around.names.union(names, _set_in(body))))

    def _statements(self, body: list[nodes.Node], around: _Around) -> None:
        for node in body:
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        if not isinstance(part, nodes.TemplateData):
                            self._expression(part, around)
                case nodes.If():
                    branches = [node, *node.elif_]
                    inside = self._guarded(around, *(branch.test for branch in branches))
                    for branch in branches:
                        self._expression(branch.test, around if branch is node else inside, "condition")
                        self._statements(branch.body, inside)
                    self._statements(node.else_, inside)
                case nodes.For(recursive=False):
                    self._expression(node.iter, around)
                    targets = self._targets([node.target])
                    inside = self._guarded(around, node.iter)
                    if node.test is not None:
                        self._expression(node.test, replace(inside, names=around.names | targets), "condition")
                        inside = self._guarded(inside, node.test)
                    self._block(node.body, inside, {*targets, "loop"})
                    self._block(node.else_, inside)
                case nodes.Assign():
                    self._targets([node.target])
                    self._expression(node.node, around)
                case nodes.AssignBlock() | nodes.FilterBlock():
                    if isinstance(node, nodes.AssignBlock):
                        self._targets([node.target])
                    self._block(node.body, around)
                    if node.filter is not None:
                        self._expression(node.filter, around)
                case nodes.With():
                    for value in node.values:
                        self._expression(value, around)
                    self._block(node.body, around, self._targets(node.targets))
                case nodes.For():
                    self._say(node.lineno, "a loop cannot be `recursive`", "write a loop within it for each level")
                case _:
                    unknown = (type(node).__name__.lower(), "it is unknown here", "leave it out")
                    name, why, hint = _REFUSED.get(type(node), unknown)
                    place = node.body[0].lineno if isinstance(node, nodes.Scope) else node.lineno
                    self._say(place, f"{code('{% ' + name + ' %}')} cannot be used: {why}", hint)

    def _targets(self, targets: Sequence[nodes.Node]) -> frozenset[str]:
        for target in targets:
            for each in _all(target, (nodes.NSRef,)):
                said = f"{code(f'{each.name}.{each.attr}')} cannot be set: values do not change"
                self._say(each.lineno, said, _INSTEAD["namespace"])
        return frozenset().union(*map(_names, targets))

    # --- expressions

    def _expression(self, node: nodes.Node, around: _Around, use: Use = "value") -> None:
        key = _key(node)
        match node:
            case nodes.Name():
                self._name(node, around, use)
                self.reads_all |= node.name == "vars" and "vars" not in around.names and use != "condition"
            case nodes.Getattr(node=nodes.Name() as owner) | nodes.Getitem(node=nodes.Name() as owner) if (
                key is not None
            ):
                self._name(owner, around, use)
                if owner.name == "vars" and "vars" not in around.names:
                    self.read.add(key)
                self._attribute(node, owner.name, key, around, use)
            case nodes.Getattr() | nodes.Getitem():
                self._expression(node.node, around, "maybe" if use == "maybe" else "value")
                if isinstance(node, nodes.Getitem):
                    self._expression(node.arg, around)
            case nodes.Filter() | nodes.Test():
                self._applied(node)
                if node.node is not None:
                    inner: Use = "maybe" if node.name in MAY_BE_MISSING else "value"
                    self._expression(node.node, around, inner)
                self._brackets(node, around)
            case nodes.Call():
                match node.node:
                    case nodes.Name(name=str(name)) if name in FUNCTIONS and name not in around.names:
                        self._arguments(node, name, FUNCTIONS[name], 1)
                    case nodes.Getattr(node=nodes.Name(name="vars"), attr="get") if (
                        "vars" not in around.names and node.args and isinstance(node.args[0], nodes.Const)
                    ):
                        self.read.add(str(node.args[0].value))
                    case _:
                        self._expression(node.node, around)
                self._brackets(node, around)
            case nodes.CondExpr():
                self._expression(node.test, around, "condition")
                for chosen in (node.expr1, node.expr2):
                    if chosen is not None:
                        self._expression(chosen, self._guarded(around, node.test), use)
            case nodes.And() | nodes.Or():
                inner = "condition" if use == "condition" else "value"
                self._expression(node.left, around, inner)
                self._expression(node.right, self._guarded(around, node.left), inner)
            case nodes.Not():
                self._expression(node.node, around, "condition" if use == "condition" else "value")
            case _ if isinstance(node, _HOLDING_PARTS):
                self._all(node.iter_child_nodes(), around)
            case _:
                self._say(
                    node.lineno, f"an expression of the kind {type(node).__name__} cannot be used", "leave it out"
                )

    def _all(self, parts: Iterable[nodes.Node], around: _Around) -> None:
        for part in parts:
            # Pairs, keywords and the right sides of comparisons are no expressions, but hold some.
            for each in [part] if isinstance(part, nodes.Expr) else part.iter_child_nodes():
                self._expression(each, around)

    def _name(self, node: nodes.Name, around: _Around, use: Use) -> None:
        name, given = node.name, self._given
        known = name in _ALWAYS or name in around.names or name in self._tested
        if known or given is None or use == "maybe" or not self._tree.sets_all:
            return
        hint = KNOWN_HINT
        if name in self._stored:
            hint = f"what is set within a loop or block is unknown outside of it: {_COLLECT}"
        elif mappings := [mapping for mapping in given if name in given[mapping]]:
            hint = f"write {code(f'{mappings[0]}.{name}')}"
        elif name in _INSTEAD:
            hint = _INSTEAD[name]
        elif (near := self._nearest(name, _ALWAYS | around.names)) is not None:
            hint = f"did you mean {code(near)}? {hint}"
        self._say(node.lineno, f"{code(name)} is undefined", hint)

    def _attribute(self, node: nodes.Node, owner: str, key: str, around: _Around, use: Use) -> None:
        """Say if `owner.key`, where `owner` is a name, is nowhere."""
        methods: Collection[str] = ()
        if self._given is None or use == "maybe" or owner in around.guarded or _path(node) in self._tested:
            return
        if owner == "loop" and "loop" in around.names and "loop" not in self._stored:
            known: Collection[str] = (*LOOP_ATTRIBUTES, *METHODS[Loop])
        elif owner == "labels" and "labels" not in around.names:
            known, methods = LABELS_ATTRIBUTES, METHODS[tuple]
        elif owner in self._given and owner not in around.names:
            known = self._given[owner]
        else:
            return
        if key in known or key in methods:
            return
        near = self._nearest(key, known)
        if near is not None:
            hint = f"did you mean {code(f'{owner}.{near}')}?"
        elif known:
            hint = f"there are {_some(known)}"
        else:
            hint = f"it has no {code(owner)}: give it one, or guard the use with {code('{% if ' + owner + ' %}')}"
        whose = "the recipe's " if owner in self._given else ""
        # The node has its line from the dot or bracket before the key.
        place = self._tree.tokens.after(node.lineno) if isinstance(node.lineno, Token) else node.lineno
        self._say(place, f"{whose}{code(owner)} has no {code(key)}", hint)

    def _nearest(self, word: str, known: Collection[str]) -> str | None:
        """What was probably meant; not looked for any more in a template with very many mistakes."""
        self._searches += 1
        return nearest(word, sorted(known)) if self._searches <= _MOST_SEARCHES else None

    # --- filters and tests

    def _applied(self, node: nodes.Filter | nodes.Test) -> None:
        """Whether there is such a filter or test, and whether it takes these arguments."""
        kind, table = ("filter", FILTERS) if isinstance(node, nodes.Filter) else ("test", TESTS)
        after = self._tree.tokens.after
        place = node.lineno
        if kind == "test" and isinstance(place, Token):
            place = after(place)
            place = after(place) if place.text == "not" else place
        if self._known(place, kind, node.name, table):
            self._arguments(node, node.name, table[node.name], 2)
        at = 1 if node.name in {"selectattr", "rejectattr"} else 0
        if node.name in OVER_LISTS and len(node.args) > at:
            named = node.args[at]
            if isinstance(named, nodes.Const) and isinstance(named.value, str):
                kind, table = ("filter", FILTERS) if node.name == "map" else ("test", TESTS)
                self._known(named.lineno, kind, named.value, table)

    def _known(self, place: int, kind: str, name: str, table: Mapping[str, Apply]) -> bool:
        if name not in table:
            near = self._nearest(name, table)
            hint = f"there are {_some(table)}" if near is None else f"did you mean {code(near)}?"
            self._say(place, f"there is no {kind} {code(name)}", _INSTEAD.get(name, hint))
        return name in table

    def _arguments(self, node: nodes.Filter | nodes.Test | nodes.Call, name: str, apply: Apply, own: int) -> None:
        """Whether `apply` takes the arguments, behind `own` ones that it always gets."""
        takes = _signature(apply)
        try:
            takes.bind(*[None] * own, *node.args, **{str(each.key): None for each in node.kwargs})
        except TypeError:
            given = ", ".join(list(takes.parameters)[own:])
            self._say(node.lineno, f"{code(name)} does not take these arguments", f"write {code(f'{name}({given})')}")

    def _brackets(self, node: nodes.Filter | nodes.Test | nodes.Call, around: _Around) -> None:
        if len({each.key for each in node.kwargs}) < len(node.kwargs):
            self._say(node.lineno, "an argument is given twice", "leave one out")
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._say(node.lineno, "`*` and `**` cannot be used in brackets", "write the arguments one by one")
        self._all([*node.args, *node.kwargs], around)

    # --- conditions

    def _guarded(self, around: _Around, *conditions: nodes.Node) -> _Around:
        return replace(around, guarded=around.guarded.union(*map(self._asked, conditions)))

    def _asked(self, condition: nodes.Node) -> frozenset[str]:
        """The mappings that `condition` asks as a whole: it may be false just because one of them lacks something."""
        given = self._given or {}
        match condition:
            case (
                nodes.Name(name=str(name))
                | nodes.Call(node=nodes.Getattr(node=nodes.Name(name=str(name)), attr="items" | "keys" | "values"))
            ):
                # With values in it the mapping is true, and a loop over it has rounds, while the attribute is not there.
                return frozenset({name} if name in given and not given[name] else ())
            case nodes.And() | nodes.Or():
                return self._asked(condition.left) | self._asked(condition.right)
            case nodes.Not():
                return self._asked(condition.node)
        by_key = {id(each.node) for each in _all(condition, (nodes.Getattr, nodes.Getitem)) if _key(each) is not None}
        return frozenset(each.name for each in _all(condition, (nodes.Name,)) if id(each) not in by_key) & given.keys()


def unmentioned(root: nodes.Template, vary: Collection[str], *, fixed_labels: bool) -> list[TemplateFinding]:
    """What a prompt can hardly do without, and the template never mentions."""
    names = {name.name for name in root.find_all(nodes.Name) if name.ctx == "load"}
    topic = f"About {{{{ vary.{min(vary, default='')} }}}}"
    wanted = {
        "batch_size": (True, "the model is not told how many examples to write", "Write {{ batch_size }} new examples"),
        "labels": (fixed_labels, "the model is not told which labels there are", 'one of {{ labels | join(", ") }}'),
        "vary": (vary, "what the recipe varies does not reach the model", topic),
    }
    return [
        TemplateFinding(1, 1, 1, f"the template never mentions `{name}`, so {why}", f'say "{instead}"', "warning")
        for name, (needed, why, instead) in wanted.items()
        if needed and name not in names
    ]


# --- parts of the tree


def _key(node: nodes.Node) -> str | None:
    """`tone` for `vars.tone` and `vars["tone"]`, and `None` for what has no such key; a mapping's method is none."""
    match node:
        case nodes.Getattr(attr=str(name)) if name not in METHODS[dict]:
            return name
        case nodes.Getitem(arg=nodes.Const(value=str(name))):
            return name
        case _:
            return None


def _path(node: nodes.Node | None) -> str | None:
    """`vars.tone` for `vars.tone` and `vars["tone"]`; `None` for what is no such path."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return None
    base, key = _path(node.node), _key(node)
    return None if base is None or key is None else f"{base}.{key}"


def _all(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> Iterable[Any]:
    """All nodes of `kinds` in `node`, itself too."""
    return [*([node] if isinstance(node, kinds) else []), *node.find_all(kinds)]


def _names(target: nodes.Node) -> frozenset[str]:
    return frozenset(name.name for name in _all(target, (nodes.Name,)))


def _set_in(body: Iterable[nodes.Node]) -> Iterable[str]:
    """The names that are set in this scope itself."""
    for node in body:
        match node:
            case nodes.Assign() | nodes.AssignBlock():
                yield from _names(node.target)
            case nodes.Macro():
                yield node.name
            case nodes.If():
                yield from _set_in([*node.body, *node.elif_, *node.else_])


def _some(names: Collection[str]) -> str:
    listed = [code(name) for name in sorted(names) if name[:1].isalpha()]
    if len(listed) > _MOST_LISTED:
        return ", ".join(listed[:_MOST_LISTED]) + " and others"
    return join(listed, "and")
