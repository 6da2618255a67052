"""Reads one value that is JSON, or nearly: what has one reading is read, anything else is where it breaks.

Beyond JSON these are read, since nothing else can be meant: a comma before a closing bracket, Python's literals (single
quotes, True, None, tuples), keys without quotes, typographic quotes around a text, comments, backslashes that were not
doubled. Nothing is ever closed that was not: a value that is cut off breaks.

A key that stands twice in an object and a text with a control character do not break a value; they are noted at its place.
One pass with a stack: each character is read once, but for the text before a break (see `Broken`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from datarecipe.exchange import Json
from datarecipe.generate.parse import strings
from datarecipe.generate.parse.items import Row, Table
from datarecipe.generate.parse.nesting import MAX_NESTING

MAX_DIGITS = 4300
"""Of a whole number; Python reads no longer one, unless its environment says so."""

LETTERS = r"0-9A-Za-z_\u00c0-\u1fff\u3040-\ud7ff"
"""The letters of a name, for a set in a pattern. Not `\\w`, which means more letters with each Python."""

_CONSTANTS: dict[str, Json] = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_CLOSING = {"{": "}", "[": "]", "(": ")"}

_STRINGS = {
    '"': re.compile(r'"([^"\\]*+(?>(?:\\.[^"\\]*+)*))"', re.DOTALL),
    "'": re.compile(r"'([^'\\]*+(?>(?:\\.[^'\\]*+)*))'", re.DOTALL),
    "“": re.compile(r"“([^“”\\]*+(?>(?:\\.[^“”\\]*+)*))”", re.DOTALL),
    "„": re.compile(r"„([^„“”\\]*+(?>(?:\\.[^„“”\\]*+)*))[“”]", re.DOTALL),
}


@cache
def _token() -> re.Pattern[str]:
    # Compiled when it is first needed: most replies are plain JSON.
    return re.compile(
        r"[\s\ufeff]*+(?:"
        r"(?P<quote>[\"'“„])"
        r"|(?P<opening>[{\[(])"
        r"|(?P<closing>[}\])])"
        r"|(?P<mark>[,:])"
        rf"|(?P<number>-?(?:0|[1-9][0-9]*+)(?P<fraction>\.[0-9]++)?(?P<exponent>[eE][+-]?[0-9]++)?)(?![{LETTERS}.])"
        rf"|(?P<word>[A-Za-z_$][{LETTERS}$-]*+)"
        r"|(?P<comment>//|\#|/\*)"
        r")"
    )


class Meter:
    """How much work one reply may still take. Shared by all who read in it."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps


@dataclass(slots=True)
class Frame:
    """An object or list that is not yet closed."""

    value: Table | Row
    opening: str
    state: str = "first"
    """What comes next: `first` (a key or an element, or the end), `next` (the same, after a comma), `colon`, `value` or
    `comma` (or the end)."""
    key: str = ""
    is_item: bool = False
    """Whether it has a field of the recipe."""


@dataclass(frozen=True, slots=True)
class Broken:
    """No value: where reading went wrong."""

    frames: list[Frame]
    """What was open."""
    at: int
    """Where to go on. Within the text that ended just before the break: a quote in it, or one that is missing, makes the
    text end too early or too late, and what comes next may stand in it."""
    within: int
    """Where that text ends. What stands wholly before is its text and nothing else."""


class Reader:
    def __init__(self, text: str, known: frozenset[str], meter: Meter) -> None:
        self.text = text
        self.known = known
        self.meter = meter
        self._frames: list[Frame] = []
        self._is_python = False
        self._root: Table | Row = Row(0)
        self._unclosed = dict.fromkeys([*_STRINGS, "*/", "\n"], len(text) + 1)
        """From where on no such quote is closed any more."""

    def read(self, start: int) -> Table | Row | Broken:
        """The value whose bracket stands at `start`."""
        self._frames, self._is_python = [], False
        token, position, string = _token(), start, -1
        while self.meter.left > 0:
            self.meter.left -= 1
            match = token.match(self.text, position)
            if match is None:
                return self._broken(position, string)
            after = self._take(match)
            if after < 0:
                return self._misfit(match, string)
            string = match.end() - 1 if match.lastgroup == "quote" else -1
            position = after
            if not self._frames:
                return self._root
        return self._broken(len(self.text), -1)

    def _misfit(self, match: re.Match[str], string: int) -> Broken:
        group = match.lastgroup or ""
        start = match.start(group)
        if group == "quote":
            closed = self._closed_string(match.group("quote"), start)
            return Broken(self._frames, start + 1, len(self.text) if closed is None else closed.end())
        return self._broken(start, string if group in ("word", "number") else -1)

    def _broken(self, position: int, string: int) -> Broken:
        """`string` is where the text begins that ends at `position`, or negative."""
        if string < 0:
            return Broken(self._frames, position, 0)
        return Broken(self._frames, string + 1, position)

    def _take(self, match: re.Match[str]) -> int:
        """Take one token; give where it ends, or -1 where it does not fit."""
        end = match.end()
        match match.lastgroup:
            case "quote":
                end, fits = self._string(match.group("quote"), end - 1)
            case "opening":
                fits = self._open(match.group("opening"), end - 1)
            case "closing":
                fits = self._close(match.group("closing"), end)
            case "mark":
                fits = self._mark(match.group("mark"))
            case "number":
                fits = self._number(match)
            case "word":
                fits = self._word(match.group("word"))
            case _:
                end = self._comment(match.group("comment"), end)
                fits = end >= 0
        return end if fits else -1

    def text_at(self, start: int) -> tuple[str, int] | None:
        """The text whose quote stands at `start`, and where it ends."""
        match = self._closed_string('"', start)
        return None if match is None else (strings.read(match.group(1)).value, match.end())

    def _closed_string(self, quote: str, start: int) -> re.Match[str] | None:
        if start >= self._unclosed[quote]:
            return None
        match = _STRINGS[quote].match(self.text, start)
        if match is None:
            self._unclosed[quote] = start
        return match

    def _string(self, quote: str, start: int) -> tuple[int, bool]:
        match = self._closed_string(quote, start)
        if match is None:
            return -1, False
        # Python writes single quotes, but for a text with an apostrophe in it.
        self._is_python = self._is_python or quote == "'"
        text = strings.read(match.group(1), python=self._is_python)
        fits = self._put(text.value, mended=text.mended or quote != '"', fault=text.fault, is_text=True)
        return match.end(), fits

    def _open(self, bracket: str, start: int) -> bool:
        frames = self._frames
        if len(frames) >= MAX_NESTING or (frames and not self._wants_value(frames[-1])):
            return False
        value = Table(start) if bracket == "{" else Row(start)
        if not frames:
            self._root = value
        frames.append(Frame(value, bracket))
        return True

    def _close(self, bracket: str, end: int) -> bool:
        frame = self._frames[-1]
        if _CLOSING[frame.opening] != bracket or frame.state not in ("first", "comma", "next"):
            return False
        value: Json = frame.value
        span = frame.value.span
        span.end = end
        span.mended = span.mended or frame.state == "next" or bracket == ")"
        if bracket == ")" and frame.state == "comma" and len(frame.value) == 1:
            value = frame.value[0]  # type: ignore[index]  # brackets around one value, no tuple
        self._frames.pop()
        if not self._frames:
            return True
        return self._put(value, mended=span.mended, fault=span.fault)

    def _mark(self, mark: str) -> bool:
        frame = self._frames[-1]
        if frame.state != ("colon" if mark == ":" else "comma"):
            return False
        frame.state = "value" if mark == ":" else "next"
        return True

    def _number(self, match: re.Match[str]) -> bool:
        digits = match.group("number")
        if match.group("fraction") or match.group("exponent"):
            return self._put(float(digits))
        if len(digits) - digits.startswith("-") > MAX_DIGITS:
            return self._put(0, fault="holds a number too large to be one")
        return self._put(int(digits), mended=False)

    def _word(self, word: str) -> bool:
        frame = self._frames[-1]
        if frame.opening == "{" and frame.state in ("first", "next"):
            return self._put(word, mended=True, is_text=True)
        if word not in _CONSTANTS:
            return False
        return self._put(_CONSTANTS[word], mended=word[0].isupper())

    def _comment(self, sign: str, start: int) -> int:
        """Where a comment ends."""
        closing = "*/" if sign == "/*" else "\n"
        if start >= self._unclosed[closing]:
            return -1
        end = self.text.find(closing, start)
        if end < 0:
            self._unclosed[closing] = start
            return -1
        self._frames[-1].value.span.mended = True
        return end + len(closing)

    @staticmethod
    def _wants_value(frame: Frame) -> bool:
        return frame.state == "value" or (frame.opening != "{" and frame.state in ("first", "next"))

    def _put(self, value: Json, *, mended: bool = False, fault: str = "", is_text: bool = False) -> bool:
        """Put a value where one is wanted; a text may be a key."""
        frame = self._frames[-1]
        span = frame.value.span
        if isinstance(frame.value, Row):
            if frame.state not in ("first", "next"):
                return False
            frame.value.append(value)
            frame.state = "comma"
        elif frame.state in ("first", "next"):
            if not is_text and type(value) is not int:
                return False
            frame.key, mended = str(value), mended or not is_text
            frame.is_item = frame.is_item or frame.key in self.known
            if frame.key in frame.value:
                fault = fault or f"the key {_shown(frame.key)} is there twice"
            frame.state = "colon"
        elif frame.state == "value":
            frame.value[frame.key] = value
            frame.value.values_in_order.append(value)
            frame.state = "comma"
        else:
            return False
        span.mended = span.mended or mended
        span.fault = span.fault or fault
        return True


def _shown(key: str) -> str:
    text = json.dumps(key)
    return text if len(text) <= 80 else text[:80] + " ..."
