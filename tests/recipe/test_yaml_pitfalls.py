"""YAML that reads otherwise than it looks: warned of with the place and the quoted form; what only looks like it is not."""

from __future__ import annotations

import json

import pytest

from datarecipe.recipe import load_recipe, shipped_recipes
from tests.recipe.writing import Project, told


@pytest.fixture
def warned(project: Project) -> list[str]:
    """Filled by `load`."""
    project.write("templates/fixed_labels.j2", "Write {{ batch_size }} more: {{ labels | join(', ') }} {{ vary }}")
    return []


MISREAD = [
    # a comma in a text without quotes, in braces
    ("seed_example", "{question: one, two, answer: yes}", 'question: "one, two"'),
    ("seed_example", "{question: one, two, three, four, answer: yes}", 'question: "one, two, three, four"'),
    ("seed_example", "{answer: yes, question: is it 1,000 or so}", 'question: "is it 1,000 or so"'),
    ("seed_example", "[{question: a, answer: yes, x: p}, {question: b, answer: no, x: q}]\nx-a: {b: c, d}", 'b: "c, d"'),
    ("seed_example", "{question: {a: b, c}, answer: yes}", 'a: "b, c"'),
    ("seed_example", "\n  - question: {a: b, c}\n    answer: yes", 'a: "b, c"'),
    ("seed_example", '{question: say "a", b, answer: yes}', "question: 'say \"a\", b'"),
    ("seed_example", "{question: 'a', b, answer: yes}", "around all of it"),
    ("seed_example", "{question: a,\n  b c, answer: yes}", "around all of it"),
    ("seed_example", "{question: a, b\n  , answer: yes}", 'question: "a, b"'),
    ("vars", '{a: b, "c"}', "`c` stands in braces"),
    ("vars", "{a}", "`a` stands in braces"),
    # a # right before a word
    ("description", "I love #python", 'description: "I love #python"'),
    ("description", "I love  \t#1", 'the text ends before it: "I love"'),
    ("description", "folded\n  text #python", 'the text ends before it: "folded text"'),
    ("vars", "\n  a: #python", "nothing stands here"),
    ("vars", "{a: #python\n  }", "nothing stands here"),
    ("labels", "[yes, no, team #1\n  ]", 'the text ends before it: "team"'),
    ("labels", "\n  - yes\n  - no #1", 'write: - "no #1"'),
    ("seed_example", "{question: a #b\n  , answer: yes}", 'the text ends before it: "a"'),
    ("vary", "{a: [b #c\n  , d]}", 'the text ends before it: "b"'),
    ("vars", "\n  a: b #c", 'write: a: "b #c"'),
    ("instruction", "Write {{ batch_size }} of {{ labels }} #1", "the text ends before it"),
    # an anchor that nothing names
    ("seed_example", "{question: &nbsp is it, answer: yes}", "`&nbsp` is an anchor"),
    ("vars", "{a: &b}", "`&b` is an anchor"),
    # numbers that lose how they were written
    ("vary", "{a: [007, x]}", 'write "007" for text'),
    *[
        ("vary", f"{{a: [{written}, 5]}}", f"{written} is read as the number {read}")
        for written, read in [("007", 7), ("1E2", 100.0), ("1.10", 1.1), ("+1", 1), ("1e5", 1e5), ("0x1F", 31),
                              ("0o17", 15), ("12e3", 12e3), (".5", 0.5), ("-0", 0), ("5.", 5.0), ("-007", -7), ("00", 0)]
    ],
    ("vary", "{a: [{value: 007, weight: 2}, 8]}", "007 is read as the number 7"),
    ("vary", "{a: [007, 1.10, 1e3]}", "007, 1.10 and 1e3 are read as the numbers 7, 1.1 and 1000.0"),
    ("vary", "{a: [1,000, 2,000]}", "000 and 000 are read as the numbers 0 and 0"),
    ("labels", "[yes, no, 007, 1E2]", "007 and 1E2 are read as the numbers 7 and 100.0"),
    ("labels", "[yes, no, true]", "the label true is a boolean"),
    ("vars", "{a: {b: [007]}}", "007 is read as the number 7"),
    ("seed_example", "{question: 007, answer: yes}", "007 is read as the number 7"),
    # a field that is null everywhere
    ("seed_example", "{question: a, from: null, answer: yes}", "`from` is null in every seed example"),
    ("seed_example", "{question: a, from: ~, answer: yes}", "`from` is null in every seed example"),
    ("seed_example", "[{question: a, from: , answer: yes}, {question: b, from: , answer: no}]", "`from` is null"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "message"), MISREAD, ids=[f"{key}: {value!r}" for key, value, _ in MISREAD])
@pytest.mark.usefixtures("warned")
def test_what_is_misread_is_told_once_with_its_place(project: Project, key: str, value: str, message: str) -> None:
    (text,) = told(project.load(**{key: value}).warnings)
    assert message in text
    assert text.startswith("recipes/recipe.yaml:")
    assert text.split(": ")[1] == "warning"


@pytest.mark.parametrize(
    ("labels", "answer", "count"),
    [("[1.10, 1.20]", "1.10", 2), ("[007, 042]", "7", 1), ("[1e5, 12e3]", "12e3", 2), ("[+1, -1]", "-1", 1),
     ("[0, 1, 1.50]", "0", 1), ("\n  - 00\n  - 01", "00", 2)],
)  # fmt: skip
@pytest.mark.usefixtures("warned")
def test_labels_that_are_numbers_alone(project: Project, labels: str, answer: str, count: int) -> None:
    recipe = project.load(task="{label: answer}", labels=labels, seed_example=f"{{question: q, answer: {answer}}}")
    assert len(recipe.warnings) == count
    assert all("read as the number" in text for text in told(recipe.warnings))


@pytest.mark.usefixtures("warned")
def test_options_too(project: Project) -> None:
    keys = {"task": "multiple_choice", "labels": "{per_example: 2}"}
    recipe = project.load(**keys, seed_example="{question: q, options: [007, 8], answer: 8}")
    (text,) = told(recipe.warnings)
    assert "the option 007 is read as the number 7" in text


MEANT = [
    ("labels", "[yes, no]  # two labels"),
    ("labels", "[yes, no]  #two labels"),
    ("labels", "\n  #the labels\n  - yes\n  #and\n  - no # the other"),
    ("labels", "  #all\n  - yes\n  - no"),
    ("labels", '["yes", "no"] #quoted'),
    ("labels", "[yes, #first\n  no]"),
    ("description", "C# and F#, issue#12, a#b"),
    ("description", '"I love #python"'),
    ("description", "'I love #python' #really"),
    ("description", "|\n  I love #python\n  #all of it"),
    ("description", ">\n  I love #python"),
    ("description", "I love python # and ham"),
    ("description", "I love python #"),
    ("description", "I love python ## and ham"),
    ("description", "first line\n#strategy is below"),
    ("strategy", "tree #breadth first"),
    ("target_size", "500 #five hundred"),
    ("instruction", "../templates/fixed_labels.j2 #the usual one"),
    ("vars", "{a: 1} #more"),
    ("vars", "\n  a: 5 #five\n  b: true #yes"),
    ("vars", "\n  a: #a list\n    - b"),
    ("vars", "{a: , b: c}"),
    ("vars", "{a: null, b: ~}"),
    ("vars", "{a:\n    b, c:\n    d}"),
    ("vars", "{\"a\": , 'b' : }"),
    ("vars", "\n  a:\n  b: c"),
    ("vars", "{a: &x y, b: *x}"),
    ("vars", "{a: &x-1 [1], b: [*x-1, *x-1]}"),
    ("vars", "{a: R&D, b: '&c'}"),
    ("vars", "{a: 1.50, b: 1e3, c: +5, d: 0x1F}"),
    ("vars", "{a: 0, b: 0.5, c: '007', d: 2024-01-02, e: 12:30, f: 1_000}"),
    ("vars", "{b: &b {x: y}, c: {<<: *b, z: null}}"),
    ("vary", "{a: [1, 2.5, -3, 0, 1.0]}"),
    ("vary", "{a: [100,200,300], b: [true, false], c: ['007', 2024-01-02, 1_000, 12:30, 1.2.3]}"),
    ("vary", "{a: [{value: x, weight: 50}, y]}"),
    ("vary", "{a: [7, x]}"),
    ("seed_example", "{question: 1.50, answer: yes}"),
    ("seed_example", '{"question": "one, two", "answer": "yes"}'),
    ("seed_example", "{question: 'one, two', answer: yes,}"),
    ("seed_example", "{question: http://a/b#c, answer: yes}"),
    ("seed_example", "[{question: a, from: null, answer: yes}, {question: b, from: x, answer: no}]"),
    ("seed_example", "{question: [a, b], answer: yes}"),
    ("seed_example", "{question: '', answer: yes}"),
]


@pytest.mark.parametrize(("key", "value"), MEANT, ids=[f"{key}: {value!r}" for key, value in MEANT])
@pytest.mark.usefixtures("warned")
def test_what_only_looks_like_it_is_not_warned_of(project: Project, key: str, value: str) -> None:
    assert told(project.load(**{key: value}).warnings) == []


@pytest.mark.usefixtures("warned")
def test_what_is_an_error_anyway_says_how_to_write_it(project: Project) -> None:
    (text,) = told(project.errors(seed_example="{answer: yes, question: is it 1,000}").problems)
    assert "keys are text, and 000 is not" in text
    assert "needs quotes around all of it" in text


@pytest.mark.usefixtures("warned")
def test_booleans_alone_are_labels(project: Project) -> None:
    seed = "{question: q, answer: true}"
    assert told(project.load(task="{label: answer}", labels="[true, False]", seed_example=seed).warnings) == []


@pytest.mark.usefixtures("warned")
def test_json_has_no_such_traps(project: Project) -> None:
    project.write("seeds/a.json", '{"question": "I love #python, you", "n": 1.10, "answer": "yes"}')
    assert told(project.load(seed_example="../seeds/a.json").warnings) == []
    keys = {"recipe": 1, "name": "a", "task": "yes_no", "instruction": "../templates/fixed_labels.j2",
            "seed_example": {"question": "a #b, c"}, "labels": ["yes", "no"], "strategy": "tree"}  # fmt: skip
    text = json.dumps({**keys, "vary": {"a": [1]}}).replace('"}, "labels"', '", "answer": "yes"}, "labels"')
    path = project.write("recipes/a.json", text.replace("[1]", "[1.10, 1e3]")[:-1] + ', "target_size": 5}')
    assert told(load_recipe(path).warnings) == []


@pytest.mark.usefixtures("warned")
def test_a_schema_of_the_users_says_itself_what_may_be_null(project: Project) -> None:
    schema = "{type: object, properties: {from: {type: [string, 'null']}}}"
    assert told(project.load(seed_example="{question: a, from: null, answer: yes}", schema=schema).warnings) == []


def test_what_a_base_says_is_told_in_its_place(project: Project, warned: list[str]) -> None:
    project.load(description="I love #python")
    own = project.write("recipes/own.yaml", "recipe: 1\nextends: recipe.yaml\nname: own\nvars: &unused {a: 1}\n")
    warned += told(load_recipe(own).warnings)
    assert [text.split(": ")[0] for text in warned] == ["recipes/recipe.yaml:9:21"]


@pytest.mark.usefixtures("warned")
@pytest.mark.parametrize(
    "line", ["vars: {" + "a, " * 1 + ", ".join(f"k{n}" for n in range(20_000)) + "}",
             "vars: [" + ", ".join(f"&a{n} x" for n in range(9_000)) + "]",
             "vars: {x: [" + ", ".join(["007"] * 9_000) + "]}"]
)  # fmt: skip
def test_many_of_them_on_one_line_take_no_long_time(project: Project, line: str) -> None:
    key, _, value = line.partition(": ")
    assert project.load(**{key: value if value.startswith("{") else f"{{y: {value}}}"}).warnings


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_the_shipped_recipes_are_warned_of_nothing(name: str) -> None:
    assert told(load_recipe(shipped_recipes()[name]).warnings) == []
