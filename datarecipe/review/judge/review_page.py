"""The page on which examples are judged, and what its script is told of each. The page itself holds no example."""

from __future__ import annotations

from typing import Any, Final

from datarecipe.report.show.locked_page import filled, page_file, page_files, policy
from datarecipe.report.show.markup import HIDDEN, Markup, element, escaped, json_block
from datarecipe.review.judge.review_state import ReviewState

_PACKAGE: Final = "datarecipe.review"


def review_page(review: ReviewState) -> tuple[bytes, str]:
    """The page, and its content-security policy."""
    style = page_files(("colours.css", "layout.css")) + page_files(("review.css",), _PACKAGE)
    # In a function of its own, so that no name of the script meets one of the browser's.
    script = f'"use strict";\n(() => {{{page_files(("texts.js",)) + page_files(("review.js",), _PACKAGE)}}})();\n'
    about = review.sample.description.strip()
    parts = {
        "about": element("p", about[:2_000], class_="note", dir="auto") if about else Markup(),
        "reviewer": escaped(review.reviewer),
        "style": style,
        "data": json_block({"hidden": HIDDEN, "question": review.sample.question}),
        "script": script,
    }
    locked = f"{policy(style, script, connect=chr(39) + 'self' + chr(39))}; frame-ancestors 'none'"
    return filled(page_file("review.html", _PACKAGE), parts).encode(), locked


def shown(review: ReviewState, number: int | None) -> dict[str, Any]:
    """What the script shows: an item with its verdict, or that all are judged (None)."""
    progress = {"total": review.total, "judged": review.judged, "number": number}
    if number is None:
        return progress
    item, verdict = review.sample.items[number], review.verdict(number)
    chosen = None if verdict is None or verdict.label not in item.choices else item.choices.index(verdict.label)
    return {
        **progress,
        "fields": item.fields,
        "choices": item.choices,
        "valid": None if verdict is None else verdict.valid,
        "choice": chosen,
        "note": "" if verdict is None else verdict.note,
    }
