"""Verdicts of reviewers: their files, written and read, and several files merged."""
