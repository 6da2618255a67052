"""Dialogues, preference pairs and extractions: told from one example, kept as they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Draft, Wishes
from datarecipe.init.infer.infer_recipe import draft_from_seeds, draft_from_table, lacks_label
from datarecipe.init.read.table import Row, collect
from datarecipe.init.write.instruction_template import instruction_for
from datarecipe.init.write.recipe_text import recipe_text
from datarecipe.recipe import validator
from datarecipe.recipe.source.yaml_source import parse_yaml

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


def schema_of(draft: Draft) -> Json:
    """The schema as the recipe's file holds it."""
    recipe = parse_yaml(recipe_text(draft), "test").value
    assert isinstance(recipe, dict)
    assert "task" not in recipe
    assert "labels" not in recipe
    return recipe.get("schema")


def accepts(draft: Draft, example: Example) -> bool:
    schema = schema_of(draft)
    assert isinstance(schema, dict)
    return bool(validator(schema).is_valid(example))


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
def test_one_example_is_enough(seed: Example, template: str, kind: str) -> None:
    for draft in (of_seeds(seed), of_data([seed])):
        assert (draft.task, draft.template, draft.seeds) == (None, template, (seed,))
        assert kind in [finding.subject for finding in draft.findings]
        assert set(draft.todo) == {"description"}
        assert schema_of(draft) is None or accepts(draft, seed)
    assert "{{ description }}" in instruction_for(template)


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
    assert of_seeds(seed).task is not None


def test_what_the_user_says_of_labels_goes_first() -> None:
    draft = of_seeds({"messages": TURNS, "topic": "shop"}, label_field="topic")
    assert draft.task is not None
    assert draft.task.label_field == "topic"
    assert of_seeds(PAIR, label_field="chosen").task is not None


def test_roles_are_a_closed_list_of_those_that_occur() -> None:
    system: list[Json] = [{"role": "system", "content": "Be brief."}]
    rows: list[Example] = [{"messages": TURNS}] * 5
    draft = of_data([*rows, {"messages": [*system, *TURNS]}])
    assert accepts(draft, {"messages": [*system, *TURNS]})
    assert not accepts(draft, {"messages": [{"role": "narrator", "content": "x"}, {"role": "user", "content": "x"}]})
    assert not accepts(draft, {"messages": ANSWER}), "one turn is no dialogue"
    pair = of_seeds({"prompt": TURNS, "chosen": ANSWER, "rejected": ANSWER})
    assert not accepts(pair, {"prompt": TURNS, "chosen": TURNS, "rejected": ANSWER})


def test_types_that_come_again_are_a_closed_list_and_spans_stay_free() -> None:
    names = ["Ann", "Bob", "Ann", "Dan"]
    rows: list[Example] = [
        {
            "text": f"{name} lives in Rome, number {n}.",
            "entities": [{"span": name, "type": "person"}, {"span": "Rome", "type": "place", "source": {"by": "hand"}}],
        }
        for n, name in enumerate(names)
    ]
    draft = of_data(rows)
    other: Json = [{"span": "Eve", "type": "person"}, {"span": "Oslo", "type": "place", "source": {"by": "hand"}}]
    assert accepts(draft, {"text": "Eve lives in Oslo.", "entities": other})
    unknown: Json = [{"span": "Eve", "type": "robot"}]
    assert not accepts(draft, {"text": "Eve", "entities": unknown})
    assert [f.found for f in draft.findings if f.subject == "closed list"] == [
        '"entities.type" is one of "person", "place"'
    ]
    assert schema_of(of_data(rows[:1])) is None, "one row does not tell which types there are"


def test_numbers_of_rows_are_left_out_and_other_fields_stay() -> None:
    draft = of_seeds({"id": "identity_0", "conversations": SHARE_GPT, "system": "Be brief."})
    assert list(draft.seeds[0]) == ["conversations", "system"]
    assert '"id"' in [finding.found for finding in draft.findings if finding.subject == "left out"]
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


def test_rows_too_deep_to_be_looked_into_do_no_harm() -> None:
    deep: Json = "x"
    for _ in range(900):
        deep = [deep]
    rows: list[Example] = [{"text": f"Ann {n}", "entities": [{"deep": deep}]} for n in range(3)]
    rows += [{"text": "Ann in Rome", "entities": ENTITIES}]
    assert of_data(rows).seeds == (rows[-1],)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
ROLE = st.sampled_from(["user", "assistant", "system", "tool"])


@given(
    st.lists(
        st.lists(st.fixed_dictionaries({"role": ROLE, "content": TEXT}), min_size=2, max_size=6), min_size=1, max_size=8
    )
)
def test_every_row_of_the_data_could_be_an_example(dialogues: list[Json]) -> None:
    rows: list[Example] = [{"messages": dialogue} for dialogue in dialogues]
    draft = of_data(rows, seeds=len(rows))
    assert all(accepts(draft, row) for row in rows)
    assert all(seed in rows for seed in draft.seeds)
