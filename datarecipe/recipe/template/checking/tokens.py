"""Text -> tokens with their places.

Jinja's nodes and errors know lines alone. Here each token's line number is a `Place`: a whole number that remembers its
token. Jinja hands line numbers on to nodes and errors as they are, so each of these leads back to the token, and to its
column.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field

from jinja2 import lexer as jinja
from jinja2.environment import Environment
from jinja2.exceptions import TemplateSyntaxError

from datarecipe.recipe.template.metering.bounds import Limits

OPENING = {"variable_begin": "{{", "block_begin": "{%"}
CLOSING = {"variable_begin": "}}", "block_begin": "%}"}
_OUTSIDE = frozenset({"data", "whitespace", "comment", "comment_end", "raw_end", "variable_end", "block_end"})


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `line` and `column` count from 1; `end_column` is after its last character in its first line."""

    index: int
    kind: str
    text: str
    line: int
    column: int
    tag: int
    """Number of the tag that it stands in; -1 outside of tags."""

    @property
    def end_column(self) -> int:
        """The column after the token, or after its first line."""
        return self.column + len(self.text.partition("\n")[0].rstrip() or self.text.partition("\n")[0])


class Place(int):
    """A line number that remembers its token."""

    token: Token


@dataclass(slots=True)
class Tag:
    """`{{ ... }}` or `{% ... %}`: the indices of its first token and of the one after its last."""

    kind: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with the characters themselves. `tag` is the number of the tag that cannot be read, if it is one."""

    token: Token
    message: str
    tag: int
    bound: bool = False


@dataclass(slots=True)
class Tokens:
    """A template's tokens, its tags, and what is wrong with its characters."""

    tokens: list[Token] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def end(self) -> Token:
        """The end of the template, which is the last token."""
        return self.tokens[-1]

    def after(self, token: Token) -> Token:
        """The next token that means something."""
        for index in range(token.index + 1, len(self.tokens)):
            if self.tokens[index].kind not in {"whitespace", "comment_begin", "comment", "comment_end"}:
                return self.tokens[index]
        return self.end


def place(token: Token) -> Place:
    """The line number of `token`, with the token."""
    made = Place(token.line)
    made.token = token
    return made


def tokens_of(environment: Environment, text: str, limits: Limits, most_mistakes: int) -> Tokens:
    """The tokens of `text`. Behind a tag that cannot be read it is read on, until there are `most_mistakes`."""
    if len(text) > limits.source:
        start = Token(0, "eof", "", 1, 1, -1)
        said = f"the template has {len(text):,} characters; {limits.source:,} is the limit"
        return Tokens([start], [], [Mistake(start, said, -1, bound=True)])
    lines = jinja.newline_re.split(text)[::2]
    if lines[-1] == "":
        # Jinja drops a line break at the end.
        del lines[-1]
    source = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    reader = _Reader(environment, source, starts, limits)
    at: int | None = 0
    while at is not None:
        at = reader.read(at)
        if len(reader.made.mistakes) >= most_mistakes:
            break
    reader.add("eof", "", len(source))
    return reader.made


class _Reader:
    def __init__(self, environment: Environment, source: str, starts: list[int], limits: Limits) -> None:
        self._lexer = jinja.get_lexer(environment)
        self._source = source
        self._starts = starts
        self._limits = limits
        self._open = 0
        self._tag: int = -1
        self._counted = 0
        self.made = Tokens()

    def add(self, kind: str, text: str, at: int) -> Token:
        """Append the token that begins at the character `at`."""
        line = min(bisect_right(self._starts, at), max(len(self._starts) - 1, 1))
        token = Token(len(self.made.tokens), kind, text, line, at - self._starts[line - 1] + 1, self._tag)
        self.made.tokens.append(token)
        return token

    def read(self, start: int) -> int | None:
        """Read from the character `start` on; where to go on after a mistake, `None` at the end."""
        source, at = self._source, start
        text = source[start:]
        self._tag = -1
        self._open = 0
        try:
            for _, kind, value in self._lexer.tokeniter(text, None):
                # White space that a tag strips is in no token.
                if not source.startswith(value, at):
                    at = self._found(value, at)
                if not self._take(kind, value, at):
                    return None
                at += len(value)
        except TemplateSyntaxError as error:
            return self._mistake(error.message or "", at)
        return None

    def _found(self, value: str, at: int) -> int:
        source = self._source
        while at < len(source) and source[at].isspace() and not source.startswith(value, at):
            at += 1
        return at

    def _take(self, kind: str, value: str, at: int) -> bool:
        if kind in OPENING:
            self._tag = len(self.made.tags)
            self.made.tags.append(Tag(kind, len(self.made.tokens), len(self.made.tokens)))
        token = self.add(kind, value, at)
        if self._tag >= 0:
            self.made.tags[self._tag].stop = token.index + 1
        if kind in {"variable_end", "block_end"}:
            self._tag = -1
        if kind in _OUTSIDE:
            return True
        beyond = self._beyond(kind, value)
        if beyond is not None:
            self.made.mistakes.append(Mistake(token, beyond, self._tag, bound=True))
        return beyond is None

    def _beyond(self, kind: str, value: str) -> str | None:
        """The bound that a token is beyond, if any."""
        self._counted += 1
        if self._counted > self._limits.tokens:
            return f"the template is longer than {self._limits.tokens:,} names, numbers, signs and tags"
        if kind == "operator":
            if value in "([{":
                self._open += 1
            elif value in ")]}":
                self._open = max(self._open - 1, 0)
            if self._open > self._limits.brackets:
                return f"brackets are nested more than {self._limits.brackets} deep"
        elif kind == "integer" and self._too_large(value):
            return f"a number of more than {self._limits.digits:,} digits"
        elif kind == "float" and math.isinf(float(value.replace("_", ""))):
            return "a number that is too large"
        return None

    def _too_large(self, value: str) -> bool:
        digits = value.replace("_", "")
        if len(digits) <= 20:
            return False
        # More letters than this are too many in any base; Python takes long to read a decimal number of many digits.
        if len(digits) > 4 * self._limits.digits:
            return True
        if len(digits) > self._limits.digits and digits[:2].isdigit():
            return True
        return bool(int(digits, 0) >= 10**self._limits.digits)

    def _mistake(self, message: str, at: int) -> int | None:
        """Take note of a mistake at the character `at`, and find where the text goes on."""
        tag, source = self._tag, self._source
        last = self.made.tokens[-1] if self.made.tokens else None
        if last is not None and last.kind in {"comment_begin", "raw_begin"}:
            self.made.mistakes.append(Mistake(last, message, -1))
            return None
        token = self.add("error", source[at : at + 1], at)
        self.made.mistakes.append(Mistake(token, message, tag))
        if tag < 0:
            return None
        self.made.tags[tag].stop = token.index + 1
        ends = [end for end in (source.find("}}", at), source.find("%}", at)) if end >= 0]
        following = [begin for begin in (source.find("{{", at), source.find("{%", at)) if begin >= 0]
        if not ends:
            return None
        if following and min(following) < min(ends):
            return min(following)
        return min(ends) + 2
