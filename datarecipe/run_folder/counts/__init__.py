"""What is counted of a run: one record, which everything that tells figures reads."""
