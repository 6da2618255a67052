"""Text -> tokens with their places, as Jinja's lexer finds them.

Jinja's nodes and errors know lines alone. Here each token is the number of its line, so the line of a node or an error leads
back to the token, and to its column.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field

from jinja2 import Environment
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import newline_re

from datarecipe.recipe.template.bounds import Limits

MOST_MISTAKES = 20
"""After so many a template is no template."""

CHAINED = "operators and filters in one expression are nested or chained more than"

_OUTSIDE = frozenset({"data", "whitespace", "comment", "comment_end", "raw_end", "variable_end", "block_end"})
_BLOCKS = frozenset({"autoescape", "block", "call", "filter", "for", "if", "macro", "with"})
_SKIPPED = frozenset({"whitespace", "comment_begin", "comment", "comment_end"})


class Token(int):
    """One token, as the number of its line. `tag` is the number of the tag that it stands in, -1 outside of tags."""

    kind: str
    text: str
    column: int
    index: int
    tag: int

    @property
    def end_column(self) -> int:
        """The column after the token, or after its first line."""
        first = self.text.partition("\n")[0]
        return self.column + len(first.rstrip() or first)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with the characters themselves; with `bound`, it is more than the limits allow."""

    token: Token
    message: str
    bound: bool = False


@dataclass(slots=True)
class Tokens:
    """A template's tokens, of which the last is the end of the template, and what is wrong with its characters."""

    tokens: list[Token] = field(default_factory=list)
    tags: list[Token] = field(default_factory=list)
    """The first token of each tag."""
    mistakes: list[Mistake] = field(default_factory=list)

    def after(self, token: Token) -> Token:
        """The next token that means something."""
        for index in range(token.index + 1, len(self.tokens)):
            if self.tokens[index].kind not in _SKIPPED:
                return self.tokens[index]
        return self.tokens[-1]

    def keyword(self, tag: int) -> Token:
        """The first token within a tag."""
        return self.after(self.tags[tag])


def tokens_of(environment: Environment, text: str, limits: Limits) -> Tokens:
    """The tokens of `text`; what follows a tag that cannot be read is read too."""
    if len(text) > limits.text:
        reader = _Reader(environment, "", limits)
        said = f"the template has {len(text):,} characters; {limits.text:,} is the limit"
        reader.made.mistakes.append(Mistake(reader.add("eof", "", 0), said, bound=True))
        return reader.made
    lines = newline_re.split(text)[::2]
    if lines[-1] == "":
        # Jinja drops a line break at the end.
        del lines[-1]
    reader = _Reader(environment, "\n".join(lines), limits)
    at: int | None = 0
    while at is not None and len(reader.made.mistakes) < MOST_MISTAKES:
        at = reader.read(at)
    reader.add("eof", "", len(reader.source))
    return reader.made


class _Reader:
    def __init__(self, environment: Environment, source: str, limits: Limits) -> None:
        self._environment = environment
        self.source = source
        self._starts = [0]
        for line in source.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._limits = limits
        self._tag = -1
        self._blocks = self._counted = 0
        self._prefixes = [0]
        """How many prefixes stand before the current part of the expression, in each of the brackets that are open."""
        self.made = Tokens()

    def add(self, kind: str, text: str, at: int) -> Token:
        """Append the token that begins at the character `at`."""
        line = min(bisect_right(self._starts, at), len(self._starts) - 1)
        token = Token(line)
        token.kind, token.text, token.tag = kind, text, self._tag
        token.column, token.index = at - self._starts[line - 1] + 1, len(self.made.tokens)
        self.made.tokens.append(token)
        return token

    def read(self, at: int) -> int | None:
        """Read from the character `at` on; where to go on after a mistake, `None` at the end."""
        source = self.source
        self._tag = -1
        try:
            for _, kind, value in self._environment.lexer.tokeniter(source[at:], None):
                # White space that a tag strips is in no token.
                while not source.startswith(value, at) and source[at : at + 1].isspace():
                    at += 1
                if not self._take(kind, value, at):
                    return None
                at += len(value)
        except TemplateSyntaxError as error:
            return self._mistake(error.message or "", at)
        return None

    def _take(self, kind: str, value: str, at: int) -> bool:
        begins, ends = kind in {"variable_begin", "block_begin"}, kind in {"variable_end", "block_end"}
        if begins:
            self._tag, self._prefixes = len(self.made.tags), [0]
        token = self.add(kind, value, at)
        if begins:
            self.made.tags.append(token)
        beyond = self._beyond(kind, value)
        if beyond is not None:
            self.made.mistakes.append(Mistake(token, beyond, bound=True))
        if ends:
            self._tag = -1
        return beyond is None

    def _opened(self) -> int:
        """How many blocks the tag that ends here opens."""
        keyword = self.made.keyword(self._tag)
        if keyword.text != "set":
            return -1 if keyword.text.startswith("end") else int(keyword.text in _BLOCKS)
        brackets = 0
        for token in self.made.tokens[keyword.index :]:
            if brackets == 0 and token.text in {"=", "|"}:
                return int(token.text == "|")
            brackets += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        return 1

    def _beyond(self, kind: str, value: str) -> str | None:  # noqa: C901, PLR0911 - one line a bound
        """The bound that a token is beyond, if any. Jinja's parser calls itself for each bracket and each prefix."""
        limits = self._limits
        self._counted += kind not in _OUTSIDE
        if kind == "block_end":
            self._blocks = max(self._blocks + self._opened(), 0)
        elif kind == "operator" and value in "([{":
            self._prefixes.append(0)
        elif kind == "operator" and value in ")]}":
            self._prefixes[1:] = self._prefixes[1:-1]
        elif kind == "operator" and value == ",":
            self._prefixes[-1] = 0
        elif kind in {"operator", "name"} and value in {"not", "else", "-", "+"}:
            self._prefixes[-1] += 1
        elif kind == "integer" and len(value) > limits.digits:
            return f"a number of more than {limits.digits:,} digits"
        elif kind == "float" and math.isinf(float(value.replace("_", ""))):
            return "a number that is too large"
        if self._counted > limits.tokens:
            return f"the template is longer than {limits.tokens:,} names, numbers, signs and tags"
        if self._blocks > limits.nesting:
            return f"blocks are nested more than {limits.nesting} deep"
        if len(self._prefixes) > limits.nesting + 1:
            return f"brackets are nested more than {limits.nesting} deep"
        if sum(self._prefixes) > limits.expression:
            return f"{CHAINED} {limits.expression} deep"
        return None

    def _mistake(self, message: str, at: int) -> int | None:
        """Take note of a mistake at the character `at`, and find where the text goes on."""
        tag, source = self._tag, self.source
        last = self.made.tokens[-1] if self.made.tokens else None
        if last is not None and last.kind in {"comment_begin", "raw_begin"}:
            self.made.mistakes.append(Mistake(last, message))
            return None
        self.made.mistakes.append(Mistake(self.add("error", source[at : at + 1], at), message))
        ends = [end for end in (source.find("}}", at), source.find("%}", at)) if end >= 0]
        following = [begin for begin in (source.find("{{", at), source.find("{%", at)) if begin >= 0]
        if tag < 0 or not ends:
            return None
        return min(following) if following and min(following) < min(ends) else min(ends) + 2
