"""The user's files as rows, read strictly."""
