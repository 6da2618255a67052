"""The files of a new recipe."""
