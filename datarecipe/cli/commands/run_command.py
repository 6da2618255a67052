"""`datarecipe run RECIPE ...`"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from datarecipe.amount import Caps
from datarecipe.cli.command_options import (
    budget_values,
    check_folder,
    for_each,
    load,
    recipe_names,
    run_and_retry_options,
    run_options,
    show_warnings,
)
from datarecipe.cli.output import show_json, tell
from datarecipe.cli.reports.run_table import table
from datarecipe.errors import DatarecipeError, UsageError
from datarecipe.printable import example_line
from datarecipe.running.drive.budget import budget_of
from datarecipe.running.drive.execute import execute
from datarecipe.running.drive.execute_many import execute_many
from datarecipe.running.drive.interrupt import ALL, Interrupts, end_process
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.display import LineDisplay, LiveDisplay, on_terminal
from datarecipe.running.show.next_steps import Typed, ended_short, flags, how_all_go_on, how_to_go_on
from datarecipe.running.show.observers import Observer, Several
from datarecipe.running.show.summary import summary, summary_of_error


@click.command("run")
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...")
@run_and_retry_options
@click.option("--overwrite", is_flag=True, help="Replace what another run, or you, wrote there.")
@click.option("--offline", is_flag=True, help="Use stored responses alone; send nothing.")
@click.option("--test", is_flag=True, help="Then test each dataset, as `datarecipe test` does.")
def command(recipes: tuple[str, ...], **values: Any) -> None:
    """Run each RECIPE to its target size: paths, folders, or names of recipes in recipes/ and of shipped ones.

    Every response is stored before it is used: run the same command again after an interruption, or with a larger
    --target-size, and only what is missing is asked. Several recipes share their providers and one budget.
    """
    start(recipes, **values)


def start(
    recipes: Sequence[str],
    *,
    quiet: bool,
    as_json: bool,
    events: Path | None,
    test: bool = False,
    **values: Any,
) -> NoReturn:
    """Run them as the options say, and exit."""
    budget = budget_values(values)
    names = list(recipe_names(recipes, quiet=quiet))
    check_folder(names, values)
    setups = for_each(
        names, lambda name: resolve_run(load(name, {**values, "quiet": quiet}), run_options(values), notice=tell)
    )
    if not quiet:
        for setup in setups:
            show_warnings(setup.recipe)
        for words in dict.fromkeys(words for setup in setups for words in setup.warnings(budget)):
            tell(words)
    with _observer(events, quiet=quiet, named=len(names) > 1) as observer:
        if len(setups) == 1:
            code = _run_one(setups[0], observer, budget, quiet=quiet, as_json=as_json)
        else:
            code = _run_many(setups, names, observer, budget, quiet=quiet, as_json=as_json)
    if test:
        from datarecipe.cli.commands.evidence.test_command import FAILED_EXIT, show_tested  # noqa: PLC0415

        if not show_tested(setup.output for setup in setups if not setup.is_new):
            code = code or FAILED_EXIT
    sys.exit(code)


def _run_one(setup: ResolvedRun, observer: Observer, budget: Caps, *, quiet: bool, as_json: bool) -> int:
    interrupts = Interrupts(ALL, observer.notice, end=end_process)
    result = asyncio.run(execute(setup, observer, interrupts=interrupts, budget=budget))
    if as_json:
        show_json(summary(result))
    elif not quiet:
        for example in result.first:
            click.echo(example_line(example))
        for said in _learned(setup, result):
            tell(said)
    typed = _typed(overwritten=result.written)
    for line in (ended_short(result), how_to_go_on(result, typed, budget)):
        if line is not None:
            tell(line)
    return result.exit_code


def _learned(setup: ResolvedRun, result: RunResult) -> Iterator[str]:
    """Whether the labels can be learned from the texts; not at a rerun, which has nothing new to say and is to be quick."""
    if setup.recipe.labels.kind == "fixed" and result.written and result.traffic.sent:
        # For runs that took long anyway.
        from datarecipe.cli.reports.learnability_line import learnability_line  # noqa: PLC0415

        try:
            line = learnability_line(result.output, result.tally.accepted)
            yield from () if line is None else (line,)
        except DatarecipeError as error:  # another process has changed the folder; the run itself went well
            yield f"learnability was not measured: {error}"


def _run_many(
    setups: Sequence[ResolvedRun],
    names: Sequence[str],
    observer: Observer,
    budget: Caps,
    *,
    quiet: bool,
    as_json: bool,
) -> int:
    """`names` are those of `setups`."""
    interrupts = Interrupts(ALL, observer.notice, end=end_process)
    done = asyncio.run(execute_many(setups, observer, budget_of(setups, budget), interrupts=interrupts))
    if as_json:
        documents = [
            summary(ran.outcome) if isinstance(ran.outcome, RunResult) else summary_of_error(ran.setup, ran.outcome)
            for ran in done
        ]
        show_json(documents)
    elif not quiet:
        for line in table(done):
            click.echo(line)
    for ran in done:
        outcome = ran.outcome
        error = ended_short(outcome, budget) if isinstance(outcome, RunResult) else f"error: {outcome}"
        if error is not None:
            tell(f"{ran.setup.recipe.name}: {error}")
    results = [(name, ran.result) for name, ran in zip(names, done, strict=True) if ran.result is not None]
    typed = _typed(overwritten=all(result.written for _, result in results))
    for hint in how_all_go_on(results, typed, budget):
        tell(hint)
    return max(ran.outcome.exit_code for ran in done)


@contextlib.contextmanager
def _observer(events: Path | None, *, quiet: bool, named: bool) -> Iterator[Observer]:
    def write(line: str) -> None:
        click.echo(line, err=True)

    with contextlib.ExitStack() as stack:
        observers: list[Observer] = []
        if not quiet and on_terminal():
            live = LiveDisplay(write, named=named)
            stack.callback(live.close)
            observers.append(live)
        elif not quiet:
            observers.append(LineDisplay(write, named=named))
        if events is not None:
            try:
                stream = events.open("a", encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise UsageError(f"--events: cannot write {events}: {error.strerror}") from None
            stack.callback(_close, stream)
            from datarecipe.running.show.event_stream import EventStream  # noqa: PLC0415

            observers.append(EventStream(stream))
        yield Several(*observers)


def _close(stream: IO[str]) -> None:
    """Close it. What it could not take was told when it was written."""
    with contextlib.suppress(OSError):
        stream.close()


def _typed(*, overwritten: bool) -> Typed:
    """What the user typed, for a message to build upon: without what must not be said twice, or not be shown."""

    def command(settings: Mapping[str, str], *, verb: str | None = None) -> str:
        words = [word for word in sys.argv[1:] if word != "--overwrite" or not overwritten]
        if verb is not None:
            words = [verb, *(word for word in words[1:] if word not in ("--overwrite", "--offline"))]
        words = list(map(_without_user, words))
        for name, value in settings.items():
            words = list(_without(words, name, has_value=bool(value)))
        end = words.index("--") if "--" in words else len(words)
        return " ".join(map(_quoted, ("datarecipe", *words[:end], *flags(settings), *words[end:])))

    return command


def _quoted(word: str) -> str:
    """A word as a shell reads it; what does not print, in a notation that bash, zsh and ksh know."""
    if word.isprintable():
        return shlex.quote(word)
    escaped = word.replace("\\", r"\\").replace("'", r"\'")
    return f"$'{''.join(c if c.isprintable() else _escape(ord(c)) for c in escaped)}'"


def _escape(code: int) -> str:
    named = {9: r"\t", 10: r"\n", 13: r"\r"}
    return named.get(code) or (f"\\x{code:02x}" if code < 128 else f"\\U{code:08x}")


def _without_user(word: str) -> str:
    """A word that is a URL, or sets something to one, without the name and the password in it."""
    return re.sub(r"^((?:[\w.-]+=)?[\w+.-]+://)[^/@\s]*@", r"\1USER:PASSWORD@", word)


def _without(words: Sequence[str], name: str, *, has_value: bool) -> Iterator[str]:
    """`words` without `--set NAME=...`, `--NAME ...`, or a `--NAME` that has no value."""
    skip = False
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if skip:
            skip = False
        elif (word == "--set" and following.startswith(f"{name}=")) or word == name:
            skip = has_value
        elif not word.startswith((f"--set={name}=", f"{name}=")):
            yield word
