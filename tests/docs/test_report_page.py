"""The bounds in docs/report.md are those of the code, in the same order."""

from __future__ import annotations

from datarecipe.report import html_report
from datarecipe.report.read import run_data, shown_prompts
from tests.docs.pages import document

BOUNDS = {
    "examples of all runs together": run_data.MOST_EXAMPLES,
    "characters of these examples": run_data.MOST_TEXT,
    "rejected items of each reason and run": run_data.MOST_REJECTED,
    "characters of these items": run_data.MOST_RAW,
    "characters of one text": run_data.LONGEST,
}


def test_the_table_has_every_bound_and_its_number() -> None:
    rows = [row for row in document("report").rows() if row[0].replace(",", "").isdigit()]
    assert rows == [[f"{most:,}", of] for of, most in BOUNDS.items()]


def test_the_bounds_in_sentences() -> None:
    prose = " ".join(document("report").prose.split())
    assert f"With several folders, up to {html_report.MOST_RUNS}," in prose
    assert f"for up to {shown_prompts.MOST_PROMPTS} combinations" in prose
    assert f"more than {run_data.MOST_MEASURED:,} examples is measured on the first {run_data.MOST_MEASURED:,}" in prose
