"""Text to documents: YAML and JSON read into one tree whose every value knows where it was written, and which files may
be read at all; and values back to YAML. May import: `recipe.message_text`, `recipe.findings`."""
