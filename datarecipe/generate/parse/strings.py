r"""What stands between two quotes: its text, what was mended in it, and what is wrong with it.

An escape that JSON does not know (`\s`, `\(`, `\alpha`) has one reading, a backslash that was not doubled. A character that
no text holds (U+0000, U+001B and the other control characters except tab, line feed and carriage return) makes the item
unusable: databases refuse it, XML and terminals choke on it.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from datarecipe.generate.parse import latex

# strict=False: models write raw line breaks and tabs inside strings, and the item is whole all the same.
_decoder = json.JSONDecoder(strict=False)
_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NAMES = {
    0: "NULL",
    7: "BELL",
    8: "BACKSPACE, \\b",
    11: "LINE TABULATION",
    12: "FORM FEED, \\f",
    27: "ESCAPE",
    127: "DELETE",
}

_escape = re.compile(r'\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)|"', re.DOTALL)
_half = re.compile(r"[0-9A-Fa-f]")
_simple = re.compile(r'[^\\"]*+(?>(?:\\["\\/][^\\"]*+)*)')

SUSPECT = (
    r"(?<!\\)(?>(?:\\\\)*)\\(?:[bf]|u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F])|" + latex.SUSPECT + ")"
)
"""Finds the escapes in a text for whose sake `read` may give something else than a JSON decoder. `re` compiles it when a
reply first has a backslash."""


class Text(NamedTuple):
    value: str
    mended: bool = False
    fault: str = ""


def has_controls(text: str) -> bool:
    """Whether a text holds U+007F to U+009F, which JSON allows in a string."""
    return "\x7f" in text if text.isascii() else _control.search(text) is not None


def read(raw: str, *, python: bool = False) -> Text:
    """The text of a string's source without its quotes. In Python's strings other escapes hold."""
    if "\\" not in raw:
        return Text(raw, fault=_unusable(raw))
    if _simple.fullmatch(raw) is not None:
        value = _decoded(raw)
        return Text(value, fault=_unusable(value))
    source = _Source(raw, python=python)
    value = _decoded(_escape.sub(source.rewrite, raw))
    return Text(value, source.mended, source.fault or _unusable(value))


def _decoded(source: str) -> str:
    value = _decoder.decode(f'"{source}"')
    assert isinstance(value, str)
    return value


def _unusable(value: str) -> str:
    if value.isprintable() or (found := _control.search(value)) is None:
        return ""
    code = ord(found.group())
    name = f" ({_NAMES[code]})" if code in _NAMES else ""
    return f"holds the control character U+{code:04X}{name}"


class _Source:
    """Rewrites a string's source so that it is JSON."""

    def __init__(self, raw: str, *, python: bool) -> None:
        self.raw = raw
        self.python = python
        self.commands = latex.commands_for_white_space(raw)
        self.mended = False
        self.fault = ""

    def rewrite(self, match: re.Match[str]) -> str:
        escape = match.group()
        letter = escape[1:2]
        if escape == '"':
            return '\\"'
        if letter in '"\\/' or self._stays(letter, match):
            return escape
        if escape == "\\'":
            self.mended = self.mended or not self.python
            return "'"
        return self._pythons(match) if self.python else self._literal(match)

    def _stays(self, letter: str, match: re.Match[str]) -> bool:
        """Whether an escape means what it means in JSON."""
        if letter in "bf":
            return not latex.is_command(self.raw, match.start() + 1)
        if letter == "u":
            return len(match.group()) == 6
        return letter in "tnr" and match.start() not in self.commands

    def _literal(self, match: re.Match[str]) -> str:
        r"""A backslash that was not doubled. `\x41`, `\0` and half a `\u` have another reading too."""
        escape = match.group()
        half = (
            escape == "\\u" and _half.match(self.raw, match.end()) and not latex.is_command(self.raw, match.start() + 1)
        )
        if half or escape[1] == "0" or (escape[1] in "xU" and len(escape) > 2):
            self.fault = self.fault or f"{escape} is no whole escape of JSON"
        self.mended = True
        return "\\\\" + escape[1:]

    def _pythons(self, match: re.Match[str]) -> str:
        """An escape that Python has and JSON has not."""
        escape = match.group()
        letter, code = escape[1], 0
        if letter in "xU" and len(escape) > 2:
            code = int(escape[2:], 16)
        elif letter.isdigit() and letter in "01234567":
            code = int(escape[1:], 8)
        elif letter in "av" and not latex.is_command(self.raw, match.start() + 1):
            code = 7 if letter == "a" else 11
        elif escape == "\\\n":
            return ""
        else:
            return self._literal(match)
        if code > 0x10FFFF:
            return self._literal(match)
        return "\\u" + format(code, "04x") if code < 0x10000 else chr(code)
