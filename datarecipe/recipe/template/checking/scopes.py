"""Which name is set where.

Jinja's rules: a loop, a macro, a `call`, a `with` and a `filter` have names of their own; an `if` has not. What
is set within is unknown after it. Within one scope the order is not looked at: a name that is set somewhere in it counts
as set, and rendering checks the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jinja2 import nodes


@dataclass(frozen=True, slots=True)
class Use:
    """A node that is read, what encloses it, from the outside in, and the names that are set there."""

    node: nodes.Node
    enclosing: tuple[nodes.Node, ...]
    names: frozenset[str]


def uses(root: nodes.Template, wanted: tuple[type[nodes.Node], ...]) -> Iterator[Use]:
    """All nodes of the kinds `wanted`, in the order of the template."""
    yield from _within(root, (), _stored(root.body), wanted)


def _within(
    node: nodes.Node, enclosing: tuple[nodes.Node, ...], names: frozenset[str], wanted: tuple[type[nodes.Node], ...]
) -> Iterator[Use]:
    if isinstance(node, wanted):
        yield Use(node, enclosing, names)
    inner = (*enclosing, node)
    for children, set_there in _parts(node):
        known = names | set_there if set_there else names
        for child in children:
            yield from _within(child, inner, known, wanted)


def _parts(node: nodes.Node) -> Iterable[tuple[Iterable[nodes.Node], frozenset[str]]]:
    """The children of `node` in groups, each with the names that are set for it."""
    none: frozenset[str] = frozenset()
    match node:
        case nodes.For():
            targets = _targets(node.target)
            body = targets | _stored(node.body) | {"loop"}
            test = [node.test] if node.test is not None else []
            return [([node.iter], none), (test, targets), (node.body, body), (node.else_, _stored(node.else_))]
        case nodes.Macro() | nodes.CallBlock():
            arguments = frozenset(argument.name for argument in node.args)
            body = arguments | _stored(node.body) | {"caller", "kwargs", "varargs"}
            call = [node.call] if isinstance(node, nodes.CallBlock) else []
            return [(call, none), (node.defaults, arguments), (node.body, body)]
        case nodes.With():
            targets = frozenset().union(*(_targets(target) for target in node.targets))
            return [(node.values, none), (node.body, targets | _stored(node.body))]
        case nodes.FilterBlock():
            return [(node.body, _stored(node.body)), ([node.filter], none)]
        case nodes.AssignBlock():
            filters = [node.filter] if node.filter is not None else []
            return [(node.body, _stored(node.body)), (filters, none)]
        case _:
            return [(node.iter_child_nodes(), none)]


def _targets(node: nodes.Node) -> frozenset[str]:
    return frozenset(name.name for name in _all(node, lambda each: isinstance(each, nodes.Name)))


def _stored(body: Iterable[nodes.Node]) -> frozenset[str]:
    """The names that are set in this scope itself."""
    names: set[str] = set()
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            names |= _targets(node.target)
        elif isinstance(node, nodes.Macro):
            names.add(node.name)
        elif isinstance(node, nodes.Import):
            names.add(node.target)
        elif isinstance(node, nodes.FromImport):
            names |= {name if isinstance(name, str) else name[1] for name in node.names}
        elif isinstance(node, nodes.If):
            stack += [*node.body, *node.elif_, *node.else_]
        elif isinstance(node, (nodes.Scope, nodes.ScopedEvalContextModifier)):
            stack += node.iter_child_nodes()
    return frozenset(names)


def _all(node: nodes.Node, chosen: Callable[[nodes.Node], bool]) -> Iterator[nodes.Name]:
    if chosen(node):
        assert isinstance(node, nodes.Name)
        yield node
    for child in node.iter_child_nodes():
        yield from _all(child, chosen)
