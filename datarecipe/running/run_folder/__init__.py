"""A run's folder: its files, who may write them, and how they are read."""
