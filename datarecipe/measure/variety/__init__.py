"""How much the texts of a dataset differ from each other."""
