r"""How a regular expression of JSON Schema is written for RE2.

JSON Schema 2020-12 asks for ECMA 262's regular expressions; RE2 has a syntax of its own, close to it. What means the same
in both stays. What is only written otherwise is translated, so that a pattern means what its author, and other tools that
read the schema, take it to mean:

- `\uXXXX`, pairs of surrogates and `\u{XXXXXX}` are code points.
- `\s` and `\S` know all of Unicode's white space, as in ECMA 262 and in Python. RE2's own know ASCII's alone, and a text of
  one no-break space would pass for one that is not empty. It is Python's set, of `str.isspace`.
- `[\b]` is a backspace.

`\d`, `\w` and `\b` know ASCII alone: that is ECMA 262 and RE2, and not Python. `$` is the end of the text, also before a
line break; that too is ECMA 262 and RE2, and not Python.

What RE2 cannot do, or means otherwise, is refused here with words about what to write instead.
"""

from __future__ import annotations

import re
from typing import Final

from datarecipe.recipe.message_text import code


class PatternError(ValueError):
    """Why a pattern cannot run, in words that complete "the pattern cannot run: ". The recipe's reader adds the place."""


_WHITE: Final = r"\s\x0b\x1c-\x1f\x{85}\p{Z}"
"""What `str.isspace` calls white space, inside a class. Begins and ends so that it can be no end of a range."""

_BLACK: Final = (
    r"\w\x00-\x08\x0e-\x1b!-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}"
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}\w"
)
"""All else: RE2 has no class within a class, and no other way to write this there."""

_SAME: Final = frozenset("dDwWbBAzafnrtvxpP0")
"""Letters and digits that mean the same after a backslash as in RE2, or that RE2 refuses where they do not."""

_HEX: Final = "[0-9A-Fa-f]"
_ESCAPE: Final = (
    rf"(?P<escape>\\u[dD][89ABab]{_HEX}{{2}}\\u[dD][C-Fc-f]{_HEX}{{2}}|\\u{_HEX}{{4}}|\\u\{{{_HEX}{{1,6}}\}}|\\[\s\S]?)"
)
# A `]` that comes first in a class is one of its characters.
_OUTSIDE: Final = rf"{_ESCAPE}|(?P<opens>\[\^?\]?)|(?P<group>\(\?(?:<?[=!]|[>(#]|P=))|(?P<count>\{{,\d+\}})|[\s\S]"
_INSIDE: Final = rf"{_ESCAPE}|(?P<named>\[:[\s\S]*?:\])|(?P<closes>\])|[\s\S]"

_AHEAD: Final = "looks around, which RE2 cannot; an `allOf` of two patterns asks for both"
_NOT_AHEAD: Final = (
    "looks around, which RE2 cannot; `not: {pattern: ...}` beside this pattern says what must not be found"
)
_BACK: Final = "refers back to what a group found, which RE2 cannot; write out what may stand there"
_HINTS: Final = {
    "Z": "is Python's alone; `$` is the end of the text",
    "u": r"needs four hexadecimal digits, as in `\u00e9`, or braces, as in `\u{1F600}`",
    "c": r"is not known to RE2; write the control character by its number, as in `\x0a`",
}
_GROUPS: Final = {
    "(?=": _AHEAD,
    "(?<=": _AHEAD,
    "(?!": _NOT_AHEAD,
    "(?<!": _NOT_AHEAD,
    "(?P=": _BACK,
    "(?>": "is an atomic group, which RE2 does not know; `(?:` is as fast there",
    "(?(": "asks whether a group was found, which RE2 cannot; write both cases with `|`",
    "(?#": "is a comment, which RE2 does not know; `$comment` beside the pattern is the place for it",
}


def to_re2(pattern: str) -> str:
    r"""The pattern as RE2 takes it. What is no regular expression at all may come through: RE2 says so itself.

    Raises:
        PatternError: it uses what RE2 lacks or means otherwise.
    """
    parts: list[str] = []
    inside, place = False, 0
    # Compiled when a recipe first has a pattern.
    while found := re.compile(_INSIDE if inside else _OUTSIDE).match(pattern, place):
        place = found.end()
        part = found[0]
        match found.lastgroup:
            case "escape":
                part = _escape(part, inside=inside)
            case "opens" | "closes":
                inside = not inside
            case "group":
                raise PatternError(f"{code(part)} {_GROUPS[part]}")
            case "count":
                # Python repeats, RE2 looks for these very characters.
                raise PatternError(f"{code(part)} is read differently by different engines; write `{{0{part[1:]}`")
        parts.append(part)
    return "".join(parts)


def _escape(written: str, *, inside: bool) -> str:
    """One escape for RE2; `inside`: whether it stands in a class."""
    sign = written[1:2]
    if len(written) > 2:
        return _code_point(written)
    if sign in ("s", "S"):
        if inside:
            return _WHITE if sign == "s" else _BLACK
        return f"[{'^' if sign == 'S' else ''}{_WHITE}]"
    if sign == "b" and inside:
        return r"\x08"
    if sign in _SAME or (sign.isascii() and sign.isprintable() and not sign.isalnum() and sign != "_" and sign):
        return written
    raise PatternError(_unknown(sign))


def _code_point(written: str) -> str:
    digits = re.findall(rf"{_HEX}+", written.replace("u", " "))
    number = int(digits[0], 16)
    if len(digits) == 2:
        number = 0x10000 + ((number - 0xD800) << 10) + (int(digits[1], 16) - 0xDC00)
    if 0xD800 <= number < 0xE000:
        raise PatternError(f"{code(written)} is half of a surrogate pair, which is no character")
    if number > 0x10FFFF:
        raise PatternError(f"{code(written)} is beyond the last code point")
    return rf"\x{{{number:x}}}"


def _unknown(sign: str) -> str:
    """What to write instead of a backslash and this sign, which is empty at the pattern's end."""
    shown = code("\\" + sign)
    if not sign:
        return "it ends in a backslash"
    if sign in "123456789k":
        return f"{shown} {_BACK}"
    if sign in _HINTS:
        return f"{shown} {_HINTS[sign]}"
    return f"{shown} is not known" + ("" if sign.isascii() and sign.isalpha() else "; drop the backslash")
