"""The entry point: finds commands without importing them, and turns every error of ours into a message and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
from importlib import import_module

import click

from datarecipe._version import __version__
from datarecipe.cli.output import drop_unwritten, open_missing, take_all_characters, tell
from datarecipe.errors import DatarecipeError, MachineError, StorageError
from datarecipe.printable import printable

COMMANDS = {
    "init": "Make a recipe of your own.",
    "run": "Run a recipe to its target size.",
    "retry": "Retry requests whose responses had no valid item.",
    "preview": "Ask for one batch and show it.",
    "plan": "Say what a run would take: requests, tokens, dollars, minutes.",
    "prompt": "Show the first request as it would be sent.",
    "stats": "Measure a dataset: labels, diversity, learnability.",
    "drift": "Say whether the examples of a run change with their distance from the seed.",
    "test": "Test a dataset against the bounds in its recipe.",
    "report": "Write an HTML report on finished runs.",
    "review": "Judge a sample of examples, on a local page or the terminal.",
    "verdicts": "Say what reviews found, and write the dataset without what was struck out.",
    "show": "Show a recipe with everything resolved.",
    "validate": "Check recipes.",
    "list": "The shipped recipes.",
    "cache": "Show, clear or explain the cache of responses.",
    "schema": "Print the JSON Schema of recipes, for editors.",
    "doctor": "Say what is installed and usable.",
}

_IN_A_FOLDER = dict.fromkeys(("stats", "drift", "test", "report", "review", "verdicts"), "evidence.")
"""The folder of `cli/commands/` in which a command's module is, where it is in one."""


class LazyGroup(click.Group):
    """Imports a command's module when that command is called, so that `--help` costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All commands, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"datarecipe.cli.commands.{_IN_A_FOLDER.get(cmd_name, '')}{cmd_name}_command").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="datarecipe")
def group() -> None:
    """dbt for synthetic training data: a YAML recipe in, a labelled dataset with its lineage out.

    Start with:  datarecipe run boolq --target-size 20
    """


_UNCOLLECTED = 100_000
"""Objects that may come into being before the collector looks for cycles; 700 as Python starts."""


def main() -> None:
    """The process `datarecipe`: the command line, with a collector set for a short life."""
    open_missing()
    take_all_characters()
    # Imports make only what stays. To walk it 80 times on the way in and once more on the way out would be a sixth of
    # the time of a short command.
    gc.set_threshold(_UNCOLLECTED, 20, 20)
    try:
        command_line()
    finally:
        drop_unwritten()
        gc.freeze()


def _lacks_files(error: OSError | ImportError) -> bool:
    """Whether it is the limit on open files; a library that cannot be loaded for it is an `ImportError` that says so."""
    limits = (errno.EMFILE, errno.ENFILE)
    return getattr(error, "errno", None) in limits or any(os.strerror(limit) in str(error) for limit in limits)


def command_line() -> None:
    """Run the command line and exit: 0, or the code of what went wrong (docs/exit-codes.md)."""
    try:
        code = group.main(standalone_mode=False, prog_name="datarecipe")
    except DatarecipeError as error:
        tell(f"error: {error}")
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted")
        sys.exit(130)
    except click.ClickException as error:
        shown = printable(error.format_message(), multiline=True)
        click.UsageError(shown, getattr(error, "ctx", None)).show()
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`).
        sys.stderr.close()
        sys.exit(1)
    except (OSError, ImportError) as error:
        if _lacks_files(error):
            tell("error: this process may open too few files\n  Let it open more: ulimit -n 1024")
            sys.exit(MachineError.exit_code)
        if isinstance(error, ImportError) or error.filename is not None:
            raise  # of a file; those have errors of their own
        tell(f"error: the output cannot be written: {error.strerror}")
        sys.exit(StorageError.exit_code)
    sys.exit(code if isinstance(code, int) else 0)
