"""Which model is asked for a request, when, and how often."""
