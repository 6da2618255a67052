"""The commands, as a user types them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from datarecipe.recipe import shipped_recipes
from tests.cli.command import datarecipe
from tests.openai_author import Author
from tests.openai_faults import Fault, always
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, Files, write_recipe

KEY = {"OPENAI_API_KEY": "sk-test"}
SHIPPED = tuple(shipped_recipes())


@pytest.fixture(scope="module")
def server_url() -> object:
    with OpenAIServer(Author(variety=2000)) as server:
        yield server.base_url


def test_run_writes_into_exactly_the_folder_that_output_names(tmp_path: Path, server_url: str) -> None:
    path = write_recipe(tmp_path / "project")
    arguments = ["run", str(path), "--model", "openai/author", "--api-base", server_url, "--target-size", "25"]
    ran = datarecipe(*arguments, "--output", "here/it is", "--json", cwd=tmp_path, env=KEY)
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)
    assert (summary["accepted"], summary["outcome"], summary["exit_code"]) == (25, "target", 0)
    folder = tmp_path / "here" / "it is"
    names = {
        "data.jsonl",
        "lineage.jsonl",
        "rejected.jsonl",
        "manifest.json",
        "README.md",
        "spending.jsonl",
        "run.log",
        ".lock",
    }
    assert {p.name for p in folder.iterdir()} == names
    assert not (tmp_path / "runs").exists()
    assert (tmp_path / "project" / ".datarecipe" / "cache").is_dir()
    assert (tmp_path / "project" / ".datarecipe" / ".gitignore").read_text() == "/cache/\n"
    assert len(Files.of(folder).data.splitlines()) == 25


def test_offline_replays_what_is_stored_and_fails_for_what_is_not(tmp_path: Path, server_url: str) -> None:
    path = write_recipe(tmp_path)
    arguments = ["run", str(path), "--model", "openai/author", "--api-base", server_url, "--quiet"]
    missing = datarecipe(*arguments, "--offline", cwd=tmp_path, env=KEY)
    assert missing.code == 4
    assert "--offline" in missing.err
    assert datarecipe(*arguments, cwd=tmp_path, env=KEY).code == 0
    replay = datarecipe(*arguments, "--offline", cwd=tmp_path)
    assert (replay.code, replay.out, replay.err) == (0, "", "")


def test_another_recipe_in_the_folder_is_refused_unless_overwritten(tmp_path: Path, server_url: str) -> None:
    path = write_recipe(tmp_path)
    arguments = ["run", str(path), "--model", "openai/author", "--api-base", server_url, "--quiet"]
    assert datarecipe(*arguments, cwd=tmp_path, env=KEY).code == 0
    before = Files.of(tmp_path / "runs" / "facts")
    refused = datarecipe(*arguments, "--random-seed", "7", cwd=tmp_path, env=KEY)
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert "--output" in refused.err
    assert Files.of(tmp_path / "runs" / "facts") == before
    assert datarecipe(*arguments, "--random-seed", "7", "--overwrite", cwd=tmp_path, env=KEY).code == 0
    assert Files.of(tmp_path / "runs" / "facts") != before


def test_a_wrong_key_and_a_missing_one_say_what_to_do(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(Author(), faults=always(Fault("bad_key"))) as server:
        ran = datarecipe("run", str(path), "--model", "openai/x", "--api-base", server.base_url, cwd=tmp_path, env=KEY)
        assert ran.code == 4
        assert "OPENAI_API_KEY" in ran.err
        assert "sk-test" not in ran.err
    ran = datarecipe("run", str(path), "--model", "openai/gpt-4o-mini", cwd=tmp_path)
    assert ran.code == 4
    assert "OPENAI_API_KEY" in ran.err


def test_preview_shows_one_batch_stores_it_and_keeps_no_dataset(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(Author.tidy()) as server:
        arguments = [str(path), "--model", "openai/author", "--api-base", server.base_url]
        first = datarecipe("preview", *arguments, cwd=tmp_path, env=KEY)
        again = datarecipe("preview", *arguments, cwd=tmp_path, env=KEY)
        assert server.requests == 1
        assert not (tmp_path / "runs").exists()
        assert datarecipe("run", *arguments, "--target-size", "5", cwd=tmp_path, env=KEY).code == 0
        assert server.requests == 1
    assert first.code == again.code == 0
    assert first.out == again.out
    assert first.out.count("accepted") == 5
    assert "1 request, " in first.err
    assert "from the cache" in again.err


def test_preview_says_what_it_cost(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, RECIPE + "prices: {input_per_million: 500, output_per_million: 1500}\n")
    with OpenAIServer(Author.tidy()) as server:
        arguments = [str(path), "--model", "openai/author", "--api-base", server.base_url]
        first = datarecipe("preview", *arguments, cwd=tmp_path, env=KEY)
        again = datarecipe("preview", *arguments, cwd=tmp_path, env=KEY)
    tokens = re.search(r"1 request, (\d+) prompt \+ (\d+) reply tokens, \$(\d+\.\d+)$", first.err, re.MULTILINE)
    assert tokens is not None, first.err
    assert float(tokens[3]) == pytest.approx((500 * int(tokens[1]) + 1500 * int(tokens[2])) / 1e6, abs=0.005)
    assert "$" not in again.err


def test_prompt_shows_what_is_sent(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(Author.tidy()) as server:
        arguments = [str(path), "--model", "openai/author", "--api-base", server.base_url]
        shown = json.loads(datarecipe("prompt", *arguments, "--json", cwd=tmp_path, env=KEY).out)
        assert server.requests == 0
        datarecipe("preview", *arguments, cwd=tmp_path, env=KEY)
        sent = server.seen[0].body
    assert shown["messages"] == sent["messages"]
    assert shown["seed"] == sent["seed"]
    assert shown["max_tokens"] == sent["max_tokens"]
    human = datarecipe("prompt", *arguments, cwd=tmp_path)
    assert "Write 5 new examples about animals." in human.out


def test_show_prints_a_recipe_that_runs_as_the_original(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    shown = datarecipe("show", str(path), "--set", "strategy.chains=3", "--set", "strategy.kind=random", cwd=tmp_path)
    assert shown.code == 0
    again = write_recipe(tmp_path, shown.out, name="again")
    assert datarecipe("show", str(again), cwd=tmp_path).out == shown.out
    assert "chains: 3" in shown.out
    as_json = json.loads(datarecipe("show", str(path), "--json", cwd=tmp_path).out)
    assert as_json["labels"] == ["yes", "no"]


def test_validate_takes_many_and_exits_with_2_when_one_is_wrong(tmp_path: Path) -> None:
    good = write_recipe(tmp_path)
    bad = write_recipe(tmp_path, RECIPE.replace("target_size", "target-size"), name="bad")
    undefined = write_recipe(tmp_path, RECIPE.replace("batch_size", "batchsize"), name="undefined")
    ran = datarecipe("validate", str(good), str(bad), str(undefined), "boolq", cwd=tmp_path)
    assert ran.code == 2
    assert "did you mean `target_size`" in ran.err
    assert "bad.yaml:12:1" in ran.err
    assert "batchsize" in ran.err
    assert ran.out.count(": ok") == 2
    assert datarecipe("validate", *SHIPPED, cwd=tmp_path).code == 0


def test_an_unknown_recipe_names_those_there_are(tmp_path: Path) -> None:
    ran = datarecipe("run", "boolqq", cwd=tmp_path)
    assert ran.code == 2
    assert "boolq" in ran.err
    assert datarecipe("run", "recipes/none.yaml", cwd=tmp_path).code == 2


def test_a_wrong_flag_is_named_in_the_message(tmp_path: Path) -> None:
    path = str(write_recipe(tmp_path))
    assert "--target-size" in datarecipe("run", path, "--target-size", "0", cwd=tmp_path).err
    assert "did you mean" in datarecipe("run", path, "--set", "strategy.chain=3", cwd=tmp_path).err
    assert datarecipe("run", path, "--set", "nonsense", cwd=tmp_path).code == 2
    assert datarecipe("run", path, "--strategy", "wild", cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    ("flags", "key"),
    [
        (["--target-size", "5", "--set", "target_size=10"], "target_size"),
        (["--strategy", "tree", "--set", "strategy=fixed"], "strategy.kind"),
        (["--set", "limits={rpm: 60}", "--concurrency", "4"], "limits.concurrency"),
        (["--set", "vars.topic=x", "--var", "topic=y"], "vars.topic"),
    ],
)
def test_flags_that_contradict_each_other(tmp_path: Path, flags: list[str], key: str) -> None:
    path = str(write_recipe(tmp_path))
    ran = datarecipe("show", path, *flags, cwd=tmp_path)
    assert ran.code == 2
    assert f"both decide `{key}`" in ran.err
    assert all(flag in ran.err for flag in flags if flag.startswith("--"))


def test_flags_that_go_together(tmp_path: Path) -> None:
    path = str(write_recipe(tmp_path))
    flags = ("--strategy", "tree", "--set", "strategy.roots=4", "--set", "target_size=7", "--set", "target_size=9")
    ran = datarecipe("show", path, *flags, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "roots: 4" in ran.out
    assert "target_size: 9" in ran.out, "of one flag the last counts"


def test_cache_shows_names_and_clears(tmp_path: Path, server_url: str) -> None:
    path = write_recipe(tmp_path)
    assert "nothing is stored" in datarecipe("cache", cwd=tmp_path).out
    datarecipe("run", str(path), "--model", "openai/author", "--api-base", server_url, cwd=tmp_path, env=KEY)
    assert datarecipe("cache", "dir", cwd=tmp_path).out.strip() == str(tmp_path / ".datarecipe" / "cache")
    assert "openai/author" in datarecipe("cache", cwd=tmp_path).out
    assert datarecipe("cache", "clear", cwd=tmp_path).code != 0, "without an answer nothing is removed"
    assert "removed" in datarecipe("cache", "clear", "--yes", cwd=tmp_path).out
    elsewhere = datarecipe("cache", "dir", cwd=tmp_path, env={"DATARECIPE_CACHE": str(tmp_path / "x")})
    assert elsewhere.out.strip() == str(tmp_path / "x")


def test_the_model_comes_from_flag_recipe_environment_configuration_in_this_order(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_recipe(tmp_path)
    home = tmp_path_factory.mktemp("home")

    def model(*flags: str, **env: str) -> str:
        out = datarecipe("prompt", str(path), "--json", *flags, cwd=tmp_path, env=env, home=home).out
        return str(json.loads(out)["model"])

    assert model(OPENAI_API_KEY="sk-there") == "local/smollm2-135m", "a key alone never costs money"
    (tmp_path / ".datarecipe").mkdir(exist_ok=True)
    (tmp_path / ".datarecipe" / "config.yaml").write_text("model: openai/from-config\n")
    assert model() == "openai/from-config"
    assert model(DATARECIPE_MODEL="openai/from-env") == "openai/from-env"
    write_recipe(tmp_path, RECIPE + "model: openai/from-recipe\n")
    assert model(DATARECIPE_MODEL="openai/from-env") == "openai/from-recipe"
    assert model("--model", "openai/from-flag") == "openai/from-flag"


def test_doctor_names_keys_and_never_shows_them(tmp_path: Path) -> None:
    ran = datarecipe("doctor", cwd=tmp_path, env=KEY, home=tmp_path)
    assert ran.code == 0, ran.out
    assert "OPENAI_API_KEY" in ran.out
    assert "sk-test" not in ran.out


def test_a_recipe_without_a_model_call_imports_no_heavy_package(tmp_path: Path, server_url: str) -> None:
    """`--help`, `validate`, `show`, `prompt` and a rerun from the cache."""
    path = write_recipe(tmp_path)
    arguments = ["run", str(path), "--model", "openai/author", "--api-base", server_url]
    assert datarecipe(*arguments, cwd=tmp_path, env=KEY).code == 0
    env = {**KEY, "PYTHONPROFILEIMPORTTIME": "1"}
    for command in (["--help"], ["validate", str(path)], ["show", str(path)], ["prompt", str(path)], arguments):
        ran = datarecipe(*command, cwd=tmp_path, env=env)
        assert ran.code == 0
        imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.err.splitlines() if "|" in line}
        assert "datarecipe" in imported
        assert not imported & {"litellm", "openai", "httpx", "aiohttp", "numpy", "xllamacpp", "requests", "rich"}


def test_other_weights_are_another_model(tmp_path: Path) -> None:
    """By content: a file of the same path that holds another model must not get the first one's answers."""
    path, weights = write_recipe(tmp_path), tmp_path / "my model.gguf"

    def name(*flags: str, **env: str) -> str:
        ran = datarecipe("prompt", str(path), "--json", *flags, cwd=tmp_path, env=env)
        assert ran.code == 0, ran.err
        return str(json.loads(ran.out)["model"])

    weights.write_bytes(b"GGUF one")
    first = name("--model", f"local/{weights}")
    assert first.startswith("local/my model.gguf@")
    assert name("--model", "local/./my model.gguf") == first
    assert name(DATARECIPE_WEIGHTS=str(weights)) == first
    weights.write_bytes(b"GGUF two")
    assert name("--model", f"local/{weights}") != first
    assert name() == "local/smollm2-135m"
    unknown = datarecipe("prompt", str(path), "--model", "local/nothing", cwd=tmp_path)
    assert unknown.code == 2
    assert "local/smollm2-135m" in unknown.err
