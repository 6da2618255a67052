"""Templates checked without being rendered: tokens, tree, findings."""
