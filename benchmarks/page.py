"""Where the tables stand: docs/performance.md, each between the markers of the program that measured it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from datarecipe._version import __version__

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "performance.md"
END = "<!-- end -->\n"


def measured_with(*distributions: str) -> str:
    """Versions, machine and date, as one line below a table."""
    versions = "".join(f", {name} {metadata.version(name)}" for name in distributions)
    return (
        f"datarecipe {__version__}, Python {platform.python_version()}{versions}; {platform.system()} on "
        f"{platform.machine()}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d', time.gmtime())}."
    )


def write_table(benchmark: str, lines: Sequence[str], about: str = "", page: Path = PAGE) -> None:
    """Put `lines` between the markers of a benchmark.

    `about` is the section, heading included, that a page without these markers gets at its end; from then on its text is
    edited on the page, and the lines between the markers alone are written anew.
    """
    text = page.read_text(encoding="utf-8")
    begin = f"<!-- benchmarks.{benchmark} -->\n"
    if begin not in text and about:
        text = f"{text.rstrip()}\n\n{about.strip()}\n\n{begin}{END}"
    before, found, rest = text.partition(begin)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise SystemExit(f"{page} has no place for the table: {begin.strip()} ... {END.strip()}")
    page.write_text(before + begin + "\n".join(lines) + "\n" + end + after, encoding="utf-8")
