"""`datarecipe drift`: of a run's folder, as text and as JSON."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Ran, datarecipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import write_recipe

EARLY = "the film was a dull story with fine actors and this plot never moved on"
LATE = "our waiter brought cold soup while the kitchen burned my steak so we left"


def turning(chance: random.Random, depth: int) -> str:
    return " ".join(chance.choices((LATE if depth > 6 else EARLY).split(), k=8))


def write_run(
    folder: Path,
    text: Callable[[random.Random, int], str] = turning,
    *,
    depths: int = 12,
    lanes: int = 8,
    fixed: bool = False,
) -> Path:
    """A run's folder with a recipe, three examples a request."""
    folder.mkdir(parents=True)
    chance, data, lineage = random.Random(0), [], []
    for depth in range(1, depths + 1):
        for lane in range(lanes):
            request = (depth - 1) * lanes + lane
            for index in range(3):
                row = {"label": chance.choice(["good", "bad"]), "text": text(chance, depth)}
                data.append(row)
                lineage.append(
                    {
                        "id": f"{request}{index}",
                        "parent": "",
                        "depth": 1 if fixed else depth,
                        "lane": f"fixed:{request}" if fixed else f"chain:{lane}",
                        "request": request,
                        "index": index,
                    }
                )
    for name, rows in (("data", data), ("lineage", lineage)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = {"seed_example": {"label": "good", "text": "the film was fine"}, "task": {"label": "label"}}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "recipe": recipe}), encoding="utf-8")
    return folder


def flat(ran: Ran) -> str:
    """What was printed, on one line."""
    assert ran.code == 0, ran.err
    return " ".join(ran.out.split())


def test_a_run_that_drifts(tmp_path: Path) -> None:
    write_run(tmp_path / "turns")
    text = flat(datarecipe("drift", "turns", cwd=tmp_path))
    assert text.startswith("turns: 288 examples, depth 1 to 12, 8 lanes. p corrected p")
    assert "texts 0.008 0.016 drift, at once, from depth 7 on" in text
    assert "labels" in text
    assert "no drift found" in text
    assert "depth examples from seed from 1-2 spread apart words" in text
    assert "The 12 generations are shown in sixths." in text
    assert re.search(r"Words that came, in depth 9-12 against 1-4: \w+ \(0 to \d+ %\)", text)
    assert "waiter" in text.partition("Words that came")[2].partition("Words that went")[0]
    assert max(map(len, datarecipe("drift", "turns", cwd=tmp_path).out.splitlines())) <= 100


def test_json_has_the_same_and_more(tmp_path: Path) -> None:
    write_run(tmp_path / "turns")
    found = json.loads(datarecipe("drift", "turns", "--json", cwd=tmp_path).out)
    texts = found["tests"][0]
    assert (texts["subject"], texts["p"], texts["corrected"]) == ("texts", 1 / 128, 2 / 128)
    assert texts["onset"] == {"kind": "step", "generation": "7", "first": "7", "last": "7"}
    assert set(found["stretches"][1]["from_seed"]) == {"value", "error"}
    assert found["stretches"][0]["from_first"] is None
    assert found["words"]["came"][0]["z"] > 3
    assert str(found["words"]["with_came"][0]) in found["texts"]
    assert found["compared"] == ["1-4", "9-12"]
    assert datarecipe("drift", "turns", "--json", cwd=tmp_path).out == json_again(tmp_path)


def json_again(folder: Path) -> str:
    return datarecipe("drift", "turns", "--json", cwd=folder, env={"PYTHONHASHSEED": "7"}).out


def test_by_order(tmp_path: Path) -> None:
    write_run(tmp_path / "turns")
    text = flat(datarecipe("drift", "turns", "--by", "order", cwd=tmp_path))
    assert "lines 1 to 288 in 12 stretches" in text
    assert "from lines 145-168 on" in text


def test_few_lanes_hold_only_if_batches_are_independent(tmp_path: Path) -> None:
    write_run(tmp_path / "fixed", fixed=True)
    text = flat(datarecipe("drift", "fixed", cwd=tmp_path))
    assert "dealt to 12 made-up lanes: p holds only if batches are independent" in text
    assert "apart" not in text


def test_six_lanes_cannot_say_much(tmp_path: Path) -> None:
    write_run(tmp_path / "six", lanes=6)
    assert "With 6 lanes p is at least 0.031, so no corrected p can be 0.05 or less" in flat(
        datarecipe("drift", "six", cwd=tmp_path)
    )


def test_a_run_that_is_too_small(tmp_path: Path) -> None:
    write_run(tmp_path / "small", depths=1, lanes=2)
    text = flat(datarecipe("drift", "small", "--by", "depth", cwd=tmp_path))
    assert "No test: all examples are of one generation. Try --by order." in text
    write_run(tmp_path / "narrow", depths=3, lanes=2)
    text = flat(datarecipe("drift", "narrow", cwd=tmp_path))
    assert "No test: it needs 6 lanes that reach from one generation into another, and there are" in text
    assert "set `strategy.chains` or `strategy.roots`" in text
    json.loads(datarecipe("drift", "small", "--json", cwd=tmp_path).out, parse_constant=pytest.fail)


def test_a_run_of_the_loop(tmp_path: Path) -> None:
    write_recipe(tmp_path)
    with OpenAIServer(Author(variety=3000)) as server:
        flags = ("--model", "openai/author", "--api-base", server.base_url, "--target-size", "120")
        ran = datarecipe("run", "facts", *flags, "--strategy", "random", cwd=tmp_path, env={"OPENAI_API_KEY": "k"})
        assert ran.code == 0, ran.err
    text = flat(datarecipe("drift", "runs/facts", cwd=tmp_path))
    assert "facts: 120 examples, depth 1 to" in text
    assert "8 lanes. The values of `topic` are taken out of all but the words." in text
    assert "from seed" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none"], "holds no data.jsonl"),
        (["a.jsonl"], "a file has no lineage"),
        (["run", "--label", "lable"], "has no field `lable`"),
        (["run", "--text", "txt"], "has no field `txt`"),
        (["run", "--by", "time"], "'time' is not one of"),
        (["empty"], "there is no example in it"),
        (["torn"], "differ in their number of lines"),
        (["bad"], "lineage.jsonl:1"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    for name in ("run", "empty", "torn", "bad"):
        write_run(tmp_path / name, depths=1, lanes=1)
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    for name in ("data", "lineage"):
        (tmp_path / "empty" / f"{name}.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "torn" / "lineage.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "bad" / "lineage.jsonl").write_text('{"depth": "one"}\n', encoding="utf-8")
    ran = datarecipe("drift", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_hostile_texts_reach_no_terminal(tmp_path: Path) -> None:
    write_run(tmp_path / "\x1brun", lambda chance, depth: f"{turning(chance, depth)} \x1b[31m\u202e{depth > 6}")
    for flags in ((), ("--json",)):
        ran = datarecipe("drift", "\x1brun", *flags, cwd=tmp_path)
        assert ran.code == 0
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out
