"""Dialogues, preference pairs and extractions: told from one example, kept as they are written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Draft, Wishes
from datarecipe.init.infer.infer_recipe import draft_from_seeds, draft_from_table, lacks_label
from datarecipe.init.read.table import Row, collect
from datarecipe.init.write.project import write_project
from datarecipe.recipe import LabelSpace, LoadedRecipe, load_recipe, validator
from datarecipe.recipe.example_schema.dialogue import dialogues
from datarecipe.recipe.keys.turns import lack
from datarecipe.running.resolve.check_without_model import check
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import run, setup_for

TURNS: list[Json] = [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Until six."}]
SHARE_GPT: Json = [{"from": "human", "value": "Is it open?"}, {"from": "gpt", "value": "Until six."}]
ANSWER: Json = [{"role": "assistant", "content": "Until six."}]
CALL: Json = [
    {"role": "user", "content": "Is it open?"},
    {"role": "assistant", "content": None, "tool_calls": [{"name": "hours"}]},
]
PAIR: Example = {"prompt": "Is it open?", "chosen": "Until six.", "rejected": "Maybe."}
ENTITIES: Json = [{"span": "Ann", "type": "person"}, {"span": "Rome", "type": "place"}]


def of_seeds(*seeds: Example, **wishes: object) -> Draft:
    return draft_from_seeds("x", seeds, replace(Wishes(), **wishes))  # type: ignore[arg-type]


def of_data(rows: Sequence[Example], seeds: int = 1, **wishes: object) -> Draft:
    table = collect("data.jsonl", [(Row(row, number), len(row)) for number, row in enumerate(rows, 1)])
    return draft_from_table("x", table, replace(Wishes(), **wishes), seeds=seeds)  # type: ignore[arg-type]


def loaded(draft: Draft, folder: Path) -> LoadedRecipe:
    """The recipe that is written, which would pass `validate` without a warning."""
    write_project(draft, folder, force=True)
    recipe = load_recipe(folder / "recipes" / "x.yaml")
    check(recipe)
    assert not recipe.warnings
    assert recipe.seed_examples == draft.seeds
    assert recipe.task == draft.task
    return recipe


def accepts(recipe: LoadedRecipe, example: Example) -> bool:
    return bool(validator(recipe.schema).is_valid(example))


@pytest.mark.parametrize(
    ("seed", "template", "kind"),
    [
        ({"messages": TURNS}, "dialogue.j2", "dialogue"),
        ({"conversations": SHARE_GPT}, "dialogue.j2", "dialogue"),
        ({"system": "Be brief.", "messages": CALL, "category": "shop"}, "dialogue.j2", "dialogue"),
        (PAIR, "preference_pair.j2", "preference pair"),
        ({"chosen": TURNS, "rejected": TURNS}, "preference_pair.j2", "preference pair"),
        ({"prompt": TURNS, "chosen": ANSWER, "rejected": ANSWER}, "preference_pair.j2", "preference pair"),
        ({"text": "Ann in Rome", "entities": ENTITIES}, "extraction.j2", "extraction"),
        ({"text": "Ann in Rome", "labels": ENTITIES}, "extraction.j2", "extraction"),
        ({"mail": "2 for Ann", "order": {"count": 2, "guest": {"name": "Ann"}}}, "extraction.j2", "extraction"),
    ],
)
def test_one_example_is_enough(tmp_path: Path, seed: Example, template: str, kind: str) -> None:
    for draft in (of_seeds(seed), of_data([seed])):
        assert (draft.template, draft.seeds) == (template, (seed,))
        assert kind in [finding.subject for finding in draft.findings]
        assert set(draft.todo) == {"description"}
        recipe = loaded(draft, tmp_path)
        assert accepts(recipe, seed)
        assert recipe.labels == LabelSpace("open")
        assert kind == "extraction" or recipe.task.label_field is None


@pytest.mark.parametrize(
    "seed",
    [
        {"messages": TURNS, "label": "shop"},
        {"text": "Is it open?", "answer": "yes", "source": {"url": "x"}},
        {"question": "Which?", "options": ["a", "b"], "answer": "a"},
        {"text": "T", "answers": ["a", "b"]},
    ],
)
def test_an_example_with_a_label_keeps_its_task(seed: Example) -> None:
    assert of_seeds(seed).template not in ("dialogue.j2", "preference_pair.j2", "extraction.j2")


def test_what_the_user_says_of_labels_goes_first() -> None:
    draft = of_seeds({"messages": TURNS, "topic": "shop"}, label_field="topic")
    assert draft.task.label_field == "topic"
    assert of_seeds(PAIR, label_field="chosen").task.label_field == "chosen"


def test_roles_are_those_of_the_seed_examples(tmp_path: Path) -> None:
    draft = of_seeds({"messages": TURNS})
    recipe = loaded(draft, tmp_path)
    assert [finding.found for finding in draft.findings if finding.subject == "roles"] == ['"user", "assistant"']
    assert accepts(recipe, {"messages": [*TURNS, *TURNS]})
    assert not accepts(recipe, {"messages": [{"role": "narrator", "content": "x"}, *TURNS]})
    pair = loaded(of_seeds({"prompt": TURNS, "chosen": ANSWER, "rejected": ANSWER}), tmp_path)
    assert not accepts(pair, {"prompt": TURNS, "chosen": TURNS, "rejected": ANSWER})


def turns(*roles: str, words: str = "Is it open today?") -> Example:
    return {"messages": [{"role": role, "content": words} for role in roles]}


def notes(draft: Draft) -> list[str]:
    return [f.found + (f": {f.why}" if f.why else "") for f in draft.findings if f.subject == "note"]


def test_what_the_seed_example_lacks_of_the_rows_is_told() -> None:
    long, short = "word " * 50, "Hm?"
    rows = [turns("user", "assistant", words=str(n)) for n in range(3)]
    rows += [turns("system", "user", "assistant", words=short), turns("system", "user", "tool", "assistant")]
    rows += [turns("user", words=long), turns("user", "user", "assistant")]
    draft = of_data(rows)
    assert draft.seeds[0] in rows[:3]
    assert notes(draft) == [
        '2 of 7 rows also have "system", "tool"',
        '1 of 7 rows would be rejected: the last turn is not by "assistant"',
        '1 of 7 rows would be rejected: "user" speaks twice in a row',
    ]
    assert [finding.flag for finding in draft.findings if "system" in finding.found] == ["--seeds N"]
    assert not [note for note in notes(of_data(rows, seeds=3)) if "also have" in note], "each set of roles in turn"
    assert notes(of_data(rows, seeds=7)) == ['a seed example ends with "user": 6 of 7 rows end with "assistant"']


def test_the_seed_example_ends_as_most_rows_do() -> None:
    rows = [
        turns("user", "assistant", words="word " * 40),
        turns("user", "assistant"),
        turns("user", words="word " * 9),
    ]
    draft = of_data([*rows, turns("user", "assistant", "user", words="word " * 6)], seeds=2)
    assert all(seed in rows[:2] for seed in draft.seeds)
    assert of_data([turns("system", "user"), turns("user", "system")]).seeds == (turns("user", "system"),)
    assert of_data([turns("user", "assistant"), turns("system", "user", "assistant")]).seeds[0] == turns(
        "system", "user", "assistant"
    ), "it allows the other one too"


def test_an_unusual_end_of_the_seed_example_is_told() -> None:
    ends_well: Example = {**turns("user", "assistant"), "topic": None}
    rows: list[Example] = [{**turns("user"), "topic": "shop"}, {**turns("user"), "topic": "inn"}, ends_well, ends_well]
    assert notes(of_data(rows)) == [
        '2 of 4 rows also have "assistant"',
        'a seed example ends with "user": 2 of 4 rows end with "assistant"',
    ]


@pytest.mark.parametrize("size", [4, 8, 16])
def test_many_fields_with_dialogues_are_read_a_few_times(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counting(value: Json, form: tuple[str, str]) -> str | None:
        nonlocal read
        read += 1
        return lack(value, form)

    monkeypatch.setattr("datarecipe.recipe.example_schema.dialogue.lack", counting)
    rows: list[Example] = [{f"c{n}": TURNS for n in range(size)} | {"text": f"{row}"} for row in range(size)]
    assert of_data(rows, seeds=size).seeds
    assert read < 10 * size * size * len(TURNS)


class CountedRole(str):
    """A role that counts how often it is compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        CountedRole.compared += 1
        return str.__eq__(self, other)


def test_many_roles_are_compared_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountedRole, "compared", 0)
    of_data([turns(*(CountedRole(f"{row} {n}") for n in range(200))) for row in range(5)])
    assert CountedRole.compared < 20 * 200 * 5


ROLES = st.lists(st.sampled_from(["system", "user", "assistant"]), min_size=1, max_size=4)


@given(st.lists(ROLES, min_size=1, max_size=8), st.integers(1, 8))
def test_rows_are_told_of_or_taken(all_roles: list[list[str]], seeds: int) -> None:
    """Without a note, all rows go with the seed examples; and neither the order of the rows nor another row decides."""
    rows = [turns(*roles, words=str(n)) for n, roles in enumerate(all_roles)]
    draft = of_data(rows, seeds=seeds)
    rule = dialogues(draft.seeds)["messages"]
    taken = all({*roles} <= {*rule.roles} for roles in all_roles) and not any(rule.fault(r["messages"]) for r in rows)
    told = [note for note in notes(draft) if "also have" in note or "would be rejected" in note]
    assert taken is not bool(told)
    assert of_data(rows[::-1], seeds=seeds).seeds == draft.seeds


@pytest.mark.parametrize(
    ("turn", "lack", "has"),
    [
        ({"rol": "assistant", "content": "x"}, 'has no "role"', '; this one has "rol", "content".'),
        ({"role": "assistant", "text": "x"}, 'has no "content"', '; this one has "role", "text".'),
        ({"role": 2, "content": "x"}, 'has the number 2 as "role"', '"role", "content".'),
        ({}, 'has no "role"', 'and "content".'),
        ("Until six.", 'is the text "Until six."', 'and "content".'),
    ],
)
def test_a_turn_that_lacks_something_is_named(turn: Json, lack: str, has: str) -> None:
    broken: Example = {"system": "Be brief.", "messages": [*TURNS, turn]}
    with pytest.raises(UsageError) as caught:
        of_data([{"system": "Be brief.", "messages": TURNS}, broken])
    assert str(caught.value).startswith(f'data.jsonl: line 2: turn 3 of "messages" {lack}')
    assert str(caught.value.hint).endswith(has)
    with pytest.raises(UsageError, match='row 1: turn 3 of "messages" '):
        of_seeds(broken)
    assert of_data([broken | {"label": "a"}, broken | {"label": "b"}], fields=("system",)).task.label_field == "label"


def test_turns_of_pairs_and_of_the_other_form() -> None:
    with pytest.raises(UsageError, match='turn 1 of "rejected" has no "content"'):
        of_seeds({"prompt": TURNS, "chosen": ANSWER, "rejected": [{"role": "assistant"}, *TURNS]})
    with pytest.raises(UsageError, match='turn 2 of "conversations" has no "value"'):
        of_data([{"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "content": "y"}]}])


def test_types_that_come_again_are_a_closed_list_and_spans_stay_free(tmp_path: Path) -> None:
    names = ["Ann", "Bob", "Ann", "Dan"]
    rows: list[Example] = [
        {
            "text": f"{name} lives in Rome, number {n}.",
            "entities": [{"span": name, "type": "person"}, {"span": "Rome", "type": "place", "source": {"by": "hand"}}],
        }
        for n, name in enumerate(names)
    ]
    draft = of_data(rows)
    recipe = loaded(draft, tmp_path)
    assert (recipe.task.label_field, recipe.text_fields) == ("entities", ("text",))
    other: Json = [{"span": "Eve", "type": "person"}, {"span": "Oslo", "type": "place", "source": {"by": "hand"}}]
    assert accepts(recipe, {"text": "Eve lives in Oslo.", "entities": other})
    unknown: Json = [{"span": "Eve", "type": "robot"}]
    assert not accepts(recipe, {"text": "Eve", "entities": unknown})
    assert [f.found for f in draft.findings if f.subject == "closed list"] == [
        '"entities.type" is one of "person", "place"'
    ]
    assert recipe.vars == {"rules": {"entities.type": "entities.type is always one of: person, place."}}
    assert of_data(rows[:1]).schema is None, "one row does not tell which types there are"


def test_rows_that_are_not_kept_may_hold_other_types(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Example] = [{"text": f"Ann, number {n}", "entities": ENTITIES} for n in range(4)]
    rows.append({"text": "Eve, a robot", "entities": [{"span": "Eve", "type": "robot"}]})
    monkeypatch.setattr("datarecipe.init.read.table.MAX_ROWS", 4)
    assert of_data(rows[:4]).schema is not None
    draft = of_data(rows)
    assert (draft.schema, draft.rules) == (None, {})
    assert [(f.found, f.why) for f in draft.findings if f.subject == "closed list"] == [
        (
            "none",
            "only 4 of 5 rows were read whole, and others may hold more values; "
            "a `schema` in the recipe can list them (`enum`)",
        )
    ]


def test_texts_are_searched_for_few_values_and_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither values that are no closed list anyway nor a value that comes again in its row uses up the bound."""
    monkeypatch.setattr("datarecipe.init.infer.structured._MOST_SEARCHED", 1000)
    types = ["person", "place", "place", "place"]
    found: list[Json] = [{"span": f"span {n}", "type": types[n % 4]} for n in range(100)]

    def row(text: str) -> Example:
        return {"text": text.ljust(400), "entities": found}

    own_words, copied = row("x"), row("a person in a place")

    def closed(*rows: Example) -> list[str]:
        return [finding.found for finding in of_data(rows).findings if finding.subject == "closed list"]

    is_closed = ['"entities.type" is one of "place", "person"']
    assert closed(row("a person")) == is_closed
    assert closed(own_words, *[copied] * 9) == is_closed, "what lies beyond the bound does not count"
    assert closed(copied, *[own_words] * 9) == ["none"]


def test_numbers_of_rows_are_left_out_and_other_fields_stay() -> None:
    draft = of_seeds({"id": "identity_0", "conversations": SHARE_GPT, "system": "Be brief."})
    assert list(draft.seeds[0]) == ["conversations", "system"]
    assert '"id"' in [finding.found for finding in draft.findings if finding.subject == "left out"]
    found: Example = {"uuid": "x1", "text": "Ann in Rome", "entities": ENTITIES}
    assert list(of_seeds(found).seeds[0]) == ["text", "entities"]
    assert list(of_seeds({"id": "x", **PAIR}, fields=("prompt", "id")).seeds[0]) == [
        "prompt",
        "id",
        "chosen",
        "rejected",
    ]


def test_the_answer_is_not_asked_for_where_there_is_none() -> None:
    rows: list[Example] = [{"messages": TURNS}, PAIR, {"text": "Ann in Rome", "entities": ENTITIES}]
    for row in rows:
        assert not lacks_label(collect("x", [(Row(row, 1), 1)]), Wishes())
    assert lacks_label(collect("x", [(Row({"text": "a", "more": "b"}, 1), 1)]), Wishes())


def test_rows_are_made_of_what_was_written(tmp_path: Path) -> None:
    seeds: list[Example] = [{"messages": TURNS}, PAIR, {"text": "Ann in Rome", "entities": ENTITIES}]
    with OpenAIServer(Author.tidy(variety=10**9)) as server:
        for number, seed in enumerate(seeds):
            recipe = loaded(of_seeds(seed, target_size=20, model="openai/test"), tmp_path / str(number))
            out = tmp_path / f"out {number}"
            assert run(setup_for(recipe, server.base_url, out, tmp_path / "cache")).exit_code == 0
            lines = [json.loads(line) for line in (out / "data.jsonl").read_text(encoding="utf-8").splitlines()]
            assert len(lines) == 20
            assert all(list(line) == list(seed) and accepts(recipe, line) for line in lines)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
TYPES = st.sampled_from(["person", "place", "time"])
SPANS = st.lists(st.fixed_dictionaries({"span": TEXT, "type": TYPES}), min_size=1, max_size=4)


@given(st.lists(st.tuples(TEXT, SPANS), min_size=1, max_size=8))
def test_every_row_of_the_data_could_be_an_example(found: list[tuple[str, list[Json]]]) -> None:
    rows: list[Example] = [{"text": text, "entities": spans} for text, spans in found]
    draft = of_data(rows, seeds=len(rows))
    assert all(seed in rows for seed in draft.seeds)
    if draft.schema is not None:
        assert all(validator(draft.schema).is_valid(row) for row in rows)
