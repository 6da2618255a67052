"""The response cache: what was paid for is on disk before it is used, and stays there."""
