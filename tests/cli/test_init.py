"""`datarecipe init`, as a user runs it: from nothing, from an example, from data, on a terminal and without one."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from datarecipe.exchange import Json
from datarecipe.recipe import LabelSpace, Recipe, load_recipe
from tests.cli.command import Ran, datarecipe
from tests.cli.terminal import CTRL_C, on_terminal
from tests.docs.pages import document

FILES = {
    ".datarecipe/recipe-1.schema.json",
    ".gitignore",
    "recipes/mine.yaml",
    "seeds/mine.json",
    "templates/mine.j2",
}
SMS = "id,text,label,note\n" + "".join(
    f"{number},{text} {number:02},{label},\n"
    for number, (text, label) in enumerate(
        [("See you at dinner then", "ham"), ("You won a prize", "spam"), ("Late", "ham")] * 5
    )
)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def made(folder: Path, *arguments: str, name: str = "mine") -> Recipe:
    ran = datarecipe("init", name, *arguments, cwd=folder)
    assert ran.code == 0, ran.err
    return load_recipe(folder / "recipes" / f"{name}.yaml")


def refused(folder: Path, *arguments: str, name: str | None = "mine") -> str:
    before = files(folder)
    ran = datarecipe("init", *([] if name is None else [name]), *arguments, cwd=folder)
    assert ran.code == 2
    assert files(folder) == before
    return ran.err


def next_commands(ran: Ran) -> list[list[str]]:
    """What it says to do next, as a shell would read it."""
    lines = ran.out.partition("Next:\n")[2].splitlines()
    return [shlex.split(line) for line in lines if line.startswith("  datarecipe ")]


def test_from_nothing(tmp_path: Path) -> None:
    ran = datarecipe("init", "mine", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert files(tmp_path) == FILES
    assert all(f"wrote   {path}\n" in ran.out for path in FILES)
    assert "marked TODO in recipes/mine.yaml" in ran.out
    validate, preview, run = next_commands(ran)
    assert datarecipe(*validate[1:], cwd=tmp_path).out == "recipes/mine.yaml: ok\n"
    assert (preview[1], run[1:]) == ("preview", ["run", "recipes/mine.yaml", "--target-size", "5"])


def test_in_another_folder_with_a_name_that_a_shell_would_split(tmp_path: Path) -> None:
    ran = datarecipe("init", "mine", "--dir", "my data/-x", cwd=tmp_path)
    assert files(tmp_path / "my data" / "-x") == FILES
    validate, *_ = next_commands(ran)
    assert datarecipe(*validate[1:], cwd=tmp_path).code == 0


def test_with_flags(tmp_path: Path) -> None:
    flags = [
        "--description",
        "Messages: short ones, #1",
        "--labels",
        '"1",1.5',
        "--labels",
        "not spam",
        "--field",
        "head,body",
    ]
    flags += ["--label", "kind", "--strategy", "random", "--target-size", "7", "--model", "openai/gpt-4o-mini"]
    recipe = made(tmp_path, *flags)
    assert recipe.description == "Messages: short ones, #1"
    assert recipe.labels == LabelSpace("fixed", ("1", 1.5, "not spam"))
    assert recipe.fields == ("kind", "head", "body")
    assert (recipe.strategy.kind, recipe.target_size, recipe.model) == ("random", 7, "openai/gpt-4o-mini")
    assert made(tmp_path, "--options", "3", name="choice").labels == LabelSpace("per_example", options=3)
    assert made(tmp_path, "--task", "open", name="open").labels == LabelSpace("open")


def test_from_an_example(tmp_path: Path) -> None:
    example: dict[str, Json] = {"question": "{{ x }} {% y %}", "choices": ["a", "yes", "~"], "answer": "~"}
    recipe = made(tmp_path, "--example", json.dumps(example))
    assert recipe.seed_examples == (example,)
    assert recipe.labels == LabelSpace("per_example", options=3)
    (tmp_path / "seed.json").write_text(json.dumps([example, {**example, "question": "Another?"}]))
    ran = datarecipe("init", "two", "--seed-example", "seed.json", cwd=tmp_path)
    assert 'options field  "choices": its lists hold the value of "answer"' in ran.out
    assert "will be sent to the model" in ran.out
    assert len(load_recipe(tmp_path / "recipes" / "two.yaml").seed_examples) == 2


def test_from_data(tmp_path: Path) -> None:
    (tmp_path / "sms.csv").write_text(SMS)
    ran = datarecipe("init", "mine", "--from", "sms.csv", cwd=tmp_path)
    assert ran.code == 0, ran.err
    recipe = load_recipe(tmp_path / "recipes" / "mine.yaml")
    assert recipe.fields == ("text", "label")
    assert recipe.labels == LabelSpace("fixed", ("ham", "spam"))
    for said in (
        "sms.csv: read 15 rows, all of them; 4 fields",
        '"ham", "spam": 2 different values, in 10, 5 rows',
        '"id": it numbers the rows',
        '"note": empty in every row',
        "Nothing else of sms.csv is written or sent.",
        f'{{"text": "{recipe.seed_examples[0]["text"]}", "label": "ham"}}',
    ):
        assert said in ran.out
    more = made(
        tmp_path, "--from", "sms.csv", "--seeds", "2", "--fields", "id,text", "--labels", "spam,ham,other", name="more"
    )
    assert more.fields == ("id", "text", "label")
    assert [seed["label"] for seed in more.seed_examples] == ["spam", "ham"]
    assert more.labels.values == ("spam", "ham", "other")


def test_nothing_in_data_acts_on_the_terminal(tmp_path: Path) -> None:
    rows = [{"te\x1b[31mxt": f"\x1b]0;owned\x07 {n}", "label": "\x9ba" if n % 2 else "b\u202e"} for n in range(10)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = datarecipe("init", "mine", "--from", "x.jsonl", cwd=tmp_path)
    assert ran.code == 0
    assert all(c.isprintable() or c == "\n" for c in ran.out)
    assert "\\u001b" in ran.out
    for error in (refused(tmp_path, "--from", "x.jsonl", "--label", "\x1b", name="y"), refused(tmp_path, name="\x1b")):
        assert all(c.isprintable() or c == "\n" for c in error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "none.csv"], "none.csv: there is no such file"),
        (["--from", "empty.csv"], "empty.csv: the file is empty"),
        (["--from", "ragged.csv"], "ragged.csv:3: this row has 3 cells"),
        (["--from", "plain.csv"], '"one", "two"'),
        (["--from", "plain.csv", "--label", "three"], 'there is no field "three"'),
        (["--from", "plain.csv", "--example", "{}"], "--from and --example exclude each other"),
        (["--seeds", "3"], "--seeds is for --from"),
        (["--seed-example", "bad.json"], "bad.json:1:2: a key in double quotes should stand here"),
        (
            ["--seed-example", "number.json"],
            "a seed example is a JSON object with fields, not the number 1",
        ),
        (["--example", '{"a": 1, "a": 2}'], "duplicate key `a`"),
        (["--example", '{"text": "x", "label": "y"}', "--task", "multiple_choice"], "--options-field"),
        (["--labels", "yes"], "at least two"),
        (["--label", "yes,no"], "Write them with --labels"),
        (["--task", "open", "--labels", "a,b"], "Leave --labels and --options out"),
        (["--model", "a b"], "is no model"),
        (["--target-size", "0"], "--target-size"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "plain.csv").write_text("one,two\n" + "".join(f"text {n},other {n}\n" for n in range(9)))
    (tmp_path / "bad.json").write_text("{'a': 1}")
    (tmp_path / "number.json").write_text("1")
    assert message in refused(tmp_path, *arguments)


def test_a_name_is_needed_and_must_be_free(tmp_path: Path) -> None:
    assert "datarecipe init NAME" in refused(tmp_path, name=None)
    assert "--dir" in refused(tmp_path, name="recipes/mine")
    assert "without a suffix" in refused(tmp_path, name="mine.yaml")
    made(tmp_path)
    (tmp_path / "templates" / "mine.j2").write_text("My own words, {{ batch_size }}.")
    assert "recipes/mine.yaml, seeds/mine.json, templates/mine.j2: there already" in refused(tmp_path)
    assert made(tmp_path, "--force").instruction.startswith("{#")


def test_the_home_folder_is_no_project(tmp_path: Path) -> None:
    ran = datarecipe("init", "mine", cwd=tmp_path, home=tmp_path)
    assert ran.code == 2
    assert "--dir" in ran.err
    assert not files(tmp_path)
    assert datarecipe("init", "mine", "--dir", "my-data", cwd=tmp_path, home=tmp_path).code == 0


def test_questions_from_nothing(tmp_path: Path) -> None:
    answers = [
        ("Name of the recipe", "my reviews"),
        ("Name of the recipe", "mine"),
        ("sentence?", "What guests say of a hotel"),
        ("Task [classification]: ", "5"),
        ("Task [classification]: ", "classification"),
        ("Labels", "good"),
        ("at least two", 'good, "1"'),
        ("Fields", "text, guest"),
        ("text [write it later]: ", "We loved it."),
        ("guest: ", " "),
        ("cannot be empty", "Ann"),
        ("label (good, 1) [good]: ", "bad"),
        ("none of good, 1", "1"),
        ("[Y/n]: ", ""),
    ]
    ran = on_terminal("init", answers=answers, cwd=tmp_path)
    assert ran.code == 0, ran.out
    recipe = load_recipe(tmp_path / "recipes" / "mine.yaml")
    assert recipe.seed_examples == ({"label": "1", "text": "We loved it.", "guest": "Ann"},)
    assert recipe.description == "What guests say of a hotel"
    assert recipe.labels == LabelSpace("fixed", ("good", "1"))
    assert "TODO" not in (tmp_path / "recipes" / "mine.yaml").read_text()


def test_questions_about_multiple_choice(tmp_path: Path) -> None:
    answers = [
        ("sentence?", ""),
        ("Task [multiple_choice]: ", ""),
        ("Fields", ""),
        ("question [write it later]: ", "Where is Rome?"),
        ("options, with commas between them: ", "Italy, italy"),
        ("too alike", "Italy, Spain, Peru"),
        ("answer (Italy, Spain, Peru) [Italy]: ", "France"),
        ("none of", "spain"),
        ("[Y/n]: ", "y"),
    ]
    ran = on_terminal("init", "mine", "--options", "3", answers=answers, cwd=tmp_path)
    assert ran.code == 0, ran.out
    (seed,) = load_recipe(tmp_path / "recipes" / "mine.yaml").seed_examples
    assert seed == {"question": "Where is Rome?", "options": ["Italy", "Spain", "Peru"], "answer": "Spain"}
    assert "# TODO description" in (tmp_path / "recipes" / "mine.yaml").read_text()


def test_the_page_shows_the_beginning_of_what_is_printed(tmp_path: Path) -> None:
    block = r"^```sh\n(datarecipe init [^\n]* --example [^\n]*)\n```\n+```text\n(.*?)^```"
    shown = re.findall(block, document("init").text, re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    for command, text in shown:
        ran = datarecipe(*shlex.split(command)[1:], cwd=tmp_path)
        assert ran.out.startswith(text)


@pytest.mark.parametrize("kind", ["dialogue", "preference pair", "Extraction"])
def test_questions_about_examples_without_labels(tmp_path: Path, kind: str) -> None:
    answers = [("sentence?", "What guests ask"), ("Task [", "dialog"), ("is none of yes_no", kind), ("[Y/n]", "")]
    ran = on_terminal("init", "mine", answers=answers, cwd=tmp_path)
    assert ran.code == 0, ran.out
    text = (tmp_path / "recipes" / "mine.yaml").read_text()
    assert "# TODO seed_example" in text
    assert "description: What guests ask\n" in text
    assert datarecipe("validate", "recipes/mine.yaml", "--strict", cwd=tmp_path).code == 0
    flag = made(tmp_path, "--task", kind.lower().replace(" ", "_"), name="flag")
    assert flag.seed_examples == load_recipe(tmp_path / "recipes" / "mine.yaml").seed_examples


def test_enter_takes_all_that_is_proposed(tmp_path: Path) -> None:
    waited = ["Name", "sentence?", "Task [", "Labels", "Fields", "text [write it later]: ", "[Y/n]"]
    answers = [(text, "mine" if text == "Name" else "") for text in waited]
    assert on_terminal("init", answers=answers, cwd=tmp_path).code == 0
    assert datarecipe("validate", "recipes/mine.yaml", cwd=tmp_path).code == 0


def test_questions_about_data(tmp_path: Path) -> None:
    rows = "".join(f"text {n},{'ab'[n % 2]},{'cd'[n % 2]}\n" for n in range(10))
    (tmp_path / "my data.csv").write_text("text,kind,tone\n" + rows)
    answers = [
        ("Name of the recipe [my_data]: ", "mine"),
        ("Which field holds the answer? (text, kind, tone)", "tune"),
        ("none of text, kind, tone", "tone"),
        ("sentence?", "Words"),
        ("[Y/n]: ", "maybe"),
        ("invalid input", "No"),
    ]
    ran = on_terminal("init", "--from", "my data.csv", answers=answers, cwd=tmp_path)
    assert ran.code == 0
    assert "nothing was written" in ran.out
    assert files(tmp_path) == {"my data.csv"}
    assert on_terminal("init", "--from", "my data.csv", answers=[*answers[:-2], ("[Y/n]", "y")], cwd=tmp_path).code == 0
    assert load_recipe(tmp_path / "recipes" / "mine.yaml").task.label_field == "tone"


def test_ctrl_c_and_no_input(tmp_path: Path) -> None:
    ran = on_terminal("init", "mine", answers=[("write it later]: ", CTRL_C)], cwd=tmp_path)
    assert ran.code == 130
    assert not files(tmp_path)
    assert on_terminal("init", "mine", "--no-input", answers=[], cwd=tmp_path).code == 0
    assert files(tmp_path) == FILES


def test_from_rows_without_a_label(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "Is it open?"}, {"from": "gpt", "value": "Until six."}]
    rows = "".join(json.dumps({"id": f"row {n}", "conversations": turns}) + "\n" for n in range(3))
    (tmp_path / "chat.jsonl").write_text(rows)
    ran = datarecipe("init", "mine", "--from", "chat.jsonl", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert 'dialogue      "conversations": it holds turns, each with "from"' in ran.out
    recipe = load_recipe(tmp_path / "recipes" / "mine.yaml")
    assert (recipe.task.label_field, recipe.seed_examples) == (None, ({"conversations": turns},))
    assert datarecipe("validate", "recipes/mine.yaml", cwd=tmp_path).out == "recipes/mine.yaml: ok\n"
    answers = [("sentence?", ""), ("[Y/n]", "")]
    asked = on_terminal("init", "asked", "--from", "chat.jsonl", answers=answers, cwd=tmp_path)
    assert "Which field" not in asked.out


@pytest.mark.embedded
@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "sms.csv", "--description", "Short text messages as people get them on their phone."],
        [
            "--example",
            '{"question": "Where do you put a wet umbrella?", "choices": ["stand", "oven"], "answer": "stand"}',
        ],
        ["--task", "open"],
    ],
    ids=["data", "example", "nothing"],
)
def test_what_is_written_runs_at_once(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "sms.csv").write_text(SMS)
    ran = datarecipe("init", "mine", *arguments, cwd=tmp_path)
    assert ran.code == 0, ran.err
    *_, run = next_commands(ran)
    done = datarecipe(*run[1:], "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert json.loads(done.out)["accepted"] == 5
    fields = list(load_recipe(tmp_path / "recipes" / "mine.yaml").fields)
    lines = (tmp_path / "runs" / "mine" / "data.jsonl").read_text().splitlines()
    assert [list(json.loads(line)) for line in lines] == [fields] * 5


def test_a_file_in_another_encoding_without_a_header(tmp_path: Path) -> None:
    text = "".join(f"{'böse' if n % 2 else 'gut'};Nachricht {n}\n" for n in range(8))
    (tmp_path / "alt.csv").write_bytes(text.encode("cp1252"))
    ran = datarecipe("init", "alt", "--from", "alt.csv", cwd=tmp_path)
    assert ran.code == 2
    assert "alt.csv:2: the file is not UTF-8" in ran.err
    assert "--encoding cp1252" in ran.err
    flags = ("--encoding", "cp1252", "--columns", "label,text")
    ran = datarecipe("init", "alt", "--from", "alt.csv", *flags, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "labels: [gut, böse]" in (tmp_path / "recipes" / "alt.yaml").read_text(encoding="utf-8")
    assert datarecipe("validate", "recipes/alt.yaml", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--encoding", "cp1252"), "--encoding is for --from"),
        (("--columns", "a,b"), "--columns is for --from"),
        (("--from", "x.csv", "--encoding", "nope"), 'there is no encoding "nope"'),
        (("--from", "x.csv", "--encoding", "base64"), 'there is no encoding "base64"'),
    ],
)
def test_flags_for_data_that_cannot_be_meant(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    ran = datarecipe("init", "x", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert message in ran.err
