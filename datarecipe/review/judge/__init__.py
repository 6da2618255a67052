"""Judging: what a review has found so far, shown on a local page or on the terminal."""
