"""The names of a run's files, and the version of their layout."""

from __future__ import annotations

LAYOUT_VERSION = 1
"""Of a run's folder and its manifest. It rises when an older release would read them wrongly."""

DATA = "data.jsonl"
LINEAGE = "lineage.jsonl"
REJECTED = "rejected.jsonl"
MANIFEST = "manifest.json"
CARD = "README.md"
FILES = (DATA, LINEAGE, REJECTED, CARD, MANIFEST)
"""In the order in which they are put in place."""
PARTIAL = ".partial"
"""What a file is called beside its name until it is put in place."""
LARGEST_MANIFEST = 64 << 20
"""Bytes."""
SPENDING = "spending.jsonl"
"""What the dataset has cost: not one of the files that a run replaces."""
