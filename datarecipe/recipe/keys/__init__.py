"""The keys of a recipe one by one: from a checked document to the values of `Recipe`.

May import: `recipe.source`, `recipe.format`, `recipe.template`, `recipe.recipe`."""
