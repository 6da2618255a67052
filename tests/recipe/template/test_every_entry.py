"""Whatever a template gives to whichever entry of its tables: a text or our error, in little memory and little time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from datarecipe.recipe.template import TemplateBoundError, TemplateRefused, check_template, compile_template
from tests.recipe.template.attacks import VALUES
from tests.recipe.template.every_entry import ALIKE, TABLES

ROOT = Path(__file__).parents[3]

ENTRIES = [(table, entry) for table, (entries, _) in TABLES.items() for entry in entries]


@dataclass
class Ends:
    """How the cases of a table ended."""

    status: int = 0
    errors: str = ""
    begun: str = ""
    """The last case that began."""
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)


def _ran(table: str, *options: str) -> Ends:
    """The cases of a table, in a process that has little memory and, for each, little time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.recipe.template.every_entry", table, *options],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    ends = Ends(status=done.returncode, errors=done.stderr[-2000:])
    for line in map(json.loads, done.stdout.splitlines()):
        if "begins" in line:
            ends.begun = line["begins"]
        elif "wrong" in line:
            ends.wrong.setdefault(line["entry"], []).append(f"{line['template']}: {line['wrong']}")
        else:
            ends.counts[line["entry"]] = line
    return ends


@pytest.fixture(scope="module")
def ends() -> dict[str, Ends]:
    """The tables that were run already."""
    return {}


@pytest.mark.parametrize(("table", "entry"), ENTRIES)
def test_an_entry_ends_in_a_text_or_our_error(ends: dict[str, Ends], table: str, entry: str) -> None:
    if table not in ends:
        ends[table] = _ran(table)
    made = ends[table]
    assert entry in made.counts, f"ended with {made.status} in {made.begun}: {made.errors}"
    assert not made.wrong.get(entry)
    # At least one call is what the entry is for, so that it is not only its refusals that are tried.
    assert made.counts[entry]["loops"] >= 1, "no case ends in a text: give one in `MEANT` of every_entry.py"
    assert made.counts[entry]["once"] >= 6


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("table", TABLES)
def test_a_table_ends_in_texts_or_our_errors_whatever_it_is_given(table: str) -> None:
    made = _ran(table, "--full")
    assert made.status == 0, f"ended with {made.status} in {made.begun}: {made.errors}"
    assert not made.wrong
    assert set(made.counts) == set(TABLES[table][0])


def refused(template: str) -> TemplateRefused:
    with pytest.raises(TemplateRefused) as caught:
        compile_template(template).render(VALUES)
    return caught.value


NAN = "{% set infinite = 1e308 * 10 %}{% set nan = infinite - infinite %}"


def test_the_counters_cannot_be_made_no_number() -> None:
    """A counter that is NaN is below every limit for ever."""
    for use in (
        "[1] | batch(nan, 0)",
        "'a' | indent(nan)",
        "'a' * nan",
        "1 | round(nan)",
        "range(nan)",
        "'%*d' % (nan, 1)",
    ):
        assert not isinstance(refused(NAN + "{{ " + use + " }}"), TemplateBoundError)


@pytest.mark.parametrize(
    "template",
    [
        f"{{{{ range(0, {ALIKE} * 200, {ALIKE}) | unique | length }}}}",
        f"{{{{ range(0, {ALIKE} * 200, {ALIKE}) | batch(1) | unique(attribute=0) | length }}}}",
        f"{{{{ dict(range(0, {ALIKE} * 60000, {ALIKE}) | batch(2)) | length }}}}",
        "{% set d = {" + ", ".join(f"{number * ALIKE}: 1" for number in range(4000)) + "} %}",
        "{% set d = {" + ", ".join(f"{-number * ALIKE}: 1" for number in range(1000)) + "} %}",
    ],
)
def test_keys_of_one_hash_are_refused(template: str) -> None:
    """Looking one of them up is comparing it with each other, and making a mapping of them takes the square of that."""
    error = refused(template)
    assert isinstance(error, TemplateBoundError)
    assert "a number of more than 18 digits" in error.message
    assert error.hint == "look up by texts or by smaller numbers"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ [1, 1.0, true, 2, 'a', none, 'A'] | unique | list }}", "[1, 2, 'a', None]"),
        ("{{ range(-2000, 2000) | unique | length }}", "4000"),
        ("{{ dict(range(20000) | batch(2)) | length }}", "10000"),
        ("{{ range(3) | batch(2) | list }}", "[[0, 1], [2]]"),
        ("{{ range(3) | batch(2, 'x') | list }}", "[[0, 1], [2, 'x']]"),
    ],
)
def test_honest_keys_and_batches_are_as_ever(template: str, text: str) -> None:
    assert compile_template(template).render(VALUES) == text


def test_half_a_character_is_told_in_its_place() -> None:
    template = "a\n{{ batch_size ~ '\\ud83d' }}{{ labels | join('\\udc00') }}"
    findings = [f for f in check_template(template, vars=(), vary=(), fixed_labels=True) if f.severity == "error"]
    assert [(finding.line, finding.column) for finding in findings] == [(2, 17), (2, 45)]
    assert {finding.message for finding in findings} == {"half of a surrogate pair is not a character"}
    assert all(finding.hint and "write the character itself" in finding.hint for finding in findings)


@pytest.mark.parametrize(
    "template",
    ["{{ '\\ud800' }}", "{{ '%c' % 0xd800 }}", "{{ '%c' | format(0xdfff) }}"],
)
def test_half_a_character_is_never_rendered(template: str) -> None:
    assert refused(template)


def test_a_whole_character_by_its_number_is() -> None:
    assert compile_template("{{ '\\U0001f600' }}").render(VALUES) == "\U0001f600"


def test_a_number_in_another_base_has_no_more_digits_either() -> None:
    assert "1,000 digits" in refused("{{ ('z' * 1000) | int(0, 36) }}").message


def test_a_cut_that_is_too_short_is_the_template_s_mistake() -> None:
    error = refused("a\n{{ description | truncate(1) }}")
    assert error.message == "ValueError: a text is not cut to 1 characters with 3 more for its end"
    assert error.line == 2
