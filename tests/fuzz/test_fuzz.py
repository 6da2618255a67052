"""The fuzzer holds the promise of loading, and would notice if it were broken."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from datarecipe.errors import Problem, RecipeError
from datarecipe.recipe import load_recipe
from tests.fuzz.campaign import Settings, run, run_alone
from tests.fuzz.corpus import projects
from tests.fuzz.mutant import Mutant, Mutants, Odd
from tests.fuzz.report import summary, tally_of, text_of
from tests.fuzz.trial import Folder, Outcome, judge, load_and_check

MADE = projects()


def outcomes(numbers: range, settings: Settings) -> dict[int, Outcome]:
    found = {outcome.number: outcome for outcome in run(numbers, settings)}
    assert sorted(found) == list(numbers)
    return found


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_whatever_the_files_hold_loading_succeeds_or_says_what_is_wrong() -> None:
    settings = Settings(seed=20_26, jobs=2, projects=MADE)
    tally = tally_of(run(range(20_000), settings))
    assert not tally.defects, "\n".join(
        f"{what}: {[outcome.number for outcome in found[:5]]} {found[0].detail}"
        for what, found in tally.defects.items()
    )
    assert tally.kinds["ok"] > 0.15 * 20_000, "most die early: such a fuzzer finds nothing"
    assert len([kind for kind, count in tally.kinds.items() if count > 20]) >= 10, "too few kinds of errors are reached"


def test_a_thousand_inputs_keep_the_promise_and_are_of_many_kinds() -> None:
    tally = tally_of(run(range(1000), Settings(seed=7, projects=MADE)))
    assert not tally.defects, tally.defects
    assert tally.kinds["ok"] > 150
    assert len(tally.kinds) >= 10


@pytest.mark.parametrize("project", MADE, ids=lambda project: project.name)
def test_every_project_is_right_before_it_is_changed(project: object, tmp_path: Path) -> None:
    made = next(each for each in MADE if each is project)
    recipe = Folder(tmp_path, [made]).write(Mutant(0, made, {}))
    load_and_check(recipe)


def test_the_same_number_gives_the_same_bytes_and_another_seed_others() -> None:
    one, again, other = (Mutants(projects(), seed) for seed in (3, 3, 4))
    numbers = range(300)
    made = [one.make(number).changed for number in numbers]
    assert made == [again.make(number).changed for number in reversed(numbers)][::-1]
    different = sum(one.make(number).changed != other.make(number).changed for number in numbers)
    assert different > 290


def test_an_input_leaves_nothing_behind_for_the_next(tmp_path: Path) -> None:
    project = MADE[0]
    folder = Folder(tmp_path, [project])
    for odd in Odd:
        folder.write(Mutant(0, project, {project.entry: odd}))
        recipe = folder.write(Mutant(1, project, {}))
        assert recipe.read_bytes() == project.files[project.entry]
        assert recipe.is_file()
        assert not recipe.is_symlink()


def test_what_escapes_is_found_with_its_number_and_its_place() -> None:
    def broken(recipe: Path) -> None:
        if len(load_recipe(recipe).vary) == 2:
            raise ZeroDivisionError("planted")

    tally = tally_of(run(range(1500), Settings(subject=broken, projects=MADE, jobs=2)))
    assert set(tally.kinds) >= {"ok", "!escaped"}
    found = next(iter(tally.defects.values()))
    assert "ZeroDivisionError" in found[0].detail
    again = run_alone(found[0].number, Settings(subject=broken, projects=MADE))
    assert again.kind == "!escaped"
    assert run_alone(found[0].number, Settings(projects=MADE)).kind == "ok"


def _spins(recipe: Path) -> None:
    while True:
        pass


def _sleeps_through_the_alarm(recipe: Path) -> None:
    # As code in C does: no Python handler runs.
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(60)


def _is_killed(recipe: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fills_memory(recipe: Path) -> None:
    assert bytearray(120_000_000)


def _takes_all_memory(recipe: Path) -> None:
    assert bytearray(10**12)


def _nests_too_deep(recipe: Path) -> None:
    _nests_too_deep(recipe)


def _obeys_the_terminal(recipe: Path) -> None:
    raise RecipeError(Problem("\x1b[2J is gone", "x.yaml", 1, 1))


def _says_nothing(recipe: Path) -> None:
    raise RecipeError()


def _says_half_a_character(recipe: Path) -> None:
    raise RecipeError(Problem("half \ud800", "x.yaml"))


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        (_spins, "!hang"),
        (_sleeps_through_the_alarm, "!hang"),
        (_is_killed, "!died"),
        (_fills_memory, "!memory"),
        (_takes_all_memory, "!escaped"),
        (_nests_too_deep, "!escaped"),
        (_obeys_the_terminal, "!unprintable"),
        (_says_nothing, "!unprintable"),
        (_says_half_a_character, "!unprintable"),
    ],
)
def test_each_way_to_break_the_promise_is_noticed(subject: object, kind: str) -> None:
    patience = 0.2 if kind == "!hang" else 30.0
    settings = Settings(seconds=patience, grace=patience, memory=50_000_000, projects=MADE[:2])
    found = outcomes(range(2), replace(settings, subject=subject))  # type: ignore[arg-type]
    assert Counter(outcome.kind for outcome in found.values()) == {kind: 2}


def test_a_worker_that_dies_costs_only_the_input_that_killed_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen"

    def dies_once(recipe: Path) -> None:
        with seen.open("a") as file:
            file.write("x")
        if seen.stat().st_size == 150:
            _is_killed(recipe)

    found = outcomes(range(300), Settings(subject=dies_once, projects=MADE[:2]))
    assert Counter(outcome.kind for outcome in found.values()) == {"ok": 299, "!died": 1}


def test_the_report_names_what_was_slow_and_what_was_wrong() -> None:
    settings = Settings(subject=_says_nothing, projects=MADE[:2])
    lines = "\n".join(text_of(summary(tally_of(run(range(20), settings)), settings, 1.0)))
    assert "20 inputs of seed 0" in lines
    assert "100.00%  !unprintable (20)" in lines
    assert "DEFECT" in lines
    assert "slowest" in lines


def test_a_judgement_is_a_word(tmp_path: Path) -> None:
    assert judge(load_and_check, tmp_path / "none.yaml") == ("RecipeNotFoundError", "")
