"""The dataset card: what comes from a recipe or a model is text in it, and nothing is claimed that nobody said."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from datarecipe.amount import NOTHING
from datarecipe.exchange import Example
from datarecipe.generate.events import Accepted, Lineage, RejectedItem
from datarecipe.recipe import LabelSpace, Task, find_recipe, load_recipe, shipped_recipes
from datarecipe.recipe.recipe import About
from datarecipe.run_folder.card.card import LABELS_SHOWN, card
from datarecipe.run_folder.card.hub_metadata import LICENSES, front_matter, size_category
from datarecipe.run_folder.counts.commit_counts import CommitCounts
from datarecipe.run_folder.counts.label_counts import LabelCounts
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.running.drive.dispatch import Ending
from datarecipe.running.drive.manifest_of_run import manifest_of
from datarecipe.running.resolve.options import EMBEDDED_WARNING, Options
from datarecipe.running.resolve.resolved_run import resolve_run
from tests.generate.recipes import loaded, make_recipe

FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
"""Where hubs end the front matter: at the first line that is `---`."""

GOOD: list[Example] = [{"question": "Is snow cold?", "answer": "yes"}]


def make_card(
    examples: list[Example] | None = None, *, rejected: int = 0, model: str = "openai/author", **changes: Any
) -> str:
    recipe = make_recipe(**changes)
    place = Path("/nowhere")
    setup = resolve_run(loaded(recipe), Options(model=model, environ={}, output=place, cache_dir=place))
    shown = GOOD if examples is None else examples
    committed = CommitCounts(labels=LabelCounts.of(recipe))
    committed.add(Accepted(example, Lineage("id", "parent", 1, "root:0", 0, 0)) for example in shown)
    committed.add(RejectedItem("duplicate", "", "", "", 1, "root:0", 0, 0) for _ in range(rejected))
    now = datetime(2026, 1, 2, tzinfo=UTC)
    counts = Counts(
        target_size=recipe.target_size,
        batch_size=5,
        committed=committed,
        traffic=Traffic(),
        spent=Spent(NOTHING, NOTHING),
    )
    manifest = manifest_of(setup, Ending("target"), counts, now, now)
    return card(recipe, manifest, committed, shown, by_fallbacks=False)


def front_of(text: str) -> Any:
    found = FRONT.match(text)
    assert found is not None
    return yaml.safe_load(found.group(1))


def tokens_of(text: str) -> list[Token]:
    """What a Markdown reader makes of the card behind its front matter."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(FRONT.sub("", text))


def shape(text: str) -> list[tuple[str, str]]:
    """Blocks and what stands in them, without the words."""
    kinds: list[tuple[str, str]] = []
    for token in tokens_of(text):
        kinds.append((token.type, token.tag))
        kinds += [(inner.type, inner.tag) for inner in token.children or ()]
    return kinds


def shape_with_addresses(text: str) -> list[tuple[str, str]]:
    """The same where an address, which stands as code, counts as a part of the text around it."""
    for token in (tokens := tokens_of(text)):
        for inner in token.children or ():
            if inner.type == "code_inline" and ADDRESS.search(inner.content):
                inner.type, inner.tag = "text", ""
    kinds = [[(t.type, t.tag), *((inner.type, inner.tag) for inner in t.children or ())] for t in tokens]
    return [kind for block in kinds for kind, _ in groupby(block)]


ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
"""Without which no hub makes a link of bare text (GitHub's specification of Markdown, "Autolinks")."""


def rendered(text: str, block: int) -> str:
    """The words of the heading (0), the description (1) ... as a reader sees them."""
    inline = [token for token in tokens_of(text) if token.type == "inline"][block]
    return "".join(inner.content for inner in inline.children or ())


HOSTILE = [
    "x <script>alert(1)</script>",
    "x <!-- gone -->",
    "x [click](javascript:alert(1)) ![i](http://host/x.png)",
    "x `code` ``more`` ```",
    "x **bold** _it_ \\*",
    "x | a | b |\n|---|---|",
    "x\n\n# Heading\n\n---\nlicense: mit\n---\n",
    "x\r\n===\r\ny\u2028# z\u2029\x0b\x0c# w",
    "x <https://host/> \\<b>",
    "x\n    indented\n\ty",
    "x {{ 7*7 }} {% raw %}",
    "# x",
    "> x",
    "`",
    "*",
    "x  \ny\\\nz",
]
MARKS = st.lists(
    st.sampled_from([*"`*_{}[]()<>#|!\\\n\r\t ab:/", "---", "```", "\u2028", "<b>", "](", "-->"]), max_size=20
).map("".join)
WORDS = MARKS.map(lambda text: f"x{text}")
"""Hostile text that begins with a letter; `test_what_begins_a_block` has the others."""


@given(WORDS | st.sampled_from(HOSTILE), WORDS | st.sampled_from(HOSTILE))
def test_name_and_description_are_text_whatever_they_hold(name: str, description: str) -> None:
    text = make_card(name=name, description=description)
    assert shape_with_addresses(text) == shape_with_addresses(make_card(name="facts", description="Plain words."))
    assert rendered(text, 0) == " ".join(name.split())
    assert rendered(text, 1) == " ".join(description.split())


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/a?b=c", "HTTP://evil.example", "www.evil.example", "(WWW.evil.example)", "me@evil.example",
     "mailto:me@evil.example", "ftp://x", "x`://``y`", "`https://evil.example`", "@team"],
)  # fmt: skip
def test_an_address_is_no_link(address: str) -> None:
    text = make_card(name=address, description=f"See {address} and {address}", about=About(tags=(address,)))
    bare = [i.content for token in tokens_of(text) for i in token.children or () if i.type != "code_inline"]
    assert not any(map(ADDRESS.search, bare))
    assert rendered(text, 0) == address
    assert rendered(text, 1) == f"See {address} and {address}"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\x1b[2J", "\U000e0041"])
def test_what_hides_or_turns_text_is_escaped(hidden: str) -> None:
    text = make_card(
        [{"question": f"a{hidden}b", "answer": "yes"}],
        name=f"n{hidden}m",
        description=f"d{hidden}e",
        about=About(license=f"l{hidden}", tags=(f"t{hidden}",)),
    )
    assert not set(hidden) & set(text) - set("[2J")
    assert front_of(text)["tags"][-1] == f"t{hidden}"


@pytest.mark.parametrize(
    "description",
    ["- one", "+ one", "1. one", "2) one", "---", "- - -", "~~~", "~~struck~~ out", "a &lt;b&gt; &copy; c", "==="],
)
def test_what_begins_a_block_or_names_a_character_is_text_too(description: str) -> None:
    text = make_card(description=description)
    assert shape(text) == shape(make_card(description="Plain words."))
    assert rendered(text, 1) == description


@given(
    st.lists(st.dictionaries(MARKS, MARKS | st.sampled_from(HOSTILE), min_size=1, max_size=3), min_size=1, max_size=3)
)
def test_examples_stand_in_one_block_of_code_whatever_they_hold(examples: list[Example]) -> None:
    text = make_card(examples)
    assert shape(text) == shape(make_card())
    (block,) = [token for token in tokens_of(text) if token.type == "fence"]
    assert [json.loads(line) for line in block.content.rstrip("\n").split("\n")] == examples


@pytest.mark.parametrize("model", ["openai/a~~b~~c", "openai/my_model_v_2", "ollama/a:b@c+d"])
def test_the_models_name_is_code(model: str) -> None:
    assert shape(make_card(model=model)) == shape(make_card(model="openai/author"))


# --- front matter

ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | st.sampled_from(
    ["a\n---\nb", "---", "---\nlicense: mit\n---\n", "x: y", "- z", "yes", "null", "1", "&a *a", "!!python/object:os.system",
     "{a: b}", "'\"", "# c", "%YAML", "...", "\n...\n", " ", "a\ttab", "\ufeff"]
)  # fmt: skip
YAML_11_BREAKS = "\x85\u2028\u2029"


ONE_YAML = ANY_TEXT.filter(lambda text: not set(YAML_11_BREAKS) & set(text))
"""Without what YAML 1.1 takes for line breaks, which `test_other_line_breaks_come_through_too` has."""


@given(ONE_YAML, st.lists(ONE_YAML, max_size=3))
def test_front_matter_holds_what_the_recipe_says_and_no_more(license_: str, tags: list[str]) -> None:
    front = front_of(make_card(about=About(license=license_, tags=tuple(tags))))
    assert set(front) - {"license_name", "license_link"} == {
        "license", "task_categories", "size_categories", "tags", "configs"
    }  # fmt: skip
    assert_the_hub_takes(front)
    assert front["tags"] == ["synthetic", "datarecipe", *tags]
    assert front["configs"] == [{"config_name": "default", "data_files": "data.jsonl"}]


@pytest.mark.parametrize(
    "text", [f"a{c}b" for c in YAML_11_BREAKS] + [f"{c}---{c}license: mit" for c in YAML_11_BREAKS]
)
def test_other_line_breaks_come_through_too(text: str) -> None:
    front = front_of(make_card(about=About(license=text, tags=(text,))))
    assert_the_hub_takes(front)
    assert front["tags"][-1] == text


def test_a_license_is_never_invented() -> None:
    text = make_card()
    assert front_of(text)["license"] == "unknown"
    assert not re.search(r"\b(mit|apache|cc-|cc0|gpl|bsd|openrail)", text, re.IGNORECASE)
    assert front_of(make_card(about=About(license="CC-BY-4.0")))["license"] == "cc-by-4.0"


def assert_the_hub_takes(front: dict[str, Any]) -> None:
    """Its rules, as far as they are published: see `hub_metadata`."""
    assert front["license"] in LICENSES
    assert ("license_name" in front) == (front["license"] == "other")
    if "license_name" in front:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,58}[a-z0-9])?", front["license_name"])
    assert re.fullmatch(r"https?://\S+", front.get("license_link", "http://x"))
    assert all(re.fullmatch(r"[a-z]{2,3}", code) for code in front.get("language", ()))
    assert set(front["task_categories"]) <= {
        "question-answering", "text-classification", "multiple-choice", "text-generation"
    }  # fmt: skip
    assert all(re.fullmatch(r"n<1K|10*[KMB]<n<10*[KMB]", size) for size in front["size_categories"])
    assert all(isinstance(tag, str) for tag in front["tags"])


SPELLINGS = {
    "gpl-3.0": ["GPL-3.0-only", "GPL-3.0-or-later", "GPL-3.0", "GPL-3.0+", "GPLv3", "GPL 3", "GNU GPL v3", "GNU GPLv3"],
    "gpl-2.0": ["GPL-2.0-only", "GPLv2"],
    "agpl-3.0": ["AGPL-3.0-or-later", "GNU AGPLv3"],
    "lgpl-2.1": ["LGPL-2.1-only", "LGPL-2.1+"],
    "lgpl-3.0": ["LGPL-3.0-or-later", "LGPLv3"],
    "gfdl": ["GFDL-1.3-only", "GFDL-1.2-or-later"],
    "apache-2.0": ["Apache-2.0", "apache-2.0", "Apache License 2.0", "Apache 2.0", "APACHE 2"],
    "mit": ["MIT", "MIT License", "The MIT License", " mit "],
    "bsd-3-clause": ["BSD-3-Clause", "BSD 3-Clause"],
    "cc0-1.0": ["CC0-1.0", "CC0", "CC0 1.0"],
    "cc-by-4.0": ["CC-BY-4.0", "CC BY 4.0", "cc_by_4.0"],
    "cc-by-nc-sa-4.0": ["CC-BY-NC-SA-4.0", "CC BY-NC-SA 4.0"],
    "odbl": ["ODbL-1.0", "ODBL"],
    "odc-by": ["ODC-By-1.0"],
    "pddl": ["PDDL-1.0"],
    "unlicense": ["Unlicense", "The Unlicense"],
    "c-uda": ["C-UDA-1.0"],
    "lgpl-lr": ["LGPLLR"],
    "mpl-2.0": ["MPL-2.0", "MPL 2.0", "MPLv2"],
    "ms-pl": ["MS-PL"],
    "openrail++": ["OpenRAIL++"],
    "llama3.1": ["Llama3.1"],
    "unknown": ["Unknown"],
}  # fmt: skip


@pytest.mark.parametrize(("known", "written"), [(known, text) for known, texts in SPELLINGS.items() for text in texts])
def test_a_licence_is_spelled_as_the_hub_spells_it(known: str, written: str) -> None:
    text = make_card(about=About(license=written))
    assert front_of(text)["license"] == known
    assert f"Licence: {written.strip()}" in text.replace("\\", ""), "as the recipe has it"


@pytest.mark.parametrize(
    ("written", "name", "link"),
    [
        ("BUSL-1.1", "busl-1.1", None),
        ("CC-BY-SA-2.0", "cc-by-sa-2.0", None),
        ("MIT OR Apache-2.0", "mit-or-apache-2.0", None),
        ("GPL-3.0-only WITH Classpath-exception-2.0", "gpl-3.0-only-with-classpath-exception-2.0", None),
        ("LicenseRef-Acme", "licenseref-acme", None),
        ("Proprietary!", "proprietary", None),
        ("other", "other", None),
        ("许可", "custom", None),
        ("--- ...", "custom", None),
        ("https://example.org/terms?v=2", "example.org", "https://example.org/terms?v=2"),
        ("javascript:alert(1)", "javascript-alert-1", None),
        ("x" * 500, "x" * 60, None),
    ],
)
def test_a_licence_that_the_hub_does_not_list_is_named(written: str, name: str, link: str | None) -> None:
    front = front_of(make_card(about=About(license=written)))
    assert (front["license"], front["license_name"], front.get("license_link")) == ("other", name, link)
    assert_the_hub_takes(front)


@pytest.mark.parametrize(
    ("tags", "languages", "left"),
    [
        (("language:de",), ["de"], ()),
        (("language:DE", "shop", "language:en-GB", "language:de"), ["de", "en"], ("shop",)),
        (("language:no",), ["no"], ()),
        (("language:zh-Hant-TW", "language:yue"), ["zh", "yue"], ()),
        (("english", "polish", "language:", "language: de", "language:german", "my language:de"), None,
         ("english", "polish", "language:", "language: de", "language:german", "my language:de")),
    ],
)  # fmt: skip
def test_a_language_is_told_where_the_recipe_says_it_and_never_guessed(
    tags: tuple[str, ...], languages: list[str] | None, left: tuple[str, ...]
) -> None:
    front = front_of(make_card(about=About(tags=tags)))
    assert front.get("language") == languages
    assert front["tags"] == ["synthetic", "datarecipe", *left]


@pytest.mark.parametrize(
    ("labels", "categories"),
    [
        (LabelSpace("fixed", ("yes", "no")), ["question-answering", "text-classification"]),
        (LabelSpace("per_example", options=2), ["question-answering", "multiple-choice"]),
        (LabelSpace("open"), ["question-answering"]),
    ],
)
def test_tasks_by_the_label_space(labels: LabelSpace, categories: list[str]) -> None:
    assert front_of(make_card(labels=labels))["task_categories"] == categories
    other = front_of(make_card(labels=labels, seed_examples=({"text": "Snow is cold.", "answer": "yes"},)))
    assert other["task_categories"] == [name for name in categories if name != "question-answering"] or [
        "text-generation"
    ]


@pytest.mark.parametrize(
    ("examples", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (9_999, "1K<n<10K"), (10_000, "10K<n<100K"), (100_000, "100K<n<1M"),
     (1_000_000, "1M<n<10M"), (10**9, "1B<n<10B")],
)  # fmt: skip
def test_sizes(examples: int, category: str) -> None:
    assert size_category(examples) == category


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_the_hub_takes_the_card_of_each_shipped_recipe(name: str) -> None:
    recipe = load_recipe(find_recipe(name))
    front = front_matter(recipe, 500)
    assert_the_hub_takes(front)
    assert front["license"] == "apache-2.0"
    assert front["language"] in (["en"], ["de"])


# --- what it says


def test_counts_and_reasons_are_those_of_the_run() -> None:
    text = make_card(rejected=3)
    assert "1 example of 100 wanted" in text
    assert "| duplicate | 3 |" in text
    assert "`openai/author`" in text
    assert "strategy *tree*" in text
    assert "Nothing." in make_card()


def test_nobody_has_checked_and_the_card_says_so() -> None:
    assert "Nobody has checked the labels." in make_card()
    assert "Nobody has checked the answers." in make_card(labels=LabelSpace("open"))
    assert "Nobody has checked the examples." in make_card(labels=LabelSpace("open"), task=Task("none", None, None))


def test_the_embedded_model_is_no_author() -> None:
    plain = "".join(
        inner.content for t in tokens_of(make_card(model="local/smollm2-135m")) for inner in t.children or ()
    )
    assert EMBEDDED_WARNING in plain
    assert EMBEDDED_WARNING[:30] not in make_card()


def test_without_an_example_and_a_description_it_is_still_a_card() -> None:
    text = make_card([], description="")
    assert front_of(text)["license"] == "unknown"
    assert "0 examples" in text


LABELS = [*HOSTILE, "https://host/|x|", "`http://a|b`", "0", "1.", "- x", "", "\\|"]


def test_labels_are_cells_of_one_table_whatever_they_hold() -> None:
    text = make_card([], labels=LabelSpace("fixed", tuple(LABELS)))
    assert shape(text).count(("table_open", "table")) == 1
    assert [kind for kind, _ in shape(text)].count("tr_open") == 1 + len(LABELS)
    assert [kind for kind, _ in shape(text)].count("td_open") == 2 * len(LABELS)


def test_labels_beyond_a_bound_are_summed() -> None:
    many = tuple(f"label {number}" for number in range(LABELS_SHOWN + 7))
    text = make_card([{"question": "Why?", "answer": label} for label in many], labels=LabelSpace("fixed", many))
    assert "| 7 others | 7 |" in text
