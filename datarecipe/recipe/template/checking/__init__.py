"""Templates checked without being rendered: tokens, tree, scopes, findings."""
