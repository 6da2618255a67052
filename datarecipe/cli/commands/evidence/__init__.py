"""Commands that look at finished datasets."""
