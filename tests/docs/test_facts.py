"""What the documentation states in tables is what the code has: codes, fields, reasons, variables, profiles, packages."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest

import datarecipe
from datarecipe import errors
from datarecipe.amount import NO_MAXIMUM, NOTHING, Caps
from datarecipe.characters import loose
from datarecipe.cli.commands.evidence.test_command import FAILED_EXIT
from datarecipe.cli.main import COMMANDS
from datarecipe.cli.reports.validate_report import Report, as_json
from datarecipe.generate.admission.nearness.set_similarity_index import SetSimilarityIndex
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.generate.prompt.model_profile import (
    _OWN_TEMPLATE,
    _TABLE,
    _THINKING_FAMILIES,
    _WITHOUT_SYSTEM,
    profile_of,
)
from datarecipe.generate.reasons import REASONS
from datarecipe.llm.limits import adaptive_concurrency, circuit_breaker
from datarecipe.llm.routing import retry_limits
from datarecipe.llm.transports import direct_session, openai_protocol
from datarecipe.recipe import STRATEGIES, Limits, Override, find_recipe, load_recipe
from datarecipe.recipe.held_out.held_out_index import HeldOutIndex
from datarecipe.run_folder.counts.commit_counts import CommitCounts, Tally
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.run_folder.json_records import as_row, to_json
from datarecipe.run_folder.manifest import manifest_in
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.run_folder.write.writer import RunFolder
from datarecipe.running.drive import execute_many, interrupt
from datarecipe.running.drive.dispatch import Ending
from datarecipe.running.drive.manifest_of_run import manifest_of
from datarecipe.running.resolve import costs
from datarecipe.running.resolve.check_without_model import check
from datarecipe.running.resolve.config_form import PROJECT_KEYS, USER_KEYS
from datarecipe.running.resolve.options import Options, Transport
from datarecipe.running.resolve.resolved_run import resolve_run
from datarecipe.running.run_result import INTERRUPTED_EXIT, RunResult
from datarecipe.running.show import display, event_stream, run_log
from datarecipe.running.show.progress import Progress
from tests.docs.pages import ROOT, code_in, document, pages


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins with `first`."""
    rows, found = [], False
    for cells in document(page).rows():
        if cells[0] == first:
            found = True
        elif found and not set(cells[0]) <= set("- "):
            if not code_in(cells[0]) and not cells[0].isdigit():
                break
            rows.append(cells)
    assert rows
    return rows


def test_exit_codes_of_errors() -> None:
    documented = {code_in(cells[0])[0]: int(cells[1]) for cells in table("exit-codes", "class")}
    tree = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.DatarecipeError)
    }
    assert documented == tree


def test_all_exit_codes_are_explained() -> None:
    codes = {int(cells[0]) for cells in table("exit-codes", "code") if cells[0].isdigit()}
    tree = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert codes == tree | {0, INTERRUPTED_EXIT, FAILED_EXIT}


def test_fields_of_lineage_and_rejected_items() -> None:
    lineage = as_row(Lineage("a", "b", 1, "root:0", 0, 0))
    documented = [code_in(cells[0])[0] for cells in table("files", "field")][: len(lineage)]
    assert documented == list(lineage)
    rejected = as_row(RejectedItem("schema", "", "", "b", 1, "root:0", 0, 0))
    (sentence,) = re.findall(r"Fields: (.*?)\.\n", document("files").text, re.DOTALL)
    assert code_in(sentence) == list(rejected)


def test_fields_of_the_manifest(tmp_path: Path) -> None:
    setup = resolve_run(load_recipe(find_recipe("boolq")), Options(output=tmp_path, cache_dir=tmp_path, environ={}))
    now = datetime.now(UTC)
    of_run = manifest_of(setup, Ending("target"), counts(), now, now)
    with RunFolder(tmp_path, setup.identity, overwrite=False) as folder:
        folder.replace(to_json(of_run), "")
    written = manifest_in(RunFiles(tmp_path))
    assert written is not None
    (section,) = re.findall(r"### manifest.json\n(.*?)\n##", document("files").text, re.DOTALL)
    documented = {name for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE) for name in code_in(row)}
    assert documented == set(dotted(written))


def dotted(document: Mapping[str, Any]) -> Iterator[str]:
    """Keys of a manifest, as `counts.accepted`; mappings of the user's own words are not looked into."""
    for key, value in document.items():
        if key in ("counts", "tokens", "cost", "this_run", "model"):
            yield from (f"{key}.{inner}" for inner in value)
        else:
            yield key


def test_reasons_of_rejected_items() -> None:
    documented = {code_in(cells[0])[0] for cells in table("files", "`reason`")}
    assert documented == set(REASONS)


def test_environment_variables() -> None:
    documented = {name for page in pages() for name in re.findall(r"DATARECIPE_[A-Z]+", page.text)}
    code = (path.read_text(encoding="utf-8") for path in (ROOT / "datarecipe").rglob("*.py"))
    assert documented == {name for text in code for name in re.findall(r"DATARECIPE_[A-Z]+", text)}


def test_configuration_keys() -> None:
    rows = {cells[0].partition("`")[2].partition("`")[0]: tuple(code_in(cells[1])) for cells in table("files", "file")}
    assert rows == {"config.yaml": USER_KEYS, ".datarecipe/config.yaml": PROJECT_KEYS}


def test_profiles() -> None:
    patterns: set[str] = set()
    for cells in table("architecture", "models"):
        for pattern in code_in(cells[0]):
            patterns.add(pattern)
            profile = profile_of(pattern.replace("*", "x"))
            assert profile.response_format == code_in(cells[1])[0], pattern
            assert ("user" if profile.layout == "user_only" else "system") in cells[2] or "own" in cells[2]
    tabled = {f"{beginning}*" for beginnings, _ in _TABLE for beginning in beginnings if "/" in beginning}
    assert patterns == tabled


def test_families_of_profiles() -> None:
    thinking, without_system = (tuple(code_in(cells[0])) for cells in table("architecture", "family"))
    assert thinking == tuple(f"*{part}*" for part in _THINKING_FAMILIES)
    assert without_system == tuple(f"*{part}*" for part in _WITHOUT_SYSTEM)
    assert all(profile_of(f"openai/{family.replace('*', 'x')}").thinking_tokens == 8192 for family in thinking)
    for prefix in _OWN_TEMPLATE:
        assert {profile_of(f"{prefix}{name.replace('*', 'x')}").layout for name in without_system} == {"user_only"}


_BY_NAME = ("rejected", "failed_attempts")
"""Fields of events that are mappings whose keys are no fields."""


def test_fields_of_events(tmp_path: Path) -> None:
    stream = io.StringIO()
    events = event_stream.EventStream(stream)
    setup = resolve_run(load_recipe(find_recipe("boolq")), Options(output=tmp_path, cache_dir=tmp_path, environ={}))
    events.begin(setup)
    events.notice("a line")
    events.progress(progress())
    events.end(result(tmp_path))
    written: dict[str, set[str]] = {}
    for line in stream.getvalue().splitlines():
        row = json.loads(line)
        for name, value in row.items():
            # The other mappings have fields.
            inner = [f"{name}.{key}" for key in value] if isinstance(value, dict) and name not in _BY_NAME else [name]
            for field in inner:
                written.setdefault(field, set()).add(row["event"])
    documented = {name: set(code_in(cells[1])) for cells in table("running", "field") for name in code_in(cells[0])}
    assert documented == written


def counts() -> Counts:
    """Of a run of which all that may be there is there."""
    tally = Tally(accepted=4, responses=1, rejected=Counter({"duplicate": 1}))
    return Counts(
        target_size=10,
        batch_size=5,
        committed=CommitCounts(tally),
        traffic=Traffic(sent=2, failed_attempts=Counter({"x": 1})),
        spent=Spent(NOTHING, NOTHING),
    )


def progress() -> Progress:
    """A run at some moment."""
    return Progress(
        name="boolq",
        output=Path("runs/boolq"),
        counts=counts(),
        in_flight=1,
        limit=16,
        down=False,
        waits=None,
        caps=Caps(),
        together=NOTHING,
        budget=Caps(),
        priced=True,
        seconds=1.0,
        sending=1.0,
        accepted_before_sending=0,
    )


def result(folder: Path) -> RunResult:
    """How some run ended."""
    return RunResult(
        name="boolq",
        output=folder,
        counts=counts(),
        end="target",
        error=None,
        why=None,
        first=(),
        kept_lines=0,
        shortened_from=0,
        caps=Caps(),
        priced=True,
        free=False,
        written=True,
        seconds=1.0,
    )


def test_transports_and_whom_direct_reaches() -> None:
    assert {code_in(cells[0])[0] for cells in table("running", "value")} == set(get_args(Transport))
    (sentence,) = re.findall(r"Providers that `direct` reaches: (.*?)\.\n", document("running").text, re.DOTALL)
    assert tuple(code_in(sentence)) == openai_protocol.names()


def test_numbers_of_the_page_about_limits() -> None:
    numbers = {
        "requests in flight at the start": Limits().concurrency,
        "limit after a rate limit": adaptive_concurrency.CUT,
        "recovery for each round of answers": adaptive_concurrency.RECOVERY,
        "growth beyond the start for each round of answers, after a first cut": adaptive_concurrency.GROWTH,
        "failures in a row that open the circuit": circuit_breaker.FAILURES,
        "first pause while nothing is answered": circuit_breaker.FIRST_OUTAGE_PAUSE,
        "longest pause while nothing is answered": circuit_breaker.LONGEST_OUTAGE_PAUSE,
        "attempts at one request": retry_limits.TRIES,
        "longest pause between two attempts": retry_limits.LONGEST_BACKOFF,
        "time in which another attempt may begin, beside `timeout`": retry_limits.TOTAL,
        "the same where a fallback can answer": retry_limits.TOTAL_BEFORE_A_FALLBACK,
        "seconds for one attempt, `limits.timeout`": Limits().timeout,
        "seconds for a connection to come about": direct_session.CONNECT_SECONDS,
    }
    rows = {cells[0]: cells[1] for cells in document("limits").rows() if re.match(r"\d", cells[1])}
    assert {name: float(re.split(" ", said)[0]) for name, said in rows.items()} == numbers


def test_numbers_in_sentences_about_running_and_money() -> None:
    running, money = (" ".join(document(page).prose.split()) for page in ("running", "money"))
    assert f"At most {execute_many.AT_ONCE} recipes are under way together" in running
    assert f"gets up to {interrupt.GRACE:.0f} seconds to arrive" in running
    assert display.LINE_EVERY == 10, "a line every ten seconds instead"
    assert event_stream.PROGRESS_EVERY == 1, "at most once a second"
    assert (run_log.LARGEST, run_log.KEPT) == (1_000_000, 3)
    assert f"a dataset may cost {costs.DEFAULT_USD} dollars" in money
    assert f"{NO_MAXIMUM:,} tokens are reserved" in money
    assert f"{Limits().barren}" in document("limits").prose


def test_every_dependency_has_a_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    required += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    names = {re.split(r"[\[<>=!]", line)[0] for line in required} - {"datarecipe-llm"}
    text = document("dependencies").text
    listed = {cells[0] for cells in document("dependencies").rows() if len(cells) > 3}
    assert {name for name in names if name not in listed} == {"hatchling"}
    assert "hatchling" in text
    assert listed - names - {"distribution"} == {cell for cell in listed if set(cell) <= set("-")}


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    headings = [heading.replace("\\", "") for heading in re.findall(r"^## (.+)$", document("api").text, re.MULTILINE)]
    assert sorted(headings) == sorted(datarecipe.__all__)


def test_fields_of_the_api() -> None:
    fields = {code_in(cells[0])[0] for cells in table("api", "field")}
    assert fields == set(datarecipe.Options.__dataclass_fields__)
    named = {name for cells in document("api").rows() for name in code_in(cells[0])}
    assert {name for name in vars(datarecipe.Dataset) if not name.startswith("_")} - {"index", "count"} <= named
    for kind, heading in ((datarecipe.Lineage, "Lineage"), (datarecipe.RejectedItem, "RejectedItem")):
        assert set(code_in(section("api", heading))) >= set(kind.__dataclass_fields__)
    recipe = load_recipe(find_recipe("boolq"))
    stable = [
        name for row in re.findall(r"^\| (.+?) \|", section("api", "Recipe"), re.MULTILINE) for name in code_in(row)
    ]
    assert len(stable) > 10
    assert all(hasattr(recipe, name) for name in stable)


def section(page: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", document(page).text, re.MULTILINE | re.DOTALL)
    return str(text)


def test_kinds_of_problems() -> None:
    documented = {code_in(cells[0])[0]: code_in(cells[1]) for cells in table("validate", "kind")}
    kinds = {
        kind.kind: [name]
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.RecipeError)
    }
    assert documented == {**kinds, "usage": ["UsageError"], "error": []}


def test_no_error_has_a_kind_in_the_report_that_is_not_in_the_table() -> None:
    documented = {code_in(cells[0])[0] for cells in table("validate", "kind")}
    problem = errors.Problem("wrong", "a.yaml")
    raised = [
        kind(problem) if issubclass(kind, errors.RecipeError) else kind("wrong")
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DatarecipeError)
    ]
    printed = set()
    for error in raised:
        (report,) = json.loads("".join(as_json([Report("a.yaml", error=error)])))["recipes"]
        printed |= {told["kind"] for told in report["problems"]}
    assert printed == documented


def test_fields_of_the_validation_report() -> None:
    broken = Report("a.yaml", error=errors.RecipeError(errors.Problem("wrong", "a.yaml")))
    (text,) = as_json([broken])
    report = json.loads(text)
    (entry,) = report["recipes"]
    (problem,) = entry["problems"]
    documented = {name for cells in table("validate", "field") for name in code_in(cells[0])}
    assert documented == {*report, *entry, *problem}


def test_what_a_template_sees() -> None:
    for name in (code for cells in table("templates", "name") for code in code_in(cells[0])):
        override = Override("instruction", f"text {{{{ {name} }}}}", "test")
        check(load_recipe(find_recipe("boolq"), [override]))
    with pytest.raises(
        errors.TemplateError, match="batch_size, labels, fields, description, vars, vary, draw and balance"
    ):
        check(load_recipe(find_recipe("boolq"), [Override("instruction", "text {{ lables }}", "test")]))


def test_the_shares_and_similarities_of_the_page_about_filters() -> None:
    rows = [cells for cells in document("filters").rows() if len(cells) == 2]
    shares = [(text, int(said.split()[0])) for text, said in rows if re.fullmatch(r"\d+ %", said)]
    held_out = HeldOutIndex(["is the great wall of china visible from space"], Fraction(1, 100))
    for text, percent in shares:
        found = held_out.find(text)
        assert found is not None
        assert int(100 * found.share) == percent, text
    similarities = [(text, said) for text, said in rows if re.fullmatch(r"[01]\.\d\d", said)]
    near = SetSimilarityIndex(Fraction(1, 100))
    near.add(loose("Is a whale larger than a horse?"))
    for text, said in similarities:
        match = near.nearest(loose(text))
        assert match is not None
        assert int(100 * match.similarity) == round(100 * float(said)), text
    assert (len(shares), len(similarities)) == (5, 5)


def test_every_strategy_has_a_section_and_a_picture() -> None:
    page = document("strategies")
    assert set(STRATEGIES) <= page.anchors
    assert {f"images/{name}.svg" for name in STRATEGIES} == {link for link in page.links if link.endswith(".svg")}


def test_every_command_and_every_shipped_recipe_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in (*COMMANDS, *(path.stem for path in (ROOT / "recipes").glob("*.yaml"))):
        assert f"`{name}`" in text, name


def test_the_example_of_a_template_works() -> None:
    (example, *_) = document("templates").blocks("jinja")
    for recipe in ("boolq", "commonsenseqa"):
        check(load_recipe(find_recipe(recipe), [Override("instruction", example, "test")]))


def test_modules_that_are_named_are_there() -> None:
    """In documentation, comments and docstrings: `folder/name.py`, or `name.py` alone."""
    modules = [path.relative_to(ROOT).as_posix() for path in (ROOT / "datarecipe").rglob("*.py")]
    others = {path.name for folder in ("docs", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    texts = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "datarecipe").rglob("*.py"), ROOT / "CONTRIBUTING.md"]
    named = {
        (text.relative_to(ROOT).as_posix(), name)
        for text in texts
        for name in re.findall(r"(?<![\w/.*-])[a-z_]+(?:/[a-z_]+)*\.py\b", text.read_text(encoding="utf-8"))
    }
    missing = {
        (text, name)
        for text, name in named
        if not any(f"/{module}".endswith(f"/{name}") for module in modules) and name.split("/")[-1] not in others
    }
    assert not missing
