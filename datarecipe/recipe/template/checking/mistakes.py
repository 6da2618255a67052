"""What a mistake in the syntax is called, and what to write instead."""

from __future__ import annotations

import re

from datarecipe.recipe.message_text import code, join, nearest
from datarecipe.recipe.template.bounds import TemplateFinding
from datarecipe.recipe.template.checking.tokens import Mistake, Token, Tokens

NO_CHARACTER = "half of a surrogate pair is not a character"
PLAINER = "a template this deep or long is no prompt: write it plainer"

_BRACES = {"variable_begin": ("{{", "}}"), "block_begin": ("{%", "%}")}
_STATEMENTS = ("elif", "else", "filter", "for", "if", "raw", "set", "with")
_ENDS = ("endfilter", "endfor", "endif", "endraw", "endset", "endwith")

_UNEXPECTED = {
    "&": "write `and`",
    "!": "write `not`, or `!=` to compare",
    "?": "write `A if CONDITION else B`",
}
"""What to write instead of a character that templates do not have."""

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
"""Jinja's words for kinds of tokens, and ours."""


def finding_at(token: Token | None, message: str, hint: str | None) -> TemplateFinding:
    """That `message` is to be said of `token`; without one, of the beginning."""
    if token is None:
        return TemplateFinding(1, 1, 1, message, hint)
    return TemplateFinding(int(token), token.column, token.end_column, message, hint)


def of_characters(tokens: Tokens, mistake: Mistake) -> TemplateFinding:
    """A mistake that shows before anything is parsed."""
    token, message = mistake.token, mistake.message
    if mistake.bound:
        return finding_at(token, message, PLAINER)
    for what, kind, end in (("comment", "comment", "#}"), ("raw", "raw block", "{% endraw %}")):
        if message.startswith(f"Missing end of {what}"):
            return finding_at(token, f"the {kind} is not closed: {code(end)} is missing", f"close it with {code(end)}")
    begin, end = _BRACES[tokens.tags[token.tag].kind if token.tag >= 0 else "variable_begin"]
    said = f"unexpected {code(token.text)}"
    if expected := re.search(r", expected '(.)'", message):
        return finding_at(token, f"{said}, expected {code(expected[1])}", "each bracket is closed by its own kind")
    if token.text in {'"', "'"}:
        said, hint = f"the text that begins with {token.text} does not end", f"close it with {token.text}"
    elif token.text == "}":
        hint = f"what {code(begin)} opens, {code(end)} closes"
    else:
        within = f"within {code(f'{begin} {end}')} stand names, numbers, texts in quotes and operators"
        hint = _UNEXPECTED.get(token.text, within)
    return finding_at(token, said, hint)


def of_syntax(tokens: Tokens, token: Token, message: str) -> TemplateFinding:
    """A mistake that the parser found."""
    if message.startswith("Unexpected end of template"):
        opened = unclosed(tokens, message)
        name = opened.text if opened is not None else "block"
        where = f" in {_where(opened)}" if opened is not None else ""
        end = _tag(f"end{name}")
        said = f"the template ends, and the {_tag(name)}{where} is not closed: {end} is missing"
        return finding_at(token, said, f"write {end} where it ends")
    if message.startswith("Encountered unknown tag"):
        return _unknown_tag(token, message)
    if token.kind == "eof" and tokens.tags:
        opened = tokens.tags[-1]
        begin, end = _BRACES[opened.kind]
        said = f"unexpected end of the template: the {code(begin)} in {_where(opened)} is not closed"
        return finding_at(token, said, f"write {code(end)} where it ends")
    return finding_at(token, _plain(message), _hint(tokens, token, message))


def unclosed(tokens: Tokens, message: str) -> Token | None:
    """The tag's name that opens what is not closed at the end of the template, when that is what `message` says."""
    found = re.search(r"needs to be closed is '(\w+)'", message)
    if not found or not message.startswith("Unexpected end of template"):
        return None
    opened: list[Token] = []
    for tag, begin in enumerate(tokens.tags):
        keyword = tokens.keyword(tag)
        if begin.kind == "block_begin" and keyword.text == found[1]:
            opened.append(keyword)
        elif begin.kind == "block_begin" and keyword.text == f"end{found[1]}" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _unknown_tag(token: Token, message: str) -> TemplateFinding:
    name = token.text
    if name in _ENDS or name in {"elif", "else"}:
        wanted = re.findall(r"'(end\w+)'", message.partition("looking for")[2].partition("The innermost")[0])
        hint = f"close the innermost block first: {join(map(_tag, wanted), 'or')} is missing"
        hint = hint if wanted else "is the tag that opens it missing?"
        return finding_at(token, f"{_tag(name)} closes nothing here", hint)
    near = nearest(name, [*_STATEMENTS, *_ENDS])
    hint = f"to print a value, write {code('{{ ' + name + ' }}')}" if near is None else f"did you mean {_tag(near)}?"
    return finding_at(token, f"there is no tag {_tag(name)}", hint)


def _hint(tokens: Tokens, token: Token, message: str) -> str | None:  # noqa: PLR0911 - one line a mistake
    if token.tag < 0:
        return None
    if message == NO_CHARACTER:
        return "write the character itself, or all of it as `\\U` with eight digits"
    kind, keyword = tokens.tags[token.tag].kind, tokens.keyword(token.tag).text
    if kind == "block_begin" and keyword in {"if", "elif"} and token.text == "=":
        return "to compare, write `==`"
    if kind == "block_begin" and keyword == "else" and token.text == "if":
        return "write `{% elif ... %}`"
    if kind == "variable_begin" and keyword in {*_STATEMENTS, *_ENDS}:
        return f"a statement is written {_tag(f'{keyword} ...')}"
    if token.text == "=":
        return "to compare, write `==`; to set a name, `{% set name = value %}`"
    if "expected token" in message and token.kind in {"name", "string", "integer", "float"}:
        end = code(_BRACES[kind][1])
        return f"is {end} missing, or an operator? Texts stand in quotes, and are joined with `~`"
    if token.text == "|":
        return "write `or`; a single `|` leads to a filter"
    if message.startswith("Expected an expression") or token.kind in {"variable_end", "block_end"}:
        return "something is missing before it"
    return None


def _plain(message: str) -> str:
    if found := re.fullmatch(r"expected token '(.*)', got '(.*)'", message, re.DOTALL):
        return f"expected {_sign(found[1])}, found {_sign(found[2])}"
    if found := re.fullmatch(r"Expected an expression, got '(.*)'", message, re.DOTALL):
        return f"Expected an expression, found {_sign(found[1])}"
    if found := re.fullmatch(r"unexpected '(.*)'", message, re.DOTALL):
        return f"unexpected {_sign(found[1])}"
    return message


def _sign(described: str) -> str:
    return _SIGNS.get(described) or code(described)


def _tag(name: str) -> str:
    return code("{% " + name + " %}")


def _where(token: Token) -> str:
    return f"line {token}, column {token.column}"
