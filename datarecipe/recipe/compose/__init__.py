"""What makes one document of several: overrides from the command line. May import: `recipe.source`."""
