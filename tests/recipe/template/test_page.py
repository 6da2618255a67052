"""docs/templates.md says what the code does."""

from __future__ import annotations

import re

import pytest

from datarecipe.recipe.template import LIMITS, TemplateBoundError, TemplateRefused, check_template, compile_template
from datarecipe.recipe.template.evaluating.functions import FILTERS, FUNCTIONS
from datarecipe.recipe.template.evaluating.methods import METHODS
from tests.docs.pages import ROOT, code_in, document
from tests.recipe.template.attacks import VALUES

PAGE = document("templates")


def test_the_table_has_every_bound_and_its_number() -> None:
    rows = [row for row in PAGE.rows() if len(row) == 2 and row[1].replace(",", "").isdigit()]
    said = [int(row[1].replace(",", "")) for row in rows]
    known = [getattr(LIMITS, name) for name in LIMITS.__slots__]
    assert said == known


def test_the_shipped_templates_are_those_of_the_page() -> None:
    shipped = sorted(path.name for path in (ROOT / "templates").iterdir())
    (sentence,) = re.findall(r"^(\w+) templates are shipped in `templates/`: (.+?`)\. ", PAGE.prose, re.S | re.M)
    assert sorted(code_in(sentence[1])) == shipped
    assert sentence[0] == {5: "Five", 6: "Six", 7: "Seven"}[len(shipped)]


def test_the_mistakes_of_the_example_are_told_as_the_page_says() -> None:
    template, said = PAGE.blocks("jinja")[1], PAGE.blocks("text")[0]
    found = check_template(template, vars=("tone",), vary=("topic",), fixed_labels=False)
    lines = [f"{f.line}:{f.column}: {f.message}\n  {f.hint}\n" for f in found if f.severity == "error"]
    assert "".join(lines) == said


def test_a_bound_is_told_as_the_page_says() -> None:
    said = PAGE.blocks("text")[1]
    with pytest.raises(TemplateBoundError) as caught:
        compile_template("a\nb\n{% for i in range(400) %}{% for j in range(400) %}{% endfor %}{% endfor %}").render(
            VALUES
        )
    error = caught.value
    assert said == f"templates/mine.j2:{error.line}: instruction: {error.message}\n  {error.hint}\n"


def test_the_filters_and_functions_are_those_of_the_page() -> None:
    from jinja2.defaults import DEFAULT_NAMESPACE
    from jinja2.filters import FILTERS as JINJA_FILTERS

    assert set(JINJA_FILTERS) - set(FILTERS) == {
        "attr", "center", "e", "escape", "filesizeformat", "forceescape", "groupby", "pprint", "random", "safe", "slice",
        "striptags", "urlencode", "urlize", "wordwrap", "xmlattr",
    }  # fmt: skip
    assert set(DEFAULT_NAMESPACE) - set(FUNCTIONS) == {"cycler", "joiner", "lipsum", "namespace"}
    sentence = next(line for line in PAGE.prose.splitlines() if line.startswith("- **Functions**"))
    assert all(f"`{name}`" in sentence for name in FUNCTIONS)


def test_the_methods_are_those_of_the_page() -> None:
    (sentence,) = re.findall(r"^- \*\*Methods\*\*.*?(?=\n\n)", PAGE.prose, re.MULTILINE | re.DOTALL)
    methods = [name for kind in (str, dict, list) for name in sorted(METHODS[kind])]
    assert code_in(sentence) == methods


@pytest.mark.parametrize("name", ["get", "items", "keys", "values"])
def test_a_key_with_the_name_of_a_method_is_read_in_brackets(name: str) -> None:
    values = {**VALUES, "vary": {name: "x"}}
    assert compile_template(f'{{{{ vary["{name}"] }}}}').render(values) == "x"
    with pytest.raises(TemplateRefused, match="is a method"):
        compile_template(f"{{{{ vary.{name} }}}}").render(values)
