"""Text from recipes, models and files, made safe to show on a terminal.

One rule for messages, tables and datasets on the screen: what a terminal or a code host could act on, or what hides, is
written as an escape, in JSON's way; what people write with is left alone.

Code hosts read what a job prints. GitHub, Gitea and Forgejo obey a line that begins with `::command`, after white space too;
GitHub obeys `##[command`, Azure Pipelines `##vso[` and TeamCity `##teamcity[` anywhere in a line (actions/runner,
`ActionCommand.TryParseV2` and `TryParse`). Commands that need control characters, as GitLab's, are escaped with these.
"""

from __future__ import annotations

import json
import re
import unicodedata

from datarecipe.characters import is_assigned, with_stand_ins
from datarecipe.exchange import Example

_JOINERS = frozenset("\u200c\u200d")
"""Persian, Sinhala and emoji are spelt with them."""


_COMMAND = re.compile(r"#(?=#\w{0,30}\[)|^[^\S\n]*:(?=:[^\s:])", re.MULTILINE)
"""The sign in which a code host's command begins, with the white space before it."""


def counted(count: int, noun: str) -> str:
    """`1 example`, `2,000 examples`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def printable(text: str, *, multiline: bool = False) -> str:
    """`text` with everything escaped that a terminal or a code host could act on or that hides: control characters,
    direction marks, tags, half surrogate pairs, workflow commands, and what Unicode 14 does not know, so that a message is
    the same under each Python.

    Joiners and the spaces of all scripts stay, and so do line breaks when the text is `multiline`.
    """
    if not with_stand_ins(text).isprintable():
        text = "".join(c if _is_harmless(c) or (multiline and c == "\n") else _escape(c) for c in text)
    if "::" in text or "##" in text:
        text = _COMMAND.sub(lambda found: f"{found[0][:-1]}\\u00{ord(found[0][-1]):02x}", text)
    return text


def example_line(example: Example) -> str:
    """An example as JSON on one printable line."""
    return printable(json.dumps(example, ensure_ascii=False))


def _is_harmless(character: str) -> bool:
    printable = character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"
    return printable and is_assigned(character)


def _escape(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
