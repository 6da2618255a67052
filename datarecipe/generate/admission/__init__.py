"""What becomes of a valid item when its place is committed: filters, in order, each of which may reject it."""
