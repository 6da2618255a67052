"""The files of a new recipe: all or none, none over another, and what they say is loaded as it was meant."""

from __future__ import annotations

import csv
import errno
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datarecipe.errors import RecipeError, StorageError, UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Draft, Wishes
from datarecipe.init.infer.infer_recipe import draft_from_seeds, draft_from_table
from datarecipe.init.read.read_files import read_table
from datarecipe.init.value_names import fold
from datarecipe.init.write.from_scratch import draft_from_wishes
from datarecipe.init.write.project import write_project
from datarecipe.init.write.recipe_text import instruction_text, recipe_text
from datarecipe.recipe import LabelSpace, Recipe, Scalar, load_recipe
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.running.resolve.check_without_model import check

OWN = {"recipes/x.yaml", "seeds/x.json", "templates/x.j2"}
SHARED = {".gitignore", ".datarecipe/recipe-1.schema.json"}


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def draft(**wishes: object) -> Draft:
    return draft_from_wishes("x", replace(Wishes(), **wishes))  # type: ignore[arg-type]


def test_all_files_are_written_and_load(tmp_path: Path) -> None:
    written = write_project(draft(), tmp_path / "new" / "project")
    assert set(written.created) == OWN | SHARED
    assert not written.replaced
    assert set(files(tmp_path / "new" / "project")) == OWN | SHARED
    recipe = load_recipe(tmp_path / "new" / "project" / "recipes" / "x.yaml")
    check(recipe)
    assert recipe.project == tmp_path / "new" / "project"


def test_the_first_line_tells_editors_the_schema(tmp_path: Path) -> None:
    write_project(draft(), tmp_path)
    path = tmp_path / "recipes" / "x.yaml"
    prefix, _, schema = path.read_text().splitlines()[0].partition("$schema=")
    assert prefix == "# yaml-language-server: "
    assert json.loads((path.parent / schema).read_text())["title"] == "datarecipe recipe, format 1"


def test_a_second_recipe_leaves_the_first_alone(tmp_path: Path) -> None:
    write_project(draft(), tmp_path)
    before = files(tmp_path)
    written = write_project(replace(draft(), name="y"), tmp_path)
    assert set(written.created) == {path.replace("x.", "y.") for path in OWN}
    assert {path: content for path, content in files(tmp_path).items() if path in before} == before


@pytest.mark.parametrize("there", sorted(OWN))
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir()
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match=f"{there}: there already") as caught:
        write_project(draft(), tmp_path)
    assert "--force" in str(caught.value.hint)
    assert files(tmp_path) == {there: b"mine"}
    written = write_project(draft(), tmp_path, force=True)
    assert written.replaced == (there,)
    check(load_recipe(tmp_path / "recipes" / "x.yaml"))


def test_what_git_ignores_is_added_to(tmp_path: Path) -> None:
    ignored = tmp_path / ".gitignore"
    ignored.write_bytes(b"*.pyc\r\nruns/")
    assert write_project(draft(), tmp_path).replaced == (".gitignore",)
    assert ignored.read_bytes() == b"*.pyc\r\nruns/\n/.datarecipe/cache/\n"
    assert ".gitignore" not in write_project(replace(draft(), name="y"), tmp_path).replaced


def test_what_is_ignored_already_is_not_added(tmp_path: Path) -> None:
    for known in ("runs/\n/.datarecipe/cache/\n", "**/runs/\n.datarecipe\n", "/runs/*\r\n.datarecipe/cache\r\n"):
        (tmp_path / ".gitignore").write_bytes(known.encode())
        assert ".gitignore" not in write_project(draft(), tmp_path, force=True).replaced


def test_a_link_in_the_place_of_gitignore_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "other").write_text("mine")
    (tmp_path / "project" / ".gitignore").symlink_to(tmp_path / "other")
    assert ".gitignore" not in write_project(draft(), tmp_path / "project").replaced
    assert (tmp_path / "other").read_text() == "mine"


def test_the_schema_of_another_release_is_renewed_and_a_strangers_file_is_not(tmp_path: Path) -> None:
    schema = tmp_path / ".datarecipe" / "recipe-1.schema.json"
    schema.parent.mkdir()
    schema.write_text('{"title": "datarecipe recipe, format 1"}')
    assert ".datarecipe/recipe-1.schema.json" in write_project(draft(), tmp_path).replaced
    schema.write_text('{"title": "mine"}')
    write_project(replace(draft(), name="y"), tmp_path)
    assert schema.read_text() == '{"title": "mine"}'


def test_when_one_file_cannot_be_written_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "x.yaml").write_text("mine")
    replace_file = Path.replace

    def full(source: Path, target: Path) -> Path:
        if tmp_path in target.parents and target.name == ".gitignore":
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return replace_file(source, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="nothing was written"):
        write_project(draft(), tmp_path, force=True)
    assert files(tmp_path) == {"recipes/x.yaml": b"mine"}
    assert {path.name for path in tmp_path.iterdir()} == {"recipes"}


def test_a_folder_in_the_place_of_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "templates" / "x.j2").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"templates/x\.j2: there already"):
        write_project(draft(), tmp_path, force=True)


def test_folders_that_can_be_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "data").mkdir(parents=True)
    for folder in (tmp_path / "home", tmp_path):
        with pytest.raises(UsageError, match="home folder"):
            write_project(draft(), folder)
    write_project(draft(), tmp_path / "home" / "data")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be a folder"):
        write_project(draft(), tmp_path / "file")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "seeds").symlink_to(tmp_path / "home")
    with pytest.raises(UsageError, match="not a folder of this project"):
        write_project(draft(), tmp_path / "linked")
    assert not list((tmp_path / "home").glob("*.json"))


def test_a_link_in_the_place_of_a_file_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "x.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="there already"):
        write_project(draft(), tmp_path)


def test_what_the_language_refuses_is_not_written(tmp_path: Path) -> None:
    wrong = replace(draft(), labels=LabelSpace("fixed", ("a", "b")))
    with pytest.raises(UsageError) as caught:
        write_project(wrong, tmp_path)
    # No place: the file that would have it was never written.
    told = 'nothing was written, since it would be no recipe: the answer in `label` must be one of the labels "a", "b"'
    assert str(caught.value).startswith(told)
    assert "seeds/" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_name_that_no_folder_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be a folder"):
        write_project(draft(), tmp_path / ("x" * 300))


@pytest.mark.parametrize("template", ["fixed_labels.j2", "per_example_options.j2", "open_answers.j2", "dialogue.j2"])
def test_the_template_says_what_it_may_use(template: str) -> None:
    text = instruction_text(replace(draft(), template=template))
    assert text.startswith("{#")
    assert "{{ description }}" in text
    assert "{{ batch_size }}" in text


def test_placeholders_are_marked_in_the_recipe() -> None:
    lines = recipe_text(draft()).splitlines()
    for key in ("description", "labels", "seed_example"):
        number = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
        assert lines[number - 1].startswith(f"# TODO {key}: ")
    assert "TODO" not in recipe_text(replace(draft(), todo={}))


def test_many_labels_stand_one_below_the_other() -> None:
    labels = tuple(f"label, number {number}" for number in range(30))
    text = recipe_text(replace(draft(), labels=LabelSpace("fixed", labels)))
    assert max(map(len, text.splitlines())) < 125
    assert value(text)["labels"] == list(labels)


def value(text: str) -> Mapping[str, Json]:
    found = parse_yaml(text, "test").value
    assert isinstance(found, dict)
    return found


# The laws

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TRICKY = st.sampled_from(
    [
        "yes",
        "no",
        "null",
        "~",
        "1",
        "1.0",
        "- a",
        "{{ x }}",
        "{% if %}",
        "{#",
        "a: b",
        "#",
        "'",
        '"',
        "\n",
        "-",
        "on",
        ".inf",
    ]
)
WORD = st.one_of(
    TEXT.map(lambda text: f"{text}x"), TEXT.map(lambda text: f"x{text}"), TRICKY.filter(lambda text: text != "\n")
)
LABEL = (
    WORD | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False, width=32)
)
LABELS = st.lists(LABEL, min_size=2, max_size=6, unique_by=(fold, lambda label: str(label).casefold().strip()))
VALUE = WORD | st.integers(-9, 9) | st.booleans() | st.lists(WORD, min_size=1, max_size=3)
FIELDS = st.dictionaries(WORD, VALUE, min_size=2, max_size=5)
FIELD = st.sampled_from(["text", "answer", "label", "options", "x", "messages", "prompt", "chosen", "rejected", "id"])
ROLE = st.sampled_from(["user", "assistant", "system"])
TURNS = st.lists(st.fixed_dictionaries({"role": ROLE, "content": TEXT}), max_size=4)
FOUND = st.lists(st.fixed_dictionaries({"span": TEXT, "type": st.sampled_from("ab")}), max_size=4)
SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def typed(value: object) -> str:
    return json.dumps(value)


def loaded(made: Draft, folder: Path) -> Recipe:
    """The recipe that is written, which is the one that was meant, and would pass `validate`."""
    write_project(made, folder, force=True)
    recipe = load_recipe(folder / "recipes" / f"{made.name}.yaml")
    check(recipe)
    assert (recipe.name, recipe.description, recipe.task) == (made.name, made.description, made.task)
    assert typed(recipe.labels.values) == typed(made.labels.values)
    assert recipe.labels == made.labels
    assert typed(recipe.seed_examples) == typed(made.seeds)
    assert (recipe.strategy.kind, recipe.target_size, recipe.model) == (
        made.wishes.strategy,
        made.wishes.target_size,
        made.wishes.model,
    )
    return recipe


@SLOW
@given(seed=FIELDS, labels=LABELS, description=TEXT | TRICKY, name=st.sampled_from(["x", "1.0", "null", "yes", "a.b"]))
def test_any_seed_example_with_fixed_labels(
    tmp_path: Path, seed: Example, labels: list[Scalar], description: str, name: str
) -> None:
    field = next(iter(seed))
    wishes = Wishes(description=description, labels=tuple(labels), label_field=field)
    loaded(draft_from_seeds(name, [{**seed, field: labels[0]}], wishes), tmp_path)


@SLOW
@given(seed=FIELDS, answer=VALUE)
def test_any_seed_example_with_an_open_answer(tmp_path: Path, seed: Example, answer: Json) -> None:
    field = next(iter(seed))
    loaded(draft_from_seeds("x", [{**seed, field: answer}], Wishes(task="open", label_field=field)), tmp_path)


@SLOW
@given(seed=st.dictionaries(FIELD, VALUE | TEXT | TURNS | FOUND, min_size=1))
def test_any_seed_example_is_a_recipe_or_a_message(tmp_path: Path, seed: Example) -> None:
    try:
        made = draft_from_seeds("x", [seed], Wishes())
    except UsageError as error:
        assert error.hint  # noqa: PT017
    else:
        try:
            loaded(made, tmp_path)
        except RecipeError as error:
            assert "is empty" in str(error) or "label" in str(error)  # noqa: PT017


CELL = WORD.filter(lambda text: "\0" not in text)


@SLOW
@given(
    names=st.lists(CELL.map(str.strip).filter(bool), min_size=1, max_size=3, unique=True),
    cells=st.lists(st.tuples(CELL, CELL, CELL, st.sampled_from(["yes", "null", "~", "1.0"])), min_size=8, max_size=12),
    suffix=st.sampled_from(["csv", "jsonl", "json"]),
)
def test_any_data(tmp_path: Path, names: list[str], cells: list[tuple[str, str, str, str]], suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    rows = [{**dict(zip(names, row, strict=False)), "the label": label} for *row, label in cells]
    if suffix == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([rows[0].keys(), *(row.values() for row in rows)])
    else:
        path.write_text(json.dumps(rows) if suffix == "json" else "".join(json.dumps(row) + "\n" for row in rows))
    table = read_table(path)
    empty = [{name: None if value == "null" else value for name, value in row.items()} for row in rows]
    assert suffix == "csv" or [row.values for row in table.rows] == empty
    try:
        made = draft_from_table("x", table, Wishes(label_field="the label"), seeds=2)
    except UsageError as error:
        assert "one label is no choice" in str(error) or "no field remains" in str(error)  # noqa: PT017
    else:
        recipe = loaded(made, tmp_path / "project")
        for seed in recipe.seed_examples:
            assert dict(seed) in [{name: row.values[name] for name in seed} for row in table.rows]


def test_the_users_data_goes_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    rows = [{"text": f"secret number {number:04}", "label": "ab"[number % 2]} for number in range(100)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = draft_from_table("x", read_table(path), Wishes())
    write_project(made, tmp_path / "project")
    everything = b"".join(files(tmp_path / "project").values()).decode()
    assert [row for row in rows if str(row["text"]) in everything] == [dict(made.seeds[0])]


def test_no_trace_of_the_check_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    write_project(draft(), tmp_path / "project")
    assert {entry.name for entry in tmp_path.iterdir()} == {"project"}
