"""The JSON Schema of one example: inferred, or given by a recipe that may be a stranger's, and how it is applied.

May import: `recipe.source`, `recipe.model`; `inferred` also `recipe.parts.seeds`."""
