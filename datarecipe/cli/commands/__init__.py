"""The commands, one a file: `datarecipe run` is `run_command.command`. `cli/main.py` finds them by name."""
