"""`datarecipe validate`: many files and folders, for people, programs and code hosts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import Ran, datarecipe

BASE = """\
recipe: 1
task: yes_no
instruction: "Write {{ batch_size }} more with the answers {{ labels | join(', ') }}."
labels: [yes, no]
strategy: tree
target_size: 10
"""
SEED = "seed_example: {question: is rome in italy, answer: yes}\n"
OWN = "recipe: 1\nextends: bases/base.yaml\nname: own\n" + SEED


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "recipes" / "bases").mkdir(parents=True)
    (tmp_path / "recipes" / "bases" / "base.yaml").write_text(BASE)
    (tmp_path / "recipes" / "own.yaml").write_text(OWN)
    (tmp_path / "recipes" / "alone.yaml").write_text(BASE + "name: alone\n" + SEED)
    (tmp_path / "recipes" / "notes.yaml").write_text("- this is no recipe\n")
    return tmp_path


def validate(project: Path, *arguments: str) -> Ran:
    return datarecipe("validate", *arguments, cwd=project, home=project)


@pytest.mark.parametrize("arguments", [[], ["recipes"], ["recipes/"], ["."]])
def test_a_folder_is_all_its_recipes(project: Path, arguments: list[str]) -> None:
    ran = validate(project, *arguments)
    assert ran.code == 0
    assert ran.out.split("\n") == [
        "recipes/alone.yaml: ok",
        "recipes/bases/base.yaml: ok, as a base of others",
        "recipes/own.yaml: ok",
        "",
    ]
    assert ran.err == "3 recipes: 3 right, 0 wrong\n"


def test_hidden_folders_and_runs_are_passed_over(project: Path) -> None:
    for folder in (".datarecipe", "runs", "runs/x", "node_modules/x"):
        (project / folder).mkdir(parents=True, exist_ok=True)
        (project / folder / "broken.yaml").write_text("recipe: [")
    assert validate(project, ".").code == 0


def test_an_incomplete_recipe_that_nobody_extends_is_wrong(project: Path) -> None:
    (project / "recipes" / "own.yaml").unlink()
    ran = validate(project)
    assert ran.code == 2
    assert "recipes/bases/base.yaml:1:1: `name` is missing" in ran.err
    assert validate(project, "recipes/bases/base.yaml").code == 2


def test_a_base_that_is_named_alone_is_judged_with_the_recipes_of_its_folder(project: Path) -> None:
    ran = validate(project, "recipes/bases/base.yaml")
    assert (ran.code, ran.out) == (0, "recipes/bases/base.yaml: ok, as a base of others\n"), ran.err
    (project / "recipes" / "bases" / "base.yaml").write_text(BASE.replace("target_size: 10", "target_size: ten"))
    ran = validate(project, "recipes/bases/base.yaml")
    assert ran.code == 2
    assert "recipes/bases/base.yaml:6:14: `target_size` must be a whole number" in ran.err
    assert "missing" not in ran.err


def test_an_impossible_name_of_a_base_does_not_hide_the_other_recipes(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN.replace("bases/base.yaml", "b" * 300 + ".yaml"))
    ran = validate(project)
    assert ran.code == 2
    assert "recipes/alone.yaml: ok" in ran.out
    assert "recipes/own.yaml:2:10: " in ran.err
    assert "Traceback" not in ran.err


def test_a_mistake_in_a_base_is_told_with_the_recipe_that_extends_it(project: Path) -> None:
    (project / "recipes" / "bases" / "base.yaml").write_text(BASE.replace("tree", "tre"))
    ran = validate(project)
    assert ran.code == 2
    assert "recipes/bases/base.yaml:5:11: `strategy`" in ran.err
    assert "recipes/own.yaml: ok" not in ran.out


def test_a_mistake_in_a_base_of_many_is_told_once(project: Path) -> None:
    (project / "recipes" / "bases" / "base.yaml").write_text(BASE.replace("tree", "tre"))
    (project / "recipes" / "zoo.yaml").write_text(OWN.replace("own", "zoo"))
    ran = validate(project)
    assert ran.err.count("recipes/bases/base.yaml:5:11: `strategy`") == 1
    assert "recipes/zoo.yaml: wrong too, by recipes/bases/base.yaml:5:11" in ran.err
    assert ran.err.endswith("4 recipes: 1 right, 3 wrong\n")
    assert validate(project, "--format", "github").out.count("::error") == 1
    assert len([r for r in json.loads(validate(project, "--format", "json").out)["recipes"] if r["problems"]]) == 3


def test_a_wrong_letter_in_extends_is_told_alone(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN.replace("bases/", "bsaes/"))
    ran = validate(project)
    assert ran.code == 2
    assert "did you mean `bases/base.yaml`?" in ran.err
    assert "is missing" not in ran.err


def test_a_file_that_is_no_yaml_is_told_in_a_folder(project: Path) -> None:
    (project / "recipes" / "broken.yml").write_text("recipe: 1\nname: [\n")
    ran = validate(project)
    assert ran.code == 2
    assert "recipes/broken.yml:" in ran.err
    assert ran.err.endswith("4 recipes: 3 right, 1 wrong\n")


def test_nothing_to_check_is_an_error_in_every_form(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert "recipes/: there is no such folder here" in validate(empty).err
    told = json.loads(validate(empty, "--format", "json").out)
    assert (told["ok"], told["recipes"][0]["problems"][0]["kind"]) == (False, "usage")
    (project / "none").mkdir()
    ran = validate(project, "none", "recipes/own.yaml", "--format", "json")
    assert ran.code == 2
    told = json.loads(ran.out)
    assert [recipe["ok"] for recipe in told["recipes"]] == [False, True]
    assert told["recipes"][0]["problems"][0]["kind"] == "usage"
    assert "there is no recipe in this folder" in validate(project, "none").err
    assert validate(project, "a" * 300).code == 2


@pytest.mark.parametrize("command", ["validate", "prompt", "plan", "run", "retry"])
def test_a_name_that_is_empty_is_not_the_working_folder(project: Path, command: str) -> None:
    ran = datarecipe(command, "", cwd=project, home=project)
    assert (ran.code, "the name of the recipe is empty" in ran.err) == (2, True)
    assert datarecipe(command, "a" * 300, cwd=project, home=project).code == 2, "too long for a file"


def test_a_link_out_of_the_folder_is_not_followed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("home") / "key.yaml"
    secret.write_text("recipe: 1\nname: hunter2 secret\n")
    (project / "recipes" / "link.yaml").symlink_to(secret)
    for form in ("text", "json", "github"):
        ran = validate(project, "--format", form)
        assert ran.code == 2
        assert "hunter2" not in ran.out + ran.err
        assert "leads out of the folder" in ran.out + ran.err
    configuration = project / ".datarecipe" / "config.yaml"
    configuration.parent.mkdir()
    configuration.symlink_to(secret)
    ran = datarecipe("show", "recipes/own.yaml", "--origins", cwd=project, home=secret.parent)
    assert ran.code == 2
    assert "hunter2" not in ran.out + ran.err


def test_a_base_that_is_wrong_in_itself_is_not_called_right(project: Path) -> None:
    (project / "recipes" / "bases" / "base.yaml").write_text(BASE.replace("target_size: 10", "target_size: ten"))
    (project / "recipes" / "own.yaml").write_text(OWN + "requires: '>=99'\n")
    ran = validate(project)
    assert "recipes/bases/base.yaml:6:14: `target_size` must be a whole number" in ran.err
    assert "base.yaml: ok" not in ran.out


def test_a_base_beside_the_recipes_is_judged_with_them(project: Path) -> None:
    (project / "bases").mkdir()
    (project / "templates").mkdir()
    (project / "templates" / "t.j2").write_text("{{ batch_size }} {{ labels }}")
    text = BASE.replace(BASE.split("\n")[2], "instruction: ../templates/t.j2")
    (project / "bases" / "more.yaml").write_text(text)
    (project / "recipes" / "own.yaml").write_text(OWN.replace("bases/base.yaml", "../bases/more.yaml"))
    ran = validate(project, "recipes/own.yaml", "recipes", "bases")
    assert "bases/more.yaml: ok, as a base of others" in ran.out, ran.err


def test_json_holds_every_problem_with_its_place(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN + "target_sise: 5\nbatch_size: 50\n")
    ran = validate(project, "recipes/own.yaml", "boolq", "--format", "json")
    assert ran.code == 2
    told = json.loads(ran.out)
    assert told["ok"] is False
    assert [(recipe["recipe"], recipe["ok"]) for recipe in told["recipes"]] == [
        ("recipes/own.yaml", False),
        ("boolq", True),
    ]
    assert told["recipes"][0]["problems"] == [
        {
            "severity": "error",
            "kind": "format",
            "file": "recipes/own.yaml",
            "flag": None,
            "line": 5,
            "column": 1,
            "end_column": 12,
            "message": "unknown key `target_sise`",
            "hint": "did you mean `target_size`?",
        }
    ]


def test_code_hosts_get_annotations(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN + 'target_sise: 5\nlicense: {"a %, b:c": 1}\n')
    ran = validate(project, "recipes/own.yaml", "--format", "github")
    assert ran.code == 2
    assert ran.out.split("\n")[0] == (
        "::error file=recipes/own.yaml,line=5,col=1,endColumn=12,title=datarecipe%3A format::"
        "unknown key `target_sise`%0Adid you mean `target_size`?"
    )
    percent = validate(project, "recipes/none 5%,.yaml", "--format", "github")
    assert percent.out.startswith("::error file=recipes/none 5%25%2C.yaml,title=datarecipe%3A not-found::")


def test_a_warning_fails_only_when_it_shall(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN + "batch_size: 50\n")
    ran = validate(project, "recipes/own.yaml")
    assert ran.code == 0
    assert "recipes/own.yaml:5:13: warning: `batch_size` (50)" in ran.err
    assert "recipes/own.yaml: ok, with warnings" in ran.out
    strict = validate(project, "recipes/own.yaml", "--strict")
    assert (strict.code, ": ok" in strict.out) == (2, False)
    assert validate(project, "recipes/own.yaml", "--format", "github").out.startswith("::warning file=recipes/own.yaml")


@pytest.mark.parametrize(("flags", "ok", "code"), [([], True, 0), (["--strict"], False, 2)])
def test_programs_are_told_that_a_warning_fails_and_is_a_warning_still(
    project: Path, flags: list[str], ok: bool, code: int
) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN + "batch_size: 50\n")
    ran = validate(project, "recipes/own.yaml", "recipes/alone.yaml", *flags, "--format", "json")
    told = json.loads(ran.out)
    assert (ran.code, told["ok"], [recipe["ok"] for recipe in told["recipes"]]) == (code, ok, [ok, True])
    (problem,) = told["recipes"][0]["problems"]
    assert (problem["severity"], problem["kind"]) == ("warning", "warning")


def test_flags_hold_for_all_that_is_checked(project: Path) -> None:
    assert validate(project, "recipes/own.yaml", "--set", "labels=[yes, maybe]").code == 0
    ran = validate(project, "recipes/own.yaml", "--set", "labels=[maybe, no]")
    assert ran.code == 2
    assert 'recipes/own.yaml:4:52: the answer in `answer` must be one of the labels "maybe", "no"' in ran.err


def test_programs_are_told_the_flag_that_is_wrong(project: Path) -> None:
    told = validate(project, "recipes/own.yaml", "--set", "strategy.chains=0", "--format", "json")
    (problem,) = json.loads(told.out)["recipes"][0]["problems"]
    assert (problem["file"], problem["flag"], problem["line"]) == (None, "--set strategy.chains", None)
    told = validate(project, "recipes/own.yaml", "--set", "strategy.chains=0", "--format", "github")
    assert "::--set strategy.chains: `strategy.chains` must be" in told.out


def test_a_variable_from_the_command_line_must_be_there(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN + 'vars: {year: "2020"}\n')
    ran = validate(project, "recipes/own.yaml", "--var", "yaer=2021")
    assert ran.code == 2
    assert ran.err.startswith("--var yaer: the recipe has no variable `yaer`\n  did you mean `year`?")
    shown = datarecipe("show", "recipes/own.yaml", "--var", "year=2021", "--json", cwd=project, home=project)
    assert json.loads(shown.out)["vars"] == {"year": "2021"}  # text stays text


def test_other_data_is_read_where_the_user_opens_its_folder(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("data")
    (data / "seed.json").write_text('{"question": "is it outside", "answer": "yes"}')
    (project / "recipes" / "own.yaml").write_text(OWN.replace(SEED, f"seed_example: {data}/seed.json\n"))
    refused = validate(project, "recipes/own.yaml")
    assert refused.code == 2
    assert "leads out of the recipe's project" in refused.err
    assert "--data-root" in refused.err
    assert validate(project, "recipes/own.yaml", "--data-root", str(data)).code == 0
    configured = project / ".config" / "datarecipe" / "config.yaml"
    configured.parent.mkdir(parents=True)
    configured.write_text(f"data_roots: [{data}]\n")
    assert validate(project, "recipes/own.yaml").code == 0
    # A project may come from anybody, so its configuration opens nothing.
    configured.unlink()
    (project / ".datarecipe").mkdir()
    (project / ".datarecipe" / "config.yaml").write_text(f"data_roots: [{data}]\n")
    assert validate(project, "recipes/own.yaml").code == 2
    configured.write_text("data_roots: here\n")
    wrong = validate(project, "recipes/own.yaml")
    assert (wrong.code, "`data_roots` must be a list of folders" in wrong.err) == (2, True)


def test_show_tells_where_each_value_comes_from(project: Path) -> None:
    ran = datarecipe(
        *("show", "recipes/own.yaml", "--origins", "--json", "--strategy", "random", "--set", "sampling.top_p=0.5"),
        cwd=project,
        home=project,
        env={"DATARECIPE_MODEL": "openai/gpt-4o-mini"},
    )
    assert ran.code == 0, ran.err
    told = {row["key"]: (row["value"], row["origin"]) for row in json.loads(ran.out)}
    assert told["name"] == ("own", "recipes/own.yaml:3:7")
    assert told["target_size"] == (10, "recipes/bases/base.yaml:6:14")
    assert told["strategy.kind"] == ("random", "--strategy")
    assert told["strategy.chains"] == (8, "default")
    assert told["model"] == ("openai/gpt-4o-mini", "DATARECIPE_MODEL (environment)")
    assert told["sampling.top_p"] == (0.5, "--set sampling.top_p")
    assert told["sampling.temperature"][1] == "default of the profile json-schema for this model"
    table = datarecipe("show", "recipes/own.yaml", "--origins", cwd=project, home=project)
    assert "recipes/bases/base.yaml:6:14" in table.out


def test_list_names_the_shipped_recipes(tmp_path: Path) -> None:
    rows = json.loads(datarecipe("list", "--json", cwd=tmp_path).out)
    assert {"boolq", "sentiment"} <= {row["name"] for row in rows}
    assert all(Path(row["path"]).is_file() and row["description"] for row in rows)
    assert "boolq" in datarecipe("list", cwd=tmp_path).out


def test_a_run_says_what_is_surely_not_meant(project: Path) -> None:
    (project / "recipes" / "own.yaml").write_text(OWN + "batch_size: 50\n")
    ran = datarecipe("run", "recipes/own.yaml", "--offline", cwd=project, home=project)
    assert "warning: `batch_size` (50)" in ran.err
