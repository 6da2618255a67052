"""What all regular expressions of the package keep to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import datarecipe

PACKAGE = Path(datarecipe.__file__).parent
_POSSESSIVE_GROUP = re.compile(r"(?<![\\(])\)(?:[*+?]|\{[0-9,]+\})\+")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 goes on behind a round of such a group that failed (gh-106052); an atomic group does not."""
    assert _POSSESSIVE_GROUP.search(r"(?:<(?!/think>)[^<]*+)*+")
    assert not _POSSESSIVE_GROUP.search(r"(?>(?:<(?!/think>)[^<]*+)*)")
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in PACKAGE.rglob("*.py")
        for line, text in texts(path)
        if _POSSESSIVE_GROUP.search(text)
    ]
    assert not found
