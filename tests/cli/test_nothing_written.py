"""Nothing is written before it is known that a run can begin: no folder, no cache, no log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import datarecipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import write_recipe

CLOSED = "http://127.0.0.1:9/v1"
WRONG: dict[str, tuple[int, list[str], dict[str, str]]] = {
    "no key": (4, ["run", "--model", "openai/gpt-4o"], {}),
    "the key of another": (4, ["run", "--model", "anthropic/claude-3-5-haiku-latest"], {"OPENAI_API_KEY": "k"}),
    "an empty key": (4, ["run", "--model", "openai/gpt-4o"], {"OPENAI_API_KEY": ""}),
    "a key with a line break": (4, ["run", "--model", "openai/gpt-4o"], {"OPENAI_API_KEY": "a\nb"}),
    "no such provider": (2, ["run", "--model", "nosuch/model"], {}),
    "no provider": (2, ["run", "--model", "gpt4"], {}),
    "no such embedded model": (2, ["run", "--model", "local/nosuch"], {}),
    "no such weights": (4, ["run", "--model", "local/no.gguf"], {}),
    "offline, nothing stored": (4, ["run", "--offline"], {}),
    "offline, no key": (4, ["run", "--offline", "--model", "openai/gpt-4o"], {}),
    "no URL": (2, ["run", "--model", "openai/m", "--api-base", "notaurl"], {"OPENAI_API_KEY": "k"}),
    "a transport that does not speak it": (
        2,
        ["run", "--model", "anthropic/claude-3-5-haiku-latest", "--transport", "direct"],
        {"ANTHROPIC_API_KEY": "k"},
    ),
    "no price for a cap": (2, ["run", "--model", "openai/unknown", "--max-usd", "1"], {"OPENAI_API_KEY": "k"}),
    "a limit that is none": (2, ["run", "--set", "limits.usd=-1"], {}),
    "two places": (2, ["run", "--output", "a", "--runs-dir", "b"], {}),
    "a key that is none": (2, ["run", "--set", "nosuch=1"], {}),
    "preview without a key": (4, ["preview", "--model", "openai/gpt-4o"], {}),
    "preview offline": (4, ["preview", "--offline"], {}),
    "plan": (0, ["plan", "--model", "openai/gpt-4o"], {}),
    "prompt": (0, ["prompt", "--model", "openai/gpt-4o"], {}),
    "cache explain": (2, ["cache", "explain"], {}),
}


@pytest.mark.parametrize(("code", "words", "env"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("places", [[], ["--cache-dir", "elsewhere/cache"]], ids=["project", "--cache-dir"])
def test_what_cannot_begin_leaves_nothing(
    tmp_path: Path, code: int, words: list[str], env: dict[str, str], places: list[str]
) -> None:
    recipe = write_recipe(tmp_path)
    places = [] if words[0] in ("plan", "prompt", "cache") else places
    ran = datarecipe(*words, str(recipe), *places, cwd=tmp_path, env=env)
    assert ran.code == code, ran.err
    assert sorted(path.name for path in tmp_path.rglob("*") if path.name != "home") == ["facts.yaml", "recipes"]


def test_a_run_that_has_its_first_response_needs_no_key_to_begin(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    with OpenAIServer(Author(variety=3000)) as server:
        flags = [str(recipe), "--model", "openai/author", "--api-base", server.base_url]
        key = {"OPENAI_API_KEY": "k"}
        assert datarecipe("run", *flags, "--target-size", "20", cwd=tmp_path, env=key).code == 0
    for more in ([], ["--offline"]):
        ran = datarecipe("run", *flags, *more, "--target-size", "20", "--output", f"new{len(more)}", cwd=tmp_path)
        assert ran.code == 0, ran.err
        assert (tmp_path / f"new{len(more)}" / "manifest.json").exists()
    ran = datarecipe("run", *flags, "--offline", "--output", "longer", cwd=tmp_path)
    assert ran.code == 4
    assert (tmp_path / "longer" / "manifest.json").exists(), "as far as it came"
    ran = datarecipe("run", *flags, "--offline", "--set", "random_seed=9", "--output", "other", cwd=tmp_path)
    assert ran.code == 4
    assert not (tmp_path / "other").exists()


def test_of_several_recipes_each_that_cannot_begin_leaves_nothing(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = write_recipe(tmp_path, name=name)
        path.write_text(path.read_text().replace("name: facts", f"name: {name}"))
    ran = datarecipe("run", "recipes/one.yaml", "recipes/two.yaml", "--offline", "--json", cwd=tmp_path)
    assert ran.code == 4
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / ".datarecipe").exists()
    assert ran.out.count('"failed"') >= 2
