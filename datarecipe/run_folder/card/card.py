"""`README.md` of a run's folder: a dataset card that dataset hubs can read.

All that comes from the recipe or the model is data here: front matter goes through a YAML writer, texts are stripped of
what Markdown and HTML would act on, examples stand in a fence longer than any run of backticks in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from datarecipe.exchange import Example
from datarecipe.printable import counted, example_line, printable
from datarecipe.recipe import HASHED_NGRAMS, Recipe
from datarecipe.run_folder.card.hub_metadata import front_matter
from datarecipe.run_folder.counts.balanced_values import Balanced
from datarecipe.run_folder.counts.commit_counts import CommitCounts
from datarecipe.run_folder.counts.label_counts import LabelCounts
from datarecipe.run_folder.manifest import Judgement, Manifest, Verification

LABELS_SHOWN = 200
"""Rows of the card's table of labels; the rest is summed, and whole in the manifest."""

_REASONS_HEADER = "| reason | items |\n|---|---|\n"


def card(
    recipe: Recipe, manifest: Manifest, committed: CommitCounts, examples: Sequence[Example], *, by_fallbacks: bool
) -> str:
    """The card's text; `examples` are the first few of the dataset, `by_fallbacks` is whether other models answered too."""
    model, tally = manifest.model, committed.tally
    authors = _authors(model.name, committed, by_fallbacks=by_fallbacks)
    lines = "\n".join(map(example_line, examples))
    fence = _fence(lines, shortest=3)
    parts = [
        f"---\n{_front_matter(front_matter(recipe, tally.accepted))}---",
        f"# {_plain(recipe.name)}",
        _plain(recipe.description),
        f"**{_plain(model.warning)}**" if model.warning else "",
        f"{counted(tally.accepted, 'example')} of {recipe.target_size:,} wanted, written by {authors} "
        f"with the strategy *{recipe.strategy.kind}*{_compared(manifest)}.",
        f"Nobody has checked the {_unchecked(recipe)}."
        if manifest.verification is None
        else _verified(recipe, manifest.verification),
        "" if manifest.judgement is None else _judged(manifest.judgement),
        f"Licence: {_plain(recipe.about.license)}" if recipe.about.license else "",
        "## Examples",
        f"{fence}json\n{lines}\n{fence}",
        *_labels(committed.labels),
        *_shares(manifest.balance),
        "## What was rejected",
        _REASONS_HEADER + "".join(f"| {reason} | {count:,} |\n" for reason, count in sorted(tally.rejected.items()))
        if tally.rejected
        else "Nothing.",
        "## Files",
        "`data.jsonl` holds one example a line, `lineage.jsonl` where each came from (same line number), "
        "`rejected.jsonl` what was not taken and why, `manifest.json` the recipe with all it was run with.",
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _compared(manifest: Manifest) -> str:
    """By which embedders that are asked texts were compared."""
    names = [f"`{_code(by.embedder)}`" for by in manifest.embedders if by.embedder != HASHED_NGRAMS]
    return f", comparing texts by {' and '.join(names)}" if names else ""


def _verified(recipe: Recipe, by: Verification) -> str:
    model, what = f"`{_code(by.model)}`", _unchecked(recipe)
    votes = f"{by.agree} or more of {counted(by.votes, 'answer')}"
    return f"No person has checked the {what}. {model} confirmed each with {votes}."


def _judged(by: Judgement) -> str:
    scores = ", ".join(f"`{_code(each.name)}` {each.mean:.1f}" for each in by.criteria if each.mean is not None)
    return f"`{_code(by.model)}` scored each example from 1 to {by.scale}" + (f"; means: {scores}." if scores else ".")


def _unchecked(recipe: Recipe) -> str:
    if recipe.task.label_field is None:
        return "examples"
    return "answers" if recipe.labels.kind == "open" else "labels"


def _labels(counts: LabelCounts | None) -> Iterator[str]:
    """A table of the labels, or of the answer's place among the options; nothing where neither is counted."""
    named = counts.named() if counts is not None else []
    if counts is None or not named:
        return
    own = counts.space.kind == "per_example"
    yield "## Answers by their place among the options" if own else "## Labels"
    rows = [f"| {_cell(name)} | {count:,} |\n" for name, count in named[:LABELS_SHOWN]]
    if rest := named[LABELS_SHOWN:]:
        rows.append(f"| {counted(len(rest), 'other')} | {sum(count for _, count in rest):,} |\n")
    yield f"| {'place' if own else 'label'} | examples |\n|---|---|\n" + "".join(rows)


def _shares(balanced: Balanced | None) -> Iterator[str]:
    """A table of the values of the balanced field, the farthest from their shares first."""
    if balanced is None or not balanced.examples:
        return
    yield f"## Shares of {_plain(balanced.field)}"
    named = balanced.far()[:LABELS_SHOWN]
    rows = [
        f"| {_cell(each.value if isinstance(each.value, str) else json.dumps(each.value))} "
        f"| {each.weight / balanced.weights:.1%} | {each.examples / balanced.examples:.1%} | {each.examples:,} |\n"
        for each in named
    ]
    if rest := len(balanced.by_value) - len(named):
        rows.append(
            f"| {counted(rest, 'other')} | | | {balanced.examples - sum(each.examples for each in named):,} |\n"
        )
    yield "| value | wanted | reached | examples |\n|---|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    """The same in a table, where a bar ends a cell even within code."""
    return re.sub(r"(?<!\\)\|", r"\\|", _plain(text))


def _authors(model: str, committed: CommitCounts, *, by_fallbacks: bool) -> str:
    """The model; where fallbacks answered, all that did, with their shares of the responses."""
    if not by_fallbacks:
        return f"`{_code(model)}`"
    shares = (
        f"`{_code(name)}` ({count:,} of {counted(committed.tally.responses, 'response')})"
        for name, count in committed.answered_by.most_common()
    )
    return f"{', '.join(shares)} for `{_code(model)}`"


def _front_matter(front: dict[str, Any]) -> str:
    """As YAML that says just this. PyYAML writes some line breaks as they are and reads them back as spaces."""
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    as_is = printable(text, multiline=True) == text and yaml.safe_load(text) == front
    return text if as_is else yaml.safe_dump(front, sort_keys=False, allow_unicode=False)


_LINK = re.compile(r"://|www\.|@", re.IGNORECASE)
"""Found in URLs and e-mail addresses, which hubs turn into links automatically."""


def _plain(text: str) -> str:
    """Text on one line without anything that Markdown, HTML or a reader's eye acts on."""
    line = " ".join(map(_word, printable(" ".join(text.split())).split(" ")))
    return re.sub(r"^([-+=]|\d+(?=[.)]))", _escape_first, line)


def _word(word: str) -> str:
    """The word with its marks escaped. An address is code: of an escaped one some hubs still make a link."""
    if _LINK.search(word) is None:
        return re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", word)
    fence = _fence(word, shortest=1)
    space = " " if "`" in (word[0], word[-1]) else ""
    return f"{fence}{space}{word}{space}{fence}"


def _escape_first(match: re.Match[str]) -> str:
    """A list, rule or heading is text too: `-` becomes `\\-`, `1.` becomes `1\\.`."""
    begin = match.group()
    return f"{begin}\\" if begin.isdigit() else f"\\{begin}"


def _code(text: str) -> str:
    return printable(re.sub(r"[`\n\r]", "", text))


def _fence(text: str, *, shortest: int) -> str:
    """Backticks, more than any run of them in the text."""
    return "`" * max(shortest, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
