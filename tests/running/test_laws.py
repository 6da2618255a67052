"""The recipe decides the dataset: over real HTTP, whatever the concurrency and the latencies, the bytes are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.recipe import LoadedRecipe
from datarecipe.run_folder.json_records import as_row, json_line
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.reference import sequential
from tests.runs import Files, ask_author, recipe_with, run, setup_for, write_recipe

AUTHOR = Author(variety=150)
STRATEGIES = ("fixed", "random", "similar", "contrastive", "tree")


def reference_files(recipe: LoadedRecipe, base_url: str) -> tuple[Files, int, set[int]]:
    model = setup_for(recipe, base_url, Path("unused"), Path("unused")).model
    result = sequential(recipe, model, lambda request: ask_author(AUTHOR, request))
    assert result.outcome == "target"
    files = Files(
        "".join(json_line(row.example) for row in result.rows).encode(),
        "".join(json_line(as_row(row.lineage)) for row in result.rows).encode(),
        "".join(json_line(as_row(row)) for row in result.rejected).encode(),
    )
    return files, len(result.requests), {request.draw.seed for request in result.requests}


@pytest.mark.parametrize("width", [1, 8])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_bytes_do_not_depend_on_concurrency_latency_or_rerun(tmp_path: Path, strategy: str, width: int) -> None:
    path = write_recipe(tmp_path)
    shape = {"strategy.kind": strategy, "strategy.chains": width, "strategy.roots": width}
    with OpenAIServer(AUTHOR, latency=(0.0, 0.03)) as server:
        expected, needed, seeds = reference_files(recipe_with(path, **shape), server.base_url)
        for concurrency in (1, 8, 64):
            recipe = recipe_with(path, **shape, **{"limits.concurrency": concurrency})
            output, cache = tmp_path / f"out-{concurrency}", tmp_path / f"cache-{concurrency}"
            before = server.requests
            result = run(setup_for(recipe, server.base_url, output, cache))
            assert result.exit_code == 0
            assert Files.of(output) == expected
            assert server.requests - before >= needed
            if concurrency == 1:
                assert server.requests - before == needed

            before = server.requests
            again = recipe_with(path, **shape, **{"limits.concurrency": 65 - concurrency})
            assert run(setup_for(again, server.base_url, output, cache)).exit_code == 0
            assert Files.of(output) == expected
            assert server.requests == before
    assert server.in_flight_max <= 64
    assert seeds <= {seen.body["seed"] for seen in server.seen}, "the draw goes out as a seed"
