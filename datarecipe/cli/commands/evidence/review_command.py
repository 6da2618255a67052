"""`datarecipe review RUN [RUN|FILE...]`"""

from __future__ import annotations

import getpass
import re
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from datarecipe.cli.output import tell
from datarecipe.errors import UsageError
from datarecipe.printable import counted, printable
from datarecipe.review.judge.review_state import ReviewState
from datarecipe.review.sample.drawn_sample import Drawn, draw, find_again, header_of
from datarecipe.review.sample.judged_items import sample_of
from datarecipe.review.sample.source_dataset import SourceDataset, read_source
from datarecipe.review.verdicts.verdict_file import name_of
from datarecipe.review.verdicts.verdict_log import VerdictLog

SAMPLE = 100
MOST = 10_000


@click.command("review")
@click.argument("datasets", nargs=-1, required=True, metavar="DATASET...", type=click.Path(path_type=Path))
@click.option(
    "--sample", type=click.IntRange(1, MOST), metavar="N", help=f"How many examples to judge. Default: {SAMPLE}."
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Draws another sample. Default: 0.")
@click.option("--reviewer", metavar="NAME", help="Who judges. Default: your login.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the verdicts go. Default: DATASET-REVIEWER.verdicts.jsonl in the working folder.",
)
@click.option("--text", multiple=True, metavar="FIELD", help="Show this field alone.")
@click.option("--label", metavar="FIELD", help="The field of the label.")
@click.option("--terminal", is_flag=True, help="Judge here, on the terminal.")
@click.option("--port", type=click.IntRange(1, 65535), help="Of the page. Default: any that is free.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
def command(
    datasets: tuple[Path, ...],
    *,
    sample: int | None,
    seed: int | None,
    reviewer: str | None,
    output: Path | None,
    text: tuple[str, ...],
    label: str | None,
    terminal: bool,
    port: int | None,
    open_browser: bool,
) -> None:
    """Judge a sample of DATASET, a run's folder or a file of records: valid or not, the right label, a note.

    You see neither the label nor, of several datasets, where an example comes from. By default it serves a page to this
    machine alone and prints its address. Ctrl-C ends the review; the same command continues it.
    """
    name = name_of(_login() if reviewer is None else reviewer)
    sources = [read_source(path, label) for path in datasets]
    first = sources[0].name if datasets[0].is_dir() else datasets[0].stem
    path = output or Path(f"{_file_name(first)}-{_file_name(name)}.verdicts.jsonl")
    with VerdictLog(path) as log:
        drawn, seed = _drawn(log, sources, name, (sample, seed))
        found = sample_of(drawn, seed, text)
        if found.hidden:
            tell(f"not shown, since not all datasets have it: {', '.join(found.hidden)}")
        review = ReviewState(found, name, log)
        tell(
            f"{counted(review.total, 'example')} for {name}, {review.judged:,} judged. Every verdict is saved in {path}."
        )
        with suppress(KeyboardInterrupt):
            if terminal:
                _on_terminal(review)
            else:
                _on_page(review, port or 0, open_browser=open_browser)
        review.close()
        tell(f"{review.judged:,} of {counted(review.total, 'example')} judged: {path}")


def _drawn(
    log: VerdictLog, sources: Sequence[SourceDataset], reviewer: str, asked: tuple[int | None, int | None]
) -> tuple[list[Drawn], int]:
    """What is judged, and its seed: as the file of verdicts says, else as was asked, which it then says."""
    sample, seed = asked
    if not log.found.headers:
        drawn = draw(sources, SAMPLE if sample is None else sample, seed or 0)
        log.begin(header_of(drawn, reviewer, SAMPLE if sample is None else sample, seed or 0))
        return drawn, seed or 0
    header = log.found.headers[0]
    if {each.reviewer for each in log.found.headers} != {reviewer}:
        raise UsageError(f"{log.path} holds the verdicts of {header.reviewer}", hint=_ANOTHER)
    if sample not in {None, header.sample} or seed not in {None, header.seed}:
        raise UsageError(
            f"{log.path} judges a sample of {header.sample:,} with seed {header.seed}",
            hint=f"Leave out --sample and --seed to continue it. {_ANOTHER}",
        )
    return find_again(sources, header, log.path), header.seed


def _on_terminal(review: ReviewState) -> None:
    from datarecipe.review.judge.terminal_review import TerminalReview  # noqa: PLC0415 - the page needs no terminal

    TerminalReview(review, 0, click.echo).run()


def _on_page(review: ReviewState, port: int, *, open_browser: bool) -> None:
    from datarecipe.review.judge.review_server import ReviewServer  # noqa: PLC0415 - nothing else needs a network

    with ReviewServer(review, port) as server:
        click.echo(server.address)
        tell("The address is for this machine alone. Ctrl-C ends the review.")
        if open_browser and not webbrowser.open(server.address):
            tell("no browser could be started: open the address yourself")
        server.serve_forever()


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("this user has no name", hint="Name yourself: --reviewer NAME") from None


def _file_name(text: str) -> str:
    """A text as part of the name of a file."""
    return re.sub(r"[^\w.-]+", "-", printable(text)).strip("-.")[:60] or "review"


_ANOTHER = "Name another file for your own: --output FILE."
