"""Writes `datarecipe/unassigned.py`: which code points Unicode 14 leaves unassigned. Runs under Python 3.11 alone."""

from __future__ import annotations

import sys
import unicodedata
from itertools import groupby
from pathlib import Path

VERSION = "14.0.0"
TARGET = Path(__file__).parent.parent / "datarecipe" / "unassigned.py"
_HEAD = '''"""Where Unicode 14 assigns no character. Written by `tests/write_unassigned.py`; not edited by hand."""

LENGTHS = """
{}
"""
"""Lengths of the runs of code points from U+0000 on, assigned and unassigned in turn, in hexadecimal."""
'''


def lengths() -> list[int]:
    """The runs' lengths, from the tables of the Python that runs this."""
    runs = groupby(range(sys.maxunicode + 1), lambda point: unicodedata.category(chr(point)) == "Cn")
    return [sum(1 for _ in run) for _, run in runs]


def module() -> str:
    """The text of the module."""
    lines, line = [], ""
    for word in (f"{length:x}" for length in lengths()):
        if len(line) + len(word) + 1 > 118:
            lines.append(line)
            line = ""
        line += f" {word}" if line else word
    return _HEAD.format("\n".join([*lines, line]))


if __name__ == "__main__":
    if unicodedata.unidata_version != VERSION:
        sys.exit(f"needs a Python with Unicode {VERSION}; this one has {unicodedata.unidata_version}")
    TARGET.write_text(module(), encoding="utf-8")
