"""Writing a run's folder: who may, what it has cost so far, and how its files are put in place."""
