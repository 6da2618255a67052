"""From rows and examples to fields, labels and seed examples."""
