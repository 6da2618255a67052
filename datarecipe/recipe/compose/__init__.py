"""What makes one document of several: the recipes that one extends, and overrides from the command line.

May import: `recipe.source`, `recipe.format`, `recipe.template`."""
