"""The recipe format: its JSON Schema, which releases read it, and what a recipe that does not fit is told.

May import: `recipe.source`."""

FORMAT = 1
"""The version of the format that this release reads."""
