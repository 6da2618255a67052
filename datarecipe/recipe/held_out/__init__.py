"""Held-out records: the texts that a dataset must not contain, and how they are found in an example."""
