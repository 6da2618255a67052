"""`datarecipe plan`, as a user types it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.command import Ran, datarecipe
from tests.cli.test_imports import NETWORK, imported_by
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import write_recipe

PRICED = """\
recipe: 1
name: facts
task: yes_no
instruction: Write {{ batch_size }} new examples. Labels {{ labels | join(", ") }}.
seed_example: {options: [yes, no], answer: yes, question: "Is snow cold?"}
labels: [yes, no]
strategy: fixed
target_size: 100
model: openai/gpt-4o-mini
prices: {input_per_million: 2, output_per_million: 8}
"""


def plan(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Ran:
    """`datarecipe plan` for the recipe `facts`."""
    path = write_recipe(folder, PRICED)
    return datarecipe("plan", str(path), *arguments, cwd=folder, env=env)


def test_a_plan_is_a_table_of_80_columns_and_what_it_rests_on(tmp_path: Path) -> None:
    ran = plan(tmp_path)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "facts: 100 examples, 5 in a request, strategy fixed, model from the recipe"
    assert lines[2].split() == ["model", "requests", "prompt", "tokens", "reply", "tokens", "dollars", "minutes"]
    assert lines[3].split()[:2] == ["openai/gpt-4o-mini", "22-44"]
    assert max(map(len, lines)) <= 80
    assert "cap: limits.usd 5.00 (by default): enough" in lines
    assert "price: 2 and 8 dollars for a million tokens" in ran.out
    assert "accepted: 60 to 95 of 100 items asked for (assumed; --yield states it)" in lines
    assert ran.err == ""


def test_a_plan_leaves_nothing_behind(tmp_path: Path) -> None:
    plan(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {"recipes", "facts.yaml"}


def test_several_models_stand_side_by_side(tmp_path: Path) -> None:
    models = ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5", "ollama/llama3.2"]
    ran = datarecipe("plan", "boolq", *(part for model in models for part in ("--model", model)), cwd=tmp_path)
    assert ran.code == 0, ran.err
    rows = [line.split() for line in ran.out.splitlines()[3:6]]
    assert [row[0] for row in rows] == models
    assert [row[4] == "unknown" for row in rows] == [False, False, True]
    words = " ".join(ran.out.split())
    assert "price: unknown" in words
    assert "`prices: {input_per_million: 0.15, output_per_million: 0.60}` [ollama/llama3.2]" in words
    assert words.count("accepted: 60 to 95") == 1


def test_json_holds_the_same_for_programs(tmp_path: Path) -> None:
    ran = plan(tmp_path, "--yield", "0.8", "--latency", "2", "--json", "--set", "limits.concurrency=5")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert (document["plan"], document["recipe"], document["target_size"]) == (1, "facts", 100)
    (model,) = document["models"]
    assert (model["model"], model["named_by"]) == ("openai/gpt-4o-mini", "the recipe")
    assert model["requests"] == {"low": 25, "high": 29}
    assert model["seconds"]["low"] == 10.0
    low, high = (Decimal(model["usd"][end]) for end in ("low", "high"))
    assert 0 < low < high
    tokens = [model[name]["low"] for name in ("prompt_tokens", "completion_tokens")]
    assert low == (2 * tokens[0] + 8 * tokens[1]) / Decimal(1_000_000)
    assert model["prices"] == {"input_per_million": "2", "output_per_million": "8", "per_request": "0"}
    assert model["assumptions"]["yield"] == {"low": 0.8, "high": 0.8, "from": "stated", "responses": 0}
    assert model["assumptions"]["latency"]["from"] == "stated"
    (cap,) = model["caps"]
    assert (cap["cap"], cap["limit"], cap["by_default"], cap["reached_at"]) == ("usd", "5", True, None)


def test_a_cap_that_is_too_low_is_said(tmp_path: Path) -> None:
    out = plan(tmp_path, "--yield", "0.8", "--set", "limits.usd=0.02", "--set", "limits.calls=10").out
    assert "cap: limits.usd 0.02: " in out
    assert "cap: limits.calls 10: is reached at about " in out


def test_the_caps_of_run_are_taken_and_said(tmp_path: Path) -> None:
    out = plan(tmp_path, "--yield", "0.8", "--max-usd", "0.02", "--max-calls", "10", "--max-tokens", "9000000").out
    assert "cap: --max-usd 0.02: " in out
    assert "cap: --max-calls 10: is reached at about " in out
    assert "cap: --max-tokens 9,000,000: enough" in out
    (model,) = json.loads(plan(tmp_path, "--max-calls", "10", "--json").out)["models"]
    assert [(cap["name"], cap["cap"]) for cap in model["caps"]] == [("limits.usd", "usd"), ("--max-calls", "calls")]
    assert "--max-usd cannot be enforced without a price" in plan(
        tmp_path, "--model", "ollama/x", "--max-usd", "1"
    ).out.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        (["--max-calls", "1000"], "cap: --max-calls 1,000: enough"),
        (["--max-calls", "10"], "cap: --max-calls 10: is reached within one"),
        (["--max-calls", "50"], "cap: --max-calls 50: is reached within three to two"),
        (["--max-calls", "70"], "cap: --max-calls 70: may be reached, within three"),
        (["--max-calls", "100"], "cap: --max-calls 100: may be reached, within two"),
        (["--max-usd", "0.0001"], "cap: --max-usd 0.0001: is reached within one"),
    ],
)
def test_several_recipes_share_the_caps_in_their_order(tmp_path: Path, caps: list[str], said: str) -> None:
    for name in ("one", "two", "three"):
        write_recipe(tmp_path, PRICED.replace("name: facts", f"name: {name}"), name)
    ran = datarecipe("plan", "one", "three", "two", *caps, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert said in ran.out.splitlines()


def test_after_half_of_a_run_the_plan_is_of_the_other_half(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, PRICED)
    with OpenAIServer(Author.tidy(variety=10**9)) as server:
        options = ["--api-base", server.base_url]
        env = {"OPENAI_API_KEY": "sk-test"}
        ran = datarecipe("run", str(path), *options, "--target-size", "50", "--quiet", cwd=tmp_path, env=env)
        assert ran.code == 0, ran.err
        asked = server.requests
        planned = datarecipe("plan", str(path), *options, cwd=tmp_path)
        done = datarecipe("plan", str(path), *options, "--target-size", "50", cwd=tmp_path)
        assert server.requests == asked
    assert "responses with 5" in planned.out
    assert "at no cost" in planned.out
    assert "measured over" in planned.out
    assert "requests: nothing has to be asked" in done.out


def test_a_price_that_only_the_recipe_names_is_believed_with_trust(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, PRICED.replace("openai/gpt-4o-mini", "groq/unheard-of"))
    refused = datarecipe("plan", str(path), "--max-usd", "1", cwd=tmp_path)
    believed = datarecipe("plan", str(path), "--max-usd", "1", "--trust", cwd=tmp_path)
    assert "cannot be enforced without a price" in " ".join((refused.out + refused.err).split())
    assert believed.code == 0
    assert "cannot be enforced" not in " ".join(believed.out.split())


def test_a_plan_for_one_example_says_it_in_the_singular(tmp_path: Path) -> None:
    done = plan(tmp_path, "--target-size", "1", "--batch-size", "1")
    assert "facts: 1 example, 1 in a request" in done.out


def test_the_warnings_of_a_run_are_told_once_each(tmp_path: Path) -> None:
    theirs = tmp_path / "recipes" / "vendor" / "acme"
    path = write_recipe(theirs, PRICED + "limits: {usd: 100}\n")
    unknown = ("--model", "groq/unheard-of", "--model", "groq/unheard-of")
    for command in (("plan", "--json"), ("run", "--max-calls", "1")):
        told = datarecipe(*command, str(path), cwd=tmp_path).err
        assert told.count("raises the cap, and a vendored recipe may not: it stays at 5.00 dollars") == 1, told
    assert "raises the cap" not in datarecipe("plan", str(path), "--trust", cwd=tmp_path).err
    plain = write_recipe(tmp_path, PRICED)
    assert datarecipe("plan", str(plain), *unknown, cwd=tmp_path).err.count("the price of groq/unheard-of is not") == 1
    assert datarecipe("plan", str(plain), *unknown, "--max-tokens", "9", cwd=tmp_path).err == ""


def test_a_manifest_that_is_broken_is_named(tmp_path: Path) -> None:
    whole = plan(tmp_path)
    assert "folder:" not in whole.out
    assert json.loads(plan(tmp_path, "--json").out)["models"][0]["broken_manifest"] is None
    folder = tmp_path / "runs" / "facts"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"manifest": 1, "identity": 3}')
    words = " ".join(plan(tmp_path).out.split())
    assert "manifest.json: `identity` is" in words
    assert "run the recipe again with --overwrite" in words
    assert "`identity`" in json.loads(plan(tmp_path, "--json").out)["models"][0]["broken_manifest"]
    (folder / "manifest.json").unlink()
    assert "folder:" not in plan(tmp_path).out


def test_a_folder_that_would_refuse_the_run_is_said(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, PRICED)
    with OpenAIServer(Author.tidy(variety=10**9)) as server:
        options = ["--api-base", server.base_url]
        env = {"OPENAI_API_KEY": "sk-test"}
        assert datarecipe("run", str(path), *options, "--target-size", "5", cwd=tmp_path, env=env).code == 0
        same = datarecipe("plan", str(path), *options, cwd=tmp_path)
        other = datarecipe("plan", str(path), *options, "--random-seed", "7", cwd=tmp_path)
        one_of_two = datarecipe("plan", str(path), *options, "--model", "openai/gpt-4o-mini", "--model", "openai/other",
                                cwd=tmp_path)  # fmt: skip
        document = datarecipe("plan", str(path), *options, "--random-seed", "7", "--json", cwd=tmp_path)
    assert "folder:" not in same.out
    words = " ".join(other.out.split())
    assert (
        "holds the dataset of another run: `random_seed` is different; a run would be refused without --output" in words
    )
    assert other.out.splitlines()[2].startswith("folder:"), "above the estimates"
    assert "folder:" not in one_of_two.out, "a folder holds one dataset, so one of two models is always another"
    assert "`random_seed`" in json.loads(document.out)["models"][0]["conflict"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--yield", "0"], "--yield"),
        (["--yield", "1.5"], "--yield"),
        (["--yield", "most"], "--yield"),
        (["--latency", "0"], "--latency"),
        (["--model", "nobody/x"], "no provider is called 'nobody'"),
        (["--set", "limits.usd=-1"], "limits.usd"),
        (["--target-size", "0"], "target_size"),
        (["--api-base", "nonsense"], "--api-base cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_said(tmp_path: Path, arguments: list[str], words: str) -> None:
    ran = plan(tmp_path, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_a_recipe_that_is_not_there_is_said(tmp_path: Path) -> None:
    ran = datarecipe("plan", "nowhere", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")


def test_damaged_spending_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "facts"
    folder.mkdir(parents=True)
    (folder / "spending.jsonl").write_text("nonsense\n")
    ran = plan(tmp_path)
    assert ran.code == 4
    assert "spending.jsonl:1" in ran.err


def test_a_recipe_may_name_a_host_since_nothing_is_sent(tmp_path: Path) -> None:
    ran = plan(tmp_path, "--set", "model=hosted_vllm/m", env={"HOSTED_VLLM_API_BASE": "http://localhost:8000/v1"})
    assert ran.code == 0, ran.err


def test_a_plan_imports_no_network(tmp_path: Path) -> None:
    modules = imported_by(tmp_path, "plan", "boolq", "--model", "openai/gpt-4o-mini")
    assert not modules & NETWORK - {"socket"}
    assert not modules & {"diskcache", "sqlite3", "numpy", "rich", "xllamacpp", "filelock"}


def test_several_recipes_have_a_plan_each_and_sums(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        write_recipe(tmp_path, PRICED.replace("name: facts", f"name: {name}"), name)
    ran = datarecipe("plan", "recipes", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert [line.partition(":")[0] for line in ran.out.splitlines() if ": 100 examples" in line] == [
        "one",
        "three",
        "two",
    ]
    heading, _, _, sums, _, cap = ran.out.splitlines()[-6:]
    assert heading == "all 3 recipes, one after another"
    assert sums.split()[:2] == ["openai/gpt-4o-mini", "66-132"]
    assert cap == "cap: default budget for all recipes: 5 dollars; change it with `run --max-usd`"
    documents = json.loads(datarecipe("plan", "recipes", "--json", cwd=tmp_path).out)
    assert [document["recipe"] for document in documents] == ["one", "three", "two"]


def test_of_several_recipes_all_mistakes_are_told_and_no_plan_is_made(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        text = PRICED.replace("name: facts", f"name: {name}")
        write_recipe(tmp_path, text if name == "one" else text + "nonsense: 1\n", name)
    ran = datarecipe("plan", "recipes", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "two.yaml" in ran.err
    assert "three.yaml" in ran.err


@pytest.mark.parametrize("flag", ["--latency", "--yield"])
@pytest.mark.parametrize("value", ["nan", "inf", "1e300"])
def test_what_is_no_number_is_a_user_s_mistake(tmp_path: Path, flag: str, value: str) -> None:
    ran = plan(tmp_path, flag, value)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert flag in ran.err
