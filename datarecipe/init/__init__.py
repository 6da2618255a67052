"""`datarecipe init`: from a few words, one example or a user's own data to a recipe that runs.

Reads what the user names, infers what a recipe needs, says what it inferred and from what, and writes the recipe's files.
Asks no questions and prints nothing: that is the command's part. May import: `recipe`,
`exchange`, `errors`, and of `generate` how deep a value is.
"""
