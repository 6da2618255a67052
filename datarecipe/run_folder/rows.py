"""The lines of a run's `.jsonl` files."""

from __future__ import annotations

import json
from typing import Any

from datarecipe.generate.events import Lineage, RejectedItem

# What came from JSON holds no circles, and to look for them takes a tenth of the time.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
# JSON allows these three in strings; many readers of JSON Lines take them for the end of a line.
_LINE_BREAKS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def json_line(value: object) -> str:
    """One line of a `.jsonl` file, with its LF. UTF-8 as it is; line breaks of any kind escaped."""
    text = _encode(value)
    if not text.isascii():
        for character, escape in _LINE_BREAKS.items():
            text = text.replace(character, escape)
        # Half a surrogate pair can only come from the raw text of a rejected item.
        text = text.encode("utf-8", "backslashreplace").decode() if _has_surrogate(text) else text
    return text + "\n"


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def lineage_row(lineage: Lineage) -> dict[str, Any]:
    """A line of `lineage.jsonl`."""
    row: dict[str, Any] = {
        "id": lineage.id,
        "parent": lineage.parent,
        "depth": lineage.depth,
        "lane": lineage.lane,
        "request": lineage.request,
        "index": lineage.index,
    }
    if lineage.vary:
        row["vary"] = lineage.vary
    return row


def rejected_row(item: RejectedItem) -> dict[str, Any]:
    """A line of `rejected.jsonl`."""
    return {
        "reason": item.reason,
        "detail": item.detail,
        "raw": item.raw,
        "parent": item.parent,
        "depth": item.depth,
        "lane": item.lane,
        "request": item.request,
        "index": item.index,
    }
