"""`python -m tests.simulation`: many trials, or one that is told step by step."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from tests.simulation import trial
from tests.simulation.plan import draw
from tests.simulation.planted import PLANTED


def main() -> int:
    """Exit with 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many trials")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--seed", type=int, help="one trial, told step by step")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--planted", choices=sorted(PLANTED), help="with this defect planted")
    arguments = parser.parse_args()
    plant = PLANTED[arguments.planted] if arguments.planted else _nothing
    if arguments.seed is not None:
        print(draw(arguments.seed))
        outcome = trial.run(arguments.seed, plant, print)
        print(*outcome.violations or ["every promise was kept"], sep="\n")
        return bool(outcome.violations)
    began, outcomes = time.monotonic(), []
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        for outcome in pool.imap(_trial, [(seed, arguments.planted) for seed in seeds], chunksize=4):
            outcomes.append(outcome)
            for violation in outcome.violations:
                print(f"seed {outcome.seed}: {violation}", flush=True)
            if len(outcomes) % 1000 == 0:
                print(trial.summary(outcomes), flush=True)
    print(trial.summary(outcomes))
    print(f"{time.monotonic() - began:.0f} s")
    return any(outcome.violations for outcome in outcomes)


def _nothing() -> None:
    """Plant nothing."""


def _trial(arguments: tuple[int, str | None]) -> trial.Outcome:
    seed, planted = arguments
    return trial.run(seed, PLANTED[planted] if planted else _nothing)


if __name__ == "__main__":
    sys.exit(main())
