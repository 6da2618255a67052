"""Puts a report together: the page with what Python writes and what its script browses, and the policy that locks it.

The same runs give the same bytes: nothing here looks at a clock, and the times of a run stand in its manifest.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from datarecipe._version import __version__
from datarecipe.errors import UsageError
from datarecipe.measure.drift.drift import Drift, Traced, drift
from datarecipe.measure.examples import SIZE
from datarecipe.measure.measures import Measures, measured
from datarecipe.measure.read_examples import tests_of
from datarecipe.measure.sample import sample
from datarecipe.measure.thresholds import Tested, results
from datarecipe.report.read.ancestry import Ancestry
from datarecipe.report.read.run_data import Bounds, RunData, read_run
from datarecipe.report.read.shown_prompts import prompts_of
from datarecipe.report.show.browser_data import browser_data
from datarecipe.report.show.locked_page import filled, page_file, page_files, policy
from datarecipe.report.show.markup import HIDDEN, Markup, element, escaped, json_block, plain
from datarecipe.report.show.measure_rows import measure_table, tests_table
from datarecipe.report.show.plots import figure
from datarecipe.report.show.prompt_pages import prompt_page
from datarecipe.report.show.run_facts import facts, tiles
from datarecipe.report.show.run_plots import plots_of

MOST_RUNS: Final = 12
_MOST_SAMPLED: Final = 8_000_000
"""Characters of the texts of one run on which a measure is taken."""
STYLES: Final = ("colours.css", "layout.css", "browser.css", "print.css")
SCRIPTS: Final = ("texts.js", "rows.js", "detail.js", "examples.js", "tree.js", "rejected.js", "begin.js")


def html_report(folders: Sequence[Path]) -> str:
    """The report on the runs in these folders. Raises `UsageError` where one of them is no run."""
    if len(folders) > MOST_RUNS:
        raise UsageError(f"a report has at most {MOST_RUNS} runs, and these are {len(folders)}", hint="Name fewer.")
    runs = [read_run(path, name, Bounds.of(len(folders))) for path, name in zip(folders, _names(folders), strict=True)]
    found = _measured(runs)
    ancestries = [Ancestry(run) for run in runs]
    title = plain(
        " and ".join(run.name for run in runs) if len(runs) < 3 else f"{runs[0].name} and {len(runs) - 1} more"
    )
    data = {
        "runs": [browser_data(run, ancestry) for run, ancestry in zip(runs, ancestries, strict=True)],
        "hidden": HIDDEN,
    }
    style = page_files(STYLES)
    # In a function of its own, so that no name of the script meets one of the browser's.
    script = f'"use strict";\n(() => {{{page_files(SCRIPTS)}}})();\n'
    parts = {
        "title": escaped(title),
        "policy": policy(style, script),
        "version": escaped(__version__),
        "style": style,
        "overview": Markup("".join(_heading(run, runs) + tiles(run) for run in runs)) + facts(runs),
        "plots": _side_by_side(runs, found),
        "measures": measure_table([run.name for run in runs], found) + tests_table(_tested(runs, found)),
        "prompts": "".join(
            _heading(run, runs) + prompt_page(run, prompts_of(run, ancestry))
            for run, ancestry in zip(runs, ancestries, strict=True)
        ),
        "data": json_block(data),
        "script": script,
    }
    return filled(page_file("page.html"), parts)


def _names(folders: Sequence[Path]) -> list[str]:
    """What the runs are called: by their folders, with as many folders above as tell them apart."""
    parts = [Path(os.path.abspath(path)).parts[1:] for path in folders]  # noqa: PTH100 - it keeps the names of links
    longest = max(map(len, parts))
    return [
        next(
            (
                "/".join(own[-count:])
                for count in range(1, longest + 1)
                if [each[-count:] for each in parts].count(own[-count:]) == 1
            ),
            f"{own[-1] if own else '/'} ({number})",
        )
        for number, own in enumerate(parts, 1)
    ]


def _measured(runs: Sequence[RunData]) -> list[Measures | None]:
    """The measures of each run that has examples, on samples of one size."""
    texts = [run.measured.texts for run in runs if run.measured is not None]
    size = min([SIZE, *map(len, texts)])
    # N-grams of very long texts take more memory than a machine has.
    while size > 1 and max(sum(map(len, sample(each, size))) for each in texts or [[]]) > _MOST_SAMPLED:
        size //= 2
    return [None if run.measured is None else measured(run.measured, size) for run in runs]


def _tested(runs: Sequence[RunData], found: Sequence[Measures | None]) -> list[tuple[str, Tested]]:
    pairs = [(run, measures) for run, measures in zip(runs, found, strict=True) if measures is not None]
    return [
        (run.name, each)
        for run, measures in pairs
        for each in results(tests_of(run.path), measures, partial(_drift, run))
    ]


def _drift(run: RunData) -> Drift:
    assert run.measured is not None
    return drift(Traced(run.name, run.measured.texts, run.measured.labels, run.lineage, ()))


def _heading(run: RunData, runs: Sequence[RunData]) -> Markup:
    return element("h3", run.name, dir="auto") if len(runs) > 1 else Markup()


def _side_by_side(runs: Sequence[RunData], found: Sequence[Measures | None]) -> Markup:
    """The plots of all runs; those of one kind beside each other."""
    kinds: dict[str, list[Markup]] = {}
    for run, measures in zip(runs, found, strict=True):
        for plot in plots_of(run, measures):
            name = element("p", run.name, class_="of", dir="auto") if len(runs) > 1 else Markup()
            kinds.setdefault(plot.kind, []).append(element("div", name, figure(plot, run.name), class_="cell"))
    rows = kinds.values() if len(runs) > 1 else [[cell for cells in kinds.values() for cell in cells]]
    return Markup("".join(element("div", row, class_="plots") for row in rows))
