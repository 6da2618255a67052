"""What a run shows: on terminals, in Python, as events, in its log."""
