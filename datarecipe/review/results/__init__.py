"""What reviews found: shares with intervals, agreement of reviewers, and the dataset without what was struck out."""
