"""The recipe language: YAML with marks -> checked, resolved `Recipe`.

Loading runs no code, reads no file outside the recipe's project and opens no connection. May import: `exchange`, `errors`.
"""
