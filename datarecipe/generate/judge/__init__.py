"""What comes back: a reply's items, each valid or with the reason why not."""
