"""Filters that compare an item with all accepted examples, and the indexes that make it cheap."""
