"""The documentation says what is true: it is read here as a user's eyes would read it, and compared with the program."""
