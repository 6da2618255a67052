"""The JSON Schema of one example: inferred, or given by a recipe that may be a stranger's, and how it is applied.

May import: `recipe.source`, `recipe.recipe`; `inferred_schema` and `dialogue_seeds` also `recipe.keys.seeds`."""
