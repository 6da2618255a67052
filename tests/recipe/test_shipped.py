"""The shipped recipes: whole, alike in form, true to the order of fields, and written afresh."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from datarecipe.exchange import Json
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import Renderer
from datarecipe.generate.prompt.vary import Turn
from datarecipe.recipe import Recipe, collection_root, load_recipe, shipped_recipes
from tests.docs.pages import code_in, document
from tests.recipe.writing import read_yaml_file

SHIPPED = shipped_recipes()
EVERY = pytest.mark.parametrize("name", SHIPPED)
ROOT = Path(__file__).parents[2]
HUMAN_DATA = ROOT.parent / "shared" / "data"
PASSAGES = {"passage", "abstract", "snippet"}
"""Fields that hold the text a question is about."""


def recipe_of(name: str) -> Recipe:
    """A shipped recipe, loaded."""
    return load_recipe(SHIPPED[name])


def texts_of(value: Json) -> list[str]:
    """All texts in a value, at any depth."""
    if isinstance(value, str):
        return [value]
    inner: list[Json] = []
    if isinstance(value, dict | list):
        inner = list(value.values()) if isinstance(value, dict) else value
    return [text for item in inner for text in texts_of(item)]


def folded(text: str) -> str:
    """A text without case, signs and the width of its spaces."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_what_is_shipped() -> None:
    assert {
        *("boolq", "boolq_passage", "creak", "strategyqa", "pubmedqa", "bioasq"),
        *("commonsenseqa", "riddlesense", "piqa", "winogrande"),
        *("sentiment", "arbitrary_codes", "word_problems", "entities", "intents", "german_reviews"),
    } == set(SHIPPED)


@EVERY
def test_a_recipe_says_what_it_is(name: str) -> None:
    recipe = recipe_of(name)
    assert recipe.name == name
    assert recipe.description.endswith(".")
    assert len(recipe.description) < 150
    assert recipe.about.version == "1.0"
    assert recipe.about.license == "Apache-2.0"
    assert len(recipe.about.tags) >= 2
    assert all(re.fullmatch(r"[a-z/ :]+", tag) for tag in recipe.about.tags)
    assert len({"language:en", "language:de"} & set(recipe.about.tags)) == 1


@EVERY
def test_a_recipe_opens_with_three_remarks(name: str) -> None:
    lines = SHIPPED[name].read_text(encoding="utf-8").splitlines()
    head = lines[: lines.index("recipe: 1")]
    assert [line.partition(":")[0] for line in head[:3]] == ["# For", "# Not for", "# Tried"]
    assert all(line.startswith("# ") and len(line) > 20 for line in head)
    assert "embedded model" in head[2]


@EVERY
def test_fields_stand_in_the_papers_order(name: str) -> None:
    recipe = recipe_of(name)
    task = recipe.task
    texts = [field for field in recipe.fields if field not in (task.label_field, task.options_field)]
    answer = [field for field in (task.options_field, task.label_field) if field is not None]
    match recipe.labels.kind:
        case "fixed":
            assert list(recipe.fields) == [*answer, *texts]
        case "per_example":
            assert len(answer) == 2
            assert list(recipe.fields) == [*texts, *answer]
        case "open":
            assert list(recipe.fields) == [*texts, task.label_field]
    assert not PASSAGES & set(texts[:-1])


@EVERY
def test_seed_examples_are_several_and_different(name: str) -> None:
    recipe = recipe_of(name)
    seeds = recipe.seed_examples
    assert 1 <= len(seeds) <= 6
    texts = [folded(json.dumps([seed[field] for field in recipe.text_fields])) for seed in seeds]
    assert len(set(texts)) == len(seeds)
    openings = {text.split()[0] for text in texts}
    assert len(openings) > 1
    if recipe.labels.kind == "fixed":
        shown = [seed[str(recipe.task.label_field)] for seed in seeds]
        counts = [shown.count(label) for label in recipe.labels.values]
        assert max(counts) - min(counts) <= 1
    if recipe.labels.kind == "per_example":
        places = {
            options.index(seed[str(recipe.task.label_field)])
            for seed in seeds
            if isinstance(options := seed[str(recipe.task.options_field)], list)
        }
        assert len(places) > 1


@EVERY
def test_topics_are_many_and_different(name: str) -> None:
    topics = [str(topic) for topic in recipe_of(name).vary["topic"]]
    assert 30 <= len(topics) <= 60
    assert len({folded(topic) for topic in topics}) == len(topics)


@EVERY
def test_the_instruction_reads_well(name: str) -> None:
    recipe = recipe_of(name)
    renderer = Renderer(recipe, settle_model(recipe, "openai/gpt-4o-mini", None))
    for number in (0, 1, 29):
        text = renderer.instruction(Turn(number))
        assert 800 < len(text) < 4000
        assert recipe.description in text
        assert f"{recipe.batch_size} new examples" in text
        assert str(recipe.vary["topic"][number]) in text
        assert all(field in text for field in recipe.fields)
        assert not re.search(r"\{\{|\{%|\n{3}| \n|\n- *\n", text)
        if recipe.labels.kind == "fixed":
            assert all(re.search(rf"\b{re.escape(str(label))}\b", text) for label in recipe.labels.values)
        if recipe.labels.kind == "per_example":
            assert f"{recipe.labels.options} options" in text
        for rule in texts_of(dict(recipe.vars)):
            assert rule in text


def test_open_answers_have_a_shape() -> None:
    for name in SHIPPED:
        recipe = recipe_of(name)
        if recipe.labels.kind == "open":
            assert not recipe.schema_inferred, name


def test_a_winogrande_sentence_names_both_options_before_its_one_blank() -> None:
    for seed in recipe_of("winogrande").seed_examples:
        before, _, after = str(seed["sentence"]).partition("_")
        assert "_" not in after
        assert all(option in before for option in texts_of(seed["options"]))


def test_the_sums_of_word_problems_are_right() -> None:
    work = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": int.__floordiv__}
    for seed in recipe_of("word_problems").seed_examples:
        result = None
        for step in str(seed["solution"]).split(", "):
            left, sign, right, _, result = step.split(" ")
            assert work[sign](int(left), int(right)) == int(result), step
        assert seed["answer"] == int(str(result))


def test_entities_stand_in_their_sentence_and_in_its_order() -> None:
    for seed in recipe_of("entities").seed_examples:
        assert isinstance(seed["entities"], list)
        names = [str(entity["text"]) for entity in seed["entities"] if isinstance(entity, dict)]
        places = [str(seed["text"]).find(name) for name in names]
        assert len(places) == len(seed["entities"])
        assert places == sorted(places)
        assert places[0] >= 0


def test_every_file_of_the_collection_is_used() -> None:
    root = collection_root()
    assert root is not None
    copied_by_init = ("dialogue.j2", "preference_pair.j2", "extraction.j2")
    used = {(root / "templates" / name).resolve() for name in copied_by_init}

    def follow(path: Path) -> None:
        used.add(path)
        for text in texts_of(read_yaml_file(path)):
            target = (path.parent / text).resolve() if re.fullmatch(r"[\w./]+\.(yaml|json|j2)", text) else None
            if target is not None and target.suffix == ".yaml":
                follow(target)
            elif target is not None:
                used.add(target)

    for path in SHIPPED.values():
        follow(path.resolve())
    for folder in ("recipes", "templates", "seeds"):
        assert {file.resolve() for file in (root / folder).rglob("*") if file.is_file()} <= used


def test_bases_are_not_listed_as_recipes() -> None:
    root = collection_root()
    assert root is not None
    bases = {path.stem for path in (root / "recipes" / "bases").iterdir()}
    assert bases
    assert not bases & set(SHIPPED)


def test_the_page_on_the_collection_is_true() -> None:
    rows = [cells for cells in document("collection").rows() if code_in(cells[0])]
    about, measured = rows[: len(SHIPPED)], rows[len(SHIPPED) :]
    assert {code_in(cells[0])[0] for cells in about} == set(SHIPPED)
    assert {code_in(cells[0])[0] for cells in measured} == set(SHIPPED)
    for name, _, labels, fields, bases in ((code_in(cells[0])[0], *cells[1:]) for cells in about):
        recipe = recipe_of(name)
        assert tuple(code_in(fields)) == recipe.fields, name
        written = read_yaml_file(SHIPPED[name])
        assert isinstance(written, dict)
        assert [f"bases/{base}.yaml" for base in code_in(bases)] == texts_of(written.get("extends", [])), name
        match recipe.labels.kind:
            case "fixed":
                shown = [label.strip('"') for label in code_in(labels)]
                assert shown == list(recipe.labels.values)[: len(shown)], name
            case "per_example":
                assert labels == f"{recipe.labels.options} for each example", name
            case "open":
                assert labels.startswith("open"), name


@pytest.mark.skipif(not HUMAN_DATA.is_dir(), reason="the benchmarks' human data are not here")
def test_no_seed_example_stands_in_a_benchmark() -> None:
    human = folded(" ".join(path.read_text(encoding="utf-8") for path in sorted(HUMAN_DATA.rglob("*.jsonl"))))
    assert folded("is a meter stick the same as a yardstick") in human
    for name in SHIPPED:
        recipe = recipe_of(name)
        for seed in recipe.seed_examples:
            for text in texts_of([seed[field] for field in recipe.text_fields]):
                assert folded(text) not in human, f"{name}: {text}"
