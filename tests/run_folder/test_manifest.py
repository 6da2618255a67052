"""The manifest as data: what is read is what was written, what is broken is named, and every version of ours is in it."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import UsageError
from datarecipe.generate.reasons import REASONS
from datarecipe.run_folder.counts.commit_counts import Tally
from datarecipe.run_folder.counts.label_counts import ByLabel, LabelCount
from datarecipe.run_folder.json_records import from_json, to_json
from datarecipe.run_folder.manifest import FormatVersions, Manifest, ModelCost, Used, load_manifest
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with, run, setup_for, write_recipe

PACKAGE = Path(__file__).parents[2] / "datarecipe"
PRICES = {"prices.input_per_million": 1, "prices.output_per_million": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder."""
    place = tmp_path_factory.mktemp("run")
    recipe = recipe_with(write_recipe(place), target_size=30, **PRICES)
    with OpenAIServer(Author()) as server:
        assert run(setup_for(recipe, server.base_url, place / "out", place / "cache")).exit_code == 0
    return place / "out"


@pytest.fixture(scope="module")
def written(folder: Path) -> dict[str, Any]:
    """Its manifest, as JSON."""
    document: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return document


def read(place: Path, document: Any) -> Manifest:
    text = document if isinstance(document, str) else json.dumps(document)
    (place / "manifest.json").write_text(text, encoding="utf-8")
    return load_manifest(place)


def changed(document: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The same with another value under a dotted key; without the key where the value is `...`."""
    first, _, rest = key.partition(".")
    if rest:
        return document | {first: changed(document[first], rest, value)}
    return {name: each for name, each in document.items() if name != first} | ({} if value is ... else {first: value})


def test_what_is_read_is_what_was_written(folder: Path, written: dict[str, Any]) -> None:
    manifest = load_manifest(folder)
    assert json.dumps(to_json(manifest)) == json.dumps(written), "to the order of the keys"
    assert from_json(Manifest, to_json(manifest)) == manifest
    assert manifest.counts.tally.accepted == manifest.files["data.jsonl"].lines == 30
    assert manifest.cost.all_runs.usd is not None
    assert manifest.cost.all_runs.usd > 0
    assert manifest.model.answered_by.total() == manifest.counts.tally.responses
    assert manifest.this_run.started <= manifest.this_run.finished


def keys(document: dict[str, Any], at: str = "") -> Iterator[str]:
    """The dotted keys that records have; mappings of a user's own words are not looked into."""
    for name, value in document.items():
        yield f"{at}{name}"
        if isinstance(value, dict) and name not in ("recipe", "identity_parts", "sampling", "versions", "files"):
            yield from keys(value, f"{at}{name}.")


def test_keys_of_a_newer_release_are_passed_over(tmp_path: Path, written: dict[str, Any]) -> None:
    more: Any = written | {"filters": [1]}
    for part in ("counts", "cost", "this_run", "model", "formats"):
        more |= {part: written[part] | {"newer": {"a": [1]}}}
    assert to_json(read(tmp_path, more)) == written


WRITTEN_ONLY = {"counts.yield"}
"""For people: it is made anew of what is counted."""
TEXTS = {"error", "identity", "machine", "name", "cost.prices.source"} | {
    f"model.{name}" for name in ("name", "named_by", "api_base", "profile", "response_format", "warning")
}
MAY_BE_EMPTY = {"cost.caps", "tokens"}
ANY_MAPPING = {"model.sampling", "recipe", "versions"}
MAY_BE_MISSING = {
    "manifest",
    "files",
    "formats",
    "verification",
    "judgement",
    "counts.repaired",
    "counts.sent_back",
    "balance",
    "embedders",
    "formats.comparison",
    "this_run.checks",
    "this_run.checks_from_cache",
    "this_run.without_embedding",
    "model.answered_by.openai/author",
} | {
    f"{part}.{name}"
    for part, names in {
        "cost.caps": ("usd", "tokens", "calls"),
        "counts": ("accepted", "rejected", "surplus", "normalised", "responses", "labels", "positions"),
        "counts.rejected": ("label", "malformed", "schema"),
        "this_run": ("abandoned", "answered", "asked_again", "failed_attempts", "from_cache", "sent"),
        "tokens": ("prompt", "completion", "responses_without_usage"),
    }.items()
    for name in names
}


@pytest.mark.parametrize(
    ("wrong", "fits"),
    [
        *((number, set[str]()) for number in (-1, 1.5, True)),
        ("\x1b[31m", TEXTS),
        ([[]], set[str]()),
        ({"a": None}, MAY_BE_EMPTY | ANY_MAPPING),
        (..., MAY_BE_MISSING),
    ],
)
def test_a_broken_value_is_named_with_its_file_and_key(
    tmp_path: Path, written: dict[str, Any], wrong: Any, fits: set[str]
) -> None:
    refused: dict[str, UsageError] = {}
    for key in keys(written):
        try:
            read(tmp_path, changed(written, key, wrong))
        except UsageError as error:
            refused[key] = error
    assert set(keys(written)) - set(refused) == fits | WRITTEN_ONLY
    for key, refusal in refused.items():
        assert refusal.message.startswith(f"{tmp_path / 'manifest.json'}: `")
        assert key.rpartition(".")[2] in refusal.message
        assert "--overwrite" in (refusal.hint or "")
        assert refusal.message.isprintable()


COUNTS = st.integers(0, 10**15)
RECORDS = st.one_of(
    st.builds(Tally, COUNTS, st.dictionaries(st.sampled_from(list(REASONS)), COUNTS).map(Counter), *[COUNTS] * 5),
    st.builds(Used, COUNTS, COUNTS, COUNTS, st.none() | st.decimals(0, 10**9, places=12)),
    st.builds(ByLabel, st.none() | st.lists(st.builds(LabelCount, st.text() | st.booleans(), COUNTS)).map(tuple)),
    st.builds(ModelCost, st.text(), st.builds(Used, COUNTS, COUNTS, COUNTS, st.none()), st.none()),
    st.builds(FormatVersions, *[COUNTS] * 5, st.dictionaries(st.text(), COUNTS), *[COUNTS] * 4),
)


@given(RECORDS)
def test_any_record_comes_back_from_its_json(record: Any) -> None:
    document = json.loads(json.dumps(to_json(record)))
    assert from_json(type(record), document) == record


@pytest.mark.parametrize("usd", ["-1", "1E+999999", "NaN", "Infinity", "much", 3])
def test_an_amount_that_cannot_be_is_refused(tmp_path: Path, written: dict[str, Any], usd: object) -> None:
    with pytest.raises(UsageError, match=r"`cost\.all_runs\.usd` is .* not an amount"):
        read(tmp_path, changed(written, "cost.all_runs.usd", usd))


def test_a_strangers_key_reaches_no_terminal(tmp_path: Path, written: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="answered_by") as caught:
        read(tmp_path, changed(written, "model.answered_by", {"\x1b[31m\n::error::" + "x" * 9_000: "many"}))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


def test_a_value_however_deep_is_named(tmp_path: Path, written: dict[str, Any]) -> None:
    text = json.dumps(written | {"name": "DEEP"})
    for depth in range(10, 1000):
        with pytest.raises(
            UsageError, match=r"manifest\.json: `name` is a list of 1, not a text|cannot be read as JSON"
        ):
            read(tmp_path, text.replace('"DEEP"', "[" * depth + "]" * depth))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"a": ' + "9" * 5_000 + "}"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"manifest\.json") as caught:
        read(tmp_path, text)
    assert "--overwrite" in (caught.value.hint or "")


def test_a_folder_without_one_is_no_runs_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no manifest\.json"):
        load_manifest(tmp_path)


def test_a_later_layout_asks_for_a_newer_release(tmp_path: Path, written: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="has format 2") as caught:
        read(tmp_path, written | {"manifest": 2, "counts": "of another kind"})
    assert caught.value.hint == "Install a newer release."


def test_a_run_of_an_earlier_release_is_read_and_goes_on(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path), target_size=30)
    with OpenAIServer(Author()) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")
        assert run(setup).exit_code == 0
        path = tmp_path / "out" / "manifest.json"
        old = changed(json.loads(path.read_text(encoding="utf-8")), "formats", ...)
        assert read(tmp_path / "out", old).formats is None
        before, asked = (tmp_path / "out" / "data.jsonl").read_bytes(), server.requests
        assert run(setup).exit_code == 0
        assert server.requests == asked
    assert (tmp_path / "out" / "data.jsonl").read_bytes() == before
    assert load_manifest(tmp_path / "out").formats is not None


# --- versions

RECORDED = {
    "characters.UNICODE_VERSION": "formats.unicode",
    "exchange.KEY_VERSION": "formats.key",
    "generate.likeness.COMPARISON_VERSION": "formats.comparison",
    "generate.prompt.embedded_prompt.EMBEDDED_VERSION": "formats.embedded",
    "generate.prompt.model_profile.TABLE_VERSION": "formats.profiles",
    "llm.cache.cache_record.RECORD_VERSION": "formats.response",
    "recipe.format.FORMAT": "formats.recipe",
    "recipe.identity.IDENTITY_VERSION": "formats.identity",
    "run_folder.layout.LAYOUT_VERSION": "manifest",
    "run_folder.write.spending.SPENDING_VERSION": "formats.spending",
    "running.resolve.resolved_run.LOOP_VERSION": "formats.loop",
}
ELSEWHERE = {"cli.reports.plan_report.FORMAT", "review.verdicts.verdict.VERSION"}
"""Versions of documents that are no part of a run."""


def versions_in_the_code() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and re.search(r"^([A-Z]+_)?(VERSION|FORMAT)$", target.id):
                    yield f"{module}.{target.id}"


def test_every_version_in_the_code_is_in_the_manifest(written: dict[str, Any]) -> None:
    assert set(versions_in_the_code()) == {*RECORDED, *ELSEWHERE}
    for constant, key in RECORDED.items():
        module, _, name = constant.rpartition(".")
        value: Any = written
        for part in key.split("."):
            value = value[part]
        assert value == getattr(import_module(f"datarecipe.{module}"), name), constant
