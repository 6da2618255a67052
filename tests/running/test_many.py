"""Many recipes as one command give what each gives alone, and none harms another."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from datarecipe.amount import Caps
from datarecipe.recipe import load_recipe
from datarecipe.running.drive.execute_many import execute_many
from tests.cli.command import Ran, datarecipe
from tests.cli.terminal import on_terminal
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, FaultPlan
from tests.openai_server import OpenAIServer, lognormal
from tests.running.test_faults import assert_all_is_explained, with_chances
from tests.running.test_interrupt import start, wait_until_asked
from tests.runs import RECIPE, Files, Silent, setup_for, write_recipe

KEY = {"OPENAI_API_KEY": "sk-test"}
NAMES = ("one", "two", "three", "four")
STRATEGIES = ("fixed", "{kind: tree, roots: 4}", "{kind: random, chains: 8}", "{kind: similar, chains: 8}")


def write_recipes(folder: Path, extra: str = "") -> list[str]:
    """Recipes of different names, strategies and instructions."""
    paths = []
    for name, strategy in zip(NAMES, STRATEGIES, strict=True):
        text = RECIPE.replace("name: facts", f"name: {name}").replace("strategy: fixed", f"strategy: {strategy}")
        paths.append(str(write_recipe(folder, text.replace("Write", f"For {name} write") + extra, name)))
    return paths


def many(folder: Path, server: OpenAIServer, *arguments: str) -> Ran:
    flags = ("--model", "openai/author", "--api-base", server.base_url)
    return datarecipe("run", *arguments, *flags, cwd=folder, env=KEY)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Files]:
    """What each of them gives by itself."""
    folder = tmp_path_factory.mktemp("alone")
    with OpenAIServer(Author(variety=3000)) as server:
        for recipe in write_recipes(folder):
            assert many(folder, server, recipe, "--quiet").code == 0
    return {name: Files.of(folder / "runs" / name) for name in NAMES}


def test_together_they_give_the_same_bytes_as_alone(tmp_path: Path, alone: dict[str, Files]) -> None:
    faults = with_chances({Fault("rate_limit", retry_after=0.02): 0.05, Fault("server_error"): 0.02})
    with OpenAIServer(Author(variety=3000), latency=lognormal(0.02), faults=faults) as server:
        ran = many(tmp_path, server, *write_recipes(tmp_path))
        assert ran.code == 0, ran.err
        assert server.in_flight_max <= 16, "what a provider bears is shared"
    assert {name: Files.of(tmp_path / "runs" / name) for name in NAMES} == alone
    head, *rows = ran.out.splitlines()
    assert head.split()[:3] == ["recipe", "accepted", "target"]
    assert [row.split()[0] for row in rows] == [*NAMES, "all"]
    assert rows[-1].split()[1] == "240"
    for name in NAMES:
        assert_all_is_explained(tmp_path / "runs" / name)
        assert f"{name}: done" in ran.err


def test_an_interrupted_command_goes_on(tmp_path: Path, alone: dict[str, Files]) -> None:
    recipes = write_recipes(tmp_path)
    with OpenAIServer(Author(variety=3000), latency=lognormal(0.03)) as server:
        command = [
            sys.executable,
            "-m",
            "datarecipe",
            "run",
            *recipes,
            "--model",
            "openai/author",
            "--api-base",
            server.base_url,
        ]
        command += ["--quiet"]
        for number in (signal.SIGINT, signal.SIGKILL, signal.SIGINT):
            process = start(command, tmp_path.parent / "home", tmp_path)
            wait_until_asked(process, server, server.requests + 12)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
            assert process.returncode == (130 if number == signal.SIGINT else -number), err
        assert many(tmp_path, server, *recipes, "--quiet").code == 0
        assert {name: Files.of(tmp_path / "runs" / name) for name in NAMES} == alone
        requests = server.requests
        assert many(tmp_path, server, *recipes, "--quiet").code == 0
        assert server.requests == requests


def test_a_folder_of_recipes_is_all_that_are_in_it(tmp_path: Path, alone: dict[str, Files]) -> None:
    write_recipes(tmp_path)
    with OpenAIServer(Author(variety=3000)) as server:
        assert many(tmp_path, server, "recipes", "--quiet").code == 0
    assert {name: Files.of(tmp_path / "runs" / name) for name in NAMES} == alone


def test_two_that_would_write_one_folder_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    first, second, *_ = write_recipes(tmp_path)
    Path(second).write_text(Path(second).read_text().replace("name: two", "name: one"))
    with OpenAIServer() as server:
        ran = many(tmp_path, server, first, second)
        assert ran.code == 2
        assert "one.yaml" in ran.err
        assert "two.yaml" in ran.err
        assert many(tmp_path, server, first, first).code == 2
        assert many(tmp_path, server, first, second, "--output", "out").code == 2
        assert server.requests == 0


def refusing(model: str, fault: Fault) -> FaultPlan:
    def plan(number: int, body: Body) -> Fault | None:
        return fault if body["model"] == model else None

    return plan


@pytest.mark.parametrize(("kind", "code"), [("bad_key", 4), ("no_model", 4)])
def test_one_that_fails_leaves_the_others_alone(tmp_path: Path, alone: dict[str, Files], kind: str, code: int) -> None:
    recipes = write_recipes(tmp_path)
    for number, recipe in enumerate(recipes):
        text = Path(recipe).read_text()
        Path(recipe).write_text(text + f"model: openai/{'other' if number == 1 else 'author'}\n")
    with OpenAIServer(Author(variety=3000), latency=0.01, faults=refusing("other", Fault(kind))) as server:  # type: ignore[arg-type]
        ran = datarecipe("run", *recipes, "--api-base", server.base_url, "--json", cwd=tmp_path, env=KEY)
    assert ran.code == code
    documents = {document["name"]: document for document in json.loads(ran.out)}
    assert {name: document["exit_code"] for name, document in documents.items()} == {
        "one": 0,
        "two": code,
        "three": 0,
        "four": 0,
    }
    assert "two: error:" in ran.err
    for name in ("one", "three", "four"):
        assert Files.of(tmp_path / "runs" / name) == alone[name]


def test_one_whose_folder_is_another_run_s_leaves_the_others_alone(tmp_path: Path, alone: dict[str, Files]) -> None:
    recipes = write_recipes(tmp_path)
    (tmp_path / "runs" / "three").mkdir(parents=True)
    (tmp_path / "runs" / "three" / "data.jsonl").write_text("mine\n")
    with OpenAIServer(Author(variety=3000)) as server:
        ran = many(tmp_path, server, *recipes, "--events", "events.jsonl")
        documents = json.loads(many(tmp_path, server, *recipes, "--json").out)
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    ends = {event["run"]: event for event in events if event["event"] == "end"}
    assert {name: end["outcome"] for name, end in ends.items()} == {
        name: "error" if name == "three" else "target" for name in NAMES
    }
    assert (ends["three"]["exit_code"], "runs/three" in ends["three"]["error"]) == (2, True)
    assert [document["outcome"] for document in documents] == ["target", "target", "error", "target"]
    end = {key: value for key, value in ends["three"].items() if key not in ("event", "at", "run")}
    assert documents[2] == {"name": "three", **end}, "as the `end` among the events"
    assert ran.code == 2
    assert "three: error:" in ran.err
    assert (tmp_path / "runs" / "three" / "data.jsonl").read_text() == "mine\n"
    for name in ("one", "two", "four"):
        assert Files.of(tmp_path / "runs" / name) == alone[name]
    row = next(line for line in ran.out.splitlines() if line.startswith("three"))
    assert row.split() == ["three", "60", "error"]


def test_the_exit_code_is_the_highest(tmp_path: Path) -> None:
    recipes = write_recipes(tmp_path)
    Path(recipes[1]).write_text(Path(recipes[1]).read_text() + "limits: {calls: 2}\n")
    with OpenAIServer(Author(variety=3000)) as server:
        ran = many(tmp_path, server, *recipes, "--json")
    assert ran.code == 3
    assert [document["exit_code"] for document in json.loads(ran.out)] == [0, 3, 0, 0]


def test_a_wrong_recipe_among_them_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    recipes = write_recipes(tmp_path)
    Path(recipes[2]).write_text(Path(recipes[2]).read_text() + "nonsense: 1\n")
    with OpenAIServer() as server:
        ran = many(tmp_path, server, *recipes)
        assert ran.code == 2
        assert "three.yaml" in ran.err
        assert server.requests == 0


def test_what_is_wrong_in_several_is_told_at_once(tmp_path: Path) -> None:
    recipes = write_recipes(tmp_path)
    for number in (1, 2):
        Path(recipes[number]).write_text(Path(recipes[number]).read_text() + "nonsense: 1\n")
    with OpenAIServer() as server:
        ran = many(tmp_path, server, *recipes)
        flag = many(tmp_path, server, *recipes, "--set", "target_size=many")
        assert server.requests == 0
    assert ran.code == 2
    assert "two.yaml" in ran.err
    assert "three.yaml" in ran.err
    assert flag.code == 2
    assert sum("--set" in line for line in flag.err.splitlines() if line.startswith("error:")) == 1


def test_recipes_that_ask_the_same_pay_once(tmp_path: Path) -> None:
    """A recipe and its copy: whoever asks first, the other waits for that answer."""
    folder = tmp_path / "twins"
    write_recipe(folder, name="one")
    path = write_recipe(folder, name="two")
    path.write_text(path.read_text().replace("name: facts", "name: twin"))
    with OpenAIServer(latency=0.05) as server:
        ran = many(folder, server, "recipes/one.yaml", "recipes/two.yaml", "--concurrency", "8")
        assert ran.code == 0, ran.err
        digests = [seen.digest for seen in server.seen]
    assert len(digests) == len(set(digests))
    assert Files.of(folder / "runs" / "facts") == Files.of(folder / "runs" / "twin")


def test_a_pause_too_long_to_wait_for_ends_all_that_ask_there(tmp_path: Path) -> None:
    """None is left waiting for hours without a word."""
    recipes = write_recipes(tmp_path)

    def plan(number: int, body: Body) -> Fault | None:
        return Fault("rate_limit", retry_after=7200) if number == 12 else None

    with OpenAIServer(Author(variety=3000), latency=0.05, faults=plan) as server:
        ran = many(tmp_path, server, *recipes, "--target-size", "400", "--concurrency", "4", "--json")
        assert ran.code == 3
        assert {document["exit_code"] for document in json.loads(ran.out)} == {3}
        assert "a pause of 7,200 s" in ran.err
        server.faults = None
        assert many(tmp_path, server, *recipes, "--target-size", "400").code == 0


def test_the_table_adds_up_to_the_provider_s_bill(tmp_path: Path) -> None:
    recipes = write_recipes(
        tmp_path, "prices: {input_per_million: 1000, output_per_million: 1000}\nlimits: {usd: 900}\n"
    )
    with OpenAIServer(Author(variety=3000)) as server:
        ran = many(tmp_path, server, *recipes)
        bill = sum(asked + answered for asked, answered in server.billed) / 1000
        requests = server.requests
    assert ran.code == 0, ran.err
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines()}
    assert int(rows["all"][3]) == requests == sum(int(rows[name][5]) for name in NAMES)
    assert float(rows["all"][4].removeprefix("$")) == pytest.approx(bill, abs=0.01)


def test_recipes_of_one_name_do_not_disturb_each_other(tmp_path: Path) -> None:
    paths = [str(write_recipe(tmp_path / place, RECIPE)) for place in ("a", "b")]
    with OpenAIServer(Author(variety=3000), latency=0.05) as server:
        flags = ("--model", "openai/author", "--api-base", server.base_url, "--target-size", "100")
        ran = on_terminal("run", *paths, *flags, answers=(), cwd=tmp_path)
    assert ran.code == 0, ran.out
    assert "no longer written" not in ran.out
    for place in ("a", "b"):
        assert len((tmp_path / place / "runs" / "facts" / "data.jsonl").read_text().splitlines()) == 100


class _Broken(Mapping[str, str]):
    """An environment that fails as a defect of ours would."""

    def __getitem__(self, name: str) -> str:
        raise RuntimeError("a defect")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("a defect")

    def __len__(self) -> int:
        return 1


def test_a_defect_in_one_breaks_off_no_other(tmp_path: Path, alone: dict[str, Files]) -> None:
    with OpenAIServer(Author(variety=3000), latency=0.02) as server:
        setups = [
            setup_for(load_recipe(Path(path)), server.base_url, tmp_path / name, tmp_path / "cache")
            for name, path in zip(NAMES, write_recipes(tmp_path), strict=True)
        ]
        options = replace(setups[1].options, environ=_Broken())
        # Of another model, since those that ask one share what the first of them opened.
        model = replace(setups[1].model, name="openai/other")
        endpoint = replace(setups[1].endpoint, model="openai/other")
        asked = replace(setups[1].asked[0], model=model, endpoint=endpoint)
        setups[1] = replace(setups[1], options=options, asked=(asked,))
        with pytest.raises(RuntimeError, match="a defect"):
            asyncio.run(execute_many(setups, Silent(), Caps()))
    assert {name: Files.of(tmp_path / name) for name in NAMES if name != "two"} == {
        name: files for name, files in alone.items() if name != "two"
    }


def test_a_recipe_that_reached_its_own_cap_goes_on_alone(tmp_path: Path) -> None:
    """On the command line its cap would be the others' too, and in dollars that of all of them together."""
    more = "prices: {input_per_million: 100, output_per_million: 300}\nsampling: {max_tokens: 500}\nlimits: {usd: %s}\n"
    for name, usd in (("small", "0.25"), ("large", "50")):
        text = RECIPE.replace("name: facts", f"name: {name}").replace("Write", f"For {name} write")
        write_recipe(tmp_path, text + more % usd, name)
    with OpenAIServer(Author(variety=3000)) as server:
        ran = many(tmp_path, server, "recipes", "--concurrency", "4")
        assert ran.code == 3, ran.err
        offered = [line for line in ran.err.splitlines() if "continues" in line]
        assert [line.partition(": ")[0] for line in offered] == ["A higher cap continues recipes/small.yaml"]
        ran = many(tmp_path, server, "recipes/small.yaml", *shlex.split(offered[0].partition(": ")[2]))
        assert ran.code == 0, ran.err
    for name in ("small", "large"):
        assert len((tmp_path / "runs" / name / "data.jsonl").read_text().splitlines()) == 60
