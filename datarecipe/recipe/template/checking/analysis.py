"""The static checks: what is wrong with a template for every value that it could be rendered with.

A finding must be certain. So a use that something guards is left alone (`is defined`, `default`, a condition on the
mapping), and rendering checks the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import nodes

from datarecipe.recipe.message_text import code, join, nearest
from datarecipe.recipe.template.checking.scopes import Use, uses
from datarecipe.recipe.template.checking.syntax import Tree, parse, token_of
from datarecipe.recipe.template.checking.tokens import Token
from datarecipe.recipe.template.compiled import generated
from datarecipe.recipe.template.environment import MeteredEnvironment
from datarecipe.recipe.template.filters import FILTERS
from datarecipe.recipe.template.metering.bounds import LIMITS, TemplateFinding, TemplateRefused
from datarecipe.recipe.template.metering.functions import FUNCTIONS
from datarecipe.recipe.template.metering.methods import LABELS_ATTRIBUTES, LOOP_ATTRIBUTES, MAPPING_METHODS
from datarecipe.recipe.template.predicates import TESTS
from datarecipe.recipe.template.values import KNOWN_NAMES

_ALWAYS = frozenset({*KNOWN_NAMES, *FUNCTIONS})

_NAMED_LIKE_A_FILTER = {"map": 0, "select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
"""Filters that take the name of a filter (`map`) or of a test, and at which place."""

_PLAIN = "a prompt is plain text: leave it out"

_INSTEAD = {
    **dict.fromkeys(("e", "escape", "forceescape", "safe", "striptags", "urlencode", "urlize", "xmlattr"), _PLAIN),
    **dict.fromkeys(("center", "wordwrap"), "a model needs no layout: leave it out"),
    "attr": "write `value[name]`",
    "cycler": "write `loop.cycle(...)`",
    "filesizeformat": "write the number with its unit",
    "joiner": "write `join`, or ask `loop.last`",
    "pprint": "write `tojson(indent=2)`",
    "random": "a request is a function of the recipe: let `vary` give each request another value",
    "slice": "write `batch`",
}
"""What to write instead of what Jinja has and a prompt does not need."""

_MOST_LISTED = 12

_MOST_SEARCHES = 100
"""Comparing words takes long when both many names are set and many are misspelt."""


@dataclass(frozen=True, slots=True)
class VarsRead:
    """What a template reads of `vars`: these names, and perhaps `all` of them."""

    names: frozenset[str]
    all: bool


@lru_cache(maxsize=64)
def check(
    text: str, vars_given: frozenset[str], vary: frozenset[str], *, fixed_labels: bool
) -> tuple[TemplateFinding, ...]:
    """All findings on the template `text`, in the order of their places. Recipes with one base ask the same again."""
    environment = MeteredEnvironment()
    tree = parse(environment, text, LIMITS, all_mistakes=True)
    findings = list(tree.findings)
    if tree.root is not None:
        findings += _Checks(tree, tree.root, vars_given, vary).findings()
        if tree.whole:
            # Before code is made of the tree: that changes it.
            warnings = _unmentioned(tree.root, vary, fixed_labels=fixed_labels)
            if not findings:
                findings += _uncompilable(environment, tree)
            findings += warnings
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda finding: (finding.line, finding.column, finding.message)))


def vars_read(text: str) -> VarsRead:
    """What the template `text` reads of `vars`."""
    tree = parse(MeteredEnvironment(), text, LIMITS, all_mistakes=True)
    if tree.root is None:
        return VarsRead(frozenset(), all=True)
    names: set[str] = set()
    everything = not tree.whole
    for use in uses(tree.root, (nodes.Name,)):
        if (
            isinstance(use.node, nodes.Name)
            and (use.node.name, use.node.ctx) == ("vars", "load")
            and "vars" not in use.names
        ):
            name = _attribute_read(use)
            if name is None:
                everything = everything or not _is_condition(use)
            else:
                names.add(name)
    return VarsRead(frozenset(names), everything)


def _uncompilable(environment: MeteredEnvironment, tree: Tree) -> list[TemplateFinding]:
    """What only the compiler notices: the same argument twice, a loop that sets `loop`."""
    try:
        generated(environment, tree, LIMITS)
    except TemplateRefused as refused:
        line, column = refused.line or 1, refused.column or 1
        return [TemplateFinding(line, column, column, refused.message, refused.hint)]
    return []


def _unmentioned(root: nodes.Template, vary: Collection[str], *, fixed_labels: bool) -> list[TemplateFinding]:
    names = {name.name for name in root.find_all(nodes.Name) if name.ctx == "load"}
    findings = []
    if "batch_size" not in names:
        said = "the template never mentions `batch_size`, so the model is not told how many examples to write"
        findings.append(TemplateFinding(1, 1, 1, said, 'say "Write {{ batch_size }} new examples"', "warning"))
    if fixed_labels and "labels" not in names:
        said = "the template never mentions `labels`, so the model is not told which labels there are"
        findings.append(TemplateFinding(1, 1, 1, said, 'say "one of {{ labels | join(", ") }}"', "warning"))
    if vary and "vary" not in names:
        said = "the template never mentions `vary`, so what the recipe varies does not reach the model"
        findings.append(TemplateFinding(1, 1, 1, said, f'say "About {{{{ vary.{min(vary)} }}}}"', "warning"))
    return findings


class _Checks:
    def __init__(self, tree: Tree, root: nodes.Template, vars: frozenset[str], vary: frozenset[str]) -> None:  # noqa: A002
        self._tree = tree
        self._root = root
        self._given = {"vars": vars, "vary": vary}
        self._searches = 0
        self._guarding: dict[tuple[int, str], bool] = {}
        self._stored = {name.name for name in root.find_all(nodes.Name) if name.ctx in {"store", "param"}}
        self._tested = frozenset(_path(test.node) for test in root.find_all(nodes.Test) if _asks_whether_defined(test))
        self._softened = self._tested | {
            _path(each.node) for each in root.find_all(nodes.Filter) if each.node and _is_default(each)
        }
        self._bound_to = {id(value): path for value, path in _bindings(root)}

    def findings(self) -> Iterable[TemplateFinding]:
        """All of them, in no order."""
        for use in uses(self._root, (nodes.Name, nodes.Filter, nodes.Test)):
            match use.node:
                case nodes.Name(ctx="load"):
                    if self._tree.sets_all:
                        yield from self._name(use, use.node)
                    yield from self._attribute(use, use.node)
                case nodes.Filter():
                    yield from self._filter(use.node)
                case nodes.Test():
                    yield from self._known(use.node, use.node.name, "test")

    def _nearest(self, word: str, known: Collection[str]) -> str | None:
        """What was probably meant; not looked for any more in a template with very many mistakes."""
        self._searches += 1
        return nearest(word, sorted(known)) if self._searches <= _MOST_SEARCHES else None

    # --- names

    def _name(self, use: Use, node: nodes.Name) -> Iterable[TemplateFinding]:
        name = node.name
        if name in _ALWAYS or name in use.names or name in self._tested or self._may_lack(use):
            return
        token = token_of(node)
        near = self._nearest(name, {*KNOWN_NAMES, *FUNCTIONS, *use.names} - {"caller", "kwargs", "varargs"})
        hint = f"a template sees {join(KNOWN_NAMES, 'and')}"
        if name in self._stored:
            hint = "what is set within a loop or macro is unknown outside of it: use `namespace`"
        elif name in self._given["vars"] or name in self._given["vary"]:
            mapping = "vars" if name in self._given["vars"] else "vary"
            hint = f"write {code(f'{mapping}.{name}')}"
        elif name in _INSTEAD:
            hint = _INSTEAD[name]
        elif near is not None:
            hint = f"did you mean {code(near)}? {hint}"
        yield _at(token, f"{code(name)} is undefined", hint)

    # --- attributes

    def _attribute(self, use: Use, node: nodes.Name) -> Iterable[TemplateFinding]:
        name = node.name
        if name in use.names and name != "loop":
            return
        attribute = _attribute_read(use, calls=False)
        if attribute is None:
            return
        parent = use.enclosing[-1]
        if _path(parent) in self._tested or self._may_lack(use):
            return
        if name in self._given:
            known: Collection[str] = self._given[name]
            allowed: Collection[str] = MAPPING_METHODS
            if self._guarded(use, name):
                return
            said = f"the recipe's {code(name)} has no {code(attribute)}"
        elif name == "labels":
            known, allowed = LABELS_ATTRIBUTES, ("count", "index")
            said = f"{code('labels')} has no {code(attribute)}"
        elif name == "loop" and "loop" not in self._stored and "loop" in use.names:
            known, allowed = LOOP_ATTRIBUTES, ()
            said = f"{code('loop')} has no {code(attribute)}"
        else:
            return
        if attribute not in known and attribute not in allowed:
            near = self._nearest(attribute, known)
            yield _at(self._attribute_token(parent), said, _which(near, known, name))

    def _may_lack(self, use: Use) -> bool:
        """Whether the value may be undefined: it has a default, or is given to a name that has one."""
        child: nodes.Node = use.node
        for node in reversed(use.enclosing):
            if id(child) in self._bound_to:
                return self._bound_to[id(child)] in self._softened
            if not isinstance(node, (nodes.Getattr, nodes.Getitem)) or node.node is not child:
                break
            child = node
        return _has_default(use)

    def _guarded(self, use: Use, name: str) -> bool:
        for condition in _conditions(use):
            key = (id(condition), name)
            if key not in self._guarding:
                self._guarding[key] = _guards(condition, name, empty=not self._given[name])
            if self._guarding[key]:
                return True
        return False

    def _attribute_token(self, node: nodes.Node) -> Token | None:
        """The token of the name in `x.name` or `x["name"]`, whose node remembers the dot or bracket."""
        token = token_of(node)
        return self._tree.tokens.after(token) if token is not None else None

    # --- filters and tests

    def _filter(self, node: nodes.Filter) -> Iterable[TemplateFinding]:
        yield from self._known(node, node.name, "filter")
        at = _NAMED_LIKE_A_FILTER.get(node.name)
        if at is None or len(node.args) <= at:
            return
        named = node.args[at]
        if isinstance(named, nodes.Const) and isinstance(named.value, str):
            yield from self._known(named, named.value, "filter" if node.name == "map" else "test")

    def _known(self, node: nodes.Node, name: str, kind: str) -> Iterable[TemplateFinding]:
        known: Collection[str] = FILTERS if kind == "filter" else TESTS
        if name in known:
            return
        token = token_of(node)
        if token is not None and isinstance(node, nodes.Test):
            token = self._tree.tokens.after(token)
            if token.text == "not":
                token = self._tree.tokens.after(token)
        near = self._nearest(name, known)
        hint = f"did you mean {code(near)}?" if near is not None else f"there are {_some(known)}"
        hint = _INSTEAD.get(name, hint)
        yield _at(token, f"there is no {kind} {code(name)}", hint)


def _at(token: Token | None, message: str, hint: str | None) -> TemplateFinding:
    if token is None:
        return TemplateFinding(1, 1, 1, message, hint)
    return TemplateFinding(token.line, token.column, token.end_column, message, hint)


def _which(near: str | None, known: Collection[str], name: str) -> str:
    if near is not None:
        return f"did you mean {code(f'{name}.{near}')}?"
    if not known:
        return f"it has no {code(name)}: give it one, or guard the use with {code('{% if ' + name + ' %}')}"
    return f"there are {_some(known)}"


def _some(names: Collection[str]) -> str:
    listed = [code(name) for name in sorted(names) if name[:1].isalpha()]
    if len(listed) > _MOST_LISTED:
        return ", ".join(listed[:_MOST_LISTED]) + " and others"
    return join(listed, "and")


# --- guards


def _bindings(root: nodes.Template) -> Iterable[tuple[nodes.Node, str | None]]:
    """Each value that is given to a name, by `set`, `with` or the call of a macro, and the name's path."""
    for assign in root.find_all(nodes.Assign):
        yield from _unpacked(assign.target, assign.node)
    for block in root.find_all(nodes.With):
        for target, value in zip(block.targets, block.values, strict=True):
            yield from _unpacked(target, value)
    parameters = {macro.name: [_path(each) for each in macro.args] for macro in root.find_all(nodes.Macro)}
    for call in root.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            yield from zip(call.args, parameters.get(call.node.name, ()), strict=False)
            yield from ((each.value, each.key) for each in call.kwargs if call.node.name in parameters)


def _unpacked(target: nodes.Node, value: nodes.Node) -> Iterable[tuple[nodes.Node, str | None]]:
    if isinstance(target, nodes.Tuple) and isinstance(value, nodes.Tuple):
        for name, part in zip(target.items, value.items, strict=False):
            yield from _unpacked(name, part)
    else:
        yield value, _path(target)


def _path(node: nodes.Node) -> str | None:
    """`vars.tone` for `vars.tone` and `vars["tone"]`; `None` for what is no such path."""
    match node:
        case nodes.Name():
            return str(node.name)
        case nodes.NSRef():
            return f"{node.name}.{node.attr}"
        case nodes.Getattr():
            base = _path(node.node)
            return None if base is None else f"{base}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=str(name))):
            base = _path(node.node)
            return None if base is None else f"{base}.{name}"
        case _:
            return None


def _asks_whether_defined(test: nodes.Test) -> bool:
    return test.name in {"defined", "undefined"}


def _is_default(node: nodes.Filter) -> bool:
    return node.name in {"d", "default"}


def _attribute_read(use: Use, *, calls: bool = True) -> str | None:
    """`tone`, when the name is used as `vars.tone`, `vars["tone"]` or (with `calls`) `vars.get("tone")`."""
    parent = use.enclosing[-1] if use.enclosing else None
    if getattr(parent, "node", None) is not use.node:
        return None
    match parent:
        case nodes.Getitem(arg=nodes.Const(value=str(name))):
            return name
        case nodes.Getattr(attr=str(name)) if calls and name in MAPPING_METHODS:
            call = use.enclosing[-2]
            if name == "get" and isinstance(call, nodes.Call) and call.args and isinstance(call.args[0], nodes.Const):
                return str(call.args[0].value)
            return None
        case nodes.Getattr(attr=str(name)):
            return name
        case _:
            return None


def _has_default(use: Use) -> bool:
    """Whether the value goes straight into `default`, perhaps by its attributes."""
    child: nodes.Node = use.node
    for node in reversed(use.enclosing):
        if isinstance(node, nodes.Filter) and node.node is child:
            return _is_default(node)
        if isinstance(node, nodes.Test) and node.node is child:
            return _asks_whether_defined(node)
        if not isinstance(node, (nodes.Getattr, nodes.Getitem)) or node.node is not child:
            return False
        child = node
    return False


def _conditions(use: Use) -> Iterable[nodes.Node]:
    """The conditions around a use, which may keep it from being reached."""
    child: nodes.Node = use.node
    for node in reversed(use.enclosing):
        if isinstance(node, (nodes.If, nodes.CondExpr)):
            if child is not node.test:
                yield node.test
            if isinstance(node, nodes.If):
                yield from (branch.test for branch in node.elif_ if branch is not child)
        elif isinstance(node, (nodes.And, nodes.Or)) and child is node.right:
            yield node.left
        elif isinstance(node, nodes.For) and child is not node.iter:
            # A loop over nothing has no rounds.
            yield node.iter
            if node.test is not None and child is not node.test:
                yield node.test
        child = node


def _guards(condition: nodes.Node, name: str, *, empty: bool) -> bool:
    """Whether `condition` may be false just because the mapping `name` lacks something; `empty` if it lacks everything."""
    match condition:
        case nodes.Name():
            # With values in it the mapping is true, and the attribute is still not there.
            return bool(condition.name == name) and empty
        case nodes.Call(node=nodes.Getattr(node=nodes.Name(name=looped), attr="items" | "keys" | "values")):
            # A loop over all of it has a round for each value that is there.
            return bool(looped == name) and empty
        case nodes.And() | nodes.Or():
            return _guards(condition.left, name, empty=empty) or _guards(condition.right, name, empty=empty)
        case nodes.Not():
            return _guards(condition.node, name, empty=empty)
        case _:
            return _asks(condition, name)


def _asks(node: nodes.Node, name: str) -> bool:
    """Whether the mapping as a whole is used in `node`: compared, passed to a filter or test, or asked with a method."""
    by_name: set[int] = set()
    for getter in _all(node, (nodes.Getattr, nodes.Getitem)):
        if _path(getter) is not None and getattr(getter, "attr", "") not in MAPPING_METHODS:
            by_name.add(id(getattr(getter, "node", None)))
    return any(getattr(each, "name", "") == name and id(each) not in by_name for each in _all(node, (nodes.Name,)))


def _all(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> Iterable[nodes.Node]:
    """All nodes of `kinds` in `node`, itself too."""
    if isinstance(node, kinds):
        yield node
    yield from node.find_all(kinds)


def _is_condition(use: Use) -> bool:
    """Whether the name is only asked whether it holds anything: `{% if vars %}`."""
    child: nodes.Node = use.node
    for node in reversed(use.enclosing):
        if isinstance(node, (nodes.If, nodes.CondExpr)):
            return child is node.test
        if not isinstance(node, (nodes.And, nodes.Or, nodes.Not)):
            return False
        child = node
    return False
