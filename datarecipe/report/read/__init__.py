"""Reads what a report shows of a run. A run's folder may come from a stranger, so all of it is bounded."""
