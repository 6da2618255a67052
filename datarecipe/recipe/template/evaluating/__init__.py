"""Templates rendered: a walk over the tree, in which each step draws from a budget."""
