"""Recipe and formatting example become messages; nothing in either of them can do more than be text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.errors import TemplateError
from datarecipe.exchange import Content
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import Renderer, example_text
from datarecipe.generate.prompt.vary import Turn
from datarecipe.recipe import LabelSpace, Recipe
from datarecipe.recipe.source.document import Source
from datarecipe.recipe.source.text_place import TextPlace
from datarecipe.recipe.template import LIMITS
from tests.generate.recipes import loaded, make_recipe

SYSTEM_AND_USER = "openai/gpt-4o-mini"
USER_ONLY = "gemini/gemma-3-27b-it"

HOSTILE = [
    "{{ 7*7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{# gone #}",
    "{{ vars.__class__ }}",
    'He said "no".',
    "it's \\n \\ \\u0041",
    "line\nbreak\r\n\ttab",
    "{braces} [brackets] {{",
    "$HOME `id` %s %(x)s {0}",
    "<script>&amp;</script>",
    "да 是的 हाँ نعم 🙂👨\u200d👩\u200d👧",
    "\x00\x1b[31m\x7f\x85\u2028\ufeff\u202e",
    "  leading and trailing  ",
]
TEXT = st.text(max_size=40) | st.sampled_from(HOSTILE)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
EXAMPLES = st.dictionaries(TEXT, JSON, min_size=1, max_size=5)


def renderer(instruction: str, model: str = SYSTEM_AND_USER, **changes: Any) -> Renderer:
    values = {"vary": {}, **changes}
    recipe = make_recipe(instruction=instruction, **values)
    made = Renderer(recipe, settle_model(recipe, model, None))
    made.check()
    return made


def instruction(template: str, **changes: Any) -> str:
    return renderer(template, **changes).instruction(Turn(0))


def content(instruction: str, example: dict[str, Any], model: str) -> Content:
    return renderer(instruction, model).content(example, example_text(example))


def refused(template: str, **changes: Any) -> str:
    """What the one problem says."""
    with pytest.raises(TemplateError) as caught:
        renderer(template, **changes)
    assert caught.value.exit_code == 2
    (problem,) = caught.value.problems
    assert problem.source == "instruction"
    return str(problem)


# --- layouts


@given(EXAMPLES)
def test_the_formatting_example_is_the_user_turn_as_json(example: dict[str, Any]) -> None:
    (system, user) = content("Write {{ batch_size }}.", example, SYSTEM_AND_USER).messages
    assert system == ("system", "Write 5.")
    assert user[0] == "user"
    assert json.dumps(json.loads(user[1])) == json.dumps(example), "the same values in the same order"


@given(EXAMPLES)
def test_without_a_system_role_the_instruction_goes_before_the_example(example: dict[str, Any]) -> None:
    ((role, text),) = content("Write {{ batch_size }}.", example, USER_ONLY).messages
    assert role == "user"
    assert text.startswith("Write 5.\n\n")
    assert json.dumps(json.loads(text.removeprefix("Write 5.\n\n"))) == json.dumps(example)


def test_other_scripts_stand_in_the_prompt_as_they_are() -> None:
    (_, (_, text)) = content("Write.", {"q": "да 是的 🙂"}, SYSTEM_AND_USER).messages
    assert text == '{"q": "да 是的 🙂"}'


def test_content_carries_what_the_model_is_asked_with() -> None:
    recipe = make_recipe(vary={}, instruction="Write.", sampling={"top_p": 0.5})
    model = settle_model(recipe, "openai/gpt-3.5-turbo", "http://127.0.0.1:1/v1")
    made = Renderer(recipe, model).content({"q": "a"}, '{"q": "a"}')
    assert (made.model, made.api_base) == ("openai/gpt-3.5-turbo", "http://127.0.0.1:1/v1")
    assert made.sampling["top_p"] == 0.5
    assert made.response_format == {"type": "json_object"}


# --- values


@given(TEXT, TEXT, TEXT, st.sampled_from([SYSTEM_AND_USER, USER_ONLY]))
def test_values_go_into_the_instruction_unharmed_and_are_never_evaluated(a: str, b: str, c: str, model: str) -> None:
    template = "<{{ vars.a }}|{{ vary.b }}|{{ description }}|{{ vars.list[0].a }}>"
    made = renderer(template, model, vars={"a": a, "list": [{"a": a}]}, vary={"b": (b,)}, description=c)
    assert made.instruction(Turn(0)) == f"<{a}|{b}|{c}|{a}>"


@pytest.mark.parametrize("text", HOSTILE)
def test_jinja_in_an_example_is_text(text: str) -> None:
    made = content("Write.", {"q": text}, SYSTEM_AND_USER)
    assert made.messages == (("system", "Write."), ("user", example_text({"q": text})))


def test_what_a_template_sees() -> None:
    template = (
        "{{ batch_size }} {{ fields | join('+') }} {{ description }} {{ vars.tone }} {{ vary.topic }}"
        "{% for name, value in vary.items() %} {{ name }}={{ value }}{% endfor %}"
    )
    changes: dict[str, Any] = {
        "batch_size": 3,
        "description": "D.",
        "vars": {"tone": "dry"},
        "vary": {"topic": ("a", "b")},
    }
    made = renderer(template, **changes)
    assert made.instruction(Turn(0)) == "3 options+answer+question D. dry a topic=a"
    assert made.instruction(Turn(1)) == "3 options+answer+question D. dry b topic=b"
    assert made.instruction(Turn(0)) == "3 options+answer+question D. dry a topic=a"


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (LabelSpace("fixed", ("yes", "no")), 'fixed 0 2 yes,no yes,no ["yes", "no"]'),
        (LabelSpace("fixed", (1, True, 0.5)), "fixed 0 3 1,True,0.5 1,True,0.5 [1, true, 0.5]"),
        (LabelSpace("per_example", options=4), "per_example 4 0   []"),
        (LabelSpace("open"), "open 0 0   []"),
    ],
)
def test_labels_are_a_list_with_its_kind_values_and_options(space: LabelSpace, expected: str) -> None:
    template = (
        "{{ labels.kind }} {{ labels.options }} {{ labels | length }} {{ labels | join(',') }} "
        "{% for label in labels.values %}{{ label }}{{ ',' if not loop.last }}{% endfor %} {{ labels | list | tojson }}"
    )
    assert instruction(template, labels=space) == expected


def test_an_empty_label_space_is_false_and_labels_can_be_looked_up() -> None:
    template = (
        "{% if labels %}{{ labels[0] }} of {{ labels | length }}{{ ' yes' if 'no' in labels }}{% else %}free{% endif %}"
    )
    assert instruction(template) == "yes of 2 yes"
    assert instruction(template, labels=LabelSpace("open")) == "free"


# --- mistakes


@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        ("a\n\n{{ nope }}", 3, "'nope' is undefined"),
        ("a\n{{ vars.tone }}", 2, "tone"),
        ("{{ vary.topic }}", 1, "topic"),
        ("a\n{% for x in labels %}\n{{ x.colour }}{% endfor %}", 3, "colour"),
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\n\n{% for x in labels %}\nb", 4, "endfor"),
        ("a\n{{ batch_size", 2, "end of"),
        ("a\n{{ 1 | shout }}", 2, "shout"),
        ("a\n\n{{ 1 / 0 }}", 3, "ZeroDivisionError"),
        ("a\n{{ batch_size + 'x' }}", 2, "TypeError"),
        ("a\n{% for x in batch_size %}{% endfor %}", 2, "a number has no elements to go through"),
        ("a\n{{ labels.append('x') }}", 2, "a list has no method `append`"),
        ("{% set x %}\n{{ labels[0].y }}\n{% endset %}\n{{ x }}", 2, "y"),
    ],
)
def test_a_mistake_names_the_templates_line(template: str, line: int, said: str) -> None:
    message = refused(template)
    assert message.startswith(f"instruction:{line}:"), message
    assert said in message


def test_all_mistakes_of_a_template_that_does_not_compile_are_told_at_once() -> None:
    with pytest.raises(TemplateError) as caught:
        renderer("{{ 1 + }}\n{{ nope }} {{ 'a' | shout }}\n{{ vars.tone }}")
    assert [(problem.line, problem.column, problem.end_column) for problem in caught.value.problems] == [
        (1, 8, 10), (2, 4, 8), (2, 21, 26), (3, 9, 13),
    ]  # fmt: skip


def test_a_template_that_uses_up_its_bounds_is_rendered_ahead_for_some_values_only() -> None:
    template = "{% for i in range(90000) %}{{ '' if i + i }}{% endfor %}{{ vary.n }}"
    made = renderer(template, vary={"n": tuple(range(1000))})
    assert 10 < len(made._instructions) < 200
    assert made.instruction(Turn(999)) == "999"


def test_an_undefined_name_is_answered_with_those_there_are() -> None:
    message = refused("{{ label }}")
    for name in ("batch_size", "labels", "fields", "description", "vars", "vary"):
        assert name in message


def test_a_mistake_in_an_instruction_within_the_recipe_names_its_line_there() -> None:
    place = TextPlace(Source("recipe.yaml").place(4, 14), 5, 2)
    recipe = replace(loaded(make_recipe(instruction="a\n{{ nope }}")), instruction_place=place)
    with pytest.raises(TemplateError) as caught, recipe.placing_errors():
        Renderer(recipe, settle_model(recipe, SYSTEM_AND_USER, None)).check()
    (problem,) = caught.value.problems
    assert (problem.source, problem.line) == ("recipe.yaml", 6)
    assert "'nope' is undefined" in problem.message


@pytest.mark.parametrize("template", ["", " \n\t ", "{# nothing #}", "{% if false %}x{% endif %}", "{{ '' }}"])
def test_an_instruction_that_renders_to_nothing_is_refused(template: str) -> None:
    assert "renders to nothing" in refused(template)


def test_an_instruction_that_is_far_too_long_is_refused() -> None:
    assert f"{LIMITS.text:,}" in refused("{% for x in range(90000) %}abc{% endfor %}")
    assert len(instruction("{% for x in range(50000) %}abc{% endfor %}")) == 150_000


def test_a_combination_that_does_not_render_is_found_before_anything_is_paid() -> None:
    with pytest.raises(TemplateError, match="name"):
        renderer("a\n{{ vary.topic.name }}", vary={"topic": ({"name": "x"}, {"nom": "y"})})
    # Too many combinations to render them all: each value is seen once.
    many: Any = {"n": tuple(range(1, 60)), "m": (*range(1, 59), 0)}
    with pytest.raises(TemplateError, match="ZeroDivisionError"):
        renderer("{{ 12 // vary.m }} {{ vary.n }}", vary=many)


def test_white_space_of_blocks_and_ends_is_no_part_of_the_instruction() -> None:
    template = "\n\nWrite.\n  {% if true %}\nMore.\n  {% endif %}\nEnd.\n\n"
    assert instruction(template) == "Write.\nMore.\nEnd."


# --- a stranger's template


@pytest.mark.parametrize(
    "template",
    [
        "{{ vars.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ '' | attr('__class__') }}",
        "{{ ''['__class__'] }}",
        "{{ labels.__class__.__init__.__globals__ }}",
        "{{ labels.__dict__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ ('{0.__class__}' | format)(1) }}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ vars.update({'x': 1}) }}",
        "{{ vars.clear() }}",
        "{{ vars.things.append(1) }}",
        "{{ vars.pop('things') }}",
        "{% do vars.clear() %}",
        "{% set vars.x = 1 %}a",
        "{% set vars['x'] = 1 %}a",
        "{{ vary.clear() }}",
        "{{ fields.append('x') }}",
        "{% for x in range(10**9) %}x{% endfor %}",
        "{{ range(10**9) | list }}",
        "{% include 'x' %}",
        "{% include 'x' ignore missing %}",
        "{% import 'x' as x %}",
        "{% from 'x' import y %}",
        "{% extends '/etc/passwd' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ " + "(" * 400 + "1" + ")" * 400 + " }}",
        "{{ 1" + " + 1" * 4000 + " }}",
        "{{ ''" + " | upper" * 2000 + " }}",
        "{{ 1" + "0" * 5000 + " }}",
        "{{ open('/etc/passwd').read() }}",
        "{{ __import__('os') }}",
        "{{ debug() }}",
        "{% debug %}",
    ],
)
def test_a_hostile_template_is_a_template_error_and_nothing_else(template: str) -> None:
    with pytest.raises(TemplateError) as caught:
        renderer(template, vars={"things": [1]})
    assert caught.value.problems


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{% for x in [1] %}" * 31 + "x" + "{% endfor %}" * 31, id="31 loops"),
        pytest.param("{% if 1 %}" * 120 + "x" + "{% endif %}" * 120, id="120 conditions"),
    ],
)
def test_blocks_nested_too_deep_for_python_are_a_template_error(template: str) -> None:
    refused(template)


def test_what_could_not_be_sent_is_refused() -> None:
    """Half a surrogate pair can be written in a template, though in no file."""
    refused(r'{{ "\ud800" }} Write.')


@pytest.mark.parametrize(
    "template",
    [
        "{{ vars.items }}",
        "{{ vars.items ~ '' }}",
        "{{ vars.items | string }}",
        "{{ [vars.items] }}",
        "{{ {'a': vars.items} }}",
        "{{ '%s' | format(vars.items) }}",
        "{{ '{}'.format(vars.items) }}",
        "{{ [labels | map('upper')] }}",
        "{{ [namespace(a=1)] | join }}",
        "{{ range }}",
        "{{ cycler(1) }}",
        "{{ labels | random }}",
        "{% macro m() %}{% endmacro %}{{ [m] }}",
        "{% for x in labels %}{{ [loop] }}{% endfor %}",
    ],
)
def test_a_prompt_is_the_same_in_every_process(template: str) -> None:
    """Nothing random, and nothing whose text is an address in memory: it would be another request, paid again."""
    try:
        text = instruction(template, vars={"a": 1})
    except TemplateError:
        return
    assert " at 0x" not in text


def test_mutable_values_of_the_recipe_stay_as_they_are() -> None:
    recipe = make_recipe(vary={}, instruction="{{ vars.things | sort | join }}{{ vars.things | reverse | join }}",
                         vars={"things": ["b", "a", "c"]})  # fmt: skip
    made = Renderer(recipe, settle_model(recipe, SYSTEM_AND_USER, None))
    assert made.instruction(Turn(0)) == "abccab"
    assert recipe.vars == {"things": ["b", "a", "c"]}


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", "{#", "#}", "if", "for", "x", "in", "labels", "vars", "endif", "endfor", "set", "=",
             " ", "\n", "|", ".", "(", ")", "[", "]", "1", '"', "join", "macro", "endmacro", "raw", "endraw", "-", "~"]
        ),
        max_size=25,
    ).map("".join)
)  # fmt: skip
def test_any_template_renders_or_is_a_template_error(template: str) -> None:
    recipe: Recipe = make_recipe(vary={}, instruction=template)
    try:
        text = Renderer(recipe, settle_model(recipe, SYSTEM_AND_USER, None)).instruction(Turn(0))
    except TemplateError:
        return
    assert text.strip()


def test_draw_is_the_number_of_the_request() -> None:
    made = renderer("{{ batch_size }} number {{ draw }}")
    texts = [made.instruction(Turn(0, draw=number)) for number in (1, 2, 0)]
    assert texts == ["5 number 1", "5 number 2", "5 number 0"]
    plain = renderer("{{ batch_size }}")
    assert plain.instruction(Turn(0, draw=1)) == plain.instruction(Turn(0, draw=2)) == "5"


@pytest.mark.parametrize("text", ["{{ batch_size }}{{ 100 // draw }}", "{{ batch_size }}{{ fields[draw] }}"])
def test_a_mistake_with_some_number_shows_before_anything_is_paid(text: str) -> None:
    with pytest.raises(TemplateError):
        renderer(text)
