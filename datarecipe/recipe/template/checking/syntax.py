"""Tokens -> tree, by Jinja's parser.

The parser stops at the first mistake. A tag that cannot be read is taken out here, and the rest is read again, as long as
taking it out leaves the blocks whole: so all mistakes are found at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Token as JinjaToken
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from datarecipe.recipe.template.bounds import Limits, TemplateFinding
from datarecipe.recipe.template.checking.mistakes import (
    NO_CHARACTER,
    PLAINER,
    finding_at,
    of_characters,
    of_syntax,
    unclosed,
)
from datarecipe.recipe.template.checking.tokens import CHAINED, MOST_MISTAKES, Token, Tokens, tokens_of

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Tree:
    """What could be read of a template.

    `root` is `None` when nothing could. `whole` says whether all of it is there, and `sets_all` whether at least all tags
    are that set names: what cannot be read as characters may hide some. `bound` says that it is more than the limits allow.
    """

    tokens: Tokens
    root: nodes.Template | None = None
    findings: list[TemplateFinding] = field(default_factory=list)
    bound: bool = False
    whole: bool = False
    sets_all: bool = False


@lru_cache(maxsize=16)
def parse(text: str, limits: Limits) -> Tree:
    """Read the template `text`. Recipes with one base, and the checks and the rendering of one recipe, ask for the same."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - it renders nothing
    tokens = tokens_of(environment, text, limits)
    tree = Tree(tokens, bound=any(mistake.bound for mistake in tokens.mistakes))
    tree.findings += [of_characters(tokens, mistake) for mistake in tokens.mistakes]
    dropped: set[int] = set()
    if tree.bound or not all(_drop(tokens, mistake.token.tag, dropped) for mistake in tokens.mistakes):
        return tree
    while tree.root is None:
        try:
            tree.root = _parsed(environment, tokens, dropped)
        except TemplateSyntaxError as error:
            token = error.lineno if isinstance(error.lineno, Token) else tokens.tokens[-1]
            message = error.message or ""
            opened = unclosed(tokens, message)
            if opened is None or opened.tag not in dropped:
                # A tag that could not be read is told about once.
                tree.findings.append(of_syntax(tokens, token, message))
            # Without a tag that opens or closes a block, the others would not fit together.
            of_blocks = message.startswith(("Encountered unknown tag", "Unexpected end of template"))
            if of_blocks or len(tree.findings) >= MOST_MISTAKES or not _drop(tokens, token.tag, dropped):
                return tree
    deep = _too_deep(tree.root, limits)
    if deep is not None:
        return Tree(tokens, findings=[*tree.findings, deep], bound=True)
    tree.whole, tree.sets_all = not dropped, not tokens.mistakes
    return tree


def _too_deep(root: nodes.Template, limits: Limits) -> TemplateFinding | None:
    """Where the tree is deeper than a walk over it could follow."""
    stack: list[tuple[nodes.Node, int]] = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        depth += isinstance(node, nodes.Expr)
        if depth > limits.expression:
            place = node.lineno if isinstance(node.lineno, Token) else None
            return finding_at(place, f"{CHAINED} {limits.expression} deep", PLAINER)
        stack += [(child, depth) for child in node.iter_child_nodes()]
    return None


def _parsed(environment: Environment, tokens: Tokens, dropped: set[int]) -> nodes.Template:
    parser = Parser(environment, "")
    parser.stream = TokenStream(_whole_characters(environment.lexer.wrap(_raw(tokens, dropped))), None, None)
    return parser.parse()


def _raw(tokens: Tokens, dropped: set[int]) -> Iterator[tuple[int, str, str]]:
    """The tokens for Jinja. A dropped `{{ ... }}` leaves nothing, a dropped `{% if ... %}` becomes `{% if true %}`."""
    for token in tokens.tokens:
        if token.tag not in dropped or token.kind == "eof":
            yield token, token.kind, token.text
        elif token is tokens.tags[token.tag] and token.kind == "block_begin":
            keyword = tokens.after(token)
            yield token, "block_begin", token.text
            yield keyword, "name", keyword.text
            yield keyword, "name", "true"
            yield keyword, "block_end", "%}"


def _whole_characters(tokens: Iterator[JinjaToken]) -> Iterator[JinjaToken]:
    """The tokens as they are; `"\\ud800"` in a template is half a character, which nothing can write or send."""
    for token in tokens:
        if token.type == "string" and _HALF_CHARACTER.search(token.value):
            raise TemplateSyntaxError(NO_CHARACTER, token.lineno)
        yield token


def _drop(tokens: Tokens, tag: int, dropped: set[int]) -> bool:
    """Take a tag out; not if it is out, or may open, close or set something."""
    if tag < 0 or tag in dropped:
        return False
    dropped.add(tag)
    return tokens.tags[tag].kind == "variable_begin" or tokens.keyword(tag).text in {"if", "elif"}
