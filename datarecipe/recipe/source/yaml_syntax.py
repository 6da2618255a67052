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
from datarecipe.recipe.source.yaml_hints import LONGEST_LINE, line_in_quotes, template_in_quotes, value_in_quotes

_INNER = re.compile(
    r"\s*(?P<head>(?:- +)*[\w.-]+: +)(?P<key>[a-z][\w.-]*):(?: +(?P<value>\[.*\]|\{(?![{%]).*\}))?\s*(?:\s#.*)?"
)
"""A line of block YAML with two keys. The value of the second is a list or mapping, or follows below."""
_TEMPLATE = re.compile(r"\s*(?:- +)*(?:[\w.-]+: +)?(?P<begin>\{[{%])")
_IN_QUOTES = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_VALUES = {
    "sequence entries are not allowed": (
        "a list of lines with `-` cannot begin in the line of its key",
        "begin it in the next line, or write it as [..., ...]",
    ),
    "mapping keys are not allowed": (
        "a `?` with nothing after it begins a key in YAML, and no key can stand here",
        None,
    ),
    "unexpected ':'": ("after this `:` a space is missing, or the text around it needs quotes", None),
}
"""What the parser says of a value: what is wrong, and how to mend it where quotes do not."""


def syntax_problem(
    error: yaml.MarkedYAMLError, last: yaml.Event | None, source: Source, *, bracket: Place | None
) -> Problem:
    """What is wrong, where, and how to mend it; `last` is the last event before the error, `bracket` is where the outermost
    `[...]` or `{...}` begins that it is in.
    """
    mark = error.problem_mark or error.context_mark
    said, context = str(error.problem or "this is not YAML"), str(error.context or "")
    if mark is None:
        return source.place(1, 1).problem(f"this is not YAML: {said}")
    marks = (mark, error.context_mark or mark)
    place, begin = (source.place(at.line + 1, at.column + 1, at.column + 2) for at in marks)
    stop = _Stop(place, begin, said, context, _text(last, source), bracket)
    for look in (_swallowed, _deep, _tab, _directive, _template, _escape, _quoted, _flow, _sign, _value, _line):
        problem = look(stop)
        if problem is not None:
            return problem
    return stop.place.problem(f"YAML: {said}{f' ({context})' if context else ''}")


@dataclass(frozen=True, slots=True)
class _Text:
    """A scalar that was read whole."""

    place: Place
    end_line: int
    style: str | None
    """Its quote, or the sign of its block."""


def _text(event: yaml.Event | None, source: Source) -> _Text | None:
    if not isinstance(event, yaml.ScalarEvent) or event.start_mark is None or event.end_mark is None:
        return None
    place = source.place(event.start_mark.line + 1, event.start_mark.column + 1)
    return _Text(place, event.end_mark.line + 1, event.style)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the parser stopped, and what it said."""

    place: Place
    begin: Place
    """Where that begins which it was reading."""
    said: str
    context: str
    last: _Text | None
    """What it read before, if that was a scalar."""
    bracket: Place | None

    @property
    def here(self) -> str:
        """The character, or nothing at the line's end."""
        return _sign_at(self.place)

    @property
    def rest(self) -> str:
        """The line from here on."""
        return self.place.line_text[self.place.index :].rstrip()

    @property
    def to_line_end(self) -> Place:
        return self.place.long(max(1, len(self.rest)))

    def in_quotes(self) -> str:
        """A hint to write the text in quotes: within brackets the one value, else what stands in the line."""
        hint = line_in_quotes(self.place.line_text) if self.bracket is None else value_in_quotes(self.place)
        return hint or 'put the text into quotes: "..."'


def _sign_at(place: Place) -> str:
    return place.line_text[place.index : place.index + 1]


def _nearest_before(place: Place, sign: str) -> Place:
    """The nearest place from here back where the sign stands; else here."""
    at = place.source.text.rfind(sign, 0, place.offset + 1)
    return place if at < 0 else place.source.at(at)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _swallowed(stop: _Stop) -> Problem | None:
    if stop.bracket is None:
        return None
    from datarecipe.recipe.source.yaml_swallowed import swallowed  # noqa: PLC0415 - compiles much, for a mistake only

    return swallowed(stop.place.source, stop.bracket.offset, stop.place.offset)


def _deep(stop: _Stop) -> Problem | None:
    """One bracket too many. Some releases of the parser read a thousand ahead, and stop there."""
    if stop.here not in ("[", "{"):
        return None
    before = _IN_QUOTES.sub("", stop.place.source.text[: stop.place.offset])
    opened = sum(before.count(sign) for sign in "[{") - sum(before.count(sign) for sign in "]}")
    return stop.place.problem(TOO_DEEP) if opened >= MAX_DEPTH else None


def _tab(stop: _Stop) -> Problem | None:
    line = stop.place.line_text
    at = stop.place.index if stop.here == "\t" else line[: _indentation(line)].find("\t")
    message = "a tab cannot indent a line or begin a value in YAML"
    return None if at < 0 else stop.place.in_line(at).problem(message, "use spaces")


def _directive(stop: _Stop) -> Problem | None:
    line = stop.place.line_text
    message = "a line that begins with `%` is a directive to YAML"
    hint = "remove it, or put a text into quotes"
    return stop.place.in_line(0, len(line)).problem(message, hint) if line.startswith("%") else None


def _template(stop: _Stop) -> Problem | None:
    found = _TEMPLATE.match(stop.place.line_text)
    if found is None or stop.place.index < found.start("begin"):
        return None
    return template_in_quotes(stop.place.in_line(found.start("begin"), 2), found["begin"])


def _escape(stop: _Stop) -> Problem | None:
    if "escape" not in stop.said or "quoted" not in stop.context:
        return None
    line = stop.place.line_text
    at = line.rfind("\\", 0, stop.place.index + 1)
    named = re.match(r"\\[xuU][0-9A-Fa-f]+", line[at:])
    if named is not None:
        place = stop.place.in_line(at, named.end())
        return place.problem(f"{code(named[0])} names no character", "write the character itself")
    message = f"{code(line[at : at + 2])} is no escape that a text in double quotes can have"
    hint = "write `\\\\` for a backslash, or put the text into single quotes; a path is written with `/`"
    return stop.place.in_line(at, 2).problem(message, hint)


def _quoted(stop: _Stop) -> Problem | None:
    """A quote too few or one too many."""
    if "quoted" in stop.context:
        hint = f"write {_sign_at(stop.begin)} at the text's end"
        return stop.begin.problem("the text that begins here has no closing quote", hint)
    last = stop.last
    if last is None or last.style not in ('"', "'") or last.end_line != stop.place.line:
        return None
    if last.place.line != last.end_line:
        message = f"the text that begins here goes on to the next {last.style}, in line {last.end_line}"
        return last.place.problem(message, f"write {last.style} at its end, if that is not what is meant")
    if "flow" in stop.context:
        return None
    rest = stop.to_line_end if stop.rest else stop.place.in_line(stop.place.index - 1)
    return rest.problem("nothing can follow the closing quote of a text", stop.in_quotes())


def _flow(stop: _Stop) -> Problem | None:
    """A bracket or brace too few, a comma too few."""
    if "flow" not in stop.context:
        return None
    if "node content" in stop.said and stop.here in ("?", "-"):
        return _cannot_begin(stop)
    what, begin, end = ("list", "[", "]") if "sequence" in stop.context else ("mapping", "{", "}")
    if stop.place.line == stop.begin.line and stop.here:
        message = f"before this a `,` is missing, or the {code(end)} that ends the {what}"
        return stop.place.problem(message, "a text with `,`, `:`, brackets or quotes in it needs quotes around it")
    hint = f"write {code(end)} at the {what}'s end; what follows is read as a part of it"
    return _nearest_before(stop.begin, begin).problem(f"this {code(begin)} is not closed", hint)


def _sign(stop: _Stop) -> Problem | None:
    """A text that begins with what is a sign in YAML."""
    if "cannot start any token" in stop.said:
        return _cannot_begin(stop)
    place = stop.begin
    if "alias" in stop.context:
        what = "an alias"
    elif "anchor" in stop.context:
        what = "an anchor"
    elif "tag handle" in stop.said or "scanning a tag" in stop.context or "parsing a tag" in stop.context:
        place, what = _nearest_before(stop.place, "!"), "a tag"
    else:
        return None
    message = f"a text that begins with {code(_sign_at(place))} needs quotes: in YAML it is {what}"
    return place.problem(message, stop.in_quotes())


def _cannot_begin(stop: _Stop) -> Problem:
    message = f'a value cannot begin with "{stop.here}" unless it stands in quotes'
    return stop.place.problem(message, stop.in_quotes())


def _value(stop: _Stop) -> Problem | None:
    """A value that goes on as none can, or begins where none can."""
    for said, (message, hint) in _VALUES.items():
        if said in stop.said:
            return stop.place.problem(message, hint or stop.in_quotes())
    if "block scalar" in stop.context:
        message = f"nothing can stand beside the {code(_sign_at(stop.begin))} that begins a block of text"
        return stop.to_line_end.problem(message, "begin the text in the next line, indented")
    return _second_colon(stop) if "mapping values are not allowed" in stop.said else None


def _second_colon(stop: _Stop) -> Problem:
    if stop.last is not None and stop.last.place.line != stop.place.line:
        key, above = _indentation(stop.place.line_text), _indentation(stop.last.place.line_text)
        place = stop.place.in_line(key, stop.place.index - key)
        hint = f"put it into column {above + 1}, if it belongs to the keys above"
        return place.problem("this key is indented deeper than the line above, which has a value already", hint)
    hint = _inner_mapping(stop) or stop.in_quotes()
    return stop.place.problem("YAML takes the text before this `:` for a key, and no key can stand here", hint)


def _inner_mapping(stop: _Stop) -> str | None:
    """A hint for a mapping that begins in the line of its key: `vary: topic: [tyres, saddles]`."""
    line = stop.place.line_text
    found = None if stop.bracket is not None or len(line) > LONGEST_LINE else _INNER.fullmatch(line)
    if found is None:
        return None
    inner = f"{found['key']}: {found['value'] or ''}".strip()
    below = f"put {code(inner)} on a line of its own, indented"
    return f"write: {printable(found['head'])}{{{printable(inner)}}}; or {below}" if found["value"] else below


def _line(stop: _Stop) -> Problem | None:
    """A line that is no entry, or goes on after its value."""
    if "could not find expected ':'" in stop.said:
        return _no_colon(stop.begin)
    if not ("did not find expected" in stop.said or "<block end>" in stop.said):
        return None
    opens_line = not stop.place.line_text[: stop.place.index].strip()
    return _column(stop) if opens_line else _too_much(stop)


def _too_much(stop: _Stop) -> Problem:
    if stop.here in ("]", "}"):
        return stop.place.problem(f"there is nothing open that this {code(stop.here)} could close", "remove it")
    if not stop.rest:
        end = stop.place.in_line(max(0, len(stop.place.line_text.rstrip()) - 1))
        return end.problem("something is missing after this", stop.in_quotes())
    return stop.to_line_end.problem("nothing can follow the value that ends before this", stop.in_quotes())


def _column(stop: _Stop) -> Problem:
    """A line that stands in no column of its neighbours."""
    if stop.here == ":":
        return stop.place.problem("before this `:` a key is missing", "write `key: value`")
    if stop.last is not None and stop.last.style in ("|", ">"):
        hint = "the lines of a block of text are indented as far as its first one, or farther"
    else:
        above = stop.place.source.text[: stop.place.offset].rstrip().rpartition("\n")[2]
        hint = f"the line above begins in column {_indentation(above) + 1}; what belongs together stands in one column"
    message = f"this line begins in column {stop.place.column}, unlike the lines around it"
    return stop.to_line_end.problem(message, hint)


def _no_colon(begin: Place) -> Problem:
    rest = begin.line_text[begin.index :].rstrip()
    # What looks like a space may be another character.
    together = re.match(r"[\w.-]+:(?=[^ ])", rest)
    if together is not None:
        key, value = together[0].removesuffix(":"), rest[together.end() :].strip()
        hint = f"write: {printable(f'{key}: {value}')[:LONGEST_LINE]}"
        return begin.in_line(begin.index + len(key)).problem("a space is missing after this `:`", hint)
    hint = "write `key: value`; a line that belongs to the text above is indented"
    message = "there is no `:` in this line, so it is no key with a value"
    return begin.long(max(1, len(rest))).problem(message, hint)
