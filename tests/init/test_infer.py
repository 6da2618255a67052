"""What is inferred from seed examples and from data, and what the user can say against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Draft, TaskName, Wishes
from datarecipe.init.infer.columns import find_label, find_options, is_options
from datarecipe.init.infer.infer_recipe import draft_from_seeds, draft_from_table
from datarecipe.init.read.table import Row, Table, collect, is_empty
from datarecipe.init.write.from_scratch import draft_from_wishes
from datarecipe.recipe import LabelSpace, Task

TEXT = "Some text of a usual length."


def of_seeds(*seeds: Example, **wishes: object) -> Draft:
    return draft_from_seeds("x", seeds, replace(Wishes(), **wishes))  # type: ignore[arg-type]


def read(rows: Sequence[Example]) -> Table:
    return collect("data.csv", [(Row(row, number), len(row)) for number, row in enumerate(rows, 2)])


def of_data(rows: Sequence[Example], seeds: int = 1, **wishes: object) -> Draft:
    return draft_from_table("x", read(rows), replace(Wishes(), **wishes), seeds=seeds)  # type: ignore[arg-type]


def fixed(*labels: bool | float | str) -> LabelSpace:
    return LabelSpace("fixed", labels)


OPEN = LabelSpace("open")


@pytest.mark.parametrize(
    ("seed", "task", "labels"),
    [
        ({"question": "Q?", "answer": "yes"}, Task("yes_no", "answer", None), fixed("yes", "no")),
        ({"question": "Q?", "answer": "No"}, Task("yes_no", "answer", None), fixed("Yes", "No")),
        ({"question": "Q?", "answer": "FALSE"}, Task("yes_no", "answer", None), fixed("TRUE", "FALSE")),
        ({"question": "Q?", "answer": False}, Task("yes_no", "answer", None), fixed(True, False)),
        ({"question": "Q?", "answer": "Y"}, Task("yes_no", "answer", None), fixed("Y", "N")),
        ({"text": "T", "is_spam": True}, Task("custom", "is_spam", None), fixed(True, False)),
        ({"text": "T", "label": "ham"}, Task("classification", "label", None), fixed("ham", "other")),
        ({"text": "T", "label": "Other"}, Task("classification", "label", None), fixed("Other", "another")),
        ({"text": "T", "label": 1}, Task("classification", "label", None), fixed(1, 0)),
        ({"text": "T", "sentiment": "good"}, Task("custom", "sentiment", None), fixed("good", "other")),
        ({"question": "Q?", "answer": "Paris"}, Task("open", "answer", None), OPEN),
        ({"question": "Q?", "answer": 42}, Task("open", "answer", None), OPEN),
        ({"question": "Q?", "answer": ["a", "b"]}, Task("open", "answer", None), OPEN),
        ({"prompt": "P", "output": "O" * 500}, Task("custom", "output", None), OPEN),
        (
            {"question": "Q?", "options": ["a", "b", "c"], "answer": "b"},
            Task("multiple_choice", "answer", "options"),
            LabelSpace("per_example", options=3),
        ),
        (
            {"q": "Q?", "choices": [1, 2], "right": 2},
            Task("custom", "right", "choices"),
            LabelSpace("per_example", options=2),
        ),
        (
            {"options": ["yes", "no"], "answer": "yes", "question": "Q?"},
            Task("yes_no", "answer", "options"),
            fixed("yes", "no"),
        ),
        ({"question": "Q?", "options": ["a", "b"], "answer": 1}, Task("custom", "answer", None), OPEN),
    ],
)
def test_one_seed_example(seed: Example, task: Task, labels: LabelSpace) -> None:
    draft = of_seeds(seed)
    assert (draft.task, draft.labels) == (task, labels)
    assert [type(label) for label in draft.labels.values] == [type(label) for label in labels.values]
    assert draft.seeds == (seed,)
    assert list(draft.seeds[0]) == list(seed)


def test_equal_options_of_several_are_fixed_labels() -> None:
    options: Json = ["red", "green", "blue"]
    draft = of_seeds(
        {"text": "A", "options": options, "answer": "blue"}, {"text": "B", "options": options, "answer": "red"}
    )
    assert draft.labels == fixed("red", "green", "blue")
    assert draft.task == Task("multiple_choice", "answer", "options")


def test_labels_of_several() -> None:
    draft = of_seeds({"text": "A", "label": "x"}, {"text": "B", "label": "y"}, {"text": "C", "label": "X "})
    assert draft.labels == fixed("x", "y")
    assert [seed["label"] for seed in draft.seeds] == ["x", "y", "x"]
    assert "labels" in draft.todo


def test_a_placeholder_is_marked_and_what_is_said_is_not() -> None:
    seed: Example = {"text": "T", "label": "ham"}
    assert set(of_seeds(seed).todo) == {"description", "labels"}
    said = of_seeds(seed, description="D", labels=("ham", "spam"))
    assert not said.todo
    assert (said.description, said.labels) == ("D", fixed("ham", "spam"))


def test_what_the_user_says_goes_first() -> None:
    seed: Example = {"question": "Q?", "options": ["a", "b"], "answer": "a", "label": "yes"}
    assert of_seeds(seed).task.label_field == "label"
    assert of_seeds(seed, label_field="answer").task == Task("multiple_choice", "answer", "options")
    assert of_seeds(seed, label_field="ANSWER").task.label_field == "answer"
    assert of_seeds(seed, label_field="answer", labels=("b", "a")).labels == fixed("b", "a")
    assert of_seeds({"text": "T", "label": "ham"}, task="open").labels == OPEN
    assert of_seeds({"text": "T", "answer": "ham"}, task="classification").labels == fixed("ham", "other")
    narrowed = of_seeds(seed, label_field="answer", fields=("answer", "question"))
    assert list(narrowed.seeds[0]) == ["answer", "question", "options"]


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"label_field": "lable"}, 'there is no field "lable"'),
        ({"options_field": "text"}, "is not a list of options"),
        ({"options_field": "answer"}, "is not a list of options"),
        ({"task": "multiple_choice"}, "--options-field"),
        ({"task": "yes_no"}, "not a yes and a no"),
        ({"task": "open", "labels": ("a", "b")}, "no list of labels"),
        ({"options": 4, "labels": ("a", "b")}, "exclude each other"),
        ({"options": 4}, "--options-field"),
        ({"fields": ("answer",)}, "no field remains"),
        ({"fields": ("answer", "none")}, 'there is no field "none"'),
    ],
)
def test_wishes_that_do_not_go_with_the_example(wishes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        of_seeds({"text": TEXT, "answer": "Paris"}, **wishes)


def test_a_list_that_is_not_the_labels_is_no_options_field() -> None:
    seed: Example = {"text": "T", "tags": ["ham", "lunch"], "label": "ham"}
    assert of_seeds(seed).task.options_field == "tags"
    assert of_seeds(seed, labels=("ham", "spam")).task == Task("classification", "label", None)
    assert of_seeds(seed, task="open").task.options_field is None
    both = of_seeds(seed, labels=("ham", "lunch"), options_field="tags")
    assert (both.task.options_field, both.labels) == ("tags", fixed("ham", "lunch"))


def test_a_seed_example_that_says_nothing() -> None:
    with pytest.raises(UsageError, match="one is empty"):
        of_seeds({"text": " ", "more": None, "label": "a"})
    with pytest.raises(UsageError, match="one is empty"):
        of_seeds({"text": "T", "label": "a"}, {"text": "T", "label": ""})
    assert of_seeds({"text": "T", "more": "", "label": "a"}).seeds[0]["more"] == ""


def test_no_field_is_the_answer() -> None:
    with pytest.raises(UsageError, match='the fields are "prompt", "chosen"') as caught:
        of_seeds({"prompt": "P", "chosen": "C"})
    assert "--label FIELD" in str(caught.value.hint)


def rows(labels: Sequence[Json], name: str = "label", **more: Sequence[Json]) -> list[Example]:
    """Rows with different texts, their labels and more columns."""
    return [
        {"text": f"{TEXT} {number:03}", name: label, **{key: column[number] for key, column in more.items()}}
        for number, label in enumerate(labels)
    ]


def test_labels_stand_in_the_order_of_their_frequency() -> None:
    draft = of_data(rows(["b"] * 3 + ["a"] * 5 + ["c"] * 3))
    assert draft.labels == fixed("a", "b", "c")
    assert draft.seeds[0]["label"] == "a"
    assert any("in 5, 3, 3 rows" in finding.why for finding in draft.findings)


def test_spellings_of_one_label_become_the_most_frequent_one() -> None:
    draft = of_data(rows(["Spam", " spam", "spam", "spam", "ham", "HAM", "HAM"]), seeds=4)
    assert draft.labels == fixed("spam", "HAM")
    assert {seed["label"] for seed in draft.seeds} == {"spam", "HAM"}


def test_types_of_labels_stay() -> None:
    for labels in ([1, 0], [1.5, 2], [True, False], ["1", "0"]):
        draft = of_data(rows([*labels] * 4))
        assert [(type(label), label) for label in draft.labels.values] == [(type(label), label) for label in labels]


@pytest.mark.parametrize(
    ("labels", "name", "open_"),
    [
        ([f"l{n % 50}" for n in range(200)], "label", False),
        ([f"l{n % 51}" for n in range(200)], "label", True),
        ([f"a{n}" for n in range(10)], "answer", True),
        ([f"a{n}" for n in range(10)], "label", False),
        (["x" * 81, "y"] * 10, "label", True),
        ([n / 7 for n in range(20)], "label", True),
        ([["a"], ["b"]] * 5, "label", True),
        ([{"text": "a"}, {"text": "b"}] * 5, "answer", True),
    ],
)
def test_fixed_or_open(labels: list[Json], name: str, open_: bool) -> None:
    assert (of_data(rows(labels, name), label_field=name).labels.kind == "open") is open_


def test_yes_and_no_in_data() -> None:
    assert of_data(rows(["no"] * 5 + ["yes"], "answer")).labels == fixed("yes", "no")
    assert of_data(rows(["No"] * 5, "answer")).labels == fixed("Yes", "No")
    assert of_data(rows([True] * 5, "flag")).task.label_field == "flag"


def test_one_label_is_no_choice() -> None:
    with pytest.raises(UsageError, match='nothing but "spam"'):
        of_data(rows(["spam"] * 5))
    assert of_data(rows(["spam"] * 5), labels=("spam", "ham")).labels == fixed("spam", "ham")


def test_the_label_field_is_found_without_a_name() -> None:
    assert of_data(rows(["a", "b"] * 5, "kind")).task.label_field == "kind"
    many = rows(["a", "b"] * 5, "kind", tone=["c", "d"] * 5)
    with pytest.raises(UsageError, match=r'"kind" \(2 different values\), "tone"'):
        of_data(many)
    assert find_label(read(many)) is None
    assert of_data(many, label_field="tone").labels == fixed("c", "d")
    with pytest.raises(UsageError, match='the fields are "text", "kind"'):
        of_data(rows([f"{n} is different" for n in range(9)], "kind"))


def test_many_lists_are_compared_with_many_fields_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = 0

    def counting(value: object) -> bool:
        nonlocal cells
        cells += 1
        return is_empty(value)

    monkeypatch.setattr("datarecipe.init.infer.columns.is_empty", counting)
    lists: Example = {f"list {n}": ["a", "b", "c"] for n in range(100)}
    for plain, most in (("d", 1000 * 7 + 10 * 50), ("a", 10 * 3 * 50)):
        cells = 0
        assert find_label(read([lists | {f"text {n}": plain for n in range(100)}] * 50)) is None
        assert cells <= most
    late: list[Example] = [{"choice": ["a", "b"], "kind": "a" if n < 1500 else "z"} for n in range(2000)]
    cells = 0
    assert find_label(read(late)) == ("kind", "the only field with few different values")
    assert cells <= 2000 + 1000, "each row for its options, and a part of them for the answer"


ANSWERS = st.sampled_from([None, "", "a", "b", "A", 1, True, 1.0, ["a"]])


@given(st.lists(st.tuples(ANSWERS, st.lists(ANSWERS, max_size=3)), min_size=1, max_size=25), st.integers(0, 30))
def test_an_answer_is_among_the_options_in_nine_of_ten_rows(found: list[tuple[Json, list[Json]]], good: int) -> None:
    rows: list[Example] = [{"kind": answer, "choice": options} for answer, options in found]
    rows += [{"kind": "a", "choice": ["a", "b"]}] * good
    both = [row for row in rows if not is_empty(row["kind"])]
    hits = sum(is_options(row["choice"], row["kind"]) for row in both)
    assert (find_options(read(rows), "kind") == "choice") is (bool(both) and hits >= 0.9 * len(both))


def test_of_two_names_the_one_with_few_values() -> None:
    assert of_data(rows(["a", "b"] * 5, "answer", label=[f"id {n}" for n in range(10)])).task.label_field == "answer"


def test_options_of_each_row() -> None:
    options: list[Json] = [*([*"ab", f"c{n}"] for n in range(9)), ["a", "b"]]
    draft = of_data(rows(["a"] * 10, "answer", options=options))
    assert draft.labels == LabelSpace("per_example", options=3)
    assert draft.task.kind == "multiple_choice"
    assert len(list(draft.seeds[0]["options"])) == 3  # type: ignore[arg-type]


def test_no_row_fits_what_the_user_says() -> None:
    with pytest.raises(UsageError, match=r'an answer that fits \("x", "y"\)'):
        of_data(rows(["a", "b"] * 5), labels=("x", "y"))


def test_the_same_options_everywhere() -> None:
    draft = of_data(rows(["x", "y", "y"], "answer", choices=[["y", "x"]] * 3))
    assert draft.labels == fixed("y", "x")
    assert draft.task == Task("custom", "answer", "choices")


def test_what_says_nothing_is_left_out_and_told() -> None:
    draft = of_data(
        rows(
            ["a", "b"] * 5, id=list(range(10)), user_id=[f"u{n}" for n in range(10)], empty=[""] * 10, source=["s"] * 10
        )
    )
    assert list(draft.seeds[0]) == ["text", "label", "source"]
    told = {finding.found for finding in draft.findings if finding.subject == "left out"}
    assert told == {'"id"', '"user_id"', '"empty"'}
    assert any("same in every row" in finding.found for finding in draft.findings)
    kept = of_data(rows(["a", "b"] * 5, id=list(range(10))), fields=("id", "text"))
    assert list(kept.seeds[0]) == ["id", "text", "label"]


@given(st.integers(-(10**9), 10**9), st.integers(-500, 500).filter(bool), st.integers(3, 30), st.booleans())
def test_whole_numbers_in_equal_steps_are_left_out(start: int, step: int, count: int, as_text: bool) -> None:
    numbers: list[Json] = [str(start + step * n) if as_text else start + step * n for n in range(count)]
    draft = of_data(rows(["a", "b"] * count, "label", ticket=numbers + numbers)[:count])
    assert list(draft.seeds[0]) == ["text", "label"]
    (told,) = [finding.why for finding in draft.findings if finding.subject == "left out"]
    assert told == f"it goes {'up' if step > 0 else 'down'} by {abs(step):,} from row to row"
    uneven = [*numbers[:-1], str(start + step * (count + 1)) if as_text else start + step * (count + 1)]
    assert "ticket" in of_data(rows(["a", "b"] * count, "label", ticket=uneven + uneven)[:count]).seeds[0]


@pytest.mark.parametrize("name", ["ticket_no", "order-number", "Invoice Nr", "Case no."])
def test_names_that_number_the_rows_where_all_values_differ(name: str) -> None:
    numbers: list[Json] = [1001, 1009, 1003, 1020, "A7", 1005]
    assert list(of_data(rows(["a", "b"] * 3, "label", **{name: numbers})).seeds[0]) == ["text", "label"]
    assert name in of_data(rows(["a", "b"] * 3, "label", **{name: [*numbers[1:], 1009]})).seeds[0]
    assert name in of_data([{"text": TEXT, name: 12, "label": "yes"}]).seeds[0], "one row shows no difference"


def test_a_seed_example_has_all_its_fields() -> None:
    data = rows(["a", "b"] * 5, more=[None, "m", "m", "m", "m", "m", "", "m", "m", "m"])
    assert of_data(data).seeds[0]["more"] == "m"
    some: list[Example] = [{**row} for row in data]
    for row in some[3:]:
        del row["text"]
    with pytest.raises(UsageError, match="--fields"):
        of_data([{**row, "more": None} for row in some[:3]] + some[3:], fields=("text", "more"))


def test_a_typical_row_is_taken_whatever_the_order() -> None:
    data = rows(["a"] * 30 + ["b"] * 10)
    data[0]["text"] = "short"
    data[1]["text"] = "long " * 500
    seed = of_data(data).seeds[0]
    assert seed["label"] == "a"
    assert len(str(seed["text"])) == len(TEXT) + 4
    assert of_data(data[::-1]).seeds[0] == seed


def test_one_of_each_label_in_turn() -> None:
    draft = of_data(rows(["a"] * 10 + ["b"] * 5 + ["c"] * 1), seeds=5)
    assert [seed["label"] for seed in draft.seeds] == ["a", "b", "c", "a", "b"]
    assert len({str(seed) for seed in draft.seeds}) == 5
    assert len(of_data(rows(["a", "b"]), seeds=5).seeds) == 2


def test_a_row_that_no_file_could_hold_is_no_seed_example() -> None:
    data = rows(["a", "b"] * 4)
    for row in data[:-1]:
        row["text"] = "half \ud83d" + "x" * 20
    assert of_data(data).seeds[0]["text"] == data[-1]["text"]


@pytest.mark.parametrize("task", ["dialogue", "preference_pair", "extraction"])
def test_a_kind_without_labels_from_nothing(task: TaskName) -> None:
    draft = draft_from_wishes("x", Wishes(task=task))
    assert draft.template == f"{task}.j2"
    assert set(draft.todo) == {"description", "seed_example"}
    with pytest.raises(UsageError, match="has neither labels nor options"):
        draft_from_wishes("x", Wishes(task=task, labels=("a", "b")))


@pytest.mark.parametrize("task", ["yes_no", "classification", "multiple_choice", "open"])
def test_from_nothing(task: TaskName) -> None:
    draft = draft_from_wishes("x", Wishes(task=task))
    assert draft.task.kind == task
    assert {"description", "seed_example"} <= set(draft.todo)
    assert ("labels" in draft.todo) is (task == "classification")


def test_a_field_with_a_label_is_one_like_others_where_a_kind_is_named() -> None:
    turns: Json = [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Until six."}]
    draft = of_seeds({"messages": turns, "label": "shop"}, task="dialogue")
    assert (draft.template, list(draft.seeds[0])) == ("dialogue.j2", ["messages", "label"])
    found: Example = {"text": "Ann moved.", "answer": "yes", "people": [{"name": "Ann"}]}
    assert of_data([found, found], task="extraction").template == "extraction.j2"
    for wish in (of_seeds, lambda seed, **wishes: of_data([seed], **wishes)):
        with pytest.raises(UsageError, match=r"--task preference_pair: .* holds none"):
            wish({"messages": turns}, task="preference_pair")
        with pytest.raises(UsageError, match="--task dialogue has neither labels nor options"):
            wish({"messages": turns}, task="dialogue", labels=("a", "b"))


def test_from_a_few_words() -> None:
    assert draft_from_wishes("x", Wishes()).task.kind == "classification"
    assert draft_from_wishes("x", Wishes(labels=("Yes", "No"))).task.kind == "yes_no"
    assert draft_from_wishes("x", Wishes(options=9)).labels == LabelSpace("per_example", options=9)
    assert len(draft_from_wishes("x", Wishes(options=100)).seeds[0]["options"]) == 100  # type: ignore[arg-type]
    draft = draft_from_wishes("x", Wishes(labels=(1, 2), fields=("head", "body"), label_field="stars"))
    assert list(draft.seeds[0]) == ["stars", "head", "body"]
    assert draft.seeds[0]["stars"] == 1
    for wishes in (
        Wishes(task="open", labels=("a", "b")),
        Wishes(task="yes_no", options=3),
        Wishes(labels=("a", "b"), options=3),
        Wishes(task="open", options_field="o"),
        Wishes(task="multiple_choice", options_field="answer"),
        Wishes(task="yes_no", labels=("a", "b", "c")),
    ):
        with pytest.raises(UsageError):
            draft_from_wishes("x", wishes)
