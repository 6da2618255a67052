"""The bounds in docs/validate.md are those of the code, in the same order."""

from __future__ import annotations

from datarecipe.recipe.compose.extends import MAX_FILES
from datarecipe.recipe.example_schema import patterns, references, validation_cost
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.held_out import held_out_records
from datarecipe.recipe.keys import seeds
from datarecipe.recipe.source import document as source
from datarecipe.recipe.source.yaml_scalars import LONGEST_INT
from tests.docs.pages import document

BOUNDS = {
    "bytes of a recipe": source.MAX_BYTES,
    "values in one file": source.MAX_NODES,
    "lists and mappings within one another, aliases": source.MAX_DEPTH,
    "characters of a whole number": LONGEST_INT,
    "mentions in `extends`": MAX_FILES,
    "values of one seed example": seeds.MAX_SIZE,
    "values of all seed examples together, a file counted as often as it is named": seeds.MAX_TOTAL,
    "elements of the list `seed_example`": seeds.MAX_ENTRIES,
    "bytes of a held-out file": held_out_records.LARGEST,
    "values of a schema": references.MAX_SIZE,
    "lists and mappings within one another in a schema": references.MAX_DEPTH,
    "characters of a pattern": patterns.MAX_LENGTH,
    "steps that RE2 makes of one pattern": patterns.MAX_INSTRUCTIONS,
    "steps that RE2 makes of all patterns": patterns.MAX_INSTRUCTIONS_IN_ALL,
    "steps to judge the items of one reply": validation_cost.MAX_STEPS,
    "steps to judge all seed examples": validation_cost.MAX_STEPS_AT_LOAD,
    "problems that are told": MAX_PROBLEMS,
}
"""The bounds by how their rows begin."""


def test_the_table_has_every_bound_and_its_number() -> None:
    rows = [row for row in document("validate").rows() if len(row) == 2 and row[1].replace(",", "").isdigit()]
    assert [row[1] for row in rows] == [f"{most:,}" for most in BOUNDS.values()]
    for row, begins in zip(rows, BOUNDS, strict=True):
        assert row[0].startswith(begins), row


def test_a_long_text_counts_as_the_page_says() -> None:
    prose = " ".join(document("validate").prose.split())
    assert f"one more for each {source._CHARACTERS} of its characters" in prose
    assert f"one more for each {validation_cost._HEAVY} characters" in prose
