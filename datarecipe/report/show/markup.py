"""HTML and SVG in which text is text: what is not `Markup` is escaped, and what hides or turns text shows as its number."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from typing import Final, TypeAlias

HIDDEN: Final = (
    (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200B),
    (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
    (0xE0000, 0xE007F),
)  # fmt: skip
"""First and last code points of control characters, direction marks, what takes no space, tags, half surrogate pairs.

Tabs, line feeds and the joiners of scripts and emoji are none of them. The page's script has the same ones.
"""

_HIDDEN = re.compile("[" + "".join(f"{re.escape(chr(a))}-{re.escape(chr(b))}" for a, b in HIDDEN) + "]")


class Markup(str):
    """HTML that was put together here."""

    __slots__ = ()


Child: TypeAlias = "str | int | None"
"""Markup as it is, text escaped; None is nothing."""


def escaped(text: str) -> Markup:
    """A text as HTML: only its own characters, and each hidden one as `U+202E` in an element of its own."""
    return Markup(_HIDDEN.sub(lambda found: f'<span class="sign">{_numbered(found)}</span>', html.escape(text)))


def plain(text: str) -> str:
    """A text whose hidden characters are written as their numbers: for SVG, attributes and titles."""
    return _HIDDEN.sub(_numbered, text)


def cut(text: str, longest: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def element(tag: str, *children: Child | Iterable[Child], **attributes: str | float | bool | None) -> Markup:
    """An element. `class_` is the attribute `class`, `aria_label` is `aria-label`; None and False leave one out."""
    given = "".join(
        _attribute(name, value) for name, value in attributes.items() if value is not None and value is not False
    )
    return Markup(f"<{tag}{given}>{joined(*children)}</{tag}>")


def joined(*children: Child | Iterable[Child]) -> Markup:
    """Children one after another."""
    parts = []
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(escaped(child))
        elif isinstance(child, int):
            parts.append(escaped(f"{child:,}"))
        elif child is not None:
            parts.append(joined(*child))
    return Markup("".join(parts))


def table(head: Iterable[Child], rows: Iterable[Iterable[Child]], **attributes: str) -> Markup:
    """A table whose rows begin with their heading."""
    body = ([element("th", first, scope="row"), *(element("td", cell) for cell in rest)] for first, *rest in rows)
    top = element("tr", [element("th", cell, scope="col") for cell in head])
    return element("table", element("thead", top), element("tbody", [element("tr", row) for row in body]), **attributes)


def json_block(value: object) -> str:
    """JSON that an element `script` may hold: it has neither `<` nor a line break of any kind.

    Half a surrogate pair is written as its escape, which JSON reads.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escape in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x7f", "\\u007f")):
        text = text.replace(character, escape)
    return text.encode("utf-8", "backslashreplace").decode()


def _numbered(found: re.Match[str]) -> str:
    return f"U+{ord(found[0]):04X}"


def _attribute(name: str, value: str | float | None) -> str:
    said = "" if value is True else html.escape(plain(f"{value:g}" if isinstance(value, float) else str(value)))
    return f' {name.rstrip("_").replace("_", "-")}="{said}"'
