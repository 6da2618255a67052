"""What `filters` says of an example by itself: filters that judge each item as it arrives, and the seed examples at load."""
