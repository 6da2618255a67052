"""Tokens -> tree, with every mistake in its place and in plain words.

Jinja's parser stops at the first mistake. A tag that cannot be read is taken out here, and the rest is read again, as long
as taking it out leaves the blocks whole: so all mistakes are found at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import TOKEN_EOF, TOKEN_STRING, Lexer, TokenStream, get_lexer
from jinja2.lexer import Token as JinjaToken
from jinja2.parser import Parser

from datarecipe.recipe.message_text import code, join, nearest
from datarecipe.recipe.template.checking.tokens import CLOSING, OPENING, Mistake, Place, Token, Tokens, place, tokens_of
from datarecipe.recipe.template.environment import MeteredEnvironment
from datarecipe.recipe.template.metering.bounds import Limits, TemplateFinding
from datarecipe.recipe.template.metering.formatting import HALF_CHARACTER, NO_CHARACTER

_MOST_MISTAKES = 20
"""After so many a template is no template."""

_WHOLE = "a template this deep or long is no prompt: write it plainer"

_STATEMENTS = ("call", "elif", "else", "filter", "for", "if", "macro", "raw", "set", "with")
_ENDS = ("endblock", "endcall", "endfilter", "endfor", "endif", "endmacro", "endraw", "endset", "endwith")

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
}


@dataclass(frozen=True, slots=True)
class Tree:
    """What could be read of a template.

    `root` is `None` when nothing could. `whole` says whether all of it is there, and `sets_all` whether at least all tags
    are that set names: what cannot be read as characters may hide some.
    """

    tokens: Tokens
    root: nodes.Template | None
    findings: tuple[TemplateFinding, ...]
    bound: bool
    whole: bool
    sets_all: bool = False


def parse(environment: MeteredEnvironment, text: str, limits: Limits, *, all_mistakes: bool) -> Tree:
    """Read the template `text`; with `all_mistakes`, go on after the first."""
    tokens = tokens_of(environment, text, limits, _MOST_MISTAKES if all_mistakes else 1)
    findings = [_characters(tokens, mistake) for mistake in tokens.mistakes]
    bound = any(mistake.bound for mistake in tokens.mistakes)
    dropped: set[int] = set()
    for mistake in tokens.mistakes:
        if bound or mistake.tag < 0 or not all_mistakes or not _drop(tokens, mistake.tag, dropped):
            return Tree(tokens, None, tuple(findings), bound, whole=False)
    while True:
        try:
            root, mistake_at = _parsed(environment, tokens, dropped), None
        except TemplateSyntaxError as error:
            root, mistake_at = None, error
        except RecursionError:
            findings.append(_finding(tokens.tokens[0], "the template nests too deep", _WHOLE))
            return Tree(tokens, None, tuple(findings), bound=True, whole=False)
        if mistake_at is None:
            break
        token = _token(tokens, mistake_at.lineno)
        opened = _unclosed(tokens, mistake_at.message or "")
        if opened is None or opened.tag not in dropped:
            # A tag that could not be read is told about once.
            findings.append(_syntax(tokens, token, mistake_at.message or ""))
        again = all_mistakes and token.tag >= 0 and len(findings) < _MOST_MISTAKES and _within(mistake_at.message or "")
        if not again or token.tag in dropped or not _drop(tokens, token.tag, dropped):
            return Tree(tokens, None, tuple(findings), bound=False, whole=False)
    assert root is not None
    deep = too_deep(root, limits)
    if deep is not None:
        findings.append(_finding(deep[0], deep[1], _WHOLE))
        return Tree(tokens, None, tuple(findings), bound=True, whole=False)
    findings += refused(tokens, root)
    return Tree(tokens, root, tuple(findings), bound=False, whole=not dropped, sets_all=not tokens.mistakes)


def token_of(node: nodes.Node) -> Token | None:
    """The token that `node` got its line from."""
    return node.lineno.token if isinstance(node.lineno, Place) else None


# --- the tree


def _parsed(environment: MeteredEnvironment, tokens: Tokens, dropped: set[int]) -> nodes.Template:
    # What the parser's constructor does, with our tokens instead of its own.
    parser = object.__new__(Parser)
    parser.environment = environment
    lexer: Lexer = get_lexer(environment)
    parser.stream = TokenStream(_whole_characters(lexer.wrap(_stream(tokens, dropped))), None, None)
    parser.name = parser.filename = None
    parser.closed = False
    parser.extensions = {}
    parser._last_identifier = 0
    parser._tag_stack = []
    parser._end_token_stack = []
    return parser.parse()


def _stream(tokens: Tokens, dropped: set[int]) -> Iterator[tuple[int, str, str]]:
    """The tokens for Jinja. A dropped `{{ ... }}` leaves nothing, a dropped `{% if ... %}` becomes `{% if true %}`."""
    for token in tokens.tokens[:-1]:
        if token.tag not in dropped:
            yield place(token), token.kind, token.text
            continue
        tag = tokens.tags[token.tag]
        if tag.kind == "block_begin" and token.index == tag.start:
            keyword = tokens.after(token)
            yield place(token), "block_begin", token.text
            yield place(keyword), "name", keyword.text
            yield place(keyword), "name", "true"
            yield place(keyword), "block_end", "%}"
    yield place(tokens.end), TOKEN_EOF, ""


def _whole_characters(tokens: Iterator[JinjaToken]) -> Iterator[JinjaToken]:
    """The tokens as they are; `"\\ud800"` in a template is half a character, which nothing can write or send."""
    for token in tokens:
        if token.type == TOKEN_STRING and HALF_CHARACTER.search(token.value):
            raise TemplateSyntaxError(NO_CHARACTER, token.lineno)
        yield token


def _drop(tokens: Tokens, number: int, dropped: set[int]) -> bool:
    """Take a tag out; not if it may open, close or set something."""
    tag = tokens.tags[number]
    keyword = tokens.after(tokens.tokens[tag.start]).text
    if tag.kind == "block_begin" and keyword not in {"if", "elif"}:
        return False
    dropped.add(number)
    return True


def _within(message: str) -> bool:
    """Whether the mistake is within one tag, and none of how blocks nest."""
    return not message.startswith(("Encountered unknown tag", "Unexpected end of template"))


def too_deep(root: nodes.Template, limits: Limits) -> tuple[Token | None, str] | None:
    """Where the tree is deeper than Python could follow, and what is to be said about it."""
    stack: list[tuple[nodes.Node, int, int, int]] = [(root, 0, 0, 0)]
    while stack:
        node, expression, blocks, loops = stack.pop()
        if isinstance(node, nodes.Expr):
            expression += 1
        elif isinstance(node, nodes.Stmt) and not isinstance(node, (nodes.Output, nodes.Assign)):
            blocks += 1
            loops += isinstance(node, nodes.For)
        for depth, limit, what in (
            (expression, limits.expression, "operators and filters in one expression are nested or chained more than"),
            (blocks, limits.blocks, "blocks are nested more than"),
            (loops, limits.loops, "loops are nested more than"),
        ):
            if depth > limit:
                return token_of(node), f"{what} {limit} deep"
        stack += [(child, expression, blocks, loops) for child in node.iter_child_nodes()]
    return None


def refused(tokens: Tokens, root: nodes.Template) -> list[TemplateFinding]:
    """The statements that templates have and instructions have not."""
    findings = []
    kinds: tuple[type[nodes.Node], ...] = (*_REFUSED, nodes.Block, nodes.ScopedEvalContextModifier)
    for node in root.find_all(kinds):
        name = _REFUSED.get(type(node))
        if isinstance(node, nodes.Block):
            said = "`{% block %}` cannot be used: an instruction stands by itself, and no other template fills it"
            hint = "write what is in it without the tag, or as a `{% macro %}`"
        elif name is None:
            said, hint = "`{% autoescape %}` cannot be used: a prompt is plain text", "leave it out"
        else:
            tag = code("{% " + name + " %}")
            said = f"{tag} cannot be used: an instruction stands by itself, and loads no other template"
            hint = "write its text here, or put what changes into `vars`"
        findings.append(_finding(_token(tokens, node.lineno), said, hint))
    return findings


# --- words


def _token(tokens: Tokens, line: object) -> Token:
    return line.token if isinstance(line, Place) else tokens.end


def _finding(token: Token | None, message: str, hint: str | None) -> TemplateFinding:
    if token is None:
        return TemplateFinding(1, 1, 1, message, hint)
    return TemplateFinding(token.line, token.column, max(token.end_column, token.column), message, hint)


def _where(token: Token) -> str:
    return f"line {token.line}, column {token.column}"


def _characters(tokens: Tokens, mistake: Mistake) -> TemplateFinding:
    """A mistake that shows before anything is parsed."""
    token, message = mistake.token, mistake.message
    if mistake.bound:
        return _finding(token, message, _WHOLE)
    if message.startswith("Missing end of comment"):
        return _finding(token, "the comment is not closed: `#}` is missing", "close it with `#}`")
    if message.startswith("Missing end of raw"):
        return _finding(token, "the raw block is not closed: `{% endraw %}` is missing", "close it with `{% endraw %}`")
    opened = tokens.tokens[tokens.tags[mistake.tag].start] if mistake.tag >= 0 else None
    kind = opened.kind if opened is not None else "variable_begin"
    begin, end = OPENING[kind], CLOSING[kind]
    said = f"unexpected {code(token.text)}"
    if expected := re.search(r", expected '(.)'", message):
        return _finding(token, f"{said}, expected {code(expected[1])}", "each bracket is closed by its own kind")
    match token.text:
        case "}":
            hint = f"what {code(begin)} opens, {code(end)} closes"
        case '"' | "'":
            said = f"the text that begins with {token.text} does not end"
            hint = f"close it with {token.text}"
        case "&":
            hint = "write `and`"
        case "!":
            hint = "write `not`, or `!=` to compare"
        case "?":
            hint = "write `A if CONDITION else B`"
        case _:
            hint = f"within {code(begin + ' ' + end)} stand names, numbers, texts in quotes and operators"
    return _finding(token, said, hint)


def _syntax(tokens: Tokens, token: Token, message: str) -> TemplateFinding:
    """A mistake that the parser found."""
    opened = tokens.tokens[tokens.tags[token.tag].start] if token.tag >= 0 else None
    if message.startswith("Unexpected end of template"):
        return _unclosed_block(tokens, token, message)
    if message.startswith("Encountered unknown tag"):
        return _unknown_tag(token, message)
    if token.kind == "eof":
        return _unclosed_tag(tokens, token)
    said = _plain(message)
    return _finding(token, said, _hint(tokens, opened, token, message))


def _unclosed_tag(tokens: Tokens, token: Token) -> TemplateFinding:
    if not tokens.tags:
        return _finding(token, "unexpected end of the template", None)
    opened = tokens.tokens[tokens.tags[-1].start]
    begin, end = OPENING[opened.kind], CLOSING[opened.kind]
    return _finding(
        token,
        f"unexpected end of the template: the {code(begin)} in {_where(opened)} is not closed",
        f"write {code(end)} where it ends",
    )


def _unclosed_block(tokens: Tokens, token: Token, message: str) -> TemplateFinding:
    opened = _unclosed(tokens, message)
    name = opened.text if opened is not None else "block"
    where = f" in {_where(opened)}" if opened is not None else ""
    begin, end = code("{% " + name + " %}"), code("{% end" + name + " %}")
    said = f"the template ends, and the {begin}{where} is not closed: {end} is missing"
    return _finding(token, said, f"write {end} where it ends")


def _unclosed(tokens: Tokens, message: str) -> Token | None:
    """The tag's name that opens what is not closed at the end of the template, when that is what `message` says."""
    found = re.search(r"needs to be closed is '(\w+)'", message)
    return _innermost(tokens, found[1]) if found and message.startswith("Unexpected end of template") else None


def _innermost(tokens: Tokens, name: str) -> Token | None:
    """The last `{% name %}` that is not closed."""
    opened: list[Token] = []
    for tag in tokens.tags:
        if tag.kind == "block_begin":
            keyword = tokens.after(tokens.tokens[tag.start])
            if keyword.text == name:
                opened.append(keyword)
            elif keyword.text == f"end{name}" and opened:
                opened.pop()
    return opened[-1] if opened else None


def _unknown_tag(token: Token, message: str) -> TemplateFinding:
    name = token.text
    tag = code("{% " + name + " %}")
    wanted = re.findall(r"'(\w+)'", message.partition("looking for")[2].partition("The innermost")[0])
    if name in _ENDS or name in {"elif", "else"}:
        if wanted:
            ends = [code("{% " + each + " %}") for each in wanted if each.startswith("end")]
            return _finding(
                token, f"{tag} closes nothing here", f"close the innermost block first: {join(ends, 'or')} is missing"
            )
        return _finding(token, f"{tag} closes nothing here", "is the tag that opens it missing?")
    near = nearest(name, [*_STATEMENTS, *_ENDS])
    if near is not None:
        hint = f"did you mean {code('{% ' + near + ' %}')}?"
    else:
        hint = f"to print a value, write {code('{{ ' + name + ' }}')}"
    return _finding(token, f"there is no tag {tag}", hint)


_SIGNS = {
    "end of print statement": "`}}`",
    "end of statement block": "`%}`",
    "begin of print statement": "`{{`",
    "begin of statement block": "`{%`",
    "name": "a name",
    "integer": "a number",
    "float": "a number",
    "string": "a text",
    "template data / text": "text",
}


def _sign(described: str) -> str:
    return _SIGNS.get(described) or code(described)


def _plain(message: str) -> str:
    if found := re.fullmatch(r"expected token '(.*)', got '(.*)'", message, re.DOTALL):
        return f"expected {_sign(found[1])}, found {_sign(found[2])}"
    if found := re.fullmatch(r"Expected an expression, got '(.*)'", message, re.DOTALL):
        return f"Expected an expression, found {_sign(found[1])}"
    if found := re.fullmatch(r"unexpected '(.*)'", message, re.DOTALL):
        return f"unexpected {_sign(found[1])}"
    return message


def _hint(tokens: Tokens, opened: Token | None, token: Token, message: str) -> str | None:  # noqa: PLR0911 - one line a mistake
    if opened is None:
        return None
    if message == NO_CHARACTER:
        return "write the character itself, or all of it as `\\U` with eight digits"
    keyword = tokens.after(opened)
    if opened.kind == "block_begin" and keyword.text in {"if", "elif"} and token.text == "=":
        return "to compare, write `==`"
    if opened.kind == "block_begin" and keyword.text == "else" and token.text == "if":
        return "write `{% elif ... %}`"
    if opened.kind == "variable_begin" and keyword.text in {*_STATEMENTS, *_ENDS}:
        return f"a statement is written {code('{% ' + keyword.text + ' ... %}')}"
    if token.text == "=":
        return "to compare, write `==`; to set a name, `{% set name = value %}`"
    if "expected token" in message and token.kind in {"name", "string", "integer", "float"}:
        return (
            f"is {code(CLOSING[opened.kind])} missing, or an operator? Texts stand in quotes, and are joined with `~`"
        )
    if token.text == "|":
        return "write `or`; a single `|` leads to a filter"
    if message.startswith("Expected an expression") or token.kind in {"variable_end", "block_end"}:
        return "something is missing before it"
    return None
