"""The models that a recipe names."""
