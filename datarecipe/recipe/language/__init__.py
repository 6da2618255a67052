"""Which language a text is in: whole numbers added up, the same on every machine."""
