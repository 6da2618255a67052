"""YAML that cannot be parsed: what a person did, in place of what a parser met.

A parser stops where it can go on no longer, which is often not where the mistake is: a bracket that is not closed is noticed
lines later. So what it says is looked at together with the text around it and the last thing that it could read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from datarecipe.errors import Problem
from datarecipe.printable import printable
from datarecipe.recipe.message_text import code
from datarecipe.recipe.source.document import MAX_DEPTH, TOO_DEEP, Place, Source
from datarecipe.recipe.source.yaml_swallowed import swallowed

_LONGEST_LINE = 90
"""Characters of a corrected line that a hint shows."""
_WITH_VALUE = re.compile(r"\s*((?:- +)*[\w.-]+: +|(?:- +)+)(\S.*)")
"""A line of block YAML with a value in it: what is before the value, and the value."""
_INNER = re.compile(
    r"\s*(?P<head>(?:- +)*[\w.-]+: +)(?P<key>[a-z][\w.-]*):(?: +(?P<value>\[.*\]|\{(?![{%]).*\}))?\s*(?:\s#.*)?"
)
"""A line of block YAML with two keys. The value of the second is a list or mapping, or follows below."""
_TEMPLATE = re.compile(r"\s*(?:- +)*(?:[\w.-]+: +)?(?P<begin>\{[{%])")
_QUOTES = ('"', "'")
_IN_QUOTES = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_TO_QUOTE = 'put the text into quotes: "..."'


def syntax_problem(
    error: yaml.MarkedYAMLError, last: yaml.Event | None, source: Source, *, bracket: int | None
) -> Problem:
    """What is wrong, where, and how to mend it; `last` is the last event before the error, `bracket` is the number of the
    character with which the outermost `[...]` or `{...}` begins that it is in.
    """
    mark = error.problem_mark or error.context_mark
    said = str(error.problem or "this is not YAML")
    if mark is None:
        return source.place(1, 1).problem(f"this is not YAML: {said}")
    context = str(error.context or "")
    begin = error.context_mark or mark
    first = _Spot(source, begin.line, begin.column)
    spot = _Spot(source, mark.line, mark.column, said, context, first, _text(last), bracket)
    for look in (_swallowed, _deep, _tab, _directive, _template, _escape, _quoted, _flow, _sign, _value, _line):
        problem = look(spot)
        if problem is not None:
            return problem
    return spot.place().problem(f"YAML: {said}{f' ({context})' if context else ''}")


def _text(event: yaml.Event | None) -> _Text | None:
    if not isinstance(event, yaml.ScalarEvent) or event.start_mark is None or event.end_mark is None:
        return None
    return _Text(event.start_mark.line, event.start_mark.column, event.end_mark.line, event.style)


def needs_quotes(place: Place, begin: str) -> Problem:
    """The problem of a template without quotes, which YAML reads as a mapping; `begin` is `{{` or `{%`."""
    line = "" if place.line is None else place.source.lines[place.line - 1]
    hint = corrected(line) or "or use a block: the key, then `|`, then the text in the lines below, indented"
    return place.problem(f"a text that begins with {code(begin)} needs quotes: in YAML `{{` begins a mapping", hint)


def corrected(line: str) -> str | None:
    """A hint that shows the line with its value in quotes, if it is a line with a value and short."""
    found = _WITH_VALUE.fullmatch(line.rstrip())
    if found is None or len(line) > _LONGEST_LINE:
        return None
    head, text = found.groups()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1]
    return f"write: {printable(head)}{in_quotes(text)}"


def quoted_value(line: str, column: int) -> str | None:
    """A hint that shows the value around `column`, which stands in brackets, in quotes."""
    start = max(line.rfind(sign, 0, column) for sign in "[{,") + 1
    colon = re.search(r":\s", line[start:column])
    start += colon.end() if colon else 0
    text = re.split(r"[,\]}]", line[column:], maxsplit=1)[0]
    value = (line[start:column] + text).strip()
    return f"write: {in_quotes(value)}" if value and len(value) <= _LONGEST_LINE else None


def in_quotes(text: str) -> str:
    """A text between the quotes that it needs, on one line."""
    if '"' in text or "\\" in text:
        return printable("'" + text.replace("'", "''") + "'")
    return printable(f'"{text}"')


@dataclass(frozen=True, slots=True)
class _Text:
    """A scalar that was read whole: where it begins, the line in which it ends, and its quote or the sign of its block."""

    line: int
    column: int
    end_line: int
    style: str | None


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where the parser stopped: line and column from 0, what it said, where that began that it was reading."""

    source: Source
    line: int
    column: int
    said: str = ""
    context: str = ""
    begin: _Spot | None = None
    last_text: _Text | None = None
    """The last that was read before, if it was a scalar."""
    bracket: int | None = None
    """The number of the character with which the outermost `[...]` or `{...}` begins that it is in."""

    def corrected(self) -> str | None:
        """A hint with the value in quotes: within brackets the one value, else the line."""
        return quoted_value(self.text, self.column) if self.bracket is not None else corrected(self.text)

    @property
    def text(self) -> str:
        """The line."""
        return self.source.lines[self.line] if self.line < len(self.source.lines) else ""

    @property
    def here(self) -> str:
        """The character, or nothing at the line's end."""
        return self.text[self.column : self.column + 1]

    @property
    def opens_line(self) -> bool:
        """Whether only white space is before it."""
        return not self.text[: self.column].strip()

    @property
    def rest(self) -> str:
        """The line from here on."""
        return self.text[self.column :].rstrip()

    def place(self, length: int = 1, *, shift: int = 0) -> Place:
        column = self.column + shift + 1
        return self.source.place(self.line + 1, column, column + max(1, length))

    def nearest_before(self, char: str) -> _Spot:
        """The nearest place from here back to where the character stands; else here."""
        for line in range(self.line, -1, -1):
            text = self.source.lines[line] if line < len(self.source.lines) else ""
            column = text.rfind(char, 0, self.column + 1 if line == self.line else len(text))
            if column >= 0:
                return _Spot(self.source, line, column)
        return self

    def line_above(self) -> str:
        """The nearest line above that is not blank."""
        return next((line for line in reversed(self.source.lines[: self.line]) if line.strip()), "")


def _swallowed(spot: _Spot) -> Problem | None:
    if spot.bracket is None:
        return None
    found = swallowed(spot.source, spot.bracket, spot.source.index(spot.line + 1, spot.column + 1))
    if found is None:
        return None
    quoted = (
        f"write: {in_quotes(found.value)}" if len(found.value) <= _LONGEST_LINE else "put the whole text into quotes"
    )
    return found.place.problem(found.message, f"{quoted}; or write what is missing before the comment")


def _deep(spot: _Spot) -> Problem | None:
    """One bracket too many. Some releases of the parser read a thousand ahead, and stop there."""
    if spot.here not in ("[", "{"):
        return None
    before = _IN_QUOTES.sub("", "\n".join([*spot.source.lines[: spot.line], spot.text[: spot.column]]))
    opened = sum(before.count(sign) for sign in "[{") - sum(before.count(sign) for sign in "]}")
    return spot.place().problem(TOO_DEEP) if opened >= MAX_DEPTH else None


def _tab(spot: _Spot) -> Problem | None:
    indentation = spot.text[: len(spot.text) - len(spot.text.lstrip())]
    if spot.here != "\t" and "\t" not in indentation:
        return None
    column = spot.column if spot.here == "\t" else indentation.index("\t")
    place = spot.source.place(spot.line + 1, column + 1)
    return place.problem("a tab cannot indent a line or begin a value in YAML", "use spaces")


def _directive(spot: _Spot) -> Problem | None:
    if not spot.text.startswith("%"):
        return None
    place = spot.source.place(spot.line + 1, 1, len(spot.text) + 1)
    return place.problem("a line that begins with `%` is a directive to YAML", "remove it, or put a text into quotes")


def _template(spot: _Spot) -> Problem | None:
    found = _TEMPLATE.match(spot.text)
    if found is None or spot.column < found.start("begin"):
        return None
    start = found.start("begin") + 1
    return needs_quotes(spot.source.place(spot.line + 1, start, start + 2), found["begin"])


def _escape(spot: _Spot) -> Problem | None:
    if "escape" not in spot.said or "quoted" not in spot.context:
        return None
    at = spot.text.rfind("\\", 0, spot.column + 1)
    named = re.match(r"\\[xuU][0-9A-Fa-f]+", spot.text[at:])
    length = named.end() if named else 2
    place = spot.source.place(spot.line + 1, at + 1, at + 1 + length)
    if named is not None:
        return place.problem(f"{code(named[0])} names no character", "write the character itself")
    hint = "write `\\\\` for a backslash, or put the text into single quotes; a path is written with `/`"
    return place.problem(f"{code(spot.text[at : at + 2])} is no escape that a text in double quotes can have", hint)


def _quoted(spot: _Spot) -> Problem | None:
    """A quote too few or one too many."""
    assert spot.begin is not None
    if "quoted scalar" in spot.context or "-quoted" in spot.context:
        hint = f"write {spot.begin.here} at the text's end"
        return spot.begin.place().problem("the text that begins here has no closing quote", hint)
    last = spot.last_text
    if last is None or last.style not in _QUOTES or last.end_line != spot.line:
        return None
    if last.line < spot.line:
        message = f"the text that begins here goes on to the next {last.style}, in line {spot.line + 1}"
        place = spot.source.place(last.line + 1, last.column + 1)
        return place.problem(message, f"write {last.style} at its end, if that is not what is meant")
    if "flow" in spot.context:
        return None
    hint = spot.corrected() or "put the whole text into quotes"
    rest = spot.place(len(spot.rest)) if spot.rest else spot.place(shift=-1)
    return rest.problem("nothing can follow the closing quote of a text", hint)


def _flow(spot: _Spot) -> Problem | None:
    """A bracket or brace too few, a comma too few."""
    if "flow" not in spot.context or spot.begin is None:
        return None
    if "node content" in spot.said and spot.here in ("?", "-"):
        return _cannot_begin(spot)
    what, begin, end = ("list", "[", "]") if "sequence" in spot.context else ("mapping", "{", "}")
    if spot.line == spot.begin.line and spot.here:
        message = f"before this a `,` is missing, or the {code(end)} that ends the {what}"
        return spot.place().problem(message, "a text with `,`, `:`, brackets or quotes in it needs quotes around it")
    hint = f"write {code(end)} at the {what}'s end; what follows is read as a part of it"
    opened = spot.begin.nearest_before(begin)
    return opened.place().problem(f"this {code(begin)} is not closed", hint)


def _sign(spot: _Spot) -> Problem | None:
    """A text that begins with what is a sign in YAML."""
    assert spot.begin is not None
    if "cannot start any token" in spot.said:
        return _cannot_begin(spot)
    wanted = spot.corrected() or _TO_QUOTE
    if "alias" in spot.context or "anchor" in spot.context:
        what = "an alias" if "alias" in spot.context else "an anchor"
        message = f"a text that begins with {code(spot.begin.here)} needs quotes: in YAML it is {what}"
        return spot.begin.place().problem(message, wanted)
    if "tag handle" in spot.said or "scanning a tag" in spot.context or "parsing a tag" in spot.context:
        sign = spot.nearest_before("!")
        return sign.place().problem("a text that begins with `!` needs quotes: in YAML it is a tag", wanted)
    return None


def _cannot_begin(spot: _Spot) -> Problem:
    message = f'a value cannot begin with "{spot.here}" unless it stands in quotes'
    return spot.place().problem(message, spot.corrected() or _TO_QUOTE)


def _value(spot: _Spot) -> Problem | None:
    """A value that goes on as none can, or begins where none can."""
    assert spot.begin is not None
    if "sequence entries are not allowed" in spot.said:
        message = "a list of lines with `-` cannot begin in the line of its key"
        return spot.place().problem(message, "begin it in the next line, or write it as [..., ...]")
    if "mapping keys are not allowed" in spot.said:
        hint = spot.corrected() or "put the text into quotes"
        return spot.place().problem("a `?` with nothing after it begins a key in YAML, and no key can stand here", hint)
    if "unexpected ':'" in spot.said:
        hint = spot.corrected() or "put the text into quotes"
        return spot.place().problem("after this `:` a space is missing, or the text around it needs quotes", hint)
    if "block scalar" in spot.context:
        message = f"nothing can stand beside the {code(spot.begin.here)} that begins a block of text"
        return spot.place(len(spot.rest)).problem(message, "begin the text in the next line, indented")
    if "mapping values are not allowed" in spot.said:
        return _second_colon(spot, _inner_mapping(spot) or spot.corrected() or _TO_QUOTE)
    return None


def _second_colon(spot: _Spot, wanted: str) -> Problem:
    last = spot.last_text
    if last is not None and last.line < spot.line:
        key = len(spot.text) - len(spot.text.lstrip())
        above = spot.source.lines[last.line]
        column = len(above) - len(above.lstrip()) + 1
        place = spot.source.place(spot.line + 1, key + 1, spot.column + 1)
        hint = f"put it into column {column}, if it belongs to the keys above"
        return place.problem("this key is indented deeper than the line above, which has a value already", hint)
    return spot.place().problem("YAML takes the text before this `:` for a key, and no key can stand here", wanted)


def _inner_mapping(spot: _Spot) -> str | None:
    """A hint for a mapping that begins in the line of its key: `vary: topic: [tyres, saddles]`."""
    found = None if spot.bracket is not None or len(spot.text) > _LONGEST_LINE else _INNER.fullmatch(spot.text)
    if found is None:
        return None
    inner = f"{found['key']}: {found['value'] or ''}".strip()
    below = f"put {code(inner)} on a line of its own, indented"
    return f"write: {printable(found['head'])}{{{printable(inner)}}}; or {below}" if found["value"] else below


def _line(spot: _Spot) -> Problem | None:
    """A line that is no entry, or goes on after its value."""
    assert spot.begin is not None
    if "could not find expected ':'" in spot.said:
        return _no_colon(spot.begin)
    if not ("did not find expected" in spot.said or "<block end>" in spot.said):
        return None
    return _column(spot) if spot.opens_line else _too_much(spot)


def _too_much(spot: _Spot) -> Problem:
    if spot.here in ("]", "}"):
        return spot.place().problem(f"there is nothing open that this {code(spot.here)} could close", "remove it")
    hint = spot.corrected() or "a text with quotes, brackets or braces in it needs quotes around all of it"
    if not spot.rest:
        end = spot.source.place(spot.line + 1, max(1, len(spot.text.rstrip())))
        return end.problem("something is missing after this", hint)
    return spot.place(len(spot.rest)).problem("nothing can follow the value that ends before this", hint)


def _column(spot: _Spot) -> Problem:
    """A line that stands in no column of its neighbours."""
    if spot.here == ":":
        return spot.place().problem("before this `:` a key is missing", "write `key: value`")
    if spot.last_text is not None and spot.last_text.style in ("|", ">"):
        hint = "the lines of a block of text are indented as far as its first one, or farther"
    else:
        above = spot.line_above()
        column = len(above) - len(above.lstrip()) + 1
        hint = f"the line above begins in column {column}; what belongs together stands in one column"
    message = f"this line begins in column {spot.column + 1}, unlike the lines around it"
    return spot.place(len(spot.rest)).problem(message, hint)


def _no_colon(spot: _Spot) -> Problem:
    # What looks like a space may be another character.
    together = re.match(r"[\w.-]+:(?=[^ ])", spot.rest)
    if together is not None:
        key, value = spot.rest[: together.end() - 1], spot.rest[together.end() :].strip()
        place = spot.place(shift=together.end() - 1)
        return place.problem(
            "a space is missing after this `:`", f"write: {printable(f'{key}: {value}')[:_LONGEST_LINE]}"
        )
    hint = "write `key: value`; a line that belongs to the text above is indented"
    return spot.place(len(spot.rest)).problem("there is no `:` in this line, so it is no key with a value", hint)
