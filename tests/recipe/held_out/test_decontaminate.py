"""`filters.decontaminate`: its forms, the files that it reads, and what it says of an example."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import FilterError, MissingFileError, RecipeError, UnsafePathError
from datarecipe.exchange import texts_within
from datarecipe.recipe import Filters, LabelSpace, LoadedRecipe, Task, load_recipe
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.held_out.held_out_texts import Decontaminate, HeldOutFile, HeldOutText
from datarecipe.recipe.identity import identity
from datarecipe.recipe.item_filters.item_filter_table import item_filters_of
from tests.generate.recipes import make_recipe

DATA = Path(__file__).parents[4] / "shared" / "data"

RECIPE = """\
recipe: 1
name: places
task: yes_no
instruction: Write {{ batch_size }} more examples, each with one of the labels {{ labels | join(", ") }}.
seed_example: {question: is rome in italy, answer: yes}
labels: [yes, no]
strategy: tree
target_size: 5
filters:
  decontaminate: """

QUESTION = "is the great wall of china visible from space"
RECORDS = f'''{{"question": "{QUESTION}", "label": "no", "more": {{"notes": ["a note of five words"]}}}}

"a bare text of words"
'''


def loaded(folder: Path, written: str, files: dict[str, str | bytes]) -> LoadedRecipe:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    recipe = folder / "recipes" / "places.yaml"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(RECIPE + written + "\n", encoding="utf-8")
    (folder / ".git").mkdir(exist_ok=True)
    return load_recipe(recipe)


def held_out(recipe: LoadedRecipe) -> list[HeldOutText]:
    assert recipe.filters.decontaminate is not None
    return [text for file in recipe.filters.decontaminate.against for text in file.texts]


def detail(recipe: LoadedRecipe, **example: Any) -> str | None:
    ((reason, fault),) = item_filters_of(recipe)
    assert reason == "contamination"
    return fault({"answer": "yes", **example}, Work())


@pytest.mark.parametrize(
    ("written", "files", "threshold", "fields"),
    [
        ("../test.jsonl", ["../test.jsonl"], 0.75, ()),
        ("[../test.jsonl, ../more.txt]", ["../test.jsonl", "../more.txt"], 0.75, ()),
        ("{against: ../test.jsonl}", ["../test.jsonl"], 0.75, ()),
        ("{against: [../test.jsonl], threshold: 0.9}", ["../test.jsonl"], 0.9, ()),
        ("{against: [{file: ../test.jsonl}], threshold: 1}", ["../test.jsonl"], 1.0, ()),
        ("{against: ../test.jsonl, fields: [question]}", ["../test.jsonl"], 0.75, ("question",)),
    ],
)
def test_its_forms(tmp_path: Path, written: str, files: list[str], threshold: float, fields: tuple[str, ...]) -> None:
    recipe = loaded(tmp_path, written, {"test.jsonl": RECORDS, "more.txt": "one more text here\n"})
    found = recipe.filters.decontaminate
    assert found is not None
    assert [file.file for file in found.against] == files
    assert (found.threshold, found.fields) == (threshold, fields)
    resolved = recipe.resolved["filters"]
    assert isinstance(resolved, dict)
    hashes = [hashlib.sha256((tmp_path / "recipes" / name).read_bytes()).hexdigest() for name in files]
    assert resolved["decontaminate"] == {
        "against": [{"file": name, "sha256": sha256} for name, sha256 in zip(files, hashes, strict=True)],
        "threshold": threshold,
        **({"fields": list(fields)} if fields else {}),
    }
    assert {file.path.name for file in recipe.files if file.role == "decontaminate"} == {Path(n).name for n in files}


def test_null_asks_for_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, "null", {}).filters.decontaminate is None


def test_a_resolved_recipe_is_a_recipe_and_means_the_same_file(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, "../test.jsonl", {"test.jsonl": RECORDS})
    again = tmp_path / "recipes" / "again.json"
    again.write_text(json.dumps(recipe.resolved), encoding="utf-8")
    assert load_recipe(again).resolved == recipe.resolved
    (tmp_path / "test.jsonl").write_text(RECORDS + '"another text that is held out"\n', encoding="utf-8")
    with pytest.raises(FilterError, match="is not the file that the recipe means") as caught:
        load_recipe(again)
    assert caught.value.problems[0].source.endswith("again.json")


def test_the_identity_knows_content_and_settings_and_no_folder(tmp_path: Path) -> None:
    def of(written: str, name: str, content: str = RECORDS) -> Any:
        return identity(loaded(tmp_path, written, {name: content}))

    first = of("../test.jsonl", "test.jsonl")
    assert of("../data/test.jsonl", "data/test.jsonl") == first
    assert of("{against: [../test.jsonl]}", "test.jsonl") == first
    assert of("../other.jsonl", "other.jsonl") != first
    assert of("../test.jsonl", "test.jsonl", RECORDS + '"and one more text here"\n') != first
    assert of("{against: ../test.jsonl, threshold: 0.8}", "test.jsonl") != first
    assert of("{against: ../test.jsonl, fields: [question]}", "test.jsonl") != first


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.jsonl", RECORDS, [(QUESTION, 1, "question"), ("no", 1, "label"), ("a note of five words", 1, "more"),
                              ("a bare text of words", 3, "")]),
        ("a.ndjson", '{"a": "x\\u2028y"}\r\n{"a": null, "b": 7}\r\n{"a": "z"}', [("x\u2028y", 1, "a"), ("z", 3, "a")]),
        ("a.json", '[{"a": "x"},\n\n "y"]', [("x", 1, "a"), ("y", 2, "")]),
        ("a.csv", 'q,label\r\n"one, two\nthree",yes\r\nfour,no\r\n', [("one, two\nthree", 2, "q"), ("yes", 2, "label"),
                                                                    ("four", 4, "q"), ("no", 4, "label")]),
        ("a.csv", "q\none,two,three\n\nfour\n", [("one", 2, "q"), ("two", 2, ""), ("three", 2, ""), ("four", 4, "q")]),
        ("A.TSV", "q\tl\na b\tc\n", [("a b", 2, "q"), ("c", 2, "l")]),
        ("a.tsv", 'q\tl\n"is it so\tno\nwho did it\tyes\n', [('"is it so', 2, "q"), ("no", 2, "l"), ("who did it", 3, "q"),
                                                            ("yes", 3, "l")]),
        ("a.txt", "\nfirst line\n   \nsecond: é\n", [("first line", 2, ""), ("second: é", 4, "")]),
    ],
)  # fmt: skip
def test_what_is_read_of_a_file(tmp_path: Path, name: str, content: str, texts: list[tuple[str, int, str]]) -> None:
    assert held_out(loaded(tmp_path, f"../{name}", {name: content})) == texts


def test_fields_are_read_alone(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, "{against: ../a.jsonl, fields: [more]}", {"a.jsonl": RECORDS})
    assert held_out(recipe) == [("a note of five words", 1, "more"), ("a bare text of words", 3, "")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"PAR1", "a.parquet: records cannot be read from this file"),
        ("a.jsonl", '{"a": "x"}\n{"a": \n', "a.jsonl:2:7: this is not JSON: Expecting value"),
        ("a.jsonl", '{"a": "x"}\n[1]\n', "a.jsonl:2: a record is an object or a text, not a list"),
        ("a.jsonl", "[" * 100_000, "a.jsonl:1: this JSON cannot be read"),
        ("a.jsonl", '{"a": ' + "[" * 900 + '"x"' + "]" * 900 + "}", "a.jsonl:1: a record nests lists or mappings more"),
        ("a.csv", 'q,l\n"one" two,no\n', "a.csv:2: this is not CSV: ',' expected after '\"'"),
        ("a.csv", "q,q\none,two\n", "a.csv:1: two columns have one name"),
        ("a.jsonl", f'{{"a": {"9" * 5000}}}', "a.jsonl:1: this JSON cannot be read"),
        ("a.json", "[" + "[]," * 1_000_001 + "]", "a.json:1: this JSON holds more than 1,000,000 values"),
        ("a.json", '{"a": "x"}', "a.json:1:1: it holds a mapping, not a list of records"),
        ("a.json", '["x", 5]', "a.json: record 2 is an object or a text, not the number 5"),
        ("a.jsonl", '{"a": 5}\n', "a.jsonl: there is no text in it"),
        ("a.jsonl", "", "a.jsonl: there is no text in it"),
        ("a.jsonl", b'{"a": "\xff"}\n', "a.jsonl:1:8: the file is not UTF-8"),
        ("a.csv", 'q\n"' + "x" * 200_000 + '"\n', "a.csv:2: this is not CSV: field larger than field limit (131072)"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        loaded(tmp_path, f"../{name}", {name: content})
    (problem,) = caught.value.problems
    assert f"{problem.place}: {problem.message}".startswith(str(tmp_path / said)), problem


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    written = f"[../none.jsonl, ../../outside.jsonl, {{file: ../a.txt, sha256: {'a' * 64}}}]"
    with pytest.raises(RecipeError) as caught:
        loaded(tmp_path, written, {"a.txt": "some text that is held out"})
    kinds = [problem.kind for problem in caught.value.problems]
    assert kinds == [MissingFileError.kind, UnsafePathError.kind, FilterError.kind]


def test_a_field_that_no_record_has(tmp_path: Path) -> None:
    with pytest.raises(FilterError) as caught:
        loaded(tmp_path, "{against: ../a.jsonl, fields: [qestion]}", {"a.jsonl": RECORDS})
    assert "no record has the field `qestion`" in str(caught.value)
    assert "`question`" in str(caught.value)


def test_what_is_said_of_an_example(tmp_path: Path) -> None:
    recipe = loaded(
        tmp_path, "[../a.jsonl, ../b.json]", {"a.jsonl": RECORDS, "b.json": '["w " ,"who built the pyramids"]'}
    )
    assert (
        detail(recipe, question=f"Tell me: {QUESTION}?") == '`question` contains 100 % of "a.jsonl", line 1, `question`'
    )
    assert detail(recipe, question="is the great wall of china visible from orbit") == (
        '`question` contains 86 % of "a.jsonl", line 1, `question`'
    )
    assert detail(recipe, question="Who built the pyramids?") == '`question` contains 100 % of "b.json", record 2'
    assert detail(recipe, question="is rome older than paris") is None
    assert detail(recipe, question=7) is None


def test_the_label_is_no_text(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, "../a.jsonl", {"a.jsonl": '{"label": "yes"}\n'})
    assert detail(recipe, question="is rome older than paris") is None
    assert detail(recipe, question="Yes!") == '`question` contains 100 % of "a.jsonl", line 1, `label`'


def test_a_part_of_a_passage(tmp_path: Path) -> None:
    passage = " ".join(f"word{number}" for number in range(70))
    recipe = loaded(tmp_path, "../a.txt", {"a.txt": f"first line of four\n{passage}\n"})
    run = " ".join(passage.split()[20:33])
    said = detail(recipe, question=f"So: {run}")
    assert said == f'`question` has "{run[:57]}..." of "a.txt", line 2'


def test_a_seed_example_from_the_test_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FilterError, match=r"the seed example does not pass .* \(contamination\)"):
        loaded(tmp_path, "../a.txt", {"a.txt": "Is Rome in Italy?\n"})


def test_a_file_that_is_named_twice(tmp_path: Path) -> None:
    with pytest.raises(FilterError, match="is named twice"):
        loaded(tmp_path, "[../a.txt, ../x/../a.txt]", {"a.txt": "a text that is held out", "x/b": ""})


def test_all_texts_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datarecipe.recipe.keys.decontaminate.MOST_TEXTS", 5)
    files: dict[str, str | bytes] = {"a.txt": "one\ntwo\nthree\n", "b.txt": "four\nfive\nsix\nseven\n"}
    with pytest.raises(FilterError, match="up to here, the held-out files hold more than"):
        loaded(tmp_path, "[../a.txt, ../b.txt]", files)
    monkeypatch.setattr("datarecipe.recipe.keys.decontaminate.LARGEST", 20)
    with pytest.raises(FilterError, match="up to here, the held-out files have more than"):
        loaded(tmp_path, "[../b.txt, ../a.txt]", files)


def test_the_resolved_recipe_names_a_file_from_its_own_folder(tmp_path: Path) -> None:
    """Wherever the base lies that names it."""
    base = tmp_path / "bases" / "deep" / "base.yaml"
    base.parent.mkdir(parents=True)
    base.write_text(RECIPE + "{against: ../../data/test.jsonl}\n", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test.jsonl").write_text(RECORDS, encoding="utf-8")
    (tmp_path / "recipes").mkdir()
    child = tmp_path / "recipes" / "child.yaml"
    child.write_text("recipe: 1\nname: child\nextends: ../bases/deep/base.yaml\n", encoding="utf-8")
    resolved = load_recipe(child).resolved
    again = tmp_path / "recipes" / "again.json"
    again.write_text(json.dumps(resolved), encoding="utf-8")
    assert load_recipe(again).resolved == resolved


def test_options_of_a_few_words_may_be_shared() -> None:
    """Commonsense questions have "bank" and "library" among their options again and again."""
    rows = [
        json.loads(line) for line in (DATA / "mcqa_5/csqa/dev.jsonl").read_text(encoding="utf-8").splitlines()[:500]
    ]
    texts = [HeldOutText(text, n, field) for n, row in enumerate(rows) for field in ("question", "options")
             for text in texts_within(row[field])]  # fmt: skip
    recipe = make_recipe(
        "fixed",
        task=Task("multiple_choice", "answer", "options"),
        labels=LabelSpace("per_example", options=5),
        schema={"type": "object"},
        seed_examples=({"question": "where is a seed", "options": ["a", "b", "c", "d", "e"], "answer": "a"},),
        filters=Filters(decontaminate=Decontaminate((HeldOutFile("dev.jsonl", "0" * 64, tuple(texts)),))),
    )
    ((_, fault),) = item_filters_of(recipe)
    train = (DATA / "mcqa_5/csqa/train.jsonl").read_text(encoding="utf-8").splitlines()[:300]
    examples = [json.loads(line) for line in train]
    flagged = sum(
        fault({"question": e["question"], "options": e["options"], "answer": "x"}, Work()) is not None for e in examples
    )
    assert flagged <= 0.02 * len(examples)


def test_a_long_reply_is_work(tmp_path: Path) -> None:
    """Three megabytes of held-out questions in a row would take hours, if their places were compared without a bound."""
    questions = (DATA / "yesno_close/boolq/dev.jsonl").read_text(encoding="utf-8")
    recipe = loaded(tmp_path, "{against: ../test.jsonl, fields: [question]}", {"test.jsonl": questions})
    pieces = [json.loads(line)["question"][:25] for line in questions.splitlines()]
    ((_, fault),) = item_filters_of(recipe)
    started = time.process_time()
    said = fault({"question": " ".join(pieces * 70), "answer": "yes"}, Work())
    assert time.process_time() - started < 20
    assert said == "too long to be compared with so many held-out texts"
