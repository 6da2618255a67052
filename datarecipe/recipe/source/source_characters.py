"""Bytes to text: what a file of ours may be made of, and where it is not.

The YAML and JSON readers rely on this: after it there are no characters left that they would read differently from an
editor (other line breaks than LF) or that a terminal would obey.
"""

from __future__ import annotations

import re

from datarecipe.errors import RecipeSyntaxError
from datarecipe.recipe.source.document import Source

# YAML 1.1 readers take NEL, LS and PS for line breaks, YAML 1.2 does not: refused, so that no text changes silently.
# Named one by one: all that is not allowed would be a set of a million characters, and takes 5 ms to compile.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BYTE_ORDER_MARKS = (
    ((b"\xff\xfe", b"\xfe\xff"), "utf-16", "the file is UTF-16", "save it as UTF-8"),
    ((b"\xef\xbb\xbf",), "utf-8", "the file begins with a byte order mark", "save it as UTF-8 without BOM"),
)
_NAMES = {"\0": "a NUL character", "\ufeff": "a byte order mark", "\x1b": "an escape character"}


def decode(data: bytes, source: str) -> str:
    """UTF-8 to text, line ends to LF.

    Raises:
        RecipeSyntaxError: not UTF-8, or a byte order mark in front.
    """
    for marks, encoding, message, hint in _BYTE_ORDER_MARKS:
        if data.startswith(marks):
            place = Source(source, data.decode(encoding, "replace")).place(1, 1)
            raise RecipeSyntaxError(place.problem(message, hint))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x} cannot stand here"
        # What is no text is shown as `\xfc`.
        place = Source(source, data.decode("utf-8", "backslashreplace")).at(len(before), len(r"\x00"))
        raise RecipeSyntaxError(place.problem(message, "save it as UTF-8")) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_characters(source: Source) -> None:
    """Refuse control characters and the line breaks that only some readers take for line breaks.

    Raises:
        RecipeSyntaxError: at the first of them.
    """
    found = _REFUSED.search(source.text)
    if found is not None:
        char = found.group()
        name = _NAMES.get(char, f"the character U+{ord(char):04X}")
        raise RecipeSyntaxError(
            source.at(found.start()).problem(
                f"{name} cannot stand in the file as it is",
                f'remove it, or write it as "\\u{ord(char):04X}" in a text with double quotes',
            )
        )
