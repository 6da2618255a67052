"""Counts of a run stay small, whatever servers say of themselves."""

from __future__ import annotations

from pathlib import Path

from datarecipe.exchange import Completion
from datarecipe.generate.events import Committed
from datarecipe.run_folder.counts.commit_counts import MOST_NAMES, OTHERS, CommitCounts
from tests.generate.recipes import REQUEST
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with, run, setup_for, write_recipe


def test_names_of_models_are_counted_one_by_one_up_to_a_bound() -> None:
    committed = CommitCounts()
    names = [f"model {number % 3000}" for number in range(6000)]
    committed.add(Committed(0, REQUEST, Completion("", "stop", None, name, name, ""), 0, 0, 0) for name in names)
    for counted in (committed.models, committed.answered_by):
        assert counted["model 0"] == 2
        assert counted[OTHERS] == 2 * (3000 - MOST_NAMES)
        assert len(counted) == MOST_NAMES + 1
        assert counted.total() == 6000


def test_a_long_name_of_a_model_makes_no_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path / "project"), target_size=12)
    with OpenAIServer(Author(variety=3000), calls_itself="m" * 8_000_000) as server:
        for _ in range(2):
            result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
            assert result.exit_code == 0, result.error
    assert (tmp_path / "out" / "manifest.json").stat().st_size < 100_000
