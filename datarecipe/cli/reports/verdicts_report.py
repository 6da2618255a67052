"""What `datarecipe verdicts` prints: shares with intervals, agreement, disagreements; or all of it as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from datarecipe.cli.output import aligned, short
from datarecipe.exchange import Example, Json, texts_within
from datarecipe.printable import counted, printable
from datarecipe.review.results.agreement import Agreement
from datarecipe.review.results.judged_examples import JudgedExamples
from datarecipe.review.results.kept_examples import Kept
from datarecipe.review.results.review_results import Group, ReviewResults, Share
from datarecipe.review.verdicts.verdict import Verdict

_MOST_LISTED: Final = 20
_NAME: Final = 30
_TEXT: Final = 90
_WRONG: Final = {"label": "wrong label", "answer": "wrong answer", "valid": ""}
_RIGHT: Final = {"label": "label right", "answer": "answer right"}


def lines(found: ReviewResults, judged: JudgedExamples) -> Iterator[str]:
    """The results for a person."""
    yield f"{found.judged:,} of {counted(found.examples, 'example')} judged"
    if found.undecided:
        yield f"{found.undecided:,} of them undecided, since their reviewers are equally divided. No share counts them."
    yield ""
    columns = ["", "judged", "valid", *([_RIGHT[found.question]] if found.question in _RIGHT else [])]
    rows = [[_name(each), f"{each.judged:,}", _share(each.valid), _share(each.right)] for each in found.groups]
    yield from aligned([columns, *(row[: len(columns)] for row in rows)], left=(0, 2, 3))
    if found.validity is not None or found.labels is not None:
        yield ""
        agreements = [("agreement on validity", found.validity)]
        if found.question in _RIGHT:
            agreements.append((f"agreement on {found.question}s", found.labels))
        yield from aligned([[name, _agreement(each)] for name, each in agreements], left=(0, 1))
    yield from _listed(found, judged)


def kept_line(kept: Kept, path: Path | None) -> str:
    """What was written, and what was not."""
    left = {"invalid": kept.invalid, "wrong": kept.wrong, "tied": kept.tied}
    said = ", ".join(f"{count:,} {name}" for name, count in left.items() if count) or "none"
    more = f"; {kept.relabelled:,} with another label" if kept.relabelled else ""
    return f"{counted(kept.written, 'example')} written to {path}{more}. Left out: {said}."


def document(found: ReviewResults, judged: JudgedExamples, kept: Kept | None) -> dict[str, Any]:
    """The results for a program."""
    texts = _examples(judged)
    return {
        "question": found.question,
        "examples": found.examples,
        "judged": found.judged,
        "undecided": found.undecided,
        "groups": [
            {
                "kind": each.kind,
                "name": each.name,
                "judged": each.judged,
                "valid": _share_document(each.valid),
                "right": _share_document(each.right),
            }
            for each in found.groups
        ],
        "agreement": {
            "validity": None if found.validity is None else asdict(found.validity),
            "labels": None if found.labels is None else asdict(found.labels),
        },
        "disagreements": found.disputed,
        "items": [
            {
                "id": name,
                "example": texts[name],
                "given": found.given[name],
                "valid": each.valid,
                "label": each.label,
                "verdicts": [
                    {
                        "reviewer": one.reviewer,
                        "valid": one.valid,
                        "label": one.label,
                        "note": one.note,
                        "time": one.time,
                    }
                    for one in each.verdicts
                ],
            }
            for name, each in found.decisions.items()
        ],
        "kept": None if kept is None else asdict(kept),
    }


def _examples(judged: JudgedExamples) -> Mapping[str, Example]:
    return {name: example for each in judged.sampled for name, example in each.examples.items()}


def _listed(found: ReviewResults, judged: JudgedExamples) -> Iterator[str]:
    """The examples that a person should look at, each in one list."""
    for noun, names in (
        ("disagreement", found.disputed),
        ("invalid example", found.invalid),
        (_WRONG[found.question], found.wrong),
    ):
        if names:
            yield ""
            yield f"{counted(len(names), noun)}:"
            for name in names[:_MOST_LISTED]:
                yield from _example(name, found, judged)
            if len(names) > _MOST_LISTED:
                yield f"and {len(names) - _MOST_LISTED:,} more: --json has all of them"


def _example(name: str, found: ReviewResults, judged: JudgedExamples) -> Iterator[str]:
    blind = found.question == "label"
    hidden = {name for each in judged.sampled for name in (each.source.label, each.source.options)} if blind else ()
    example = next(each.examples[name] for each in judged.sampled if name in each.examples)
    shown: list[Json] = [value for field, value in example.items() if field not in hidden]
    yield f"- {short(' · '.join(texts_within(shown)), _TEXT)}"
    if blind and found.given[name] is not None:
        yield f"  given: {short(found.given[name], _NAME)}"
    yield from (f"  {_said(each)}" for each in found.decisions[name].verdicts)


def _said(verdict: Verdict) -> str:
    what = "not valid" if not verdict.valid else "valid" if verdict.label is None else short(verdict.label, _NAME)
    note = f" ({short(verdict.note, _TEXT)})" if verdict.note else ""
    return f"{short(verdict.reviewer, _NAME)}: {what}{note}"


def _name(group: Group) -> str:
    return "all" if group.kind == "all" else f"{group.kind} {short(group.name, _NAME)}"


def _share(share: Share) -> str:
    if share.interval is None:
        return "-"
    low, high = share.interval
    return f"{share.hits / share.of:.0%} ({low:.0%} to {high:.0%}) of {share.of:,}".replace("%", " %")


def _share_document(share: Share) -> dict[str, Any] | None:
    if share.interval is None:
        return None
    return {"hits": share.hits, "of": share.of, "share": share.hits / share.of, "interval": list(share.interval)}


def _agreement(found: Agreement | None) -> str:
    if found is None:
        return "-"
    alpha = "no alpha, since all say the same" if found.alpha is None else f"alpha {found.alpha:.2f}"
    pairs = f"{found.agreeing / found.pairs:.0%} of {counted(found.pairs, 'pair')}".replace("%", " %")
    return printable(f"{pairs}, {alpha}")
