"""Turns follow each other as in the seed examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Example, Json
from datarecipe.recipe.example_schema.dialogue import Dialogue, dialogues

ROLES = ("system", "developer", "user", "assistant", "tool")


def turns(roles: str, key: str = "role", content: str = "content") -> Json:
    """A dialogue of these roles, with spaces between them."""
    return [{key: role, content: f"{role} speaks"} for role in roles.split()]


def dialogue(*seeds: str) -> Dialogue:
    found = dialogues([{"messages": turns(roles)} for roles in seeds])
    return found["messages"]


@pytest.mark.parametrize(
    ("seed", "given", "fault"),
    [
        ("user assistant", "user assistant", None),
        ("user assistant", "user assistant user assistant user assistant", None),
        ("user assistant", "user", 'the last turn is not by "assistant"'),
        ("user assistant", "assistant user assistant", 'the first turn is not by "user"'),
        ("user assistant", "user user assistant", '"user" speaks twice in a row'),
        ("user assistant", "user assistant assistant", '"assistant" speaks twice in a row'),
        ("user assistant", "system user assistant", '"system" is no role of the seed examples'),
        ("system user assistant", "user assistant", None),
        ("system user assistant", "system user assistant user assistant", None),
        ("system user assistant", "user system assistant", '"system" speaks, but not first'),
        ("system user assistant", "system system user assistant", 'the first turn is not by "user"'),
        ("system user assistant", "system", 'the first turn is not by "user"'),
        ("user system assistant", "user assistant", None),
        ("user assistant tool assistant", "user assistant tool assistant user assistant", None),
        ("user assistant assistant", "user user assistant", None),
        ("user", "user", None),
        ("user", "user user", '"user" speaks twice in a row'),
        ("user assistant user", "user assistant", 'the last turn is not by "user"'),
        ("assistant user", "user assistant user", 'the first turn is not by "assistant"'),
    ],
)
def test_turns_follow_the_seed(seed: str, given: str, fault: str | None) -> None:
    assert dialogue(seed).fault(turns(given)) == fault


def test_where_seed_examples_differ_either_way_is_right() -> None:
    either = dialogue("user assistant", "assistant user assistant user")
    assert either.roles == ("user", "assistant")
    for roles in ("user assistant", "assistant user", "user assistant user", "assistant user assistant"):
        assert either.fault(turns(roles)) is None
    assert either.fault(turns("user user")) == '"user" speaks twice in a row'


@pytest.mark.parametrize(
    "value",
    [
        None, "a text", [], ["user"], [{"role": "user"}], [{"content": "x"}], [{"role": 1, "content": "x"}],
        [{"role": "user", "content": "x"}, "y"], {"role": "user", "content": "x"}, [{"span": "Rome", "type": "place"}],
        [{"role": "user", "content": "x"}, {"from": "user", "value": "x"}],
    ],
)  # fmt: skip
def test_what_is_no_dialogue(value: Json) -> None:
    assert dialogues([{"messages": value}]) == {}
    assert dialogues([{"messages": turns("user assistant")}, {"messages": value}]) == {}
    # A schema of the recipe's own may let it through.
    assert dialogue("user assistant").fault(value) is not None


@pytest.mark.parametrize(
    "seed",
    [
        {"amounts": [{"from": "km", "value": 3}, {"from": "mi", "value": 2}]},
        {"steps": [{"from": "open", "value": "closed"}, {"from": "closed", "value": "open"}]},
        {"arguments": [{"role": "theme", "content": "the ball"}, {"role": "goal", "content": "the net"}]},
        {"messages": [{"role": "user", "content": 3}]},
    ],
)
def test_lists_of_other_things_are_no_dialogue(seed: Example) -> None:
    assert dialogues([seed]) == {}


def test_a_field_of_that_name_or_a_known_role_makes_a_dialogue() -> None:
    assert dialogues([{"messages": turns("guest host")}])["messages"].roles == ("guest", "host")
    assert dialogues([{"prompt": turns("user")}])["prompt"].roles == ("user",)
    assert dialogues([{"prompt": turns("guest")}]) == {}


@pytest.mark.parametrize("odd", [5, "a text", None, [], {"content": "x"}, {"role": None, "content": "x"}, {"role": 1}])
def test_an_odd_element_does_not_hide_the_order(odd: Json) -> None:
    rule = dialogue("system user assistant")
    assert rule.fault([{"role": "user", "content": "x"}, odd, {"role": "assistant", "content": "y"}]) is not None
    assert rule.fault([]) == "no turns"


def test_both_forms_and_more_keys_in_a_turn() -> None:
    seed: Example = {
        "conversations": turns("human gpt", "from", "value"),
        "messages": [{"role": "user", "name": "Ann", "content": [{"type": "text", "text": "Hi"}]}],
        "text": "x",
    }
    found = dialogues([seed])
    assert {name: (one.role_key, one.roles) for name, one in found.items()} == {
        "conversations": ("from", ("human", "gpt")),
        "messages": ("role", ("user",)),
    }


@given(st.lists(st.lists(st.sampled_from(ROLES), min_size=1, max_size=6), min_size=1, max_size=4))
def test_every_seed_example_keeps_its_own_rule(seeds: list[list[str]]) -> None:
    rule = dialogue(*(" ".join(roles) for roles in seeds))
    assert [rule.fault(turns(" ".join(roles))) for roles in seeds] == [None] * len(seeds)


def test_a_turn_that_calls_tools_may_say_nothing() -> None:
    seed: Example = {
        "messages": [
            {"role": "user", "content": "Is it raining?"},
            {"role": "assistant", "tool_calls": [{"name": "weather"}]},
            {"role": "tool", "content": "yes"},
            {"role": "assistant", "content": "It is."},
        ]
    }
    assert dialogues([seed])["messages"].roles == ("user", "assistant", "tool")


def test_a_role_without_a_name_is_no_role_of_the_seed_examples() -> None:
    unnamed: Json = [
        {"role": "user", "content": "x"},
        {"role": "", "content": "y"},
        {"role": "assistant", "content": "z"},
    ]
    assert dialogue("user assistant").fault(unnamed) == '"" is no role of the seed examples'
