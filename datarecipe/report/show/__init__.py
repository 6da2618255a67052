"""Turns what was read into HTML, SVG and JSON."""
