"""Pages of the documentation, taken apart: code blocks, inline code, tables, links, headings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*|\{include\} .+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_TABLE = re.compile(r"^\|(.+)\|$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        """The whole file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The file without its code blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, *languages: str) -> list[str]:
        """Code blocks in one of these languages."""
        return [body for language, body in _FENCE.findall(self.text) if language in languages]

    def marked(self, kind: str) -> list[str]:
        """Code blocks with a mark of this kind before them; docs/write_examples.py has the kinds."""
        return re.findall(rf"<!-- {kind}: .+? -->\s+```\w*\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)

    @cached_property
    def inline(self) -> list[str]:
        """Inline code."""
        return _INLINE.findall(self.prose)

    @cached_property
    def links(self) -> list[str]:
        """Targets of links and images."""
        return _LINK.findall(_INLINE.sub("", self.prose))

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may have after `#`: headings as they are made into anchors."""
        plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(self.prose))
        return {heading.strip().replace(" ", "-") for heading in plain}

    def rows(self) -> Iterator[list[str]]:
        """Cells of all tables, row by row; headers and rules too."""
        for line in _TABLE.findall(self.prose):
            yield [cell.strip() for cell in _CELL.split(line)]


def pages() -> list[Page]:
    """All pages."""
    return [*(Page(ROOT / name) for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")), *documents()]


def documents() -> list[Page]:
    """The pages in docs/ and its folders."""
    return [Page(path) for path in sorted((ROOT / "docs").rglob("*.md"))]


def document(name: str) -> Page:
    """The page docs/`name`.md; `name` may have a folder in it."""
    return Page(ROOT / "docs" / f"{name}.md")


def code_in(cell: str) -> list[str]:
    """Inline code in a table's cell."""
    return _INLINE.findall(cell)


def commands(shell: str) -> Iterator[list[str]]:
    """The commands in lines of shell, as words; comments and assignments before them left out."""
    for line in shell.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=";&|")
        words.whitespace_split = True
        command: list[str] = []
        for word in [*words, ";"]:
            if set(word) <= set(";&|"):
                if command:
                    yield command
                command = []
            elif command or not re.match(r"\w+=", word):
                command.append(word)
