"""Trials that CI runs, and the proof that they find what they are there to find."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.docs.pages import ROOT
from tests.simulation import trial
from tests.simulation.planted import PLANTED

SEEDS = 500
ENOUGH = 200
"""Trials in which a planted defect has to be found."""


def outcomes(seeds: range) -> list[trial.Outcome]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(trial.run, seeds, chunksize=8))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_promise_is_kept_in_every_trial() -> None:
    done = outcomes(range(SEEDS))
    broken = {outcome.seed: outcome.violations for outcome in done if outcome.violations}
    assert not broken, "replay with: python -m tests.simulation --seed N"
    # That the trials go through what they are there for:
    assert sum(outcome.deaths for outcome in done) > SEEDS / 4
    ends = {end.split(" ", 1)[-1] for outcome in done for end in outcome.ends}
    assert {"target", "barren"} <= ends
    for cap in ("usd", "tokens", "calls"):
        assert any(f"limits.{cap}` is reached" in end for end in ends), cap


@pytest.mark.parametrize("defect", sorted(PLANTED))
@pytest.mark.timeout(600)
def test_a_planted_defect_is_found(defect: str) -> None:
    for seed in range(ENOUGH):
        if trial.run(seed, PLANTED[defect]).violations:
            return
    pytest.fail(f"{ENOUGH} trials, and nothing was found")


def test_a_trial_is_decided_by_its_number() -> None:
    """Step by step, in processes that hash texts differently."""
    told = {
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "11"],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2", "3")
    }
    assert len(told) == 1
    assert "every promise was kept" in told.pop()
