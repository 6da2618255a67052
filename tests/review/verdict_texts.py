"""Verdicts as tests need them: made in a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datarecipe.generate.judge.example_equality import example_id
from datarecipe.review.verdicts.verdict import Verdict


def verdict(
    item: str, reviewer: str, valid: bool | None, label: str | None = None, note: str = "", second: int = 0
) -> Verdict:
    """A verdict of some second of an hour."""
    return Verdict(item, reviewer, valid, label, note, f"2026-01-31T12:{second // 60:02}:{second % 60:02}.000Z")


def write_records(path: Path, records: list[dict[str, Any]]) -> Path:
    """A file of records."""
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8")
    return path


def write_verdicts(
    path: Path, reviewer: str, records: list[dict[str, Any]], said: Mapping[int, tuple[bool | None, str | None, str]]
) -> Path:
    """A file as a review of all records writes it; `said` of each number: valid, label, note."""
    ids = [example_id(each) for each in records]
    dataset = {"name": "data.jsonl", "identity": None, "sha256": "0" * 64, "examples": len(ids), "items": ids}
    header = {"verdicts": 1, "reviewer": reviewer, "sample": len(ids), "seed": 0, "datasets": [dataset]}
    rows = [
        {"item": ids[number], "reviewer": reviewer, "valid": valid, "label": label, "note": note}
        | {"time": f"2026-01-31T12:00:{second:02}.000Z"}
        for second, (number, (valid, label, note)) in enumerate(said.items())
    ]
    return write_records(path, [header, *rows])
