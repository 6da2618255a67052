"""The counters of a template, and what runs only under them."""
