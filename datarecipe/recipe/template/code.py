"""The compiler of templates: Jinja's, with the counting put in.

Jinja asks its sandbox about operators and calls, and nobody about loops, comparisons, `~`, slices and the buffers of
macros. Here these go through the meter too. A round of a loop costs as much as the loop's body has parts, and so does a
call of a macro; what the template does once is bounded by its length.
"""

# ruff: noqa: N802 - Jinja calls its visitors by the names of its nodes

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, operators


def weight(parts: Iterable[nodes.Node]) -> int:
    """How many parts run when `parts` run once: bodies of loops and macros count for themselves."""
    total = 0
    stack = list(parts)
    while stack:
        node = stack.pop()
        total += 1
        if isinstance(node, nodes.For):
            stack += [node.target, node.iter, *node.else_]
        elif isinstance(node, nodes.CallBlock):
            stack.append(node.call)
        elif not isinstance(node, nodes.Macro):
            stack += node.iter_child_nodes()
    return total


class MeteredCode(CodeGenerator):
    """Writes the Python of a template, in which `meter` counts."""

    def write_commons(self) -> None:
        """What stands at the beginning of the template's function."""
        super().write_commons()
        self.writeline("meter = context.meter")
        self.writeline("concat = meter.concat")

    # --- what runs again

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        """A loop counts its rounds before the first one."""
        if node.test is not None or node.recursive:
            # How many rounds there will be is not known yet.
            node.body.insert(0, _charge(weight(node.body), node))
            each = 0 if node.test is None else weight([node.test])
        else:
            each = weight(node.body)
        node.iter = _counted(node.iter, each)
        super().visit_For(node, frame)

    def visit_Macro(self, node: nodes.Macro, frame: Frame) -> None:
        """A macro counts its parts at each call."""
        node.body.insert(0, _charge(weight([*node.defaults, *node.body]), node))
        super().visit_Macro(node, frame)

    def visit_CallBlock(self, node: nodes.CallBlock, frame: Frame) -> None:
        """What stands in a `call` is a macro too."""
        node.body.insert(0, _charge(weight([*node.defaults, *node.body]), node))
        super().visit_CallBlock(node, frame)

    def visit_MarkSafe(self, node: nodes.MarkSafe, frame: Frame) -> None:
        """What a loop runs over: the parser makes no node of this kind, so it stands for `_counted`."""
        self.write("meter.rounds(")
        self.visit(node.expr, frame)
        self.write(f", {node.weight})")  # type: ignore[attr-defined]

    # --- what could be large

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:
        """`a < b <= c`, evaluated as Python does."""
        self.write("(")
        self._wrapped("compared", node.expr, frame)
        for operand in node.ops:
            self.visit(operand, frame)
        self.write(")")

    def visit_Operand(self, node: nodes.Operand, frame: Frame) -> None:
        """The right side of one comparison."""
        self.write(f" {operators[node.op]} ")
        self._wrapped("container" if node.op in {"in", "notin"} else "compared", node.expr, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        """`a ~ b`."""
        self.write("meter.concatenate((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:
        """`{key: value}`."""
        self.write("meter.nested({")
        for pair in node.items:
            self._wrapped("key", pair.key, frame)
            self.write(": ")
            self.visit(pair.value, frame)
            self.write(", ")
        self.write("})")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:
        """`[a, b]`."""
        self.write("meter.nested(")
        super().visit_List(node, frame)
        self.write(")")

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:
        """`(a, b)`; on the left of a `=` it is no value."""
        if node.ctx != "load":
            super().visit_Tuple(node, frame)
            return
        self.write("meter.nested(")
        super().visit_Tuple(node, frame)
        self.write(")")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        """`a[b]`; a slice is a copy."""
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("meter.slice(")
        self.visit(node.node, frame)
        for bound in (node.arg.start, node.arg.stop, node.arg.step):
            self.write(", ")
            if bound is None:
                self.write("None")
            else:
                self.visit(bound, frame)
        self.write(")")

    def _wrapped(self, check: str, node: nodes.Expr, frame: Frame) -> None:
        if isinstance(node, nodes.Const):
            self.visit(node, frame)
            return
        self.write(f"meter.{check}(")
        self.visit(node, frame)
        self.write(")")


def _counted(values: nodes.Node, each: int) -> nodes.MarkSafe:
    made = nodes.MarkSafe(values, lineno=values.lineno)
    made.weight = each  # type: ignore[attr-defined]
    return made


def _charge(parts: int, node: nodes.Node) -> nodes.ExprStmt:
    """A statement that counts `parts`."""
    # Jinja lets nobody but its parser make this node, which writes its name as it is.
    spend: Any = object.__new__(nodes.InternalName)
    nodes.Node.__init__(spend, f"meter.spend({parts})", lineno=node.lineno)
    return nodes.ExprStmt(spend, lineno=node.lineno)
